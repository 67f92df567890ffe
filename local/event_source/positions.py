"""How far a shard has been delivered, kept in a file, as Lambda keeps it: a poller that dies goes on where it was.

Delivery is at least once: what was read and not yet over when the process died is read again.
"""

import json
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from local.event_source.records import StreamRecord


class ShardPosition:
    """The records of a shard that are on their way, and the last one before which all others are over.

    Lanes finish out of order; the position moves up to the oldest record that is not over::

        read        1  2  3  4  5
        over        1  2     4
        position       2
    """

    def __init__(self, file: Path | None) -> None:
        """Take up what an earlier process has left.

        Args:
            file: Holds the position; None keeps it in memory only.
        """
        self._file = file
        self._on_their_way: deque[str] = deque()
        self._over: set[str] = set()
        self._start: dict[str, Any] = {}
        if file is not None and file.exists():
            self._start = json.loads(file.read_text())

    def iterator(self, starting_position: str, *, now: float) -> dict[str, Any]:
        """Arguments of GetShardIterator.

        Args:
            starting_position: The mapping's, for a shard that was never read: `TRIM_HORIZON` or `LATEST`.
            now: Epoch seconds. From here on a later process goes on that finds nothing delivered.
        """
        if not self._start:
            if starting_position == "LATEST":
                self._save({"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": now})
            return {"ShardIteratorType": starting_position}
        return self._start

    def reading(self, records: Iterable[StreamRecord]) -> None:
        """Records have been read, in the order of the stream."""
        self._on_their_way.extend(record.sequence_number for record in records)

    def finished(self, records: Iterable[StreamRecord]) -> None:
        """Records are processed or given up."""
        self._over.update(record.sequence_number for record in records)
        last = None
        while self._on_their_way and self._on_their_way[0] in self._over:
            last = self._on_their_way.popleft()
            self._over.remove(last)
        if last is not None:
            self._save({"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": last})

    def _save(self, start: dict[str, Any]) -> None:
        """Replace the file as a whole: the process may be killed at any moment."""
        if self._file is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(start))
        new.replace(self._file)
