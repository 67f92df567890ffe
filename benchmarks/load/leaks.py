"""What is left when everybody has gone, and what has grown while they were there.

Every process of the stack is read from /proc every few seconds. The first third of the time does not count: caches
fill, and the stream keeps what was said in the last quarter of an hour. The data stores' stand-in keeps for ever what
DynamoDB and S3 would delete after a day, and the load generator what it has seen: their memory is told, not judged.

Growth is judged by its slope with the slope's uncertainty: a leak is what surely grows by more than the limit, fine
what surely does not. In between nothing is decided, and that is said: noise neither hides a leak nor makes one.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any, Final

from benchmarks.load.processes import GENERATOR, ProcessReading, ProcessWatch, Reading
from benchmarks.load.slopes import GrowthVerdict, Slope, slope
from benchmarks.tables import markdown_table
from local.fault_injection import FaultInjector
from local.provision import AwsServer
from local.stack import Stack

_INTERVAL_S: Final = 10.0
_SETTLED_AFTER: Final = 1 / 3
_BLOCKS: Final = 20
_JUDGED_FROM_S: Final = 1_200.0
"""Growth over a shorter time decides nothing: what settles late would look like much an hour."""
_MEGABYTE: Final = 1e6
MAX_MB_PER_H: Final = 2.0
"""A process whose memory grows by more than this with 95 % confidence leaks."""
MAX_DESCRIPTORS_PER_H: Final = 5.0
"""The same of file descriptors, and of threads.

