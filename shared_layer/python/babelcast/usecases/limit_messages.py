"""How much one connection may send."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from babelcast.domain.connection import ConnectionId
from babelcast.domain.errors import LimitReachedError
from babelcast.domain.limits import AUDIO, MESSAGES, Limit
from babelcast.ports import Meter

_MAX_BUCKETS: Final = 4_096
"""Of each kind; the connections that were silent for longest are forgotten, which gives them a full bucket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitMessages:
    """Look at the buckets of whoever sends something.

    The buckets are in this environment's memory, because the way of the audio looks nothing up. A connection has one in
    each environment that API Gateway happens to choose: what is let through in all is the limit times the environments
    in use, and a new environment knows nothing of what was sent before. That stops an app which has gone wild and
    anybody's single connection; the sum over many is the API's own throttle to bound.
    """

    meter: Meter
    monotonic_s: Callable[[], float]
    _audio: "_Buckets" = field(default_factory=lambda: _Buckets(AUDIO))
    _messages: "_Buckets" = field(default_factory=lambda: _Buckets(MESSAGES))

    def audio(self, connection_id: ConnectionId, duration_s: float) -> None:
        """A chunk comes; one that is refused was not taken, and may come again later.

        Raises:
            LimitReachedError: More audio than can have been spoken, for longer than a resend takes.
        """
        try:
            self._audio.take(connection_id, self.monotonic_s() * 1000, duration_s)
        except LimitReachedError:
            self.meter.count("AudioChunksLimited")
            raise

    def message(self, connection_id: ConnectionId) -> None:
        """Anything else comes, sense or nonsense.

        Raises:
            LimitReachedError: Too many messages.
        """
        try:
            self._messages.take(connection_id, self.monotonic_s() * 1000)
        except LimitReachedError:
            self.meter.count("MessagesLimited")
            raise


class _Buckets:
    """A bucket for each of the connections that were heard last."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._by_connection: OrderedDict[ConnectionId, float] = OrderedDict()

    def take(self, connection_id: ConnectionId, now_ms: float, units: float = 1) -> None:
        ahead_until_ms = self._by_connection.setdefault(connection_id, now_ms)
        self._by_connection.move_to_end(connection_id)
        if len(self._by_connection) > _MAX_BUCKETS:
            self._by_connection.popitem(last=False)
        self._by_connection[connection_id] = self._limit.take(ahead_until_ms, now_ms=now_ms, units=units)
