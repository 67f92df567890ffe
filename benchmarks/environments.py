"""Faults of execution environments that have surely taken place when they return."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any, Final

from local.fault_injection import FaultInjector

_AGAIN_S: Final = 0.1
_PATIENCE_S: Final = 10.0


class EnvironmentFaults:
    """Kills and replaces environments of a function that is kept busy.

    Functions are named by the beginning of their names.
    """

    def __init__(self, injector: FaultInjector) -> None:
        self._injector = injector

    async def kill(self, function: str) -> None:
        """Kill all of a function's, as soon as there is one: the one that was killed before may not be replaced yet."""
        while not await self._injector.kill_environments(function):  # noqa: ASYNC110  another process has them
            await asyncio.sleep(_AGAIN_S)

    async def replace(self, function: str, invocations: int) -> None:
        """Let others serve so many batches; until one has slept while another was at work: a kill may come between."""
        while True:
            await self._injector.rest_environment(function, invocations=invocations)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_S):
                    if await self._see_replaced(function):
                        return

    async def _see_replaced(self, function: str) -> bool:
        """Whether the one that rests has been replaced, as soon as it is known."""
        before = after = await self._listed(function)
        while (served := has_served(before, after)) is None:
            await asyncio.sleep(_AGAIN_S)
            after = await self._listed(function)
            if not any(each["resting"] for each in before.values()):
                before = after
        return served

    async def _listed(self, function: str) -> dict[str, Any]:
        return {each["id"]: each for each in await self._injector.environments(function)}


def has_served(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool | None:
    """Whether another environment has served in place of one that rested before; None while it is not known.

    Args:
        before: Environments by id, as Lambda's control API lists them.
        after: The same a little later.

    Returns:
        False when every one that rested is gone.
    """
    resting = {name for name, each in before.items() if each["resting"]}
    if resting and resting.isdisjoint(after):
        return False
    served = any(
        each["invocations"] > (before[name]["invocations"] if name in before else 0)
        for name, each in after.items()
        if name not in resting
    )
    return True if resting and served else None
