"""Stream records, the events made of them, and how many fit into one."""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_RECORD_FRAME_BYTES = 640
"""An upper bound of what surrounds a record's data and partition key in an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRecord:
    """A Kinesis record.

    Attributes:
        arrived_at: Epoch seconds.
    """

    partition_key: str
    sequence_number: str
    data: bytes
    arrived_at: float

    @property
    def event_bytes(self) -> int:
        """Bytes that it takes in an event, at most (the data becomes base64)."""
        return _RECORD_FRAME_BYTES + 4 * ((len(self.data) + 2) // 3) + len(json.dumps(self.partition_key))


def fitting(records: Sequence[StreamRecord], *, batch_size: int, payload_bytes: int) -> int:
    """How many of the first records make a batch: at least one, at most the batch size and the payload."""
    total = 0
    for count, record in enumerate(records):
        total += record.event_bytes
        if count == batch_size or (count > 0 and total > payload_bytes):
            return count
    return len(records)


def lane_of(partition_key: str, lanes: int) -> int:
    """Which of a shard's lanes a partition key belongs to; the same one always, so that its order is kept."""
    return int.from_bytes(hashlib.md5(partition_key.encode(), usedforsecurity=False).digest()[:8], "big") % lanes


def kinesis_event(records: Sequence[StreamRecord], *, shard_id: str, event_source_arn: str) -> dict[str, Any]:
    """The event that a function gets. Source: Lambda developer guide, "Using Lambda with Kinesis"."""
    _, _, _, region, account_id, _ = event_source_arn.split(":", 5)
    return {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": record.partition_key,
                    "sequenceNumber": record.sequence_number,
                    "data": base64.b64encode(record.data).decode(),
                    "approximateArrivalTimestamp": round(record.arrived_at, 3),
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"{shard_id}:{record.sequence_number}",
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": f"arn:aws:iam::{account_id}:role/local",
                "awsRegion": region,
                "eventSourceARN": event_source_arn,
            }
            for record in records
        ]
    }
