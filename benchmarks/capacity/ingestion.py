"""From the speaker's microphone to a batch: network, API Gateway, `connection_handler`, shard, event source."""

import math
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Final

from simpy import Environment, Event

from babelcast.domain.token_bucket import TokenBucket
from benchmarks.capacity.calibration import Surroundings
from benchmarks.capacity.resources import CORE_MEMORY_MB, Chance, Steps
from benchmarks.capacity.scenario import CHUNK_BYTES, CHUNK_S, Deployment, Quotas
from benchmarks.capacity.tally import Tally
from benchmarks.span.wifi import ConnectionWay, Wifi

_MESSAGE_BYTES: Final = 11_000
"""A chunk in base64, with its JSON."""
_READ_DELAY_S: Final = 0.015
"""A record can be read so long after it was written. Source: Kinesis developer guide, below 20 ms for a put to a get
is usual; an assumption."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A record of a shard.

    Attributes:
        session: Its number.
        end_s: Where its audio ends in the session's.
        put_at: When it was written.
    """

    session: int
    end_s: float
    put_at: float


class Shard:
    """A cell's stream, and the event source that makes batches of it."""

    def __init__(
        self,
        clock: Environment,
        *,
        deployment: Deployment,
        quotas: Quotas,
        surroundings: Surroundings,
        chance: Chance,
        tally: Tally,
    ) -> None:
        self._clock = clock
        self._deployment = deployment
        self._platform = surroundings.platform
        self._chance = chance
        self._tally = tally
        self._bytes = TokenBucket.full(
            rate_per_s=quotas.shard_bytes_per_s, burst=quotas.shard_bytes_per_s, now_s=clock.now
        )
        self._records = TokenBucket.full(
            rate_per_s=quotas.shard_records_per_s, burst=quotas.shard_records_per_s, now_s=clock.now
        )
        self._readable: deque[tuple[float, Chunk]] = deque()
        self._arrived = clock.event()
        self._phase_s = chance.of("poll").uniform(0.0, self._platform.poll_s)
        self._gathering_since = clock.now
        self._noted_at = clock.now

    def write(self, session: int, end_s: float) -> Steps:
        """Write a record, held up while the shard takes no more."""
        self._bytes, bytes_s = self._bytes.take(self._clock.now, CHUNK_BYTES)
        self._records, records_s = self._records.take(self._clock.now)
        if wait_s := max(bytes_s, records_s):
            self._tally.chunks_delayed += 1
            yield self._clock.timeout(wait_s)
        chunk = Chunk(session=session, end_s=end_s, put_at=self._clock.now)
        readable_at = self._readable_at()
        if not self._readable:
            self._gathering_since = readable_at
        else:
            readable_at = max(readable_at, self._readable[-1][0])
        self._note_waiting()
        self._readable.append((readable_at, chunk))
        self._tally.chunks_put += 1
        if not self._arrived.triggered:
            self._arrived.succeed()

    def next_batch(self) -> Generator[Event, Any, list[Chunk]]:
        """Wait for the next batch; records that are too old are given up."""
        while True:
            while not self._readable:
                self._arrived = self._clock.event()
                yield self._arrived
            yield from self._until(self._readable[0][0])
            window_ends = self._gathering_since + self._deployment.batch_window_s
            while len(self._readable) < self._deployment.batch_size and window_ends > self._clock.now:
                self._arrived = self._clock.event()
                yield self._arrived | self._clock.timeout(window_ends - self._clock.now)
            self._note_waiting()
            batch: list[Chunk] = []
            while (
                self._readable and self._readable[0][0] <= self._clock.now and len(batch) < self._deployment.batch_size
            ):
                batch.append(self._readable.popleft()[1])
            self._gathering_since = self._clock.now
            young = [each for each in batch if self._clock.now - each.put_at <= self._deployment.record_age_s]
            self._tally.chunks_too_old += len(batch) - len(young)
            if young:
                self._tally.chunks_taken += len(young)
                self._tally.waiting_chunk_s += sum(self._clock.now - each.put_at for each in young)
                self._tally.oldest_s = max(self._tally.oldest_s, self._clock.now - young[0].put_at)
                return young

    def _note_waiting(self) -> None:
        """How many chunks there were since it was last noted, times how long."""
        self._tally.waiting_area += len(self._readable) * (self._clock.now - self._noted_at)
        self._noted_at = self._clock.now

    def _readable_at(self) -> float:
        now, platform = self._clock.now, self._platform
        if not self._deployment.enhanced_fan_out:
            return self._next_multiple(now + _READ_DELAY_S, platform.poll_s)
        if platform.pushes_at_intervals:
            return self._next_multiple(now, platform.push.median_ms / 1000)
        return now + self._chance.seconds("push", platform.push)

    def _next_multiple(self, at: float, interval_s: float) -> float:
        return self._phase_s + math.ceil((at - self._phase_s) / interval_s) * interval_s

    def _until(self, at: float) -> Steps:
        if at > self._clock.now:
            yield self._clock.timeout(at - self._clock.now)


class Speaker:
    """Sends what is said, a chunk at a time, in order."""

    def __init__(
        self,
        clock: Environment,
        shard: Shard,
        *,
        session: int,
        begins_at: float,
        chunks: int,
        deployment: Deployment,
        surroundings: Surroundings,
        chance: Chance,
        tally: Tally,
    ) -> None:
        self._clock = clock
        self._shard = shard
        self._session = session
        self._begins_at = begins_at
        self._chunks = chunks
        self._surroundings = surroundings
        self._handling_s = surroundings.costs.chunk_s / min(1.0, deployment.connection_memory_mb / CORE_MEMORY_MB)
        self._chance = chance
        self._tally = tally
        self._way = ConnectionWay(Wifi(surroundings.speaker_network, seed=chance.of("speaker").getrandbits(32)))

    def speak(self) -> Steps:
        """All chunks, from the first to the last."""
        platform = self._surroundings.platform
        written_at = 0.0
        for index in range(self._chunks):
            end_s = (index + 1) * CHUNK_S
            self._tally.chunks += 1
            at_gateway = self._way.there_at(self._begins_at + end_s, _MESSAGE_BYTES)
            handled_s = (
                self._chance.seconds("gateway", platform.gateway)
                + self._handling_s
                + self._chance.seconds("put", platform.kinesis_put)
            )
            written_at = max(written_at, at_gateway + handled_s)
            if written_at > self._clock.now:
                yield self._clock.timeout(written_at - self._clock.now)
            yield from self._shard.write(self._session, end_s)
