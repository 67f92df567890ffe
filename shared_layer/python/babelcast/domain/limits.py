"""How much of anything one caller may have: buckets that let a burst through and then a steady rate.

A bucket is one number, the theoretical arrival time of the generic cell rate algorithm: how far ahead of the clock the
caller has used its rate up. At or before now, the bucket is full; ``burst`` intervals ahead, it is empty.
Source: ITU-T I.371, annex A.
"""

from dataclasses import dataclass
from typing import Final

from babelcast.domain.errors import LimitReachedError

_ROUNDING_MS: Final = 0.01
"""What sums of costs that are no whole numbers may be off by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """So many at once, and so many more in the long run.

    Attributes:
        name: Part of the bucket's key in the store; no two limits have the same.
        burst: What a bucket that has rested gives at once, in units.
        per_s: Units that come back per second.
    """

    name: str
    burst: float
    per_s: float

    def __post_init__(self) -> None:
        if self.burst < 1 or self.per_s <= 0:
            raise ValueError("a limit lets at least one through, and comes back")

    @property
    def tolerance_ms(self) -> float:
        """How far ahead of the clock a bucket may be; so long takes an empty one to fill."""
        return self.burst * 1000 / self.per_s

    def cost_ms(self, units: float = 1) -> float:
        """How much further ahead of the clock so many units bring a bucket."""
        return units * 1000 / self.per_s

    def take(self, ahead_until_ms: float, *, now_ms: float, units: float = 1) -> float:
        """The bucket's number after units were taken.

        Args:
            ahead_until_ms: Its number before; anything in the past for a full one.
            now_ms: On the same clock.
            units: What is asked for.

        Raises:
            LimitReachedError: There is not as much in it; nothing was taken.
        """
        if ahead_until_ms > now_ms + self.tolerance_ms + _ROUNDING_MS:
            # No bucket gets that far ahead: another clock was, and this one may not catch up for long.
            ahead_until_ms = now_ms
        after_ms = max(ahead_until_ms, now_ms) + self.cost_ms(units)
        if after_ms - now_ms > self.tolerance_ms + _ROUNDING_MS:
            raise LimitReachedError(f"too fast: {self.name}")
        return after_ms


JOINS: Final = Limit(name="joins", burst=1_000, per_s=20)
"""Listeners' connections from one address. A hall behind one router scans the code within seconds."""

FAILED_JOINS: Final = Limit(name="failed-joins", burst=100, per_s=1)
"""Unknown sessions and wrong join keys from one address: a hall mistypes now and then, a machine guesses on.

To guess one of 100 live sessions among 100 million ids takes an address twelve days on average, however fast it asks:
a guess that cannot be counted in time is not answered. Only while the buckets cannot be reached at all is it.
"""

SPEAKER_JOINS: Final = Limit(name="speaker-joins", burst=60, per_s=1)
"""Connections of one speaker; an app that reconnects waits half a second at least."""

AUDIO: Final = Limit(name="audio", burst=60, per_s=1.5)
"""Seconds of audio in one session: real time and half as much again, and a minute at once after a cut."""

MESSAGES: Final = Limit(name="messages", burst=40, per_s=4)
"""Messages other than audio on one connection; an app sends a few a minute, and some at once when it joins."""

REPLAYS: Final = Limit(name="replays", burst=20, per_s=0.5)
"""Of these, those that ask for what was missed, and bring up to 200 answers each. An app asks now and then for a hole,
and at once for each clip whose address has expired while its page was asleep."""


def session_creations(per_hour: int) -> Limit:
    """Sessions that one speaker creates: a third of an hour's at once."""
    return Limit(name="sessions", burst=max(1, per_hour // 3), per_s=per_hour / 3600)
