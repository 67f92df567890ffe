"""The WebSocket's messages as a client writes and reads them: field names and units are those of docs/protocol.md."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from local.client.errors import MalformedMessageError


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionJoined:
    """The connection takes part. Times are epoch milliseconds by the server's clock."""

    session_id: str
    role: str
    source_language: str
    target_language: str | None
    state: str
    next_sequence_number: int
    next_sample_offset: int | None
    connection_expires_at: int
    server_time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioAck:
    """This one chunk is in the stream."""

    chunk_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcription:
    """A caption in the source language; ``sequence_number`` is the segment's, on finals only."""

    text: str
    is_final: bool
    language: str
    timestamp: int
    result_id: str
    sequence_number: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslatedAudio:
    """One segment in a listener's language.

    Attributes:
        url: Presigned address of the clip, or None for text only.
        duration: Seconds.
        timestamp, spoken_at: When it was committed, and when its last audio had reached the server; epoch milliseconds
            by the server's clock.
        spoken_start_ms, spoken_end_ms: Where it was spoken, since the session's first sample.
        translated: False when ``text`` is the source text because it could not be translated.
        replayed: Sent again on request.
        unspoken: Code of the reason why a language with a voice has no clip, or None.
    """

    target_language: str
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
    unspoken: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentsLeftOut:
    """More was missed than is sent again: these do not come. Times are since the session's first sample."""

    first_sequence_number: int
    last_sequence_number: int
    spoken_start_ms: int
    spoken_end_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastState:
    """The broadcast is live, paused, muted or ended; ``volume`` is the gain to apply, 0.0–1.0."""

    state: str
    volume: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStatus:
    """Who is listening, and how late they hear (None: not known yet), for the speaker."""

    listener_count: int
    listeners_by_language: Mapping[str, int]
    duration_ms: int
    state: str
    delay_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityWarning:
    """Something is wrong with the speaker's sound, or is not any more."""

    issue: str
    value: float
    advice: str
    resolved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRefreshRequired:
    """Open a new connection before this one is closed, at ``expires_at`` (epoch milliseconds)."""

    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded:
    """Nothing follows."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerError:
    """A request was refused. API Gateway's own internal error reads ``INTERNAL``, retryable, without an action."""

    code: str
    message: str
    retryable: bool
    action: str | None


ServerMessage = (
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
    | ServerError
)


