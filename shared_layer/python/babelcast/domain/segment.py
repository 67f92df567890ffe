"""A segment: a clause or sentence that is committed, translated, spoken and delivered as one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from babelcast.domain.audio import samples_to_ms
from babelcast.domain.languages import LanguageCode
from babelcast.domain.session import SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSegment:
    """Recognised words that are ready to commit.

    Attributes:
        number: 0, 1, 2 … within the session; the listeners' sequence number.
        start_sample, end_sample: Where it was spoken.
    """

    number: int
    text: str
    start_sample: int
    end_sample: int

    @property
    def spoken_start_ms(self) -> int:
        """Start in ms since the session's first sample."""
        return samples_to_ms(self.start_sample)

    @property
    def spoken_end_ms(self) -> int:
        """End in ms since the session's first sample."""
        return samples_to_ms(self.end_sample)


class Unspoken(StrEnum):
    """Why a translation into a language with a voice has no clip; codes on the wire."""

    AT_CAPACITY = "AT_CAPACITY"
    """The session's listeners want more languages than it has spoken."""
    UNAVAILABLE = "SYNTHESIS_UNAVAILABLE"
    """The voice failed, or storage did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """A segment in one language.

    Attributes:
        text: The translation, or the source text when translation failed.
        clip_key: S3 key of the MP3, or None for text only.
        duration_s: Length of the clip in seconds, 0.0 without one.
        translated: False when ``text`` is the source text because translation failed.
        unspoken: None where there is a clip, or never is one.
    """

    language: LanguageCode
    text: str
    clip_key: str | None
    duration_s: float
    translated: bool = True
    unspoken: Unspoken | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A committed segment with what was made of it.

    Attributes:
        spoken_at_ms: When its last audio reached the stream, epoch milliseconds.
        committed_at_ms: Epoch milliseconds.
        delivered: Its listeners have been notified.
    """

    session_id: SessionId
    source: SourceSegment
    spoken_at_ms: int
    committed_at_ms: int
    renditions: Mapping[LanguageCode, Rendition] = field(default_factory=lambda: MappingProxyType({}))
    delivered: bool = False

    @property
    def spoken_languages(self) -> frozenset[LanguageCode]:
        """Those that it has clips in."""
        return frozenset(code for code, each in self.renditions.items() if each.clip_key is not None)


def clip_key(session_id: SessionId, language: LanguageCode, number: int) -> str:
    """Where a clip lies in the audio bucket; derived, so that repeating the work overwrites the same object."""
    return f"sessions/{session_id}/translated/{language}/{number:08d}.mp3"
