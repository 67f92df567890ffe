"""The streaming core, heard word by word: whatever the batches and whatever dies, each word is delivered once."""

import random
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from babelcast.domain.audio import AudioChunk
from babelcast.domain.connection import Connection, ConnectionId, Role
from babelcast.domain.errors import TranscriptionUnavailableError
from babelcast.domain.languages import LanguageCode
from babelcast.domain.notices import (
    BroadcastState,
    ErrorNotice,
    SessionEnded,
    SessionStatus,
    Transcription,
    TranslatedAudio,
)
from babelcast.domain.session import Session, SessionId, UserId
from babelcast.domain.stream_record import Control, ControlKind
from babelcast.usecases.broadcast import Broadcast
from babelcast.usecases.deliver_segment import NotifySegment, RenderSegment
from babelcast.usecases.live_transcription import TranscriptionPool
from babelcast.usecases.process_audio import ProcessAudio, ProcessingLimits
from babelcast.usecases.report_status import ReportStatus
from tests.block_speech import BlockTranscriber, Clock, block_speech, chunks_of
from tests.in_memory import (
    CountingMeter,
    InMemoryClips,
    InMemoryConnections,
    InMemoryCursors,
    InMemorySegments,
    InMemorySessions,
    InMemoryStream,
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
    read: int = 0

    def __post_init__(self) -> None:
        self.notifier = RecordingNotifier(self.connections)
        self.new_environment()

    def new_environment(self) -> None:
        self.transcriber = BlockTranscriber(self.clock)
        broadcast = Broadcast(notifier=self.notifier, connections=self.connections)
        self.process = ProcessAudio(
            sessions=self.sessions,
            cursors=InMemoryCursors(self.sessions, self.segments),
            segments=self.segments,
            connections=self.connections,
            history=self.stream,
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
            pool=TranscriptionPool(max_streams=25),
            meter=self.meter,
            limits=ProcessingLimits(),
            now_ms=self.clock.now_ms,
            monotonic_s=self.clock.monotonic_s,
        )

    async def open(self, session_id: SessionId = SESSION, *languages: str) -> None:
        await self.sessions.create(
            Session(
                session_id=session_id,
                speaker_id=UserId("speaker"),
                source_language=LanguageCode("en"),
                target_languages=frozenset(map(LanguageCode, ("es", "fr", "uk"))),
                created_at_ms=0,
                expires_at_s=10**9,
            )
        )
        await self.join("speaker", session_id=session_id)
        for language in languages:
            await self.join(language, language, session_id=session_id)

    async def join(self, name: str, language: str | None = None, *, session_id: SessionId = SESSION) -> None:
        await self.connections.add(
            Connection(
                connection_id=ConnectionId(f"{session_id}/{name}"),
                session_id=session_id,
                role=Role.LISTENER if language else Role.SPEAKER,
                joined_at_ms=0,
                target_language=LanguageCode(language) if language else None,
            )
        )

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


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.mark.parametrize("size", [1, 2, 3, 5, 12, 1000])
async def test_batches_of_any_size_deliver_every_word_once(room: Room, size: int) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(block_speech(5, 7, 12, 1, 4)), END)
    await room.run(size)
    assert room.captions() == words(29)
    assert [each.sequence_number for each in room.heard("es")] == list(range(len(room.heard("es"))))
    assert room.transcriber.opened == 1


async def test_a_listener_hears_the_translation_as_a_clip_with_its_place_in_the_speech(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(block_speech(4)), END)
    await room.run()
    (heard,) = room.heard("es")
    assert heard.text == "w1/es w2/es w3/es w4./es"
    assert heard.source_text == "w1 w2 w3 w4."
    assert heard.url == f"https://clips.example/sessions/{SESSION}/translated/es/00000000.mp3"
    assert (heard.spoken_start_ms, heard.spoken_end_ms) == (0, 950)
    assert heard.duration > 0
    assert not heard.replayed


@settings(max_examples=60)
@given(st.data())
async def test_environments_may_die_between_and_within_batches(data: st.DataObject) -> None:
    room = Room()
    await room.open(SESSION, "es")
    sentences = data.draw(st.lists(st.integers(1, 14), min_size=1, max_size=5), label="sentences")
    await room.say(*chunks_of(block_speech(*sentences)), END)
    while room.read < len(room.stream.records):
        event = data.draw(st.sampled_from(["batch", "batch", "die", "freeze", "break", "refuse"]), label="event")
        if event == "die":
            room.new_environment()
        elif event == "freeze":
            room.clock.now_s += 20
        elif event == "refuse":
            room.transcriber.refusals = 1
        elif event == "break":
            for stream in room.transcriber.streams:
                stream.broken = True
        await room.batch(data.draw(st.integers(1, 20), label="batch size"))
    assert room.captions() == words(sum(sentences))
    numbers = [each.sequence_number for each in room.heard("es")]
    assert sorted(set(numbers)) == list(range(len(set(numbers))))


