"""Who is connected, in which role and language."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median_low
from typing import Final, NewType

from babelcast.domain.languages import LanguageCode
from babelcast.domain.session import SessionId

ConnectionId = NewType("ConnectionId", str)

MAX_CONNECTION_DURATION_S: Final = 2 * 3600
"""Source: API Gateway WebSocket quotas, connection duration."""

RETURN_WITHIN_MS: Final = 60_000
"""A language is translated on for so long after its listener was lost or has paused: they miss nothing if they return.

Longer than a phone takes to change its network; a listener's app leaves out what is older than that anyway.
"""

_KEPT_PER_STAYED: Final = 3
"""A lost listener's language is kept for so many times as long as they were there, so that one who comes and goes keeps
no more languages awake than so many and the one they hear, however fast.
"""


class Role(StrEnum):
    """What a connection may do."""

    SPEAKER = "speaker"
    LISTENER = "listener"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One open WebSocket.

    Attributes:
        target_language: What a listener hears; None for a speaker.
        listening: False while a listener has paused playback; their language is not translated for their sake.
        joined_at_ms: When it opened, epoch milliseconds.
        returns_by_ms: A paused listener's language is made on for them until then, epoch milliseconds. That is the
            connection's own, so that one which changes its language leaves none awake.
        delay_ms: What a listener last told of how late the speech is heard; None before.
    """

    connection_id: ConnectionId
    session_id: SessionId
    role: Role
    joined_at_ms: int
    target_language: LanguageCode | None = None
    listening: bool = True
    returns_by_ms: int = 0
    delay_ms: int | None = None

    def __post_init__(self) -> None:
        if (self.role is Role.LISTENER) != (self.target_language is not None):
            raise ValueError("a listener has a target language, a speaker has none")

    @property
    def expires_at_ms(self) -> int:
        """When API Gateway closes it at the latest."""
        return self.joined_at_ms + MAX_CONNECTION_DURATION_S * 1000

    def wants_speech(self, *, now_ms: int) -> bool:
        """Whether the connection's language is made for its sake."""
        return self.role is Role.LISTENER and (self.listening or now_ms < self.returns_by_ms)

    def kept_until_ms(self, *, now_ms: int) -> int:
        """Until when the language is made for a listener who is lost now, epoch milliseconds."""
        if not self.wants_speech(now_ms=now_ms):
            return now_ms
        stayed_ms = max(0, now_ms - self.joined_at_ms)
        longest_ms = now_ms + min(RETURN_WITHIN_MS, _KEPT_PER_STAYED * stayed_ms)
        return longest_ms if self.listening else min(longest_ms, self.returns_by_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Everybody connected to a session at one moment.

    Attributes:
        kept_until_ms: Languages whose listeners were lost, and until when they may come back for what they missed,
            epoch milliseconds.
    """

    connections: tuple[Connection, ...]
    kept_until_ms: Mapping[LanguageCode, int] = field(default_factory=dict, hash=False)

    @property
    def speakers(self) -> tuple[Connection, ...]:
        """The speaker's connections (two while one is being replaced)."""
        return tuple(each for each in self.connections if each.role is Role.SPEAKER)

    @property
    def listeners(self) -> tuple[Connection, ...]:
        """All listeners, paused ones included."""
        return tuple(each for each in self.connections if each.role is Role.LISTENER)

    def wanted_languages(self, *, now_ms: int) -> Mapping[LanguageCode, int]:
        """Languages that somebody listens to, or may come back to, and for how many; only these are translated.

        Whoever was lost counts as one listener, however many they were.
        """
        wanting = Counter(each.target_language for each in self.listeners if each.wants_speech(now_ms=now_ms))
        wanted = {language: count for language, count in wanting.items() if language is not None}
        for language, until_ms in self.kept_until_ms.items():
            if now_ms < until_ms:
                wanted.setdefault(language, 1)
        return dict(sorted(wanted.items()))

    def listening_to(self, language: LanguageCode) -> tuple[Connection, ...]:
        """The active listeners of one language."""
        return tuple(each for each in self.listeners if each.target_language == language and each.listening)

    @property
    def delay_ms(self) -> int | None:
        """How late the speech is heard, in the median of the listeners who have told; None before one has."""
        told = [each.delay_ms for each in self.listeners if each.listening and each.delay_ms is not None]
        return median_low(told) if told else None

    @property
    def count_by_language(self) -> dict[str, int]:
        """Number of listeners of each language, paused ones included."""
        return _count(str(each.target_language) for each in self.listeners)


def _count(keys: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for key in keys:
        counts[key] = counts.get(key, 0) + 1
    return dict(sorted(counts.items()))
