"""What the stack's processes take of the machine, read from /proc.

The processes of one kind are added up; a function's environments are one kind, whatever cell they belong to.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import aiohttp

from local.stack import Stack

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_UTIME, _STIME, _THREADS, _RSS = 11, 12, 17, 21
"""Places in /proc/PID/stat behind the name. Source: proc(5)."""
_IDLE, _IOWAIT = 3, 4
GENERATOR: Final = "load generator"


class Side(StrEnum):
    """Whose code a process mostly runs."""

    PRODUCT = "product"
    """Functions: handlers, their SDK clients, and Lambda's runtime client, as they run on AWS."""
    STAND_IN = "stand-in"
    """Servers in place of AWS's services, whose speed says nothing about AWS's."""
    GENERATOR = "generator"
    """The clients, and the supervisor of the processes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessReading:
    """One process at a moment."""

    cpu_s: float
    rss_bytes: int
    threads: int
    descriptors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Everything at a moment.

    Attributes:
        kinds: Of each process, by its number.
        processes: Those that could be read.
        machine_busy_s: Processor seconds of everything on this machine since it was started, all cores together.
    """

    kinds: Mapping[int, str]
    processes: Mapping[int, ProcessReading]
    machine_busy_s: float


def read_process(pid: int) -> ProcessReading | None:
    """A process, or None when it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        descriptors = len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208  names alone, often
    except (FileNotFoundError, ProcessLookupError):
        return None
    return ProcessReading(
        cpu_s=(int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS_PER_S,
        rss_bytes=int(fields[_RSS]) * _PAGE_BYTES,
        threads=int(fields[_THREADS]),
        descriptors=descriptors,
    )


def _machine_busy_s() -> float:
    ticks = [int(each) for each in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(ticks) - ticks[_IDLE] - ticks[_IOWAIT]) / _TICKS_PER_S


class ProcessWatch:
    """Reads the processes of a stack."""

    def __init__(self, stack: Stack, http: aiohttp.ClientSession) -> None:
        self._stack = stack
        self._http = http
        self._sides: dict[str, Side] = {GENERATOR: Side.GENERATOR}

    @property
    def sides(self) -> Mapping[str, Side]:
        """Whose code each kind runs that has been read."""
        return self._sides

    async def read(self) -> Reading:
        """All processes now."""
        kinds = {os.getpid(): GENERATOR}
        for name, pid in self._stack.pids.items():
            kinds[pid] = name
            self._sides[name] = Side.STAND_IN
        async with self._http.get(f"{self._stack.lambda_url}/environments") as response:
            for each in await response.json():
                if each["pid"] is not None:
                    kinds[each["pid"]] = kind = each["function"].partition("-")[0]
                    self._sides[kind] = Side.PRODUCT
        found = {pid: reading for pid in kinds if (reading := read_process(pid)) is not None}
        return Reading(kinds=kinds, processes=found, machine_busy_s=_machine_busy_s())


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Cores between two readings.

    Attributes:
        by_kind: All processes of a kind together.
        busiest: The most that one process of a kind has taken; one that has a single thread of Python cannot have more
            than one core.
        machine: Of everything on this machine, what does not belong to the stack included.
    """

    by_kind: Mapping[str, float]
    busiest: Mapping[str, float]
    machine: float
    cores: int


def usage(before: Reading, after: Reading, seconds: float) -> Usage:
    """What was taken between two readings; a process that has ended meanwhile counts until the first one only."""
    by_kind: dict[str, float] = {}
    busiest: dict[str, float] = {}
    for pid, reading in after.processes.items():
        kind = after.kinds[pid]
        earlier = before.processes[pid].cpu_s if pid in before.processes else 0.0
        cores = (reading.cpu_s - earlier) / seconds
        by_kind[kind] = by_kind.get(kind, 0.0) + cores
        busiest[kind] = max(cores, busiest.get(kind, 0.0))
    return Usage(
        by_kind=by_kind,
        busiest=busiest,
        machine=(after.machine_busy_s - before.machine_busy_s) / seconds,
        cores=os.cpu_count() or 1,
    )
