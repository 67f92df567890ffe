"""The speaker's chunks that the server has not acknowledged yet: nothing is forgotten before it is safe. Pure."""

from dataclasses import dataclass
from typing import Final

from local.client.messages import AudioChunk

_AT_ONCE: Final = float("-inf")


@dataclass(slots=True, kw_only=True)
class _Pending:
    chunk: AudioChunk
    due_at: float = _AT_ONCE
    attempts: int = 0


class OutgoingChunks:
    """Chunks in order, from their capture to their acknowledgement.

    An acknowledgement counts for its own chunk alone. A chunk without one is due again after a time-out that doubles
    with each attempt, after an error, and at once when the connection has been opened anew; the server drops what it
    has already. All times are seconds of one monotonic clock.
    """

    def __init__(self, *, capacity: int = 480, window: int = 6, ack_timeout_s: float = 5.0) -> None:
        """Start empty.

        Args:
            capacity: Chunks kept at most (480 of 250 ms: two minutes); beyond it the oldest are given up and counted.
            window: No chunk is sent that is so many places or more behind the oldest without an acknowledgement. The
                server gives up a chunk that comes later than 1.5 s of audio behind it: 6 of 250 ms keep within that.
            ack_timeout_s: Wait for the first acknowledgement.
        """
        if capacity < 1 or window < 1 or ack_timeout_s <= 0:
            raise ValueError("capacity, window and time-out are positive")
        self._capacity = capacity
        self._window = window
        self._ack_timeout_s = ack_timeout_s
        self._pending: dict[int, _Pending] = {}
        self._given_up = 0
        self._resent = 0
        self._held_until = _AT_ONCE

    def __len__(self) -> int:
        """Chunks that are not acknowledged."""
        return len(self._pending)

    @property
    def given_up(self) -> int:
        """Chunks that were dropped because the capacity was exceeded."""
        return self._given_up

    @property
    def resent(self) -> int:
        """How often a chunk was sent that had been sent before."""
        return self._resent

    def add(self, chunk: AudioChunk) -> None:
        """Take a new chunk, to be sent at once."""
        self._pending[chunk.index] = _Pending(chunk=chunk)
        while len(self._pending) > self._capacity:
            del self._pending[next(iter(self._pending))]
            self._given_up += 1

    def due(self, now: float) -> list[AudioChunk]:
        """Chunks to send now, oldest first, as far as the window reaches."""
        if now < self._held_until:
            return []
        return [pending.chunk for pending in self._within_window() if pending.due_at <= now]

    def next_due_at(self) -> float | None:
        """When a chunk within the window becomes due next, or None when all are acknowledged."""
        due_at = min((pending.due_at for pending in self._within_window()), default=None)
        return None if due_at is None else max(due_at, self._held_until)

    def mark_sent(self, index: int, now: float) -> None:
        """A chunk was handed to the connection."""
        pending = self._pending.get(index)
        if pending is None:
            return
        if pending.attempts:
            self._resent += 1
        pending.due_at = now + self._ack_timeout_s * 2 ** min(pending.attempts, 3)
        pending.attempts += 1

    def acknowledge(self, index: int) -> bool:
        """The server has this chunk; False when it was acknowledged before or is not known."""
        return self._pending.pop(index, None) is not None

    def send_all_again(self) -> None:
        """The connection is new: whatever was on its way may be lost."""
        self._held_until = _AT_ONCE
        for pending in self._pending.values():
            pending.due_at = _AT_ONCE

    def send_again_at(self, at: float) -> None:
        """A chunk was refused for now, and the refusal does not say which: none waits longer than until then."""
        for pending in self._pending.values():
            pending.due_at = min(pending.due_at, at)

    def hold_until(self, at: float) -> None:
        """Too much was sent too fast: nothing goes out before then, and what was refused is due then."""
        self._held_until = at
        self.send_again_at(at)

    def _within_window(self) -> list[_Pending]:
        oldest = next(iter(self._pending), 0)
        return [pending for index, pending in self._pending.items() if index < oldest + self._window]
