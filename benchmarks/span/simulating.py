"""A talk in simulated time: the product's use cases, the services' engines and times, and the old design beside them.

Real are the use cases from the stream's records to the notices (segmenter, drafts, prosody, delivery), with the limits
of the stage; the recogniser, translator, voices and MP3s of the tone language; the listeners' player; the old design.
In place of the rest stand times: `Way` has what the local stack takes to bring a chunk to the function, to write, to
post. What it cannot show is a machine that is busy, and what an invocation computes for.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from babelcast.domain.audio import BYTES_PER_SAMPLE, SAMPLE_RATE_HZ, AudioChunk, ms_to_samples
from babelcast.domain.connection import Connection, ConnectionId, Role
from babelcast.domain.languages import LanguageCode
from babelcast.domain.notices import Notice, TranslatedAudio
from babelcast.domain.segment import Segment
from babelcast.domain.segmenter import SegmenterLimits
from babelcast.domain.session import Cursor, Session, SessionId, UserId
from babelcast.domain.stream_record import Control, ControlKind
from babelcast.ports import Reach
from babelcast.usecases.broadcast import Broadcast
from babelcast.usecases.live_transcription import TranscriptionPool
from babelcast.usecases.lose_connection import LoseConnection
from babelcast.usecases.notify_segment import NotifySegment
from babelcast.usecases.phrase_cache import CachedSynthesizer, CachedTranslator
from babelcast.usecases.process_audio import ProcessAudio
from babelcast.usecases.render_segment import RenderSegment
from babelcast.usecases.report_status import ReportStatus
from babelcast.usecases.speak_in_time import SpeakInTime, polly_quotas
from babelcast.usecases.speech_tools import ProcessingLimits, SpeechTools
from benchmarks.latency.speech import Speech
from benchmarks.span.captions import Caption
from benchmarks.span.course import Course, Design
from benchmarks.span.old_design import OldDesign, Told, play_one_after_another, session_of
from benchmarks.span.playing import ArrivedClip, PlayedClip, Playing, play_as_app, words_by_ear
from benchmarks.span.running import MESSAGE_BYTES
from benchmarks.span.simulated_services import (
    SimulatedClips,
    SimulatedSynthesizer,
    SimulatedTranscriber,
    SimulatedTranslator,
)
from benchmarks.span.talk import VOICE_WORD_MS
from benchmarks.span.virtual_time import run_virtually
from benchmarks.span.wifi import ConnectionWay, Wifi, WifiProfile
from infrastructure.settings import PROD, StageSettings
from local.services.behaviour import Behaviour, ServiceClock, ServiceTimes
from tests.in_memory import (
    CountingMeter,
    InMemoryConnections,
    InMemoryCursors,
    InMemorySeats,
    InMemorySegments,
    InMemorySessions,
    InMemoryStream,
    RecordedJournal,
)

_SESSION: Final = SessionId("joyful-hope-911")
_EPOCH_MS: Final = 1_800_000_000_000
_CHUNK_SAMPLES: Final = SAMPLE_RATE_HZ // 4
_LISTENER: Final = ConnectionId("listener")
_REQUEST_BYTES: Final = 700
_PIECE_BYTES: Final = 16_384
_LAST_WORDS_S: Final = 1.0
"""Between the last audio and the end that the speaker asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What the local stack takes for what is left out, in seconds.

    Attributes:
        sent_s: From a full chunk to the stream.
        pushed_s: From the stream to the function.
        commit_s: One transaction.
        read_s: Session and audience, at the beginning of an invocation and before telling.
        told_s: Telling the listeners of a session.

    Source: `benchmarks/results/latency-natural.json`, hops of the stage prod, of which the time that a word waits for
    its chunk to be full (125 ms in the mean) is taken away.
    """

    sent_s: float = 0.012
    pushed_s: float = 0.03
    commit_s: float = 0.017
    read_s: float = 0.006
    told_s: float = 0.013


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationPlan:
    """As `benchmarks.span.running.SpanPlan`, without directories."""

    languages: tuple[str, ...]
    offered: int
    listeners: int
    seed: int
    service_times: ServiceTimes
    wifi: WifiProfile
    stage: StageSettings = PROD
    way: Way = Way()

    def device_wifi(self) -> Wifi:
        """The followed listener's air; the same for both designs."""
        return Wifi(self.wifi, seed=self.seed)


def simulate(plan: SimulationPlan, talk: Speech, design: Design) -> Course:
    """The course of a talk through one of the designs; each has the same services to itself.

    Raises:
        PlayerMissingError: The listeners' player cannot be run here.
    """
    return run_virtually(_simulate(plan, talk, design))


