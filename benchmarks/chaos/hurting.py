"""Carries a plan of faults out on a running stack and its clients' networks, and notes when each was and ended."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import aiohttp

from benchmarks.chaos.faults import CUTS, KILLED_PROCESSES, Fault, FaultKind, Seat
from benchmarks.chaos.network import Network
from benchmarks.environments import EnvironmentFaults
from local.aws_server.behaviour import Refusal
from local.fault_injection import FaultInjector
from local.services.behaviour import Service
from local.stack import Stack

_PROCESSOR: Final = "audio_processor"
_AGAIN_S: Final = 0.2
_ARMED_FOR_S: Final = 8.0
"""A fault that waits for its occasion dies with the process that it waits in, and is armed anew."""


_STORE_FAULTS: Final = {
    FaultKind.DYNAMODB_THROTTLED: ("DynamoDB", Refusal.THROTTLE),
    FaultKind.WRITES_THROTTLED: ("PutRecord", Refusal.THROTTLE),
    FaultKind.READS_FAIL: ("GetRecords", Refusal.FAIL),
    FaultKind.READS_THROTTLED: ("GetRecords", Refusal.THROTTLE),
    FaultKind.PUTS_FAIL: ("PutObject", Refusal.FAIL),
}
_THROTTLED_SERVICES: Final = {
    FaultKind.TRANSCRIBE_THROTTLED: Service.TRANSCRIBE,
    FaultKind.TRANSLATE_THROTTLED: Service.TRANSLATE,
    FaultKind.POLLY_THROTTLED: Service.POLLY,
}


class Wakeable(Protocol):
    """A client whose device tells it that the network is back."""

    def wake(self) -> None:
        """The network is back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """A fault that took place; times are seconds of the monotonic clock.

    Attributes:
        began_at: When it began.
        ended_at: The process was killed, the network was back, the last failing request was over.
    """

    fault: Fault
    began_at: float
    ended_at: float


class Hurting:
    """Carries a plan out.

    Attributes:
        occurrences: What has taken place so far, in the order of the ends.
    """

    def __init__(
        self,
        stack: Stack,
        injector: FaultInjector,
        *,
        networks: Mapping[Seat, Network],
        clients: Mapping[Seat, Wakeable],
    ) -> None:
        self._stack = stack
        self._injector = injector
        self._environments = EnvironmentFaults(injector)
        self._networks = networks
        self._clients = clients
        self._restarting = asyncio.Lock()
        self.occurrences: list[Occurrence] = []

    async def run(self, plan: Sequence[Fault]) -> None:
        """Every fault at its moment; the speech begins now."""
        async with asyncio.TaskGroup() as tasks:
            for fault in plan:
                tasks.create_task(self._hit(fault))

    async def _hit(self, fault: Fault) -> None:
        await asyncio.sleep(fault.at_s)
        now = asyncio.get_running_loop().time
        began_at = now()
        if fault.kind in CUTS:
            await self._cut(fault)
            ended_at = now()
        elif fault.kind in KILLED_PROCESSES:
            async with self._restarting:
                began_at = ended_at = now()
                await self._stack.restart(KILLED_PROCESSES[fault.kind])
        else:
            await _patiently(lambda: self._hurt_stack(fault))
            began_at = now()
            await asyncio.sleep(fault.seconds)
            ended_at = now()
        self.occurrences.append(Occurrence(fault=fault, began_at=began_at, ended_at=ended_at))

    async def _cut(self, fault: Fault) -> None:
        assert fault.seat is not None
        await self._networks[fault.seat].cut(fault.seconds, silent=fault.silent, weak_s=fault.weak_s)
        if not fault.silent:
            self._clients[fault.seat].wake()

    async def _hurt_stack(self, fault: Fault) -> None:
        injector, kind = self._injector, fault.kind
        if kind in _STORE_FAULTS:
            operation, refusal = _STORE_FAULTS[kind]
            await injector.fail_store(operation, fault.seconds, kind=refusal)
        elif kind in _THROTTLED_SERVICES:
            await injector.throttle_service(_THROTTLED_SERVICES[kind], fault.seconds)
        elif kind is FaultKind.CONNECTIONS_THROTTLED:
            await injector.throttle_connections(fault.seconds)
        elif kind is FaultKind.REPLACEMENT:
            await self._environments.replace(_PROCESSOR, fault.invocations)
        elif kind is FaultKind.DOUBLE:
            await _until_more(injector.batches_delivered_twice, injector.deliver_twice)
        elif kind is FaultKind.BREAK:
            await _until_more(injector.streams_failed, injector.break_recognisers)
        else:
            assert fault.function is not None
            await self._kill_environments(fault.function)

    async def _kill_environments(self, function: str) -> None:
        """Those of a function that nobody needs at present may all be gone already: one is started to be killed."""
        if function == _PROCESSOR:
            await self._environments.kill(function)
        elif not await self._injector.kill_environments(function):
            await self._injector.start_environment(function)
            await self._environments.kill(function)


async def _patiently(hurt: Callable[[], Awaitable[None]]) -> None:
    """Until the process that is to take the fault answers: it may be the one that was just killed."""
    while True:
        try:
            return await hurt()
        except aiohttp.ClientError:
            await asyncio.sleep(_AGAIN_S)


async def _until_more(count: Callable[[], Awaitable[int]], arm: Callable[[], Awaitable[None]]) -> None:
    """Arm a fault until it has come about, by what has been counted."""
    while True:
        before = await count()
        await arm()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ARMED_FOR_S):
                while await count() <= before:  # noqa: ASYNC110  another process counts
                    await asyncio.sleep(_AGAIN_S)
                return
