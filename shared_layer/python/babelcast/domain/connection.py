"""Who is connected, in which role and language."""

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
        delay_ms: What a listener last told of how late the speech is heard; None before.
    """

    connection_id: ConnectionId
    session_id: SessionId
    role: Role
    joined_at_ms: int
    target_language: LanguageCode | None = None
    listening: bool = True
    delay_ms: int | None = None

    def __post_init__(self) -> None:
        if (self.role is Role.LISTENER) != (self.target_language is not None):
            raise ValueError("a listener has a target language, a speaker has none")

    @property
    def expires_at_ms(self) -> int:
        """When API Gateway closes it at the latest."""
        return self.joined_at_ms + MAX_CONNECTION_DURATION_S * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Everybody connected to a session at one moment.

    Attributes:
        kept_until_ms: Languages whose listeners were lost or have paused, and until when they may come back for what
            they missed, epoch milliseconds.
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

    def wanted_languages(self, *, now_ms: int) -> tuple[LanguageCode, ...]:
        """Languages that somebody listens to, or may come back to, sorted; only these are translated."""
        heard = {each.target_language for each in self.listeners if each.listening and each.target_language}
        kept = {language for language, until_ms in self.kept_until_ms.items() if now_ms < until_ms}
        return tuple(sorted(heard | kept))

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