@settings(max_examples=40)
@given(st.randoms(use_true_random=False), st.integers(1, 8))
async def test_doubled_and_shuffled_chunks_are_put_in_order(rng: random.Random, size: int) -> None:
    room = Room()
    await room.open(SESSION, "es")
    chunks = chunks_of(block_speech(6, 6))
    sent = [each for each in chunks for _ in range(rng.choice([1, 1, 2]))]
    for index in range(0, len(sent) - 1, 2):
        if rng.random() < 0.5:
            sent[index], sent[index + 1] = sent[index + 1], sent[index]
    await room.say(*sent, END)
    await room.run(size)
    assert room.captions() == words(12)
    assert room.meter.counts["AudioGaps"] == 0


async def test_a_lost_chunk_costs_its_words_alone_and_is_counted(room: Room) -> None:
    await room.open(SESSION, "es")
    chunks = chunks_of(block_speech(20, 5))
    await room.say(*chunks[:4], *chunks[5:], END)
    await room.run()
    heard = room.captions()
    assert heard[:4] == words(4)
    assert heard[-19:] == words(19, first=7)
    assert room.meter.counts["AudioGaps"] == 1


async def test_a_long_break_ends_the_sentence_and_is_not_filled(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(block_speech(6)[: 16_000 * 2 * 1]))
    await room.say(*chunks_of(block_speech(6, first_word=7), origin_sample=16_000 * 3600), END)
    await room.run()
    assert room.captions() == [*words(4), *words(6, first=7)]
    assert room.heard("es")[-1].spoken_start_ms == 3600_000
    assert room.transcriber.opened == 2


@pytest.mark.parametrize("kind", [ControlKind.PAUSE, ControlKind.LOST, ControlKind.END])
async def test_the_last_words_are_delivered_when_the_speaker_stops(room: Room, kind: ControlKind) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(block_speech(6)[: -16_000 * 2]), Control(kind=kind, at_ms=0))
    await room.run()
    assert room.captions() == words(6)
    assert room.transcriber.streams[0].closed


async def test_speech_goes_on_after_a_pause(room: Room) -> None:
    await room.open(SESSION, "es")
    chunks = chunks_of(block_speech(6, 6))
    await room.say(*chunks[:6], Control(kind=ControlKind.PAUSE, at_ms=0), Control(kind=ControlKind.RESUME, at_ms=0))
    await room.say(*chunks[6:], END)
    await room.run()
    assert room.captions() == words(12)


async def test_the_session_ends_after_its_last_words_and_nothing_follows(room: Room) -> None:
    await room.open(SESSION, "es")
    chunks = chunks_of(block_speech(3, 3))
    await room.say(*chunks[:6], END, *chunks[6:])
    await room.run()
    told = room.notifier.to(f"{SESSION}/es")
    assert isinstance(told[-1], SessionEnded)
    assert room.captions() == words(3)
    assert room.meter.counts["RecordsDropped"] > 0


async def test_listeners_learn_that_the_speaker_is_gone_after_the_last_words(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(block_speech(4)), Control(kind=ControlKind.LOST, at_ms=0))
    await room.connections.remove(ConnectionId(f"{SESSION}/speaker"))
    await room.run()
    last = room.notifier.to(f"{SESSION}/es")[-1]
    assert isinstance(last, BroadcastState)
    assert not last.speaker_connected
    assert room.captions("es") == words(4)


async def test_two_listeners_of_a_language_cost_one_translation_and_one_synthesis(room: Room) -> None:
    await room.open(SESSION, "es", "fr")
    await room.join("second", "es")
    await room.say(*chunks_of(block_speech(4)), END)
    await room.run()
    assert sorted(code for code, _ in room.translator.calls) == ["es", "fr"]
    assert len(room.synthesizer.calls) == 2
    assert room.heard("second") == room.heard("es")


async def test_only_languages_with_active_listeners_are_made(room: Room) -> None:
    await room.open(SESSION, "es", "fr")
    await room.connections.change(ConnectionId(f"{SESSION}/fr"), listening=False)
    await room.say(*chunks_of(block_speech(4)), END)
    await room.run()
    assert {code for code, _ in room.translator.calls} == {"es"}
    assert room.heard("fr") == []


async def test_the_speaker_learns_of_every_listener_even_of_two_at_once(room: Room) -> None:
    await room.open(SESSION, "es")
    chunks = chunks_of(block_speech(12))
    await room.say(*chunks[:4])
    await room.run()
    await room.join("second", "fr")
    await room.say(*chunks[4:])
    await room.run()
    told = [each for each in room.notifier.to(f"{SESSION}/speaker") if isinstance(each, SessionStatus)]
    assert [each.listeners_by_language for each in told] == [{"es": 1}, {"es": 1, "fr": 1}]


