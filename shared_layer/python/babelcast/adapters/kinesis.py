"""Kinesis: the stream that buffers audio, written by connections and read again where a recogniser starts anew."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from babelcast.adapters.aws_client import call, client
from babelcast.domain.errors import BabelcastError, RateLimitedError
from babelcast.domain.session import SessionId
from babelcast.domain.stream_record import Payload, StreamRecord
from babelcast.protocol.audio_record import decode_record, encode_record

_SHARD_ID: Final = "shardId-000000000000"
"""A cell's stream has one shard for as long as it lives."""
_READ_INTERVAL_S: Final = 0.25
"""Source: Kinesis quotas, five GetRecords a second and shard; the event source mapping reads the same shard."""
_PAGE_RECORDS: Final = 1_000
"""Eight megabytes of audio at the most: a page over the quota of 2 MB/s blocks the shard for seconds."""
_THROTTLED: Final = "ProvisionedThroughputExceededException"
_THROTTLED_PAUSES_S: Final = (0.5, 1.0, 2.0, 4.0)


class KinesisAudioStream:
    """`babelcast.ports.AudioStream` over the cells' streams."""

    def __init__(self, stream_names: Sequence[str]) -> None:
        self._stream_names = stream_names
        self._client = client("kinesis")

    async def append(self, session_id: SessionId, cell: int, payload: Payload) -> None:
        """See the port."""
        await call(
            self._client.put_record,
            StreamName=self._stream_names[cell],
            PartitionKey=session_id,
            Data=encode_record(payload),
        )


class KinesisAudioHistory:
    """`babelcast.ports.AudioHistory` over one cell's stream.

    All reads of an environment take turns, so that many sessions that start anew at once stay within the shard's
    quota together.
    """

    def __init__(self, stream_name: str, *, read_interval_s: float = _READ_INTERVAL_S) -> None:
        self._stream_name = stream_name
        self._read_interval_s = read_interval_s
        self._client = client("kinesis")
        self._turn = asyncio.Lock()
        self._next_read_s = 0.0

    async def read(self, session_id: SessionId, *, start: str, before: str) -> AsyncIterator[StreamRecord]:
        """See the port."""
        end = int(before)
        answer = await call(
            self._client.get_shard_iterator,
            StreamName=self._stream_name,
            ShardId=_SHARD_ID,
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            StartingSequenceNumber=start,
        )
        iterator = answer["ShardIterator"]
        while iterator:
            answer = await self._get_records(iterator)
            for each in answer["Records"]:
                if int(each["SequenceNumber"]) >= end:
                    return
                if each["PartitionKey"] != session_id:
                    continue
                try:
                    payload = decode_record(each["Data"])
                except BabelcastError:
                    continue
                yield StreamRecord(
                    session_id=session_id,
                    sequence_number=each["SequenceNumber"],
                    payload=payload,
                    arrived_at_ms=round(each["ApproximateArrivalTimestamp"].timestamp() * 1000),
                )
            if not answer["Records"] and not answer.get("MillisBehindLatest"):
                return
            iterator = answer.get("NextShardIterator")

    async def _get_records(self, iterator: str) -> Any:
        """The next page, in turn; a throttled read waits as long as the quota needs to recover."""
        loop = asyncio.get_running_loop()
        for pause_s in (*_THROTTLED_PAUSES_S, None):
            async with self._turn:
                await asyncio.sleep(self._next_read_s - loop.time())
                self._next_read_s = loop.time() + self._read_interval_s
                try:
                    return await call(
                        self._client.get_records,
                        errors={_THROTTLED: RateLimitedError},
                        ShardIterator=iterator,
                        Limit=_PAGE_RECORDS,
                    )
                except RateLimitedError:
                    if pause_s is None:
                        raise
                    self._next_read_s = loop.time() + pause_s
        raise AssertionError("the last attempt returns or raises")
