"""What the server tells its clients. Field names are the protocol's, in snake case; see docs/protocol.md."""

from collections.abc import Mapping
from dataclasses import dataclass

from babelcast.domain.connection import Role
from babelcast.domain.errors import BabelcastError
from babelcast.domain.languages import LanguageCode
from babelcast.domain.segment import Unspoken
from babelcast.domain.session import Session, SessionId, SessionState
from babelcast.domain.sound_issue import ADVICE, RESOLVED, Finding, SoundIssue


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionJoined:
    """Answer to ``joinSession``. Times are epoch milliseconds.

    Attributes:
        next_sample_offset: Where a speaker's app that does not know its own position goes on: beyond everything that
            can have been sent; None for a listener.
        speaker_connected: False before a speaker has joined, and while they are lost.
    """

    session_id: SessionId
    role: Role
    source_language: LanguageCode
    target_language: LanguageCode | None
    state: SessionState
    volume: float
    next_sequence_number: int
    next_sample_offset: int | None
    speaker_connected: bool
    connection_expires_at: int
    server_time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioAck:
    """This chunk is in the stream."""

    chunk_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcription:
    """A caption in the source language.

    Attributes:
        result_id: The same for the partials and the final of one segment.
        sequence_number: The segment's number, for finals only.
    """

    session_id: SessionId
    text: str
    is_final: bool
    language: LanguageCode
    timestamp: int
    result_id: str
    sequence_number: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslatedAudio:
    """A segment in the listener's language.

    Attributes:
        url: Where the clip is for ten minutes, or None for text only.
        duration: Seconds.
        timestamp: When it was committed.
        spoken_at: When its last audio reached the server; from then on a listener's delay is counted.
        translated: False when ``text`` is the source text because translation failed.
        replayed: It is sent again.
        unspoken: Why it is not spoken although the language has a voice.
    """

    session_id: SessionId
    target_language: LanguageCode
    sequence_number: int
    url: str | None
    duration: float
    timestamp: int
    spoken_at: int
    text: str
    source_text: str
    spoken_start_ms: int
    spoken_end_ms: int
    translated: bool
    replayed: bool
    unspoken: Unspoken | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentsLeftOut:
    """More was missed than is sent again: of what was asked for, these segments do not come.

    Attributes:
        first_sequence_number: The first that is left out; it follows the number that was asked with.
        last_sequence_number: The last one; what comes again begins behind it.
        spoken_start_ms: Where the speech that is left out begins.
        spoken_end_ms: Where the speech that comes again begins.
    """

    session_id: SessionId
    first_sequence_number: int
    last_sequence_number: int
    spoken_start_ms: int
    spoken_end_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastState:
    """The broadcast's state changed."""

    session_id: SessionId
    state: SessionState
    volume: float
    speaker_connected: bool = True

    @classmethod
    def of(cls, session: Session) -> "BroadcastState":
        """The notice of how a session stands."""
        return cls(
            session_id=session.session_id,
            state=session.state,
            volume=session.volume,
            speaker_connected=session.speaker_connected,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStatus:
    """How the broadcast is doing, for the speaker.

    Attributes:
        delay_ms: From the end of a clause to its sound, in the median of the listeners; None before one has told.
    """

    session_id: SessionId
    listener_count: int
    listeners_by_language: Mapping[str, int]
    duration_ms: int
    state: SessionState
    delay_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityWarning:
    """Something is wrong with the speaker's sound, or is not any more.

    Attributes:
        value: See `babelcast.domain.sound_issue.Finding`.
        advice: In words.
        resolved: It is over.
    """

    session_id: SessionId
    issue: SoundIssue
    value: float
    advice: str
    resolved: bool

    @classmethod
    def of(cls, session_id: SessionId, finding: Finding) -> "QualityWarning":
        """The notice of a finding."""
        return cls(
            session_id=session_id,
            issue=finding.issue,
            value=finding.value,
            advice=RESOLVED if finding.resolved else ADVICE[finding.issue],
            resolved=finding.resolved,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRefreshRequired:
    """Open a new connection before this one is closed."""

    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded:
    """The last message of a session."""

    session_id: SessionId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorNotice:
    """A request was refused, or something is wrong on our side."""

    code: str
    message: str
    retryable: bool
    action: str | None

    @classmethod
    def of(cls, error: BabelcastError, action: str | None) -> "ErrorNotice":
        """The notice of an error."""
        return cls(code=error.code, message=error.message, retryable=error.retryable, action=action)


Notice = (
    SessionJoined
    | AudioAck
    | Transcription
    | TranslatedAudio
    | SegmentsLeftOut
    | BroadcastState
    | SessionStatus
    | QualityWarning
    | ConnectionRefreshRequired
    | SessionEnded
    | ErrorNotice
)
