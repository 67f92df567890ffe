"""Delivers one batch: invokes, retries, bisects, takes up again where a report says, and gives up."""

import asyncio
import json
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from local.event_source.configuration import Mapping, PollingSettings
from local.event_source.outcome import Done, Failed, FailedFrom, Outcome, Throttled
from local.event_source.records import StreamRecord

_log = logging.getLogger(__name__)

Invoke = Callable[[Sequence[StreamRecord]], Awaitable[Outcome]]
"""Invoke the function with records."""

SendFailure = Callable[[str], Awaitable[None]]
"""Send a message to the failure queue."""


class GivenUp(StrEnum):
    """Why a batch is given up."""

    RETRY_ATTEMPTS_EXHAUSTED = "RetryAttemptsExhausted"
    RECORD_AGE_EXCEEDED = "RecordAgeExceeded"


@dataclass(slots=True, kw_only=True)
class _Attempts:
    """What has been tried with a batch so far."""

    count: int = 0
    function_error: str | None = None


class BatchDelivery:
    """Delivers the batches of one shard's lane, one after the other; a batch is over when `deliver` returns.

    * An error bisects the batch when the mapping says so, without using up an attempt; a single record, or a batch that
      is not to be bisected, is tried again up to the mapping's number of retries.
    * A report of failures takes the batch up again at the lowest reported record. When that is further on than the last
      time, attempts are counted anew.
    * A throttled invocation is tried again until the records are too old.
    """

    def __init__(
        self, mapping: Mapping, settings: PollingSettings, *, shard_id: str, invoke: Invoke, send_failure: SendFailure
    ) -> None:
        self._mapping = mapping
        self._settings = settings
        self._shard_id = shard_id
        self._invoke = invoke
        self._send_failure = send_failure

    async def deliver(self, records: Sequence[StreamRecord]) -> None:
        """See the class."""
        attempts = _Attempts()
        throttles = 0
        while records := await self._without_too_old(records, attempts):
            outcome = await self._invoke(records)
            match outcome:
                case Done():
                    return
                case Throttled():
                    await self._pause(throttles)
                    throttles += 1
                    continue
                case FailedFrom(index):
                    if index > 0:
                        attempts = _Attempts()
                        records = records[index:]
                case Failed(function_error):
                    if self._mapping.bisect_on_error and len(records) > 1:
                        middle = len(records) // 2
                        await self.deliver(records[:middle])
                        await self.deliver(records[middle:])
                        return
                    attempts.function_error = function_error
            attempts.count += 1
            if 0 <= self._mapping.maximum_retry_attempts < attempts.count:
                await self._give_up(records, GivenUp.RETRY_ATTEMPTS_EXHAUSTED, attempts)
                return
            await self._pause(attempts.count - 1)

    async def _without_too_old(self, records: Sequence[StreamRecord], attempts: _Attempts) -> Sequence[StreamRecord]:
        """Give up the records that are older than the mapping allows; the others."""
        limit = self._mapping.maximum_record_age_seconds
        if limit < 0:
            return records
        oldest_allowed = time.time() - limit
        young = next(
            (index for index, record in enumerate(records) if record.arrived_at >= oldest_allowed), len(records)
        )
        if young:
            await self._give_up(records[:young], GivenUp.RECORD_AGE_EXCEEDED, attempts)
        return records[young:]

    async def _pause(self, earlier: int) -> None:
        await asyncio.sleep(min(self._settings.retry_base_seconds * 2**earlier, self._settings.retry_longest_seconds))

    async def _give_up(self, records: Sequence[StreamRecord], why: GivenUp, attempts: _Attempts) -> None:
        _log.warning(
            "%s: gave up %d records from %s: %s", self._mapping.name, len(records), records[0].sequence_number, why
        )
        if self._mapping.failure_queue_url is not None:
            await self._send_failure(json.dumps(self._failure_message(records, why, attempts)))

    def _failure_message(self, records: Sequence[StreamRecord], why: GivenUp, attempts: _Attempts) -> dict[str, Any]:
        """Source: Lambda developer guide, "Retain discarded batch records for a Kinesis Data Streams event source"."""
        message: dict[str, Any] = {
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "functionArn": self._mapping.function_arn,
                "condition": why,
                "approximateInvokeCount": attempts.count,
            },
            "version": "1.0",
            "timestamp": _iso(time.time()),
            "KinesisBatchInfo": {
                "shardId": self._shard_id,
                "startSequenceNumber": records[0].sequence_number,
                "endSequenceNumber": records[-1].sequence_number,
                "approximateArrivalOfFirstRecord": _iso(records[0].arrived_at),
                "approximateArrivalOfLastRecord": _iso(records[-1].arrived_at),
                "batchSize": len(records),
                "streamArn": self._mapping.event_source_arn.partition("/consumer/")[0],
            },
        }
        if attempts.count:
            response: dict[str, Any] = {"statusCode": 200, "executedVersion": "$LATEST"}
            if attempts.function_error is not None:
                response["functionError"] = attempts.function_error
            message["responseContext"] = response
        return message


def _iso(epoch_seconds: float) -> str:
    return datetime.fromtimestamp(epoch_seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
