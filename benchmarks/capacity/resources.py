"""What work waits for in the model: a core, a quota that refills, and services whose times vary."""

import random
from collections.abc import Generator
from typing import Any, Final, TypeAlias

from simpy import Environment, Event, Resource

from babelcast.domain.token_bucket import TokenBucket
from local.services.behaviour import ServiceTime

Steps: TypeAlias = Generator[Event, Any, None]
"""A process of the model that comes to nothing but its end."""

CORE_MEMORY_MB: Final = 1_769
"""With so much memory a function has a whole core. Source: Lambda developer guide, configuration-function-common."""

_SLICE_S: Final = 0.02
"""Work takes turns of so long."""


class Processor:
    """One core: whoever has work takes turns with the others.

    A function whose memory is for more than one core has no use for it: Python runs on one at a time.

    Attributes:
        busy_s: How long it has worked.
    """

    def __init__(self, clock: Environment, *, memory_mb: int = CORE_MEMORY_MB) -> None:
        self._clock = clock
        self._core = Resource(clock)
        self._speed = min(1.0, memory_mb / CORE_MEMORY_MB)
        self.busy_s = 0.0

    def work(self, core_s: float) -> Steps:
        """So many seconds of a whole core."""
        left_s = core_s / self._speed
        while left_s > 0:
            with self._core.request() as turn:
                yield turn
                turn_s = min(left_s, _SLICE_S)
                yield self._clock.timeout(turn_s)
            self.busy_s += turn_s
            left_s -= turn_s


class Allowance:
    """A quota per second with a burst.

    Attributes:
        taken, refused: Tokens so far.
    """

    def __init__(self, clock: Environment, *, rate_per_s: float, burst: float) -> None:
        self._clock = clock
        self._bucket = TokenBucket.full(rate_per_s=rate_per_s, burst=max(1.0, burst), now_s=clock.now)
        self.taken = 0
        self.refused = 0

    def grant(self, tokens: int) -> int:
        """As many of them as there are."""
        granted = min(tokens, max(0, int(self._bucket.level(self._clock.now) + 1e-9)))
        if granted:
            self._bucket, _ = self._bucket.take(self._clock.now, granted)
        self.taken += granted
        self.refused += tokens - granted
        return granted

    def reserve(self, *, max_wait_s: float) -> float | None:
        """Take one in advance; the seconds until it is there, or None when that is too long."""
        bucket, wait_s = self._bucket.take(self._clock.now)
        if wait_s > max_wait_s:
            self.refused += 1
            return None
        self._bucket = bucket
        self.taken += 1
        return wait_s

    @property
    def is_half_full(self) -> bool:
        """Whether there is room for what may be thrown away."""
        return self._bucket.level(self._clock.now) >= self._bucket.burst / 2


class Chance:
    """Draws how long things take; each kind of thing from a sequence of its own."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._draws: dict[str, random.Random] = {}

    def of(self, name: str) -> random.Random:
        """The sequence of a kind."""
        if name not in self._draws:
            self._draws[name] = random.Random(f"{self._seed} {name}")
        return self._draws[name]

    def seconds(self, name: str, taken: ServiceTime | None) -> float:
        """How long it takes this time; nothing if it takes no time."""
        if taken is None:
            return 0.0
        return taken.median_ms / 1000 * self.of(name).lognormvariate(0.0, taken.sigma)