async def test_silence_costs_no_model_call_and_moves_the_cursor(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(bytes(16_000 * 2 * 40)))
    await room.run()
    assert room.translator.calls == []
    assert room.synthesizer.calls == []
    assert room.notifier.to(f"{SESSION}/es") == []
    assert room.sessions.by_id[SESSION].cursor.committed_sample >= 16_000 * 25


async def test_sessions_do_not_mix(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.open(OTHER, "es")
    mine, theirs = chunks_of(block_speech(6, 6)), chunks_of(block_speech(6, 6, first_word=101))
    for one, other in zip(mine, theirs, strict=True):
        await room.say(one)
        await room.say(other, session_id=OTHER)
    await room.say(END)
    await room.say(END, session_id=OTHER)
    await room.run(7)
    assert room.captions() == words(12)
    assert room.captions(session_id=OTHER) == words(12, first=101)


async def test_a_language_that_cannot_be_translated_gets_the_source_text_marked_as_such(room: Room) -> None:
    await room.open(SESSION, "es", "fr")
    room.translator.broken = {"es"}
    await room.say(*chunks_of(block_speech(4)), END)
    await room.run()
    (broken,), (whole,) = room.heard("es"), room.heard("fr")
    assert (broken.text, broken.url, broken.translated) == ("w1 w2 w3 w4.", None, False)
    assert whole.url is not None


async def test_a_voice_that_fails_costs_the_clip_alone(room: Room) -> None:
    await room.open(SESSION, "es", "fr")
    room.synthesizer.broken = {"Lucia"}
    await room.say(*chunks_of(block_speech(4)), END)
    await room.run()
    (broken,), (whole,) = room.heard("es"), room.heard("fr")
    assert (broken.text, broken.url, broken.translated) == ("w1/es w2/es w3/es w4./es", None, True)
    assert whole.url is not None


async def test_a_language_without_a_voice_is_text(room: Room) -> None:
    await room.open(SESSION, "uk")
    await room.say(*chunks_of(block_speech(4)), END)
    await room.run()
    assert [each.url for each in room.heard("uk")] == [None]


async def test_a_refusing_recogniser_is_reported_and_loses_nothing(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(block_speech(6)), END)
    room.transcriber.refusals = 3
    for _ in range(3):
        (failure,) = (await room.batch(4)).values()
        assert isinstance(failure, TranscriptionUnavailableError)
    (told,) = [each for each in room.notifier.to(f"{SESSION}/speaker") if isinstance(each, ErrorNotice)]
    assert told.code == "TRANSCRIPTION_UNAVAILABLE"
    await room.run()
    assert room.captions() == words(6)


async def test_one_session_that_fails_leaves_the_others_alone(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.open(OTHER, "es")
    await room.say(*chunks_of(block_speech(6)), END)
    await room.say(*chunks_of(block_speech(6, first_word=101)), END, session_id=OTHER)
    room.transcriber.refusals = 1
    assert len(await room.batch()) == 1
    assert room.captions(session_id=OTHER) == words(6, first=101)
    await room.run()
    assert room.captions() == words(6)


async def test_a_dead_connection_is_forgotten_and_stops_nobody(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.join("gone", "es")
    room.notifier.gone = {ConnectionId(f"{SESSION}/gone")}
    await room.say(*chunks_of(block_speech(4)), END)
    await room.run()
    assert len(room.heard("es")) == 1
    assert ConnectionId(f"{SESSION}/gone") not in room.connections.by_id


async def test_a_committed_segment_that_was_not_delivered_is_delivered_by_the_next_environment(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(block_speech(4, 4)), END)
    await room.batch(8)
    (key,) = room.segments.by_key
    room.segments.by_key[key] = replace(room.segments.by_key[key], delivered=False)
    room.new_environment()
    await room.run()
    first, again, second = room.heard("es")
    assert (first.sequence_number, again.sequence_number, second.sequence_number) == (0, 0, 1)
    assert again.replayed


async def test_partial_captions_show_what_is_being_said(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(block_speech(12)), END)
    await room.run()
    partials = [
        each for each in room.notifier.to(f"{SESSION}/es") if isinstance(each, Transcription) and not each.is_final
    ]
    assert partials
    assert all(each.sequence_number is None and each.result_id == "segment-0" for each in partials)
    assert [len(each.text) for each in partials] == sorted(len(each.text) for each in partials)


async def test_records_of_an_unknown_session_are_dropped(room: Room) -> None:
    await room.say(*chunks_of(block_speech(4)), END)
    await room.run()
    assert room.notifier.told == []
    assert room.meter.counts["RecordsDropped"] > 0
