"""A room for tests of the streaming core: a cell, its stores, and an environment that can die."""

from dataclasses import dataclass, field

from babelcast.domain.audio import AudioChunk
from babelcast.domain.connection import Connection, ConnectionId, Role
from babelcast.domain.languages import LanguageCode
from babelcast.domain.notices import Transcription, TranslatedAudio
from babelcast.domain.session import Session, SessionId, UserId
from babelcast.domain.stream_record import Control, ControlKind
from babelcast.usecases.broadcast import Broadcast
from babelcast.usecases.live_transcription import TranscriptionPool
from babelcast.usecases.lose_connection import LoseConnection
from babelcast.usecases.notify_segment import NotifySegment
from babelcast.usecases.process_audio import ProcessAudio
from babelcast.usecases.render_segment import RenderSegment
from babelcast.usecases.report_status import ReportStatus
from babelcast.usecases.speech_tools import ProcessingLimits, SpeechTools
from tests.block_speech import BlockTranscriber, Clock
from tests.in_memory import (
    CountingMeter,
    InMemoryClips,
    InMemoryConnections,
    InMemoryCursors,
    InMemorySeats,
    InMemorySegments,
    InMemorySessions,
    InMemoryStream,
    RecordedJournal,
    RecordingNotifier,
    ScriptedSynthesizer,
    ScriptedTranslator,
)

SESSION = SessionId("joyful-hope-911")
OTHER = SessionId("quiet-river-204")


@dataclass
class Room:
    """A cell with its stores; the processing environment can die and be replaced."""

    clock: Clock = field(default_factory=Clock)
    sessions: InMemorySessions = field(default_factory=InMemorySessions)
    segments: InMemorySegments = field(default_factory=InMemorySegments)
    connections: InMemoryConnections = field(default_factory=InMemoryConnections)
    stream: InMemoryStream = field(default_factory=InMemoryStream)
    clips: InMemoryClips = field(default_factory=InMemoryClips)
    translator: ScriptedTranslator = field(default_factory=ScriptedTranslator)
    synthesizer: ScriptedSynthesizer = field(default_factory=ScriptedSynthesizer)
    meter: CountingMeter = field(default_factory=CountingMeter)
    journal: RecordedJournal = field(default_factory=RecordedJournal)
    read: int = 0
    lag_s: float = 0.0
    limits: ProcessingLimits = field(default_factory=ProcessingLimits)
    has_room: bool = True
    max_streams: int = 25

    def __post_init__(self) -> None:
        self.notifier = RecordingNotifier()
        self.lose = LoseConnection(
            connections=self.connections, seats=InMemorySeats(self.connections), now_ms=self.clock.now_ms
        )
        self._resting: tuple[BlockTranscriber, ProcessAudio] | None = None
        self.new_environment()

    def new_environment(self) -> None:
        self.transcriber = BlockTranscriber(self.clock, lag_s=self.lag_s)
        broadcast = Broadcast(notifier=self.notifier, lose=self.lose)
        self.process = ProcessAudio(
            sessions=self.sessions,
            segments=self.segments,
            history=self.stream,
            pool=TranscriptionPool(max_streams=self.max_streams),
            tools=SpeechTools(
                cursors=InMemoryCursors(self.sessions, self.segments),
                connections=self.connections,
                transcriber=self.transcriber,
                render=RenderSegment(
                    translator=self.translator,
                    synthesizer=self.synthesizer,
                    clips=self.clips,
                    meter=self.meter,
                    monotonic_s=self.clock.monotonic_s,
                ),
                notify=NotifySegment(broadcast=broadcast, clips=self.clips, segments=self.segments),
                broadcast=broadcast,
                status=ReportStatus(
                    sessions=self.sessions,
                    connections=self.connections,
                    broadcast=broadcast,
                    now_ms=self.clock.now_ms,
                ),
                meter=self.meter,
                journal=self.journal,
                limits=self.limits,
                has_room=lambda: self.has_room,
                now_ms=self.clock.now_ms,
                monotonic_s=self.clock.monotonic_s,
                sleep=self.clock.sleep,
            ),
        )

    def swap_environment(self) -> None:
        """Another environment serves from now on; the next call brings this one back, warm as it was."""
        serving = (self.transcriber, self.process)
        if self._resting is None:
            self.new_environment()
        else:
            self.transcriber, self.process = self._resting
        self._resting = serving

    async def open(self, session_id: SessionId = SESSION, *languages: str, source: str = "en") -> None:
        await self.sessions.create(
            Session(
                session_id=session_id,
                speaker_id=UserId("speaker"),
                source_language=LanguageCode(source),
                target_languages=frozenset(map(LanguageCode, ("es", "fr", "uk"))),
                created_at_ms=0,
                expires_at_s=10**9,
            )
        )
        await self.join("speaker", session_id=session_id)
        for language in languages:
            await self.join(language, language, session_id=session_id)

    async def join(self, name: str, language: str | None = None, *, session_id: SessionId = SESSION) -> None:
        connection_id = ConnectionId(f"{session_id}/{name}")
        if language is None:
            await self.sessions.attach_speaker(session_id, connection_id)
        await self.connections.add(
            Connection(
                connection_id=connection_id,
                session_id=session_id,
                role=Role.LISTENER if language else Role.SPEAKER,
                joined_at_ms=0,
                target_language=LanguageCode(language) if language else None,
            )
        )

    async def leave(self, name: str, *, session_id: SessionId = SESSION) -> None:
        connection_id = ConnectionId(f"{session_id}/{name}")
        await self.lose(connection_id)
        await self.sessions.detach_speaker(session_id, connection_id)

    async def say(self, *payloads: AudioChunk | Control, session_id: SessionId = SESSION) -> None:
        for each in payloads:
            await self.stream.append(session_id, 0, each)

    async def batch(self, size: int = 10**6) -> dict[str, BaseException]:
        """One invocation; on failure the event source would start again at the lowest number."""
        records = self.stream.records[self.read : self.read + size]
        failures = await self.process(records)
        self.clock.now_s += 0.5
        if failures:
            lowest = min(failures, key=int)
            self.read += next(i for i, each in enumerate(records) if each.sequence_number == lowest)
        else:
            self.read += len(records)
        return failures

    async def run(self, size: int = 4) -> None:
        while self.read < len(self.stream.records):
            assert await self.batch(size) == {}

    def captions(self, name: str = "speaker", session_id: SessionId = SESSION) -> list[str]:
        """The words of the final captions, in the order in which they were told, each number once."""
        finals = {
            notice.sequence_number: notice.text
            for notice in self.notifier.to(f"{session_id}/{name}")
            if isinstance(notice, Transcription) and notice.is_final
        }
        assert list(finals) == sorted(finals, key=lambda number: number or 0)
        return [word.rstrip(".") for text in finals.values() for word in text.split()]

    def heard(self, name: str, session_id: SessionId = SESSION) -> list[TranslatedAudio]:
        return [each for each in self.notifier.to(f"{session_id}/{name}") if isinstance(each, TranslatedAudio)]


def words(count: int, first: int = 1) -> list[str]:
    return [f"w{number}" for number in range(first, first + count)]


END = Control(kind=ControlKind.END, at_ms=0)
PAUSE = Control(kind=ControlKind.PAUSE, at_ms=0)
RESUME = Control(kind=ControlKind.RESUME, at_ms=0)
LOST = Control(kind=ControlKind.LOST, at_ms=0)
