"""What an invocation means for its batch."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from local.event_source.records import StreamRecord


@dataclass(frozen=True, slots=True)
class Done:
    """Every record is processed."""


@dataclass(frozen=True, slots=True)
class Throttled:
    """The function was not invoked; this does not count as an attempt."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The whole batch failed; `function_error` is Lambda's, None when the function returned a bad report."""

    function_error: str | None


@dataclass(frozen=True, slots=True)
class FailedFrom:
    """The function reported failures: records before this index are done, the others are to be tried again."""

    index: int


Outcome = Done | Throttled | Failed | FailedFrom


def reported_outcome(payload: bytes, records: Sequence[StreamRecord]) -> Outcome:
    """Read a `batchItemFailures` report.

    No report, or an empty one, is a success. The lowest sequence number is where the batch is taken up again. A report
    that cannot be read, or that names a record that is not in the batch, is a complete failure.
    Source: Lambda developer guide, "Configuring partial batch response with Kinesis Data Streams and Lambda".
    """
    try:
        report: Any = json.loads(payload) if payload else None
        failures = report.get("batchItemFailures") if isinstance(report, dict) else None
        if not failures:
            return Done()
        positions = {record.sequence_number: index for index, record in enumerate(records)}
        return FailedFrom(min(positions[failure["itemIdentifier"]] for failure in failures))
    except (KeyError, TypeError, ValueError):
        return Failed(function_error=None)