async def _simulate(plan: SimulationPlan, talk: Speech, design: Design) -> Course:
    behaviour = Behaviour(plan.service_times, seed=plan.seed)
    clips = SimulatedClips(ServiceClock(plan.service_times, seed=plan.seed))
    if design is Design.BABELCAST:
        room = _Room(plan, behaviour, clips)
        await room.hold(talk.pcm)
        return room.course()
    told: list[Told] = []
    offered = plan.offered if design is Design.OLD else len(plan.languages)
    old = OldDesign(
        session_of(plan.languages, offered=offered, listeners=plan.listeners),
        transcriber=SimulatedTranscriber(behaviour),
        translator=SimulatedTranslator(behaviour),
        synthesizer=SimulatedSynthesizer(behaviour, voice_word_ms=VOICE_WORD_MS),
        clips=clips,
        tell=told.append,
        now_s=asyncio.get_running_loop().time,
    )
    await old.run(talk.pcm)
    followed = [each for each in told if each.language == plan.languages[0]]
    return replace(_old_course(plan, followed, clips), design=design, lost_batches=old.counts.lost)


class _SlowStores(InMemoryCursors):
    """Cursors that take their time."""

    def __init__(self, sessions: InMemorySessions, segments: InMemorySegments, way: Way) -> None:
        super().__init__(sessions, segments)
        self._way = way

    async def commit(self, segment: Segment, *, expected: Cursor, moved: Cursor, expires_at_s: int) -> None:
        await asyncio.sleep(self._way.commit_s)
        await super().commit(segment, expected=expected, moved=moved, expires_at_s=expires_at_s)


@dataclass(slots=True)
class _Telling:
    """`babelcast.ports.Notifier` that notes when the followed listener is told of a clip."""

    way: Way
    told: list[tuple[TranslatedAudio, float]]

    async def send(self, receivers: Iterable[ConnectionId], notice: Notice) -> Mapping[ConnectionId, Reach]:
        """See the port."""
        targets = tuple(receivers)
        await asyncio.sleep(self.way.told_s)
        if _LISTENER in targets and isinstance(notice, TranslatedAudio):
            self.told.append((notice, asyncio.get_running_loop().time()))
        return dict.fromkeys(targets, Reach.REACHED)


class _Room:
    """Babelcast's function with a session of its own."""

    def __init__(self, plan: SimulationPlan, behaviour: Behaviour, clips: SimulatedClips) -> None:
        self._plan = plan
        self._clips = clips
        self._sessions, self._connections = InMemorySessions(), InMemoryConnections()
        self._stream = InMemoryStream()
        self._telling = _Telling(plan.way, [])
        self._process = self._processing(behaviour)

    async def hold(self, pcm: bytes) -> None:
        """Speak to the end; every record is processed as soon as the one invocation has time."""
        await self._open()
        speaking = asyncio.create_task(self._speak(pcm))
        taken = 0
        while not speaking.done() or taken < len(self._stream.records):
            waiting = self._stream.records[taken:]
            if not waiting:
                await asyncio.sleep(0.005)
                continue
            taken += len(waiting)
            await asyncio.sleep(self._plan.way.pushed_s + self._plan.way.read_s)
            failed = await self._process(waiting)
            if failed:
                raise next(iter(failed.values()))
        await speaking

    def course(self) -> Course:
        """What the followed listener received and heard."""
        wifi = self._plan.device_wifi()
        way = ConnectionWay(wifi)
        download = _download(wifi)
        arrived: list[ArrivedClip] = []
        captions: list[Caption] = []
        for notice, at in self._telling.told:
            there_at = way.there_at(at, MESSAGE_BYTES)
            stretch_s = (notice.spoken_start_ms / 1000, notice.spoken_end_ms / 1000)
            captions.append(
                Caption(number=notice.sequence_number, shown_at=there_at, text=notice.text, spoken_s=stretch_s)
            )
            if notice.url is None:
                continue
            mp3 = self._clips.stored[notice.url]
            arrived.append(
                ArrivedClip(
                    number=notice.sequence_number,
                    spoken_s=stretch_s,
                    told_at=there_at,
                    ready_at=download(there_at, len(mp3)),
                    committed_at=(notice.timestamp - _EPOCH_MS) / 1000,
                    duration_s=notice.duration,
                    words=words_by_ear(mp3),
                )
            )
        return Course(
            design=Design.BABELCAST,
            arrived=tuple(arrived),
            playing=play_as_app(arrived),
            captions=tuple(captions),
        )

    async def _open(self) -> None:
        languages = [LanguageCode(each) for each in self._plan.languages]
        session = Session(
            session_id=_SESSION,
            speaker_id=UserId("speaker"),
            source_language=LanguageCode("en"),
            target_languages=frozenset(languages),
            created_at_ms=_EPOCH_MS,
            expires_at_s=_EPOCH_MS // 1000 + 86_400,
        )
        await self._sessions.create(session)
        await self._sessions.attach_speaker(_SESSION, ConnectionId("speaker"))
        for code in languages:
            listener = _LISTENER if code == languages[0] else ConnectionId(f"listener of {code}")
            await self._connections.add(
                Connection(
                    connection_id=listener,
                    session_id=_SESSION,
                    role=Role.LISTENER,
                    joined_at_ms=_EPOCH_MS,
                    target_language=code,
                )
            )

    async def _speak(self, pcm: bytes) -> None:
        size = _CHUNK_SAMPLES * BYTES_PER_SAMPLE
        for index, start in enumerate(range(0, len(pcm) - size + 1, size)):
            offset = index * _CHUNK_SAMPLES
            await self._at((offset + _CHUNK_SAMPLES) / SAMPLE_RATE_HZ + self._plan.way.sent_s)
            chunk = AudioChunk(
                chunk_index=index,
                sample_offset=offset,
                captured_at_ms=_EPOCH_MS + offset * 1000 // SAMPLE_RATE_HZ,
                pcm=pcm[start : start + size],
            )
            self._stream.append_late(_SESSION, chunk, arrived_at_ms=_now_ms())
        await asyncio.sleep(_LAST_WORDS_S)
        end = Control(kind=ControlKind.END, at_ms=_now_ms())
        self._stream.append_late(_SESSION, end, arrived_at_ms=_now_ms())

    async def _at(self, moment_s: float) -> None:
        await asyncio.sleep(max(0.0, moment_s - asyncio.get_running_loop().time()))

    def _processing(self, behaviour: Behaviour) -> ProcessAudio:
        """As `babelcast.wiring` puts it together."""
        stage, meter, segments = self._plan.stage, CountingMeter(), InMemorySegments()
        loop = asyncio.get_running_loop()
        lose = LoseConnection(connections=self._connections, seats=InMemorySeats(self._connections), now_ms=_now_ms)
        broadcast = Broadcast(notifier=self._telling, lose=lose)
        cells = stage.cells
        quotas = polly_quotas(
            neural_per_s=cells.polly_neural_per_s, standard_per_s=cells.polly_standard_per_s, cells=cells.count
        )
        paced = SpeakInTime(
            SimulatedSynthesizer(behaviour, voice_word_ms=VOICE_WORD_MS), quotas, meter=meter, monotonic_s=loop.time
        )
        return ProcessAudio(
            sessions=self._sessions,
            segments=segments,
            history=self._stream,
            pool=TranscriptionPool(max_streams=25),
            tools=SpeechTools(
                cursors=_SlowStores(self._sessions, segments, self._plan.way),
                connections=self._connections,
                transcriber=SimulatedTranscriber(behaviour),
                render=RenderSegment(
                    translator=CachedTranslator(SimulatedTranslator(behaviour), meter),
                    synthesizer=CachedSynthesizer(paced, meter),
                    clips=self._clips,
                    meter=meter,
                    monotonic_s=loop.time,
                ),
                notify=NotifySegment(broadcast=broadcast, clips=self._clips, segments=segments),
                broadcast=broadcast,
                status=ReportStatus(
                    sessions=self._sessions, connections=self._connections, broadcast=broadcast, now_ms=_now_ms
                ),
                meter=meter,
                journal=RecordedJournal(),
                limits=_limits(stage),
                has_room=paced.has_room,
                now_ms=_now_ms,
                monotonic_s=loop.time,
            ),
        )


