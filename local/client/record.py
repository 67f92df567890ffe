"""What a listener received and heard, once the broadcast is over."""

from dataclasses import dataclass
from pathlib import Path

from local.client.playback import Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardSegment:
    """One segment at one listener.

    Attributes:
        number: The segment's sequence number.
        spoken_start_ms, spoken_end_ms: Where it was spoken, since the session's first sample.
        committed_at_epoch_ms: By the listener's clock (the server's, corrected by what joining showed of it).
        received_at: When the message came; seconds of the monotonic clock, as all times without a unit of their own.
        download_ms: From the message to the clip on hand; None without a clip.
        played_at: When its first sample was heard; None unless it was played.
        duration_s: Of the clip at tempo 1; 0 for text only.
        translated: False when ``text`` is the source text.
        clip: Where the clip was saved, if it was.
    """

    number: int
    text: str
    source_text: str
    spoken_start_ms: int
    spoken_end_ms: int
    committed_at_epoch_ms: int
    received_at: float
    download_ms: int | None
    played_at: float | None
    tempo: float
    duration_s: float
    fate: Fate
    translated: bool
    clip: Path | None

    @property
    def was_promised_audio(self) -> bool:
        """Whether the message carried a clip's address."""
        return self.fate is not Fate.TEXT_ONLY

    @property
    def heard_s(self) -> float:
        """How long it sounded."""
        return self.duration_s / self.tempo if self.played_at is not None else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCaption:
    """A final caption in the source language."""

    number: int
    text: str
    received_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerRecord:
    """One listener's whole session.

    Attributes:
        first_number: The first segment that was due to this listener.
        segments: In the order of their numbers.
        captions: Final source captions, in the order of their numbers.
        left_out: Numbers that were said while it was away for too long, and are not sent any more.
        redelivered: Deliveries of a number it already had, dropped without being heard.
        reconnections: How often its connection was opened again.
        joined_at: When it had joined for the first time.
        end_reason: Of ``sessionEnded``; None when it left before.
    """

    language: str
    source_language: str
    first_number: int
    segments: tuple[HeardSegment, ...]
    captions: tuple[SourceCaption, ...]
    redelivered: int
    reconnections: int
    joined_at: float
    end_reason: str | None
    left_out: tuple[int, ...] = ()

    @property
    def skipped(self) -> int:
        """Clips that were left out to catch up."""
        return sum(segment.fate is Fate.SKIPPED for segment in self.segments)
