"""Settings for every test."""

import pytest
from hypothesis import settings

# A shared machine may stall at any moment, so no example has a deadline; what has to be fast is benchmarked.
settings.register_profile("babelcast", deadline=None)
settings.load_profile("babelcast")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The fast ones first, whose failures are worth knowing soonest; the browser's last.

    With two workers, one calculates through the fast ones while the other takes those that mostly wait for real time to
    pass. Of these the real recognisers come first and the browser's microphone last: both suffer from a busy machine.
    """
    items.sort(key=_turn)
    for item in items:
        item.add_marker(pytest.mark.xdist_group("slow" if _turn(item) in _SLOW else "fast, then the browser"))


_FAST, _RECOGNISERS, _OTHER_SLOW, _BROWSER = range(4)
_SLOW = (_RECOGNISERS, _OTHER_SLOW)


def _turn(item: pytest.Item) -> int:
    if item.get_closest_marker("slow") is None:
        return _FAST
    if "browser" in item.path.parts:
        return _BROWSER
    return _RECOGNISERS if item.path.name == "test_speech.py" else _OTHER_SLOW
