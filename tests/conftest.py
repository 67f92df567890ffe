"""Settings for every test."""

import pytest
from hypothesis import settings

# A shared machine may stall at any moment, so no example has a deadline; what has to be fast is benchmarked.
settings.register_profile("babelcast", deadline=None)
settings.load_profile("babelcast")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The fast ones first, whose failures are worth knowing soonest; the browser's last.

    With two workers, one calculates while the other takes those that wait for real time to pass. Of these the real
    recognisers come first and the browser's microphone last, when the other worker is done: that suffers from a busy
    machine.
    """
    items.sort(key=_turn)
    for item in items:
        item.add_marker(pytest.mark.xdist_group("real time" if _turn(item) >= _RECOGNISERS else "calculating"))


_FAST, _SLOW, _RECOGNISERS, _SYSTEM, _BROWSER = range(5)


def _turn(item: pytest.Item) -> int:
    if item.get_closest_marker("slow") is None:
        return _FAST
    if "browser" in item.path.parts:
        return _BROWSER
    if "system" in item.path.parts:
        return _RECOGNISERS if item.path.name == "test_speech.py" else _SYSTEM
    return _SLOW
