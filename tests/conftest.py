"""Settings for every test."""

import pytest
from hypothesis import settings

# A shared machine may stall at any moment, so no example has a deadline; what has to be fast is benchmarked.
settings.register_profile("babelcast", deadline=None)
settings.load_profile("babelcast")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The fast ones first, whose failures are worth knowing soonest."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)
