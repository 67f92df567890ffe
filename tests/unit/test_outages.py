"""A service that is away for a minute of speech costs what it makes, while it is away, and nothing else."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import pytest

from babelcast.domain.errors import BabelcastError, CursorMovedError, StorageUnavailableError
from babelcast.domain.languages import Language, LanguageCode, language
from babelcast.domain.notices import ErrorNotice, TranslatedAudio
from babelcast.ports import TranscriptionStream
from babelcast.usecases import render_segment
from babelcast.usecases.render_segment import RenderSegment
from tests.block_speech import BlockTranscriber, Clock, block_speech, chunks_of
from tests.in_memory import CountingMeter, InMemoryClips, ScriptedSynthesizer, ScriptedTranslator
from tests.room import END, OTHER, SESSION, Room, words

ENGLISH, SPANISH, FRENCH = LanguageCode("en"), LanguageCode("es"), LanguageCode("fr")
BOTH = (SPANISH, FRENCH)
SENTENCES = 36
SENTENCE_S = 2.5
AWAY_FROM_S, AWAY_UNTIL_S = 10, 70
LISTENED_THROUGH_MS = 250
"""Time passes in these rooms while somebody listens, a step at a time; a service that is waited for takes seconds."""


@dataclass
class FailingClips(InMemoryClips):
    broken: bool = False

    async def put(self, key: str, mp3: bytes) -> float:
        if self.broken:
            raise StorageUnavailableError("SlowDown")
        return await super().put(key, mp3)


def new_room() -> Room:
    return Room(clips=FailingClips())


async def speak(room: Room, switch: Callable[[Room, bool], None] | None = None) -> None:
    """A minute and a half of speech, a second at a time; something is away for a minute of it."""
    await room.open(SESSION, "es", "fr")
    chunks = chunks_of(block_speech(*[6] * SENTENCES))
    for second, start in enumerate(range(0, len(chunks), 4)):
        if switch is not None:
            switch(room, AWAY_FROM_S <= second < AWAY_UNTIL_S)
        await room.say(*chunks[start : start + 4])
        assert await room.batch() == {}
    await room.say(END)
    await room.run()


def numbers(room: Room, name: str) -> list[int]:
    return [each.sequence_number for each in room.heard(name)]


def intervals_ms(room: Room, name: str) -> list[int]:
    return [after.timestamp - before.timestamp for before, after in pairwise(room.heard(name))]


def split(heard: list[TranslatedAudio]) -> tuple[list[TranslatedAudio], list[TranslatedAudio]]:
    """What was spoken wholly while something was away, and what at other times."""
    away = [
        each
        for each in heard
        if each.spoken_start_ms > AWAY_FROM_S * 1000 and each.spoken_end_ms < (AWAY_UNTIL_S - SENTENCE_S) * 1000
    ]
    near = [each for each in heard if AWAY_FROM_S - 3 <= each.spoken_end_ms / 1000 <= AWAY_UNTIL_S + 1]
    return away, [each for each in heard if each not in near]


def speech_away(room: Room, is_away: bool) -> None:
    voice = language("fr").voice
    assert voice is not None
    room.synthesizer.broken = {voice.voice_id} if is_away else set()


def translation_away(room: Room, is_away: bool) -> None:
    room.translator.broken = {"fr"} if is_away else set()


def storage_away(room: Room, is_away: bool) -> None:
    assert isinstance(room.clips, FailingClips)
    room.clips.broken = is_away


@pytest.mark.parametrize("switch", [speech_away, translation_away, storage_away])
async def test_a_minute_without_a_service_delays_and_loses_nothing(switch: Callable[[Room, bool], None]) -> None:
    usual, room = new_room(), new_room()
    await speak(usual)
    await speak(room, switch)
    for name in ("es", "fr"):
        assert room.captions(name) == words(6 * SENTENCES)
        assert numbers(room, name) == numbers(usual, name)
        assert intervals_ms(room, name) == pytest.approx(intervals_ms(usual, name), abs=LISTENED_THROUGH_MS)
    if switch is not storage_away:
        assert [(each.text, each.url) for each in room.heard("es")] == [
            (each.text, each.url) for each in usual.heard("es")
        ]
    away, otherwise = split(room.heard("fr"))
    assert len(away) >= 20
    assert len(otherwise) >= 8
    assert all(each.url is None for each in away)
    assert all(each.translated is (switch is not translation_away) for each in away)
    if switch is translation_away:
        assert [each.text for each in away] == [each.source_text for each in away]
    as_usual = {each.sequence_number: (each.text, each.url, each.translated) for each in usual.heard("fr")}
    assert all(as_usual[each.sequence_number] == (each.text, each.url, each.translated) for each in otherwise)


async def test_a_language_that_hangs_is_waited_for_once_and_not_with_every_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(render_segment, "_LANGUAGE_DEADLINE_S", 0.4)
    monkeypatch.setattr(render_segment, "_TRIAL_DEADLINE_S", 0.02)

    @dataclass
    class Hanging(ScriptedTranslator):
        hangs: bool = True

        async def translate(self, text: str, *, source: Language, target: Language) -> str:
            if self.hangs and target.code == FRENCH:
                await asyncio.Event().wait()
            return await super().translate(text, source=source, target=target)

    translator = Hanging()
    render = RenderSegment(
        translator=translator,
        synthesizer=ScriptedSynthesizer(),
        clips=InMemoryClips(),
        meter=CountingMeter(),
        monotonic_s=Clock().monotonic_s,
    )
    took_s = []
    for _ in range(4):
        began = time.monotonic()
        drafts = await render.draft("good", source=ENGLISH, languages=BOTH, spoken=BOTH)
        took_s.append(time.monotonic() - began)
        assert (drafts[SPANISH].text, drafts[FRENCH].translated) == ("good/es", False)
    assert took_s[0] >= 0.4
    assert sum(took_s[1:]) < 0.4
    translator.hangs = False
    drafts = await render.draft("good", source=ENGLISH, languages=BOTH, spoken=BOTH)
    assert drafts[FRENCH].is_complete
    translator.hangs = True
    began = time.monotonic()
    await render.draft("good", source=ENGLISH, languages=(FRENCH,), spoken=(FRENCH,))
    assert time.monotonic() - began >= 0.4, "it has its whole time again"


@dataclass
class Throttled:
    """A store that refuses everything until a moment."""

    store: Any
    clock: Clock
    until_s: float = 0.0
    refused: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        async def asked(*arguments: Any, **named: Any) -> Any:
            if self.clock.now_s < self.until_s:
                self.refused.append(name)
                raise StorageUnavailableError("ProvisionedThroughputExceededException")
            return await getattr(self.store, name)(*arguments, **named)

        return asked


def throttle(room: Room) -> dict[str, Throttled]:
    """The tables of the processing environment, which can be throttled from now on."""
    tools = room.process.tools
    stores = {
        name: Throttled(store, room.clock)
        for name, store in {
            "sessions": room.sessions,
            "segments": room.segments,
            "cursors": tools.cursors,
            "connections": room.connections,
        }.items()
    }
    notify = replace(tools.notify, segments=stores["segments"])
    tools = replace(tools, cursors=stores["cursors"], connections=stores["connections"], notify=notify)
    room.process = replace(room.process, sessions=stores["sessions"], segments=stores["segments"], tools=tools)
    return stores


STORES = ["sessions", "segments", "cursors", "connections", "all"]


@pytest.mark.parametrize(("refused_s", "is_redone"), [(1, False), (6, True)])
@pytest.mark.parametrize("store", STORES)
async def test_a_table_that_refuses_for_seconds_loses_nothing(store: str, refused_s: float, is_redone: bool) -> None:
    room = Room()
    stores = throttle(room)
    await room.open(SESSION, "es")
    chunks = chunks_of(block_speech(*[6] * 10))
    batches_failed = 0
    for second, start in enumerate(range(0, len(chunks), 4)):
        if second in (3, 12):
            for name in stores if store == "all" else (store,):
                stores[name].until_s = room.clock.now_s + refused_s
        await room.say(*chunks[start : start + 4])
        batches_failed += bool(await room.batch())
    await room.say(END)
    while room.read < len(room.stream.records):
        await room.batch()
    assert room.captions("es") == words(60)
    assert {each.sequence_number for each in room.heard("es")} == set(range(len(room.segments.by_key)))
    assert is_redone or not batches_failed, "for a second or two it is tried again within the invocation"
    assert not [each for each in room.notifier.to(f"{SESSION}/speaker") if isinstance(each, ErrorNotice)]


@dataclass
class Unanswered:
    """Cursors of which every second change is carried out and told as failed."""

    cursors: Any
    error: Callable[[str], BabelcastError]
    lost: list[str] = field(default_factory=list)
    is_next: bool = False

    def __getattr__(self, name: str) -> Any:
        async def changed(*arguments: Any, **named: Any) -> None:
            await getattr(self.cursors, name)(*arguments, **named)
            self.is_next = not self.is_next
            if self.is_next:
                self.lost.append(name)
                raise self.error(name)

        return changed


@pytest.mark.parametrize("error", [CursorMovedError, StorageUnavailableError])
async def test_changes_whose_answer_is_lost_are_gone_on_from(error: type[BabelcastError]) -> None:
    room = Room()
    tools = room.process.tools
    cursors = Unanswered(tools.cursors, error)
    room.process = replace(room.process, tools=replace(tools, cursors=cursors))
    await room.open(SESSION, "es")
    silence = bytes(16_000 * 2 * 20)
    pcm = silence.join(block_speech(6, first_word=1 + 6 * number) for number in range(4))
    await room.say(*chunks_of(pcm), END)
    while room.read < len(room.stream.records):
        assert await room.batch(4) == {}, "it goes on within the invocation"
    assert room.captions("es") == words(24)
    assert [each.sequence_number for each in room.heard("es")] == list(range(len(room.segments.by_key)))
    assert set(cursors.lost) == {"move", "commit"}
    assert room.sessions.by_id[SESSION].cursor.closed


async def test_records_of_an_ended_session_hold_up_no_other() -> None:
    room = Room()
    await room.open(SESSION, "es")
    await room.open(OTHER, "es")
    await room.say(*chunks_of(block_speech(6)), END)
    await room.run()
    told = len(room.notifier.to(f"{SESSION}/es"))
    await room.say(*chunks_of(block_speech(6), origin_sample=16_000 * 4), END)
    await room.say(*chunks_of(block_speech(6)), END, session_id=OTHER)
    assert await room.batch() == {}
    assert room.captions(session_id=OTHER) == words(6)
    assert len(room.notifier.to(f"{SESSION}/es")) == told
    assert room.meter.counts["RecordsDropped"] == 11


async def test_a_record_that_nobody_foresaw_is_given_back_alone() -> None:
    @dataclass
    class Startled(BlockTranscriber):
        async def open(self, source: Language, *, origin_sample: int) -> TranscriptionStream:  # type: ignore[override]
            if source.code == "de":
                raise ZeroDivisionError
            return await super().open(source, origin_sample=origin_sample)

    room = Room()
    room.process = replace(room.process, tools=replace(room.process.tools, transcriber=Startled(room.clock)))
    await room.open(SESSION, "es", source="de")
    await room.open(OTHER, "es")
    await room.say(*chunks_of(block_speech(6)), session_id=SESSION)
    await room.say(*chunks_of(block_speech(6)), END, session_id=OTHER)
    for _ in range(3):
        failures = await room.process(room.stream.records)
        assert list(failures) == [room.stream.records[0].sequence_number]
        assert isinstance(failures[room.stream.records[0].sequence_number], ZeroDivisionError)
    assert room.captions(session_id=OTHER) == words(6)
