"""An event loop whose clock jumps to the next thing that is to happen, so that an hour takes as long as its work."""

import asyncio
import selectors
from collections.abc import Coroutine, Mapping
from typing import Any, Final, TypeVar

_T = TypeVar("_T")
_RESOLUTION_S: Final = 1e-6


class DeadlockError(RuntimeError):
    """Everything waits, and nothing will ever happen."""


class _JumpingSelector(selectors.SelectSelector):
    """Instead of waiting, says that the time is over."""

    now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """See `selectors.BaseSelector`; only what is there already is reported."""
        events = super().select(0)
        if not events:
            if timeout is None:
                raise DeadlockError("nothing is left to happen")
            self.now_s += max(0.0, timeout)
        return events

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """See `selectors.BaseSelector`."""
        found: Mapping[Any, selectors.SelectorKey] = super().get_map()
        return found


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)
        self._clock_resolution = _RESOLUTION_S

    def time(self) -> float:
        return self._jumping.now_s


def run_virtually(work: Coroutine[Any, Any, _T]) -> _T:
    """Run to the end; `loop.time()` begins at 0 and goes by as `asyncio.sleep` and its like ask for.

    Nothing in it may wait for another thread or process.

    Raises:
        DeadlockError: It waits for something that never comes.
    """
    with asyncio.Runner(loop_factory=_VirtualLoop) as runner:
        return runner.run(work)