def _limits(stage: StageSettings) -> ProcessingLimits:
    cells, quiet_ms = stage.cells, stage.draft_after_quiet_ms
    return ProcessingLimits(
        result_wait_s=cells.result_wait_ms / 1000,
        pending_result_wait_s=cells.pending_result_wait_ms / 1000,
        draft_after_quiet_samples=None if quiet_ms is None else ms_to_samples(quiet_ms),
        segments=SegmenterLimits.up_to(stage.max_segment_s * SAMPLE_RATE_HZ),
    )


def _now_ms() -> int:
    return _EPOCH_MS + int(asyncio.get_running_loop().time() * 1000)


def _download(wifi: Wifi) -> Callable[[float, int], float]:
    """When a clip has been downloaded that is asked for at a moment, over a connection that is open already."""
    there, back = ConnectionWay(wifi), ConnectionWay(wifi)

    def downloaded_at(asked_at: float, size_bytes: int) -> float:
        at = asked_there_at = there.there_at(asked_at, _REQUEST_BYTES)
        for start in range(0, size_bytes, _PIECE_BYTES):
            at = back.there_at(max(asked_there_at, at), min(_PIECE_BYTES, size_bytes - start))
        return at

    return downloaded_at


def _old_course(plan: SimulationPlan, told: list[Told], clips: SimulatedClips) -> Course:
    wifi = plan.device_wifi()
    way, download = ConnectionWay(wifi), _download(wifi)
    there_at = {each.number: way.there_at(each.at, MESSAGE_BYTES) for each in told}
    begins = play_one_after_another(
        told,
        lambda each: there_at[each.number],
        lambda each, asked_at: download(asked_at, len(clips.stored[each.key])),
    )
    played = [
        PlayedClip(
            clip=ArrivedClip(
                number=each.number,
                spoken_s=each.spoken_s,
                told_at=there_at[each.number],
                ready_at=began_at,
                committed_at=each.at,
                duration_s=each.duration_s,
                words=words_by_ear(clips.stored[each.key]),
            ),
            started_at=began_at,
        )
        for each, began_at in begins
    ]
    return Course(
        design=Design.OLD,
        arrived=tuple(each.clip for each in played),
        playing=Playing(clips=tuple(played)),
        captions=tuple(
            Caption(number=each.number, shown_at=there_at[each.number], text=each.text, spoken_s=each.spoken_s)
            for each in told
        ),
    )
