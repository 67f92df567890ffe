"""The streaming core, heard word by word: whatever the batches, each word is delivered once, in every language."""

from typing import Any

import pytest

from babelcast.domain.connection import Audience, ConnectionId
from babelcast.domain.errors import StorageUnavailableError
from babelcast.domain.notices import SessionEnded, SessionStatus, Transcription
from babelcast.domain.session import SessionId
from babelcast.domain.stream_record import Control, ControlKind
from tests.block_speech import block_speech, chunks_of
from tests.room import END, OTHER, SESSION, Room, words


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


@pytest.mark.parametrize("kind", [ControlKind.PAUSE, ControlKind.END])
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


async def test_two_listeners_of_a_language_cost_one_translation_and_one_synthesis(room: Room) -> None:
    await room.open(SESSION, "es", "fr")
    await room.join("second", "es")
    await room.say(*chunks_of(block_speech(4)), END)
    await room.run()
    assert sorted(code for code, _ in room.translator.calls) == ["es", "fr"]
    assert len(room.synthesizer.calls) == 2
    assert room.heard("second") == room.heard("es")


async def test_whoever_joins_while_a_segment_is_made_hears_it(room: Room) -> None:
    await room.open(SESSION, "es")
    translate = room.translator.translate

    async def translate_while_somebody_joins(*arguments: Any, **more: Any) -> str:
        await room.join("late", "es")
        return await translate(*arguments, **more)

    room.translator.translate = translate_while_somebody_joins  # type: ignore[method-assign]
    await room.say(*chunks_of(block_speech(4)), END)
    await room.batch()
    assert room.heard("late") == room.heard("es")


async def test_the_listeners_who_were_there_are_told_when_nobody_can_be_looked_up(room: Room) -> None:
    await room.open(SESSION, "es")
    audience = room.connections.audience
    refused: list[SessionId] = []

    async def audience_refused_once(session_id: SessionId) -> Audience:
        if room.sessions.by_id[session_id].cursor.next_segment and not refused:
            refused.append(session_id)
            raise StorageUnavailableError("throttled")
        return await audience(session_id)

    room.connections.audience = audience_refused_once  # type: ignore[method-assign]
    await room.say(*chunks_of(block_speech(4)))
    assert await room.batch() == {}
    assert refused
    assert len(room.heard("es")) == 1
    assert room.meter.counts["SessionRetries"] == 0


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


async def test_more_speakers_than_streams_take_turns_and_lose_nothing() -> None:
    room = Room(max_streams=1)
    await room.open(SESSION, "es")
    await room.open(OTHER, "es")
    for one, other in zip(chunks_of(block_speech(9)), chunks_of(block_speech(9, first_word=101)), strict=True):
        await room.say(one)
        await room.run()
        await room.say(other, session_id=OTHER)
        await room.run()
        assert sum(not each.closed for each in room.transcriber.streams) <= 1
    await room.say(END)
    await room.say(END, session_id=OTHER)
    await room.run()
    assert room.captions() == words(9)
    assert room.captions(session_id=OTHER) == words(9, first=101)
