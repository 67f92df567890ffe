"""Which faults hit a running stack when, from a seed; and carrying them out. The plan is pure."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from benchmarks.environments import EnvironmentFaults
from local.fault_injection import FaultInjector
from local.stack import Stack

FUNCTION: Final = "audio_processor"
READ_FAILURE_S: Final = 5.0
MARGIN_S: Final = 4.0
"""No fault so close to the beginning or the end of the speech."""
_LAST_S: Final = 12.0
"""Nor one that needs later batches so close to the end."""
_INVOCATIONS_ELSEWHERE: Final = (1, 5)
_UNREADABLE: Final = "cannot read"
_STAMP: Final = "%Y-%m-%d %H:%M:%S,%f"
_STAMP_LETTERS: Final = len("2000-01-01 00:00:00,000")
_LATE_S: Final = 1.0


class FaultKind(StrEnum):
    """What goes wrong."""

    KILL = "kill"
    """Every environment of the audio processor is killed, whatever it is doing."""
    BREAK = "break"
    """The recogniser resets a stream when its next audio arrives."""
    REPLACEMENT = "replacement"
    """Another environment serves some batches, and then the one from before again, which has slept through them."""
    DOUBLE = "double"
    """A batch that went well is delivered once more."""
    READ_FAILURE = "read_failure"
    """Kinesis cannot be read for some seconds, neither by the event source nor by the functions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultCounts:
    """How many faults of each kind."""

    kills: int = 0
    breaks: int = 0
    replacements: int = 0
    doubles: int = 0
    read_failures: int = 0

    @property
    def by_kind(self) -> dict[FaultKind, int]:
        """The same by kind."""
        return dict(
            zip(
                FaultKind,
                (self.kills, self.breaks, self.replacements, self.doubles, self.read_failures),
                strict=True,
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault at a moment of the speech.

    Attributes:
        at_s: Since the speaker began.
        invocations: For a replacement: how many batches another environment serves.
    """

    kind: FaultKind
    at_s: float
    invocations: int = 0


def plan_faults(counts: FaultCounts, seconds: float, chance: random.Random) -> tuple[Fault, ...]:
    """Faults at random moments, in the order of time; none in the first and last seconds.

    Read failures do not overlap each other.

    Raises:
        ValueError: The speech is too short.
    """
    unreadable_s = counts.read_failures * READ_FAILURE_S
    if any(counts.by_kind.values()) and seconds < MARGIN_S + max(_LAST_S, MARGIN_S + unreadable_s):
        raise ValueError(f"{seconds:.0f} s of speech are too short for these faults")
    faults = [
        _fault(kind, _moment(kind, seconds, chance), chance)
        for kind, count in counts.by_kind.items()
        if kind is not FaultKind.READ_FAILURE
        for _ in range(count)
    ]
    starts = sorted(chance.uniform(0, seconds - 2 * MARGIN_S - unreadable_s) for _ in range(counts.read_failures))
    faults += [
        _fault(FaultKind.READ_FAILURE, MARGIN_S + start + number * READ_FAILURE_S, chance)
        for number, start in enumerate(starts)
    ]
    return tuple(sorted(faults, key=lambda each: each.at_s))


def _moment(kind: FaultKind, seconds: float, chance: random.Random) -> float:
    needs_batches = kind in {FaultKind.REPLACEMENT, FaultKind.DOUBLE}
    return chance.uniform(MARGIN_S, seconds - (_LAST_S if needs_batches else MARGIN_S))


def _fault(kind: FaultKind, at_s: float, chance: random.Random) -> Fault:
    invocations = chance.randint(*_INVOCATIONS_ELSEWHERE) if kind is FaultKind.REPLACEMENT else 0
    return Fault(kind=kind, at_s=round(at_s, 2), invocations=invocations)


def describe(plan: Sequence[Fault]) -> str:
    """The moments of each kind of fault, on one line."""
    moments = {
        kind.replace("_", " "): " ".join(f"{fault.at_s:.1f}" for fault in plan if fault.kind is kind)
        for kind in FaultKind
    }
    return "; ".join(f"{kind} at {at} s" for kind, at in moments.items() if at) or "no faults"


class Hurting:
    """Carries a plan out on a running stack, and counts what has really taken place."""

    def __init__(self, stack: Stack, injector: FaultInjector, plan: Sequence[Fault]) -> None:
        self._stack = stack
        self._injector = injector
        self._environments = EnvironmentFaults(injector)
        self._plan = plan
        self._seen: Counter[FaultKind] = Counter()
        self._unreadable_from: list[float] = []

    async def run(self) -> None:
        """Every fault at its moment; the speech begins now."""
        async with asyncio.TaskGroup() as tasks:
            for fault in self._plan:
                tasks.create_task(self._hit(fault))

    async def _hit(self, fault: Fault) -> None:
        await asyncio.sleep(fault.at_s)
        match fault.kind:
            case FaultKind.KILL:
                await self._environments.kill(FUNCTION)
            case FaultKind.BREAK:
                await self._injector.break_recognisers()
            case FaultKind.REPLACEMENT:
                await self._environments.replace(FUNCTION, fault.invocations)
            case FaultKind.DOUBLE:
                await self._injector.deliver_twice()
            case FaultKind.READ_FAILURE:
                self._unreadable_from.append(time.time())
                await self._injector.fail_reads(READ_FAILURE_S)
        self._seen[fault.kind] += 1

    async def count(self) -> dict[FaultKind, int]:
        """Faults that have taken place up to now, by kind."""
        log = await asyncio.to_thread((self._stack.logs_dir / "event_source.log").read_text)
        return {
            FaultKind.KILL: self._seen[FaultKind.KILL],
            FaultKind.BREAK: await self._injector.streams_failed(),
            FaultKind.REPLACEMENT: self._seen[FaultKind.REPLACEMENT],
            FaultKind.DOUBLE: await self._injector.batches_delivered_twice(),
            FaultKind.READ_FAILURE: count_hits(self._unreadable_from, failed_reads(log)),
        }


def failed_reads(log: str) -> list[float]:
    """When the event source could not read the stream, by its log; epoch seconds."""
    return [
        datetime.strptime(line[:_STAMP_LETTERS], _STAMP).astimezone().timestamp()
        for line in log.splitlines()
        if _UNREADABLE in line
    ]


def count_hits(begun: Iterable[float], failed: Sequence[float]) -> int:
    """How many read failures, by when they began, a reader has run into."""
    return sum(any(at <= each <= at + READ_FAILURE_S + _LATE_S for each in failed) for at in begun)