A pool takes one more whenever all it has are busy, which goes on for hours: a function calls five services from up to
32 threads each. One that is leaked with every clause, batch or chunk is thousands an hour.
"""
_STORES: Final = "aws_server"
_GONE_WITHIN_S: Final = 30.0
_AGAIN_S: Final = 0.5
_KEPT_LANGUAGE: Final = "kept/"
"""A row that keeps a lost listener's language for a minute, and is left to expire (docs/decisions/0011)."""
_SEATS: Final = "seats#"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is left when everybody has gone.

    Attributes:
        rows: Of each table; those of sessions, segments and limits are there until they expire.
        connections: Rows of connections.
        seats: That are taken, of all sessions together.
        streams: Open at the recogniser.
    """

    rows: dict[str, int]
    connections: int
    seats: int
    streams: int

    @property
    def problems(self) -> list[str]:
        """What should not be there, one line each."""
        found = (
            (self.connections, "rows of connections are left"),
            (self.seats, "seats are taken by nobody"),
            (self.streams, "recogniser streams are open"),
        )
        return [f"{count} {what}" for count, what in found if count]


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """One process.

    Attributes:
        memory_mb: Resident, at the end.
        memory: Megabytes an hour; None, as the other slopes, for a process that has not lived long enough.
        is_new: It was begun when everybody left, and has grown by nothing that could be judged.
        stored: Of the data stores: megabytes an hour of what was stored.
        descriptors, threads: At the end.
        descriptors_slope: An hour.
    """

    kind: str
    pid: int
    memory_mb: float
    memory: Slope | None
    is_new: bool
    stored: float
    descriptors: int
    descriptors_slope: Slope | None
    threads: int
    threads_slope: Slope | None

    def judged(self, verdict: GrowthVerdict) -> list[str]:
        """What the verdict is on, one line each.

        Not judged: the load generator, which keeps what it has seen, and the memory of the data stores' stand-in, which
        keeps all objects and rows in it, and what is new. What has not lived long enough is undecided.
        """
        if self.kind == GENERATOR or self.is_new:
            return []
        judged = [
            ("descriptors", "an hour", self.descriptors_slope, MAX_DESCRIPTORS_PER_H),
            ("threads", "an hour", self.threads_slope, MAX_DESCRIPTORS_PER_H),
        ]
        if self.kind != _STORES:
            judged.insert(0, ("memory", "MB an hour", self.memory, MAX_MB_PER_H))
        lines = []
        for what, unit, each, limit in judged:
            if each is not None and each.against(limit) is verdict:
                lines.append(f"{what} of {self.kind}: {_written(each)} {unit}, {limit:g} allowed")
            elif each is None and verdict is GrowthVerdict.UNDECIDED:
                lines.append(f"{what} of {self.kind}, which has not lived long enough")
        return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaks:
    """What was found.

    Attributes:
        growths: Of every process that is there at the end.
        settled_s: Over how long growth was watched.
    """

    growths: Sequence[Growth]
    settled_s: float
    left: Left

    @property
    def problems(self) -> list[str]:
        """One line each; empty when there is no leak."""
        return [*(f"grows: {each}" for each in self._judged(GrowthVerdict.GROWS)), *self.left.problems]

    @property
    def undecided(self) -> list[str]:
        """What may be a leak or none, one line each."""
        if self.settled_s < _JUDGED_FROM_S:
            return [f"growth, which was watched for {self.settled_s:.0f} s; {_JUDGED_FROM_S:.0f} s decide"]
        return self._judged(GrowthVerdict.UNDECIDED)

    def _judged(self, verdict: GrowthVerdict) -> list[str]:
        growths = self.growths if self.settled_s >= _JUDGED_FROM_S else ()
        return [line for growth in growths for line in growth.judged(verdict)]

    @property
    def table(self) -> str:
        """As Markdown, and what is left below."""
        headings = ("process", "memory", "MB an hour", "descriptors", "an hour", "threads", "an hour")
        left = self.left
        counts = ", ".join(f"{table} {count}" for table, count in left.rows.items())
        what = f"connections {left.connections}, seats taken {left.seats}, recogniser streams open {left.streams}"
        return f"{markdown_table(headings, map(_row, self.growths))}\n\nleft: {what}; rows that expire: {counts}"

    def as_json(self) -> dict[str, Any]:
        """Everything."""
        return {**asdict(self), "problems": self.problems, "undecided": self.undecided}


class LeakSearch:
    """Reads all processes from now on."""

    def __init__(self, stack: Stack, watch: ProcessWatch) -> None:
        self._stack = stack
        self._watch = watch
        self._readings: list[tuple[float, Reading]] = []
        self._stored: list[tuple[float, float]] = []
        self._server = AwsServer(endpoint_url=stack.endpoints.aws_endpoint_url or "", region=stack.endpoints.region)

    async def run(self) -> None:
        """Read for ever."""
        while True:
            self._readings.append((time.monotonic(), await self._watch.read()))
            await asyncio.sleep(_INTERVAL_S)

    async def search(self) -> Leaks:
        """What has grown, and what is left; everybody has gone."""
        await self.note_stored()
        return Leaks(
            growths=[self._growth(pid, kind) for pid, kind in self._living()],
            settled_s=round((self._readings[-1][0] - self._readings[0][0]) * (1 - _SETTLED_AFTER), 1),
            left=await self._left(),
        )

    def _living(self) -> list[tuple[int, str]]:
        _, last = self._readings[-1]
        living = [(pid, kind) for pid, kind in last.kinds.items() if pid in last.processes]
        return sorted(living, key=lambda each: (each[1] == GENERATOR, each[1], each[0]))

    def _growth(self, pid: int, kind: str) -> Growth:
        began, ended = self._readings[0][0], self._readings[-1][0]
        settled = began + (ended - began) * _SETTLED_AFTER
        seen = [
            (at, reading.processes[pid]) for at, reading in self._readings if at >= settled and pid in reading.processes
        ]
        moments = [at for at, _ in seen]
        block_s = (ended - settled) / _BLOCKS

        def growth(values: Sequence[float]) -> Slope | None:
            return slope(moments, values, block_s=max(block_s, 1.0))

        last: ProcessReading = seen[-1][1]
        return Growth(
            kind=kind,
            pid=pid,
            memory_mb=round(last.rss_bytes / _MEGABYTE, 1),
            memory=growth([each.rss_bytes / _MEGABYTE for _, each in seen]),
            is_new=moments[0] > ended - block_s,
            stored=self._stored_mb_per_h() if kind == _STORES else 0.0,
            descriptors=last.descriptors,
            descriptors_slope=growth([float(each.descriptors) for _, each in seen]),
            threads=last.threads,
            threads_slope=growth([float(each.threads) for _, each in seen]),
        )

    def _stored_mb_per_h(self) -> float:
        (from_s, from_mb), (to_s, to_mb) = self._stored[0], self._stored[-1]
        return (to_mb - from_mb) * 3600 / max(1.0, to_s - from_s)

    async def note_stored(self) -> None:
        """Note what the data stores hold now, but for the stream, which forgets."""
        self._stored.append((time.monotonic(), await asyncio.to_thread(self._stored_mb)))

    def _stored_mb(self) -> float:
        s3 = self._server.client("s3")
        pages = [
            page
            for bucket in s3.list_buckets()["Buckets"]
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"])
        ]
        return float(sum(each["Size"] for page in pages for each in page.get("Contents", ())) / _MEGABYTE)

    async def _left(self) -> Left:
        """What is left once nothing is, or has had its time to go."""
        gives_up_at = time.monotonic() + _GONE_WITHIN_S
        async with FaultInjector(self._stack) as control:
            while True:
                left = await asyncio.to_thread(self._stored_rows, streams=await control.streams_open())
                if not left.problems or time.monotonic() > gives_up_at:
                    return left
                await asyncio.sleep(_AGAIN_S)

    def _stored_rows(self, *, streams: int) -> Left:
        dynamodb = self._server.client("dynamodb")
        tables = {
            table: [
                row
                for page in dynamodb.get_paginator("scan").paginate(TableName=table)
                for row in page.get("Items", ())
            ]
            for table in dynamodb.list_tables()["TableNames"]
        }
        rows = [row for each in tables.values() for row in each]
        connections = [row["connectionId"]["S"] for row in rows if "connectionId" in row and "role" in row]
        seats = [row for row in rows if row.get("limitKey", {}).get("S", "").startswith(_SEATS)]
        return Left(
            rows={table: len(each) for table, each in tables.items()},
            connections=sum(not each.startswith(_KEPT_LANGUAGE) for each in connections),
            seats=sum(int(row["taken"]["N"]) for row in seats),
            streams=streams,
        )


@asynccontextmanager
async def watch_for_leaks(stack: Stack, watch: ProcessWatch) -> AsyncIterator[LeakSearch]:
    """Watch the stack's processes while something goes on; `LeakSearch.search` says what was seen."""
    found = LeakSearch(stack, watch)
    await found.note_stored()
    reading = asyncio.create_task(found.run())
    try:
        yield found
    finally:
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading


def _row(growth: Growth) -> tuple[str, ...]:
    stored = f" ({growth.stored:.1f} stored)" if growth.kind == _STORES else ""
    return (
        growth.kind,
        f"{growth.memory_mb} MB",
        _written(growth.memory) + stored,
        str(growth.descriptors),
        _written(growth.descriptors_slope),
        str(growth.threads),
        _written(growth.threads_slope),
    )


def _written(each: Slope | None) -> str:
    return "–" if each is None else f"{each.per_hour:+.1f} ({each.lowest:+.1f} … {each.highest:+.1f})"
