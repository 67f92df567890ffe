"""One value of every kind that goes over the wire; the golden files hold the same as bytes."""

from babelcast.domain.audio import AudioChunk
from babelcast.domain.connection import Role
from babelcast.domain.languages import LanguageCode
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
from babelcast.domain.segment import Unspoken
from babelcast.domain.session import SessionId, SessionState
from babelcast.domain.sound_issue import Finding, SoundIssue
from babelcast.domain.stream_record import Control, ControlKind, Payload

SESSION_ID = SessionId("joyful-hope-911")
ENGLISH, SPANISH = LanguageCode("en"), LanguageCode("es")

NOTICES: dict[str, Notice] = {
    "sessionJoined of a listener": SessionJoined(
        session_id=SESSION_ID,
        role=Role.LISTENER,
        source_language=ENGLISH,
        target_language=SPANISH,
        state=SessionState.LIVE,
        volume=1.0,
        next_sequence_number=12,
        next_sample_offset=None,
        speaker_connected=False,
        connection_expires_at=1_795_000_007_200_000,
        server_time=1_795_000_000_000,
    ),
    "sessionJoined of a speaker": SessionJoined(
        session_id=SESSION_ID,
        role=Role.SPEAKER,
        source_language=ENGLISH,
        target_language=None,
        state=SessionState.PAUSED,
        volume=0.8,
        next_sequence_number=0,
        next_sample_offset=0,
        speaker_connected=True,
        connection_expires_at=1_795_000_007_200_000,
        server_time=1_795_000_000_000,
    ),
    "audioAck": AudioAck(chunk_index=41),
    "transcription that may change": Transcription(
        session_id=SESSION_ID,
        text="good morning and wel",
        is_final=False,
        language=ENGLISH,
        timestamp=1_795_000_000_000,
        result_id="segment-3",
        sequence_number=None,
    ),
    "transcription that is final": Transcription(
        session_id=SESSION_ID,
        text="Good morning and welcome.",
        is_final=True,
        language=ENGLISH,
        timestamp=1_795_000_000_900,
        result_id="segment-3",
        sequence_number=3,
    ),
    "translatedAudio": TranslatedAudio(
        session_id=SESSION_ID,
        target_language=SPANISH,
        sequence_number=3,
        url="https://bucket.example/sessions/joyful-hope-911/translated/es/00000003.mp3?signature",
        duration=1.824,
        timestamp=1_795_000_000_900,
        spoken_at=1_794_999_999_500,
        text="Buenos días y bienvenidos.",
        source_text="Good morning and welcome.",
        spoken_start_ms=7250,
        spoken_end_ms=8990,
        translated=True,
        replayed=False,
    ),
    "translatedAudio as text only": TranslatedAudio(
        session_id=SESSION_ID,
        target_language=LanguageCode("uk"),
        sequence_number=3,
        url=None,
        duration=0.0,
        timestamp=1_795_000_000_900,
        spoken_at=1_794_999_999_500,
        text="Доброго ранку.",
        source_text="Good morning.",
        spoken_start_ms=7250,
        spoken_end_ms=8990,
        translated=True,
        replayed=True,
    ),
    "translatedAudio that is not spoken": TranslatedAudio(
        session_id=SESSION_ID,
        target_language=SPANISH,
        sequence_number=4,
        url=None,
        duration=0.0,
        timestamp=1_795_000_004_900,
        spoken_at=1_795_000_003_500,
        text="Empecemos.",
        source_text="Let us begin.",
        spoken_start_ms=11_250,
        spoken_end_ms=12_990,
        translated=True,
        replayed=False,
        unspoken=Unspoken.AT_CAPACITY,
    ),
    "segmentsLeftOut": SegmentsLeftOut(
        session_id=SESSION_ID,
        first_sequence_number=42,
        last_sequence_number=1_041,
        spoken_start_ms=126_400,
        spoken_end_ms=3_126_800,
    ),
    "broadcastState": BroadcastState(session_id=SESSION_ID, state=SessionState.MUTED, volume=0.5),
    "broadcastState without the speaker": BroadcastState(
        session_id=SESSION_ID, state=SessionState.LIVE, volume=1.0, speaker_connected=False
    ),
    "sessionStatus": SessionStatus(
        session_id=SESSION_ID,
        listener_count=3,
        listeners_by_language={"es": 2, "fr": 1},
        duration_ms=61_000,
        state=SessionState.LIVE,
        delay_ms=2_400,
    ),
    "sessionStatus before anybody has listened": SessionStatus(
        session_id=SESSION_ID, listener_count=0, listeners_by_language={}, duration_ms=500, state=SessionState.LIVE
    ),
    **{
        f"qualityWarning of {issue.value}": QualityWarning.of(
            SESSION_ID, Finding(issue=issue, value=value, resolved=False)
        )
        for issue, value in {
            SoundIssue.SILENCE: 3.0,
            SoundIssue.TOO_QUIET: -44.62,
            SoundIssue.CLIPPING: 0.012_345_6,
            SoundIssue.LOW_SNR: 7.349,
            SoundIssue.ECHO: 240.062_5,
            SoundIssue.HUM: -38.04,
            SoundIssue.DROPOUTS: 4,
        }.items()
    },
    "qualityWarning that is resolved": QualityWarning.of(
        SESSION_ID, Finding(issue=SoundIssue.CLIPPING, value=0.000_2, resolved=True)
    ),
    "connectionRefreshRequired": ConnectionRefreshRequired(expires_at=1_795_000_007_200_000),
    "sessionEnded": SessionEnded(session_id=SESSION_ID, reason="ended"),
    "error": ErrorNotice(code="RATE_LIMITED", message="slow down", retryable=True, action="audioChunk"),
    "error of no action": ErrorNotice(
        code="TRANSCRIPTION_UNAVAILABLE", message="not answering", retryable=True, action=None
    ),
}

RECORDS: dict[str, Payload] = {
    "audio": AudioChunk(
        chunk_index=7,
        sample_offset=28_000,
        captured_at_ms=1_795_000_000_123,
        pcm=b"".join(value.to_bytes(2, "little", signed=True) for value in range(-160, 160)),
    ),
    "pause": Control(kind=ControlKind.PAUSE, at_ms=1_795_000_000_200),
    "resume": Control(kind=ControlKind.RESUME, at_ms=1_795_000_000_300),
    "end": Control(kind=ControlKind.END, at_ms=1_795_000_000_400),
    "lost": Control(kind=ControlKind.LOST, at_ms=1_795_000_000_500),
}
