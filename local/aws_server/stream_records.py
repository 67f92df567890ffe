"""Kinesis's PutRecord and GetRecords on moto's own streams, past moto's way of serving a request.

Those two are nearly all that a speaking room asks of the data stores. moto lists all records of a shard for each one
that is put, goes through all of them for each read, and keeps two numbers of each put for ever, for a CloudWatch that
nobody asks. Here a record costs the same however many there are, and leaves nothing behind. What is out of the
ordinary, such as a stream that is not there, is left to moto, whose streams, shards and records these are.
"""

import base64
import re
from itertools import islice
from typing import Any, Final

import msgspec
from moto.kinesis.models import Record as ShardRecord
from moto.kinesis.models import Shard, Stream, kinesis_backends

from local.provision import ACCOUNT_ID

_REGION: Final = re.compile(r"Credential=[^/]+/\d+/([a-z0-9-]+)/kinesis/")
"""Source: AWS Signature Version 4, credential scope."""
_MAX_RECORDS: Final = 10_000
_MAX_KEY_LENGTH: Final = 256
"""Source: Kinesis API reference, GetRecords and PutRecord."""


class PutRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="pascal"):
    """What is put; anything more is out of the ordinary. Data is base64."""

    stream_name: str
    partition_key: str
    data: str


class GetRecords(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="pascal"):
    """What is read."""

    shard_iterator: str
    limit: int = _MAX_RECORDS


class StreamRecords:
    """Answers the two operations; everything runs on the thread that moto runs on."""

    def __init__(self) -> None:
        self._put = msgspec.json.Decoder(PutRecord)
        self._get = msgspec.json.Decoder(GetRecords)

    def answer(self, target: str, authorization: str, body: bytes) -> bytes | None:
        """The answer to a request, or None when moto has to answer it.

        Args:
            target: ``X-Amz-Target``.
            authorization: Names the region.
            body: JSON.
        """
        region = _REGION.search(authorization)
        if region is None:
            return None
        streams = kinesis_backends[ACCOUNT_ID][region[1]].streams
        try:
            match target.partition(".")[2]:
                case "PutRecord":
                    return _put(streams, self._put.decode(body))
                case "GetRecords":
                    return _get(streams, self._get.decode(body))
        except ValueError:
            pass  # not such a request, or no such iterator; msgspec's errors are ValueErrors, too
        return None


def _put(streams: dict[str, Stream], request: PutRecord) -> bytes | None:
    stream = streams.get(request.stream_name)
    if stream is None or not 0 < len(request.partition_key) <= _MAX_KEY_LENGTH:
        return None
    shard = stream.get_shard_for_key(request.partition_key, "")
    if shard is None:
        return None
    number = _newest(shard) + 1
    shard.records[number] = ShardRecord(request.partition_key, request.data, number, "")
    return msgspec.json.encode({"SequenceNumber": str(number), "ShardId": shard.shard_id})


def _get(streams: dict[str, Stream], request: GetRecords) -> bytes | None:
    name, shard_id, last = base64.decodebytes(request.shard_iterator.encode()).decode().split(":")
    stream = streams.get(name)
    shard = None if stream is None else stream.shards.get(shard_id)
    if shard is None or not 0 < request.limit <= _MAX_RECORDS:
        return None
    records = _after(shard, int(last), request.limit)
    reached = records[-1].sequence_number if records else int(last)
    behind_s = 0.0
    if reached < _newest(shard):
        behind_s = max(0.001, shard.records[_newest(shard)].created_at - records[-1].created_at)
    return msgspec.json.encode(
        {
            "Records": [
                {
                    "Data": record.data,
                    "PartitionKey": record.partition_key,
                    "SequenceNumber": str(record.sequence_number),
                    "ApproximateArrivalTimestamp": record.created_at,
                }
                for record in records
            ],
            "NextShardIterator": base64.encodebytes(f"{name}:{shard_id}:{reached}".encode()).decode(),
            "MillisBehindLatest": round(behind_s * 1000),
        }
    )


def _newest(shard: Shard) -> int:
    """The last record's number; 0 without records."""
    return next(reversed(shard.records), 0)


def _after(shard: Shard, number: int, limit: int) -> list[Any]:
    """So many records with higher numbers, which follow each other without a gap; older ones may have been dropped."""
    oldest = next(iter(shard.records), 0)
    wanted = range(max(number + 1, oldest), _newest(shard) + 1)
    return [shard.records[each] for each in islice(wanted, limit)]
