"""A speaker's chunks that come twice and out of order, as over a bad network. Pure."""

import random
from typing import Final

from local.client.messages import AudioChunk
from local.client.outgoing import OutgoingChunks

_HOLD_S: Final = (0.3, 0.9)
"""Until after one to three later chunks."""
_LONG_HOLD_S: Final = (2.0, 5.5)
"""As by a cold start, or a message that is lost and sent again; the processor waits for 7 s of audio."""
_WINDOW: Final = 28
"""Chunks of a quarter of a second in those 7 s."""
_LONG_SHARE: Final = 0.05
_ECHO_S: Final = (0.0, 0.7)


class UnrulyChunks(OutgoingChunks):
    """Chunks of which some are held back until after their successors, and some sent once more a little later.

    ::

        captured   0  1  2  3  4  5  6
        sent       0  2  3  1  4  5  4  6        1 was held back, 4 was doubled

    Which chunks are hit depends on the source of chance alone, not on the time.

    Attributes:
        doubled: Chunks sent a second time though nothing was wrong with the first.
        reordered: Chunks that were sent only after a later one.
    """

    def __init__(self, chance: random.Random, *, held_share: float = 0.05, doubled_share: float = 0.05) -> None:
        """Start empty.

        Args:
            chance: Decides which chunks are hit, and how late they are.
            held_share: Of all chunks, 0 to 1, that are held back.
            doubled_share: Of all chunks, 0 to 1, that are sent twice.
        """
        # As far as the processor waits: a chunk that is held back must not hold back those behind it.
        super().__init__(window=_WINDOW)
        self._chance = chance
        self._held_share = held_share
        self._doubled_share = doubled_share
        self._holds: dict[int, float] = {}
        self._doubles: dict[int, tuple[AudioChunk, float]] = {}
        self._echoes: dict[int, tuple[AudioChunk, float]] = {}
        self._newest_sent = -1
        self.doubled = 0
        self.reordered = 0

    def __len__(self) -> int:
        """Chunks that are not acknowledged, or are still to be sent a second time."""
        return super().__len__() + len(self._echoes)

    def add(self, chunk: AudioChunk) -> None:
        """Take a new chunk, to be sent at once or a little later."""
        super().add(chunk)
        is_held, is_doubled = self._chance.random() < self._held_share, self._chance.random() < self._doubled_share
        hold_s, echo_s = self._chance.uniform(*_HOLD_S), self._chance.uniform(*_ECHO_S)
        is_long, long_hold_s = self._chance.random() < _LONG_SHARE, self._chance.uniform(*_LONG_HOLD_S)
        if is_held:
            self._holds[chunk.index] = long_hold_s if is_long else hold_s
        if is_doubled:
            self._doubles[chunk.index] = (chunk, echo_s)

    def due(self, now: float) -> list[AudioChunk]:
        """Chunks to send now, oldest first; those that are sent a second time come last."""
        for index, hold_s in self._holds.items():
            self._pending[index].due_at = now + hold_s
        self._holds.clear()
        return super().due(now) + [chunk for chunk, due_at in self._echoes.values() if due_at <= now]

    def next_due_at(self) -> float | None:
        """When a chunk becomes due next, for the first or the second time."""
        moments = [due_at for _, due_at in self._echoes.values()]
        pending = super().next_due_at()
        return min(moments if pending is None else [*moments, pending], default=None)

    def mark_sent(self, index: int, now: float) -> None:
        """A chunk was handed to the connection."""
        if index in self._echoes and self._echoes[index][1] <= now:
            del self._echoes[index]
            self.doubled += 1
            return
        super().mark_sent(index, now)
        self.reordered += self._newest_sent > index and self._pending[index].attempts == 1
        self._newest_sent = max(self._newest_sent, index)
        if index in self._doubles:
            chunk, echo_s = self._doubles.pop(index)
            self._echoes[index] = (chunk, now + echo_s)
