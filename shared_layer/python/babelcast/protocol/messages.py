"""JSON messages on the WebSocket: what clients may say (strict) and how notices are written.

Unknown fields are ignored; wrong types, missing fields and values out of range are refused, never clamped.
"""

import binascii
import dataclasses
from base64 import b64decode
from typing import Annotated, ClassVar, Final

import msgspec

from babelcast.domain.audio import SAMPLE_RATE_HZ, AudioChunk
from babelcast.domain.errors import InvalidAudioError, InvalidMessageError, PayloadTooLargeError, UnknownActionError
from babelcast.domain.notices import (
    AudioAck,
    BroadcastState,
    ConnectionRefreshRequired,
    ErrorNotice,
    Notice,
    QualityWarning,
    SegmentsLeftOut,
    SessionEnded,
    SessionJoined,
    SessionStatus,
    Transcription,
    TranslatedAudio,
)
from babelcast.domain.playback import ClipPlayback
from babelcast.domain.seat import SeatKey, seat_key
from babelcast.domain.sound_issue import SoundIssue

MAX_MESSAGE_BYTES: Final = 128 * 1024
"""Source: API Gateway WebSocket quotas, message payload size."""

AUDIO_FORMAT: Final = "pcm_s16le"

Count = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
Position = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
"""Positions and times stay exact in JavaScript."""


class ClientMessage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Anything a client may say; ``ACTION`` is its name on the wire."""

    ACTION: ClassVar[str] = ""


class JoinSession(ClientMessage, frozen=True, kw_only=True):
    """First message of a connection; with a number, everything after it is sent again.

    Attributes:
        seat: A listener's secret, the same for all connections of theirs.
    """

    ACTION: ClassVar[str] = "joinSession"
    last_sequence_number: Annotated[int, msgspec.Meta(ge=-1, le=2**32 - 1)] | None = None
    seat: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{16,64}\Z")] | None = None

    def seat_key(self) -> SeatKey | None:
        """Names the seat without the secret."""
        return None if self.seat is None else seat_key(self.seat)


class AudioChunkMessage(ClientMessage, frozen=True, kw_only=True):
    """A chunk of the speaker's audio, base64."""

    ACTION: ClassVar[str] = "audioChunk"
    session_id: str
    chunk_index: Count
    sample_offset: Position
    audio_data: str
    format: str
    sample_rate: int
    timestamp: Position

    def chunk(self) -> AudioChunk:
        """The audio.

        Raises:
            InvalidAudioError: Not base64, not s16le at 16 000 Hz, too short or too long.
        """
        if self.format != AUDIO_FORMAT or self.sample_rate != SAMPLE_RATE_HZ:
            raise InvalidAudioError(f"audio is {AUDIO_FORMAT} at {SAMPLE_RATE_HZ} Hz")
        try:
            pcm = b64decode(self.audio_data, validate=True)
        except (binascii.Error, ValueError):
            raise InvalidAudioError("audioData is not base64") from None
        return AudioChunk(
            chunk_index=self.chunk_index,
            sample_offset=self.sample_offset,
            captured_at_ms=self.timestamp,
            pcm=pcm,
        )


class PauseBroadcast(ClientMessage, frozen=True, kw_only=True):
    """The speaker pauses."""

    ACTION: ClassVar[str] = "pauseBroadcast"


class ResumeBroadcast(ClientMessage, frozen=True, kw_only=True):
    """The speaker goes on."""

    ACTION: ClassVar[str] = "resumeBroadcast"


class MuteBroadcast(ClientMessage, frozen=True, kw_only=True):
    """The speaker mutes the microphone."""

    ACTION: ClassVar[str] = "muteBroadcast"


class UnmuteBroadcast(ClientMessage, frozen=True, kw_only=True):
    """The speaker opens the microphone again."""

    ACTION: ClassVar[str] = "unmuteBroadcast"


class SetVolume(ClientMessage, frozen=True, kw_only=True):
    """Gain that the listeners apply, 0.0–1.0."""

    ACTION: ClassVar[str] = "setVolume"
    volume: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class EndSession(ClientMessage, frozen=True, kw_only=True):
    """The broadcast is over."""

    ACTION: ClassVar[str] = "endSession"


class GetSessionStatus(ClientMessage, frozen=True, kw_only=True):
    """How is the broadcast doing?"""

    ACTION: ClassVar[str] = "getSessionStatus"


class Heartbeat(ClientMessage, frozen=True, kw_only=True):
    """Keeps an idle connection open."""

    ACTION: ClassVar[str] = "heartbeat"


class ChangeLanguage(ClientMessage, frozen=True, kw_only=True):
    """A listener wants another language."""

    ACTION: ClassVar[str] = "changeLanguage"
    target_language: str


class PausePlayback(ClientMessage, frozen=True, kw_only=True):
    """A listener stops listening for a while."""

    ACTION: ClassVar[str] = "pausePlayback"


class ResumePlayback(ClientMessage, frozen=True, kw_only=True):
    """A listener listens again."""

    ACTION: ClassVar[str] = "resumePlayback"


