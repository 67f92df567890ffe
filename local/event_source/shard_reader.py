"""Reads one shard and hands its records, in batches, to one delivery per lane."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice
from typing import Final

from local.event_source.configuration import Mapping, PollingSettings
from local.event_source.delivery import BatchDelivery
from local.event_source.positions import ShardPosition
from local.event_source.records import StreamRecord, fitting, lane_of

_log = logging.getLogger(__name__)

FetchRecords = Callable[[], Awaitable[Sequence[StreamRecord]]]
"""Records that have come since the last call, oldest first; empty when there are none."""

_BUFFERED_BATCHES: Final = 2
"""The shard is not read further while a lane holds so many batches."""


class Lane:
    """A share of a shard's partition keys: its records are delivered in order, one batch at a time."""

    def __init__(
        self, mapping: Mapping, settings: PollingSettings, delivery: BatchDelivery, position: ShardPosition
    ) -> None:
        self._mapping = mapping
        self._position = position
        self._payload_bytes = settings.payload_bytes
        self._delivery = delivery
        self._waiting: deque[StreamRecord] = deque()
        self._waiting_bytes = 0
        self._waiting_since = 0.0
        self._changed = asyncio.Condition()

    async def add(self, records: Sequence[StreamRecord]) -> None:
        """Append records, when there is room for them."""
        if not records:
            return
        async with self._changed:
            await self._changed.wait_for(lambda: not self._holds(_BUFFERED_BATCHES))
            if not self._waiting:
                self._waiting_since = time.monotonic()
            self._waiting.extend(records)
            self._waiting_bytes += sum(record.event_bytes for record in records)
            self._changed.notify_all()

    async def run(self) -> None:
        """Deliver batches for ever."""
        while True:
            batch = await self._gather()
            await self._delivery.deliver(batch)
            self._position.finished(batch)

    async def _gather(self) -> Sequence[StreamRecord]:
        """The next batch: complete when it is full or the window since its first record is over."""
        async with self._changed:
            await self._changed.wait_for(lambda: bool(self._waiting))
            window_ends = self._waiting_since + self._mapping.batching_window_seconds
            try:
                async with asyncio.timeout(max(0.0, window_ends - time.monotonic())):
                    await self._changed.wait_for(lambda: self._holds(1))
            except TimeoutError:
                pass
            count = fitting(self._waiting, batch_size=self._mapping.batch_size, payload_bytes=self._payload_bytes)
            batch = list(islice(self._waiting, count))
            for record in batch:
                self._waiting.popleft()
                self._waiting_bytes -= record.event_bytes
            self._waiting_since = time.monotonic()
            self._changed.notify_all()
            return batch

    def _holds(self, batches: int) -> bool:
        return (
            len(self._waiting) >= batches * self._mapping.batch_size
            or self._waiting_bytes >= batches * self._payload_bytes
        )


class ShardReader:
    """Polls one shard at the mapping's pace and deals its records out to the lanes by partition key."""

    def __init__(
        self,
        mapping: Mapping,
        settings: PollingSettings,
        *,
        fetch: FetchRecords,
        position: ShardPosition,
        deliveries: Sequence[BatchDelivery],
    ) -> None:
        self._mapping = mapping
        self._poll_seconds = (
            settings.fan_out_poll_seconds if mapping.enhanced_fan_out else settings.standard_poll_seconds
        )
        self._fetch = fetch
        self._position = position
        self._lanes = [Lane(mapping, settings, delivery, position) for delivery in deliveries]

    async def run(self) -> None:
        """Read and deliver for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read())
            for lane in self._lanes:
                tasks.create_task(lane.run())

    async def _read(self) -> None:
        while True:
            began = time.monotonic()
            records = await self._fetch()
            self._position.reading(records)
            for number, lane in enumerate(self._lanes):
                await lane.add(
                    [record for record in records if lane_of(record.partition_key, len(self._lanes)) == number]
                )
            await asyncio.sleep(max(0.0, began + self._poll_seconds - time.monotonic()))
