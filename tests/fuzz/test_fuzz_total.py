"""The campaigns together are as long as they are said to be."""

import importlib
from pathlib import Path

from tests.fuzz.campaign import LEAST_CASES, Campaign


def test_the_campaigns_try_enough_cases() -> None:
    modules = [importlib.import_module(f"tests.fuzz.{path.stem}") for path in Path(__file__).parent.glob("test_*.py")]
    campaigns = [getattr(each, "campaign", None) for module in modules for each in vars(module).values()]
    assert sum(each.cases for each in campaigns if isinstance(each, Campaign)) >= LEAST_CASES
