"""Fuzzing: the handlers' stage, and the count of what was tried."""

from collections.abc import Generator, Iterator
from typing import Any

import pytest

from tests.fuzz.campaign import SEED_VARIABLE, Campaign, seed
from tests.handlers.conftest import create, gateway, keys, stage

__all__ = ["create", "gateway", "keys", "stage"]

_run: list[Campaign] = []
_PASSED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[_PASSED] = report.passed
    return report


@pytest.fixture(autouse=True)
def _all_cases_are_tried(request: pytest.FixtureRequest) -> Iterator[None]:
    """A strategy that runs out of cases, or throws them away, is found here."""
    yield
    campaign: Campaign | None = getattr(request.node.function, "campaign", None)
    if campaign is not None:
        _run.append(campaign)
        # A test that has failed has stopped trying.
        assert not request.node.stash[_PASSED] or campaign.tried >= campaign.cases, (
            "fewer cases were tried than the campaign says"
        )


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _run:
        tried = sum(each.tried for each in _run)
        origin = "the same in every run" if seed() is None else f"{SEED_VARIABLE}={seed()}"
        terminalreporter.write_line(f"fuzzing: {tried} cases in {len(_run)} campaigns, {origin}")
