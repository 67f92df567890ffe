"""How much one connection may send, and how much sound one session."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from babelcast.domain.connection import ConnectionId
from babelcast.domain.errors import LimitReachedError
from babelcast.domain.limits import AUDIO, MESSAGES, REPLAYS, Limit
from babelcast.domain.session import SessionId
from babelcast.ports import Meter

_MAX_BUCKETS: Final = 4_096
"""Of each kind; those that were silent for longest are forgotten, which gives them a full bucket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitMessages:
    """Look at the buckets of whoever sends something.

    The buckets are in this environment's memory, because the way of the audio looks nothing up. Everybody has one in
    each environment that API Gateway happens to choose: what is let through in all is the limit times the environments
    in use, and a new environment knows nothing of what was sent before. That stops an app which has gone wild and
    anybody's single connection; the sum over many is the API's own throttle to bound.
    """

    meter: Meter
    monotonic_s: Callable[[], float]
    _audio: "_Buckets" = field(default_factory=lambda: _Buckets(AUDIO))
    _messages: "_Buckets" = field(default_factory=lambda: _Buckets(MESSAGES))
    _replays: "_Buckets" = field(default_factory=lambda: _Buckets(REPLAYS))

    def audio(self, session_id: SessionId, duration_s: float) -> None:
        """A chunk comes, on any of the speaker's connections; one that is refused was not taken, and may come again.

        Raises:
            LimitReachedError: More audio than can have been spoken, for longer than a resend takes.
        """
        try:
            self._audio.take(session_id, self.monotonic_s() * 1000, duration_s)
        except LimitReachedError:
            self.meter.count("AudioChunksLimited")
            raise

    def audio_not_taken(self, session_id: SessionId, duration_s: float) -> None:
        """A chunk that was let through was not taken after all."""
        self._audio.give_back(session_id, duration_s)

    def message(self, connection_id: ConnectionId) -> None:
        """Anything else comes, sense or nonsense, or a chunk that is refused for what it is.

        Raises:
            LimitReachedError: Too many messages.
        """
        self._take(self._messages, connection_id)

    def replay(self, connection_id: ConnectionId) -> None:
        """A message asks for everything after some segment.

        Raises:
            LimitReachedError: Too many of these.
        """
        self._take(self._replays, connection_id)

    def _take(self, buckets: "_Buckets", connection_id: ConnectionId) -> None:
        try:
            buckets.take(connection_id, self.monotonic_s() * 1000)
        except LimitReachedError:
            self.meter.count("MessagesLimited")
            raise


class _Buckets:
    """A bucket for each of those who were heard last."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._by_key: OrderedDict[str, float] = OrderedDict()

    def take(self, key: str, now_ms: float, units: float = 1) -> None:
        ahead_until_ms = self._by_key.setdefault(key, now_ms)
        self._by_key.move_to_end(key)
        if len(self._by_key) > _MAX_BUCKETS:
            self._by_key.popitem(last=False)
        self._by_key[key] = self._limit.take(ahead_until_ms, now_ms=now_ms, units=units)

    def give_back(self, key: str, units: float) -> None:
        if key in self._by_key:
            self._by_key[key] -= self._limit.cost_ms(units)
