"""Kinesis: the stream that buffers audio, written by connections and read again where a recogniser starts anew."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

from babelcast.adapters.aws_client import call, client
from babelcast.domain.errors import BabelcastError
from babelcast.domain.session import SessionId
from babelcast.domain.stream_record import Payload, StreamRecord
from babelcast.protocol.audio_record import decode_record, encode_record

_SHARD_ID: Final = "shardId-000000000000"
"""A cell's stream has one shard for as long as it lives."""
_READ_INTERVAL_S: Final = 0.25
"""Source: Kinesis quotas, five GetRecords a second and shard; the event source mapping reads the same shard."""


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
    """`babelcast.ports.AudioHistory` over one cell's stream."""

    def __init__(self, stream_name: str) -> None:
        self._stream_name = stream_name
        self._client = client("kinesis")

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
            answer = await call(self._client.get_records, ShardIterator=iterator, Limit=10_000)
            for each in answer["Records"]:
                if int(each["SequenceNumber"]) >= end:
                    return
                if each["PartitionKey"] != session_id:
                    continue
                try:
                    payload = decode_record(each["Data"])
                except BabelcastError:
                    continue
                yield StreamRecord(session_id=session_id, sequence_number=each["SequenceNumber"], payload=payload)
            if not answer["Records"] and not answer.get("MillisBehindLatest"):
                return
            iterator = answer.get("NextShardIterator")
            await asyncio.sleep(_READ_INTERVAL_S)
