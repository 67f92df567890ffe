"""How long a client waits before it tries again."""

import random
from dataclasses import dataclass
from typing import Final

_GROWTH: Final = 1.5
"""Slow enough that an outage of a few seconds is not doubled by the wait after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Growing, jittered waits, so that clients dropped together do not come back together.

    Attributes:
        floor_s: Shortest wait, in seconds.
        ceiling_s: Longest wait, in seconds.
    """

    floor_s: float = 0.5
    ceiling_s: float = 8.0

    def __post_init__(self) -> None:
        if not 0 < self.floor_s <= self.ceiling_s:
            raise ValueError("a backoff needs 0 < floor <= ceiling")

    def delay_s(self, attempt: int, chance: random.Random) -> float:
        """The wait before a further attempt: evenly spread from the floor to 1.5, 1.5², … times it, or the ceiling.

        Args:
            attempt: How many attempts have failed in a row, from 1.
            chance: Source of the jitter.
        """
        longest_s = min(self.ceiling_s, self.floor_s * _GROWTH ** min(attempt, 32))
        return chance.uniform(self.floor_s, longest_s)