class Resume(ClientMessage, frozen=True, kw_only=True):
    """A listener saw a hole: everything after this number is sent again."""

    ACTION: ClassVar[str] = "resume"
    last_sequence_number: Annotated[int, msgspec.Meta(ge=-1, le=2**32 - 1)]


class ReportedClip(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """See `babelcast.domain.playback.ClipPlayback`."""

    sequence_number: Count
    received_at: Position
    played_at: Position | None = None
    download_ms: Annotated[int, msgspec.Meta(ge=0, le=3_600_000)] | None = None
    delay_ms: Annotated[int, msgspec.Meta(ge=0, le=3_600_000)] | None = None
    failed: bool = False
    skipped: bool = False

    def playback(self) -> ClipPlayback:
        """As the domain has it."""
        return ClipPlayback(
            received_at=self.received_at,
            played_at=self.played_at,
            download_ms=self.download_ms,
            delay_ms=self.delay_ms,
            failed=self.failed,
            skipped=self.skipped,
        )


class PlaybackReport(ClientMessage, frozen=True, kw_only=True):
    """How the clips since the last report fared."""

    ACTION: ClassVar[str] = "playbackReport"
    clips: Annotated[tuple[ReportedClip, ...], msgspec.Meta(max_length=200)]


CLIENT_MESSAGES: Final[dict[str, type[ClientMessage]]] = {
    each.ACTION: each
    for each in (
        JoinSession, AudioChunkMessage, PauseBroadcast, ResumeBroadcast, MuteBroadcast, UnmuteBroadcast, SetVolume,
        EndSession, GetSessionStatus, Heartbeat, ChangeLanguage, PausePlayback, ResumePlayback, Resume, PlaybackReport,
    )
}  # fmt: skip

_DECODERS: Final = {action: msgspec.json.Decoder(kind) for action, kind in CLIENT_MESSAGES.items()}


class _Action(msgspec.Struct):
    action: str


_ACTION: Final = msgspec.json.Decoder(_Action)

UNREADABLE: Final = (msgspec.MsgspecError, UnicodeError, RecursionError)
"""What decoding raises: another form, text that is none, or nesting without end."""

_LONGEST_ACTION: Final = 64
"""Characters; what is longer names nothing, and is not sent back."""


def peek_action(text: str) -> str | None:
    """The action a message names, for error answers; None when it has none."""
    try:
        action = _ACTION.decode(text).action
    except UNREADABLE:
        return None
    return action if len(action) <= _LONGEST_ACTION else None


def decode_message(text: str) -> ClientMessage:
    """Parse a client's message.

    Raises:
        PayloadTooLargeError: More than 128 KB.
        InvalidMessageError: Not JSON, or not of the action's form.
        UnknownActionError: The protocol has no such action.
    """
    if len(text) > MAX_MESSAGE_BYTES:
        raise PayloadTooLargeError(f"a message has at most {MAX_MESSAGE_BYTES} bytes")
    try:
        action = _ACTION.decode(text).action
    except UNREADABLE:
        raise InvalidMessageError("a message is a JSON object with an action") from None
    decoder = _DECODERS.get(action)
    if decoder is None:
        raise UnknownActionError("unknown action")
    try:
        return decoder.decode(text)
    except UNREADABLE as error:
        raise InvalidMessageError(_path_only(error)) from None


def _path_only(error: Exception) -> str:
    """What is wrong, without the value: msgspec names types, limits and the field, never the content."""
    return str(error).splitlines()[0][:200]


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


_NOTICE_TYPES: Final[dict[type, str]] = {
    SessionJoined: "sessionJoined",
    AudioAck: "audioAck",
    Transcription: "transcription",
    TranslatedAudio: "translatedAudio",
    SegmentsLeftOut: "segmentsLeftOut",
    BroadcastState: "broadcastState",
    SessionStatus: "sessionStatus",
    QualityWarning: "qualityWarning",
    ConnectionRefreshRequired: "connectionRefreshRequired",
    SessionEnded: "sessionEnded",
    ErrorNotice: "error",
}

_FIELDS: Final[dict[type, tuple[tuple[str, str], ...]]] = {
    kind: tuple((field.name, _camel_case(field.name)) for field in dataclasses.fields(kind)) for kind in _NOTICE_TYPES
}


_VALUE_DECIMALS: Final = {issue: 4 if issue is SoundIssue.CLIPPING else 1 for issue in SoundIssue}
"""Of a warning's value: shares of samples are small, tenths of anything else are less than is measured."""


def encode_notice(notice: Notice) -> bytes:
    """A notice as JSON; fields without a value are null."""
    kind = type(notice)
    message: dict[str, object] = {"type": _NOTICE_TYPES[kind]}
    message.update((wire_name, getattr(notice, name)) for name, wire_name in _FIELDS[kind])
    if isinstance(notice, QualityWarning):
        # As a float of Python's own: msgspec knows no other kind, and numpy's passes for one everywhere else.
        message["value"] = round(float(notice.value), _VALUE_DECIMALS[notice.issue])
    return msgspec.json.encode(message)
