"""A batch as the event source mapping hands it over, and its partial answer."""

from base64 import b64decode
from collections.abc import Iterable
from typing import Any, NewType

from babelcast.domain.errors import BabelcastError
from babelcast.domain.session import SessionId
from babelcast.domain.stream_record import StreamRecord
from babelcast.protocol.audio_record import decode_record

BadRecord = NewType("BadRecord", str)
"""Sequence number of a record that can never be read."""


def read_batch(event: dict[str, Any]) -> tuple[list[StreamRecord], list[BadRecord]]:
    """The readable records in stream order, and the others, which trying again would not help."""
    records: list[StreamRecord] = []
    bad: list[BadRecord] = []
    for each in event["Records"]:
        kinesis = each["kinesis"]
        try:
            payload = decode_record(b64decode(kinesis["data"]))
        except (BabelcastError, ValueError):
            bad.append(BadRecord(kinesis["sequenceNumber"]))
            continue
        records.append(
            StreamRecord(
                session_id=SessionId(kinesis["partitionKey"]),
                sequence_number=kinesis["sequenceNumber"],
                payload=payload,
                arrived_at_ms=round(kinesis["approximateArrivalTimestamp"] * 1000),
            )
        )
    return records, bad


def batch_response(failed: Iterable[str]) -> dict[str, Any]:
    """The answer: where the event source is to start again; empty means that all is well."""
    lowest = min(failed, key=int, default=None)
    return {"batchItemFailures": [] if lowest is None else [{"itemIdentifier": lowest}]}