class _Fields:
    """Typed access to a JSON object's members."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = members

    def has(self, name: str) -> bool:
        return self._members.get(name) is not None

    def text(self, name: str) -> str:
        return str(self._member(name, str))

    def optional_text(self, name: str) -> str | None:
        return self.text(name) if self.has(name) else None

    def integer(self, name: str) -> int:
        value = self._member(name, int)
        if isinstance(value, bool):
            raise MalformedMessageError(f"{name} is not an integer")
        return int(value)

    def number(self, name: str) -> float:
        value = self._member(name, (int, float))
        if isinstance(value, bool):
            raise MalformedMessageError(f"{name} is not a number")
        return float(value)

    def truth(self, name: str, *, default: bool | None = None) -> bool:
        if default is not None and not self.has(name):
            return default
        return bool(self._member(name, bool))

    def counts(self, name: str) -> dict[str, int]:
        return {str(key): int(count) for key, count in self._member(name, dict).items()}

    def _member(self, name: str, kind: type | tuple[type, ...]) -> Any:
        value = self._members.get(name)
        if not isinstance(value, kind):
            raise MalformedMessageError(f"{name} is missing or of the wrong type")
        return value


def parse_message(text: str) -> ServerMessage | None:
    """Read a message of the server; None for a type that this client does not know.

    Raises:
        MalformedMessageError: Not JSON, neither a message of ours nor of API Gateway, or a field is missing or wrong.
    """
    try:
        members = json.loads(text)
    except ValueError:
        raise MalformedMessageError("a message is not JSON") from None
    if not isinstance(members, dict):
        raise MalformedMessageError("a message is not an object")
    fields = _Fields(members)
    kind = members.get("type")
    if kind is None:
        if fields.has("message") and fields.has("requestId"):
            return ServerError(code="INTERNAL", message=fields.text("message"), retryable=True, action=None)
        raise MalformedMessageError("a message has no type")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    return reader(fields) if reader else None


def _session_joined(fields: _Fields) -> SessionJoined:
    return SessionJoined(
        session_id=fields.text("sessionId"),
        role=fields.text("role"),
        source_language=fields.text("sourceLanguage"),
        target_language=fields.optional_text("targetLanguage"),
        state=fields.text("state"),
        next_sequence_number=fields.integer("nextSequenceNumber"),
        next_sample_offset=fields.integer("nextSampleOffset") if fields.has("nextSampleOffset") else None,
        connection_expires_at=fields.integer("connectionExpiresAt"),
        server_time=fields.integer("serverTime"),
    )


def _transcription(fields: _Fields) -> Transcription:
    return Transcription(
        text=fields.text("text"),
        is_final=fields.truth("isFinal"),
        language=fields.text("language"),
        timestamp=fields.integer("timestamp"),
        result_id=fields.text("resultId"),
        sequence_number=fields.integer("sequenceNumber") if fields.has("sequenceNumber") else None,
    )


def _translated_audio(fields: _Fields) -> TranslatedAudio:
    return TranslatedAudio(
        target_language=fields.text("targetLanguage"),
        sequence_number=fields.integer("sequenceNumber"),
        url=fields.optional_text("url"),
        duration=fields.number("duration"),
        timestamp=fields.integer("timestamp"),
        spoken_at=fields.integer("spokenAt"),
        text=fields.text("text"),
        source_text=fields.text("sourceText"),
        spoken_start_ms=fields.integer("spokenStartMs"),
        spoken_end_ms=fields.integer("spokenEndMs"),
        translated=fields.truth("translated", default=True),
        replayed=fields.truth("replayed", default=False),
        unspoken=fields.optional_text("unspoken"),
    )


def _segments_left_out(fields: _Fields) -> SegmentsLeftOut:
    return SegmentsLeftOut(
        first_sequence_number=fields.integer("firstSequenceNumber"),
        last_sequence_number=fields.integer("lastSequenceNumber"),
        spoken_start_ms=fields.integer("spokenStartMs"),
        spoken_end_ms=fields.integer("spokenEndMs"),
    )


def _session_status(fields: _Fields) -> SessionStatus:
    return SessionStatus(
        listener_count=fields.integer("listenerCount"),
        listeners_by_language=fields.counts("listenersByLanguage"),
        duration_ms=fields.integer("durationMs"),
        state=fields.text("state"),
        delay_ms=fields.integer("delayMs") if fields.has("delayMs") else None,
    )


def _quality_warning(fields: _Fields) -> QualityWarning:
    return QualityWarning(
        issue=fields.text("issue"),
        value=fields.number("value"),
        advice=fields.text("advice"),
        resolved=fields.truth("resolved", default=False),
    )


def _server_error(fields: _Fields) -> ServerError:
    return ServerError(
        code=fields.text("code"),
        message=fields.text("message"),
        retryable=fields.truth("retryable"),
        action=fields.optional_text("action"),
    )


_READERS: Final[Mapping[str, Callable[[_Fields], ServerMessage]]] = {
    "sessionJoined": _session_joined,
    "audioAck": lambda fields: AudioAck(chunk_index=fields.integer("chunkIndex")),
    "transcription": _transcription,
    "translatedAudio": _translated_audio,
    "segmentsLeftOut": _segments_left_out,
    "broadcastState": lambda fields: BroadcastState(state=fields.text("state"), volume=fields.number("volume")),
    "sessionStatus": _session_status,
    "qualityWarning": _quality_warning,
    "connectionRefreshRequired": lambda fields: ConnectionRefreshRequired(expires_at=fields.integer("expiresAt")),
    "sessionEnded": lambda fields: SessionEnded(reason=fields.text("reason")),
    "error": _server_error,
}


def write_action(action: str, **fields: object) -> str:
    """A client message of the given action; fields are named as on the wire."""
    return json.dumps({"action": action, **fields}, separators=(",", ":"))


def write_join(last_sequence_number: int | None, *, seat: str | None = None) -> str:
    """The first message of a connection.

    Args:
        last_sequence_number: What followed it is sent again (−1: from the beginning); None asks for nothing.
        seat: A listener's secret, the same for all connections of theirs.
    """
    fields = {"lastSequenceNumber": last_sequence_number, "seat": seat}
    return write_action("joinSession", **{name: value for name, value in fields.items() if value is not None})


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioChunk:
    """A piece of the speaker's audio.

    Attributes:
        index: 0, 1, 2 …
        sample_offset: Samples since the session's first.
        pcm: Mono, signed 16-bit little-endian, 16 000 Hz, 20–500 ms.
        captured_at_ms: When its first sample was captured, epoch milliseconds.
    """

    index: int
    sample_offset: int
    pcm: bytes
    captured_at_ms: int


def write_audio_chunk(session_id: str, chunk: AudioChunk) -> str:
    """The message that carries a chunk."""
    return write_action(
        "audioChunk",
        sessionId=session_id,
        chunkIndex=chunk.index,
        sampleOffset=chunk.sample_offset,
        audioData=base64.b64encode(chunk.pcm).decode("ascii"),
        format="pcm_s16le",
        sampleRate=16_000,
        timestamp=chunk.captured_at_ms,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipReport:
    """How one segment fared at a listener; times are epoch milliseconds by the listener's clock."""

    sequence_number: int
    received_at: int
    played_at: int | None
    download_ms: int | None
    delay_ms: int | None
    failed: bool
    skipped: bool


def write_playback_report(clips: Sequence[ClipReport]) -> str:
    """The message that reports clips, at most 200 of them."""
    return write_action(
        "playbackReport",
        clips=[
            {
                "sequenceNumber": clip.sequence_number,
                "receivedAt": clip.received_at,
                "playedAt": clip.played_at,
                "downloadMs": clip.download_ms,
                "delayMs": clip.delay_ms,
                "failed": clip.failed,
                "skipped": clip.skipped,
            }
            for clip in clips
        ],
    )
