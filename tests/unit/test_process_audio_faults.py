"""The streaming core under faults: whatever dies, breaks, lags or comes twice, each word is delivered once."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from babelcast.domain.connection import ConnectionId
from babelcast.domain.errors import TranscriptionUnavailableError
from babelcast.domain.languages import LanguageCode
from babelcast.domain.notices import BroadcastState, ErrorNotice, SessionEnded
from babelcast.domain.stream_record import Control
from tests.block_speech import block_speech, chunks_of
from tests.room import END, LOST, OTHER, PAUSE, RESUME, SESSION, Room, words


@settings(max_examples=60)
@given(st.data())
async def test_environments_may_die_between_and_within_batches(data: st.DataObject) -> None:
    room = Room()
    await room.open(SESSION, "es")
    sentences = data.draw(st.lists(st.integers(1, 14), min_size=1, max_size=5), label="sentences")
    room.lag_s = data.draw(st.sampled_from([0.0, 0.0, 0.4, 3.0]), label="lag of the recogniser")
    room.new_environment()
    await room.say(*chunks_of(block_speech(*sentences)), END)
    while room.read < len(room.stream.records):
        event = data.draw(
            st.sampled_from(["batch", "batch", "die", "swap", "freeze", "break", "refuse"]), label="event"
        )
        if event == "die":
            room.new_environment()
        elif event == "swap":
            room.swap_environment()
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


@pytest.mark.parametrize("control", [END, PAUSE])
async def test_an_environment_that_comes_back_for_the_end_knows_what_was_said_meanwhile(
    room: Room, control: Control
) -> None:
    room.lag_s = 3.0
    room.new_environment()
    await room.open(SESSION, "es")
    chunks = chunks_of(block_speech(8))
    await room.say(*chunks, control)
    await room.batch(3)
    room.swap_environment()
    await room.batch(len(chunks) - 3)
    room.swap_environment()
    await room.run()
    assert room.captions() == words(8)


@pytest.mark.parametrize("size", [1, 2, 4, 6])
async def test_two_environments_that_take_turns_hear_every_word_once(room: Room, size: int) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(block_speech(9, 14, 5, 20)), END)
    while room.read < len(room.stream.records):
        assert await room.batch(size) == {}
        room.swap_environment()
    assert room.captions("es") == words(48)
    assert room.meter.counts["AudioGaps"] == 0


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


@pytest.mark.parametrize("size", [1, 4, 1000])
async def test_a_chunk_that_comes_six_seconds_late_is_not_lost(room: Room, size: int) -> None:
    await room.open(SESSION, "es")
    chunks = chunks_of(block_speech(40))
    await room.say(*chunks[:4], *chunks[5:29], chunks[4], *chunks[29:], END)
    await room.run(size)
    assert room.captions() == words(40)
    assert room.meter.counts["AudioGaps"] == 0


async def test_what_follows_a_speakers_app_that_was_loaded_again_is_not_kept_waiting(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(block_speech(6)), LOST)
    await room.leave("speaker")
    await room.run()
    await room.join("speaker")
    await room.say(*chunks_of(block_speech(6, first_word=7), origin_sample=16_000 * 7))
    await room.run()
    assert room.captions("es") == words(12)


@pytest.mark.parametrize("first_index", [0, 7])
async def test_audio_from_further_on_than_the_session_is_old_hides_nothing(room: Room, first_index: int) -> None:
    await room.open(SESSION, "es")
    (made_up,) = chunks_of(bytes(8_000), origin_sample=2**53 - 1)
    room.stream.append_late(SESSION, replace(made_up, chunk_index=first_index), arrived_at_ms=1_000)
    await room.run()
    await room.say(*chunks_of(block_speech(6)), END)
    await room.run()
    assert room.captions("es") == words(6)
    assert room.meter.counts["RecordsDropped"] == 1


async def test_a_long_break_ends_the_sentence_and_is_not_filled(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(block_speech(6)[: 16_000 * 2 * 1]))
    await room.say(*chunks_of(block_speech(6, first_word=7), origin_sample=16_000 * 3600), END)
    await room.run()
    assert room.captions() == [*words(4), *words(6, first=7)]
    assert room.heard("es")[-1].spoken_start_ms == 3600_000
    assert room.transcriber.opened == 2


async def test_listeners_learn_that_the_speaker_is_gone_after_the_last_words(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(block_speech(4)), LOST)
    await room.leave("speaker")
    await room.run()
    last = room.notifier.to(f"{SESSION}/es")[-1]
    assert isinstance(last, BroadcastState)
    assert not last.speaker_connected
    assert room.captions("es") == words(4)


async def test_a_speaker_who_is_back_in_time_was_never_away(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(block_speech(4)), LOST)
    await room.leave("speaker")
    await room.join("speaker")
    await room.run()
    assert not any(isinstance(each, BroadcastState) for each in room.notifier.to(f"{SESSION}/es"))


async def test_what_a_lost_listener_misses_is_there_when_they_are_back_within_a_minute(room: Room) -> None:
    await room.open(SESSION, "es", "fr")
    await room.say(*chunks_of(block_speech(6)), PAUSE)
    await room.run()
    await room.leave("fr")
    await room.say(*chunks_of(block_speech(6, first_word=7), origin_sample=16_000 * 10), PAUSE)
    await room.run()
    room.clock.now_s += 60
    await room.say(*chunks_of(block_speech(6, first_word=13), origin_sample=16_000 * 80), END)
    await room.run()
    french = LanguageCode("fr")
    made = [french in each.renditions for each in room.segments.of(SESSION)]
    assert made == [True, True, False]
    assert len(room.heard("fr")) == 1


async def test_a_refusing_recogniser_is_reported_and_loses_nothing(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(block_speech(6)), END)
    room.transcriber.refusals = 12
    for _ in range(3):
        (failure,) = (await room.batch(4)).values()
        assert isinstance(failure, TranscriptionUnavailableError)
    (told,) = [each for each in room.notifier.to(f"{SESSION}/speaker") if isinstance(each, ErrorNotice)]
    assert told.code == "TRANSCRIPTION_UNAVAILABLE"
    await room.run()
    assert room.captions() == words(6)


async def test_a_stream_that_breaks_is_replaced_at_once_and_nobody_needs_to_know(room: Room) -> None:
    await room.open(SESSION, "es")
    chunks = chunks_of(block_speech(6, 6))
    await room.say(*chunks[:5])
    assert await room.batch() == {}
    for stream in room.transcriber.streams:
        stream.broken = True
    room.transcriber.refusals = 1
    await room.say(*chunks[5:], END)
    assert await room.batch() == {}
    assert room.captions() == words(12)
    assert not [each for each in room.notifier.to(f"{SESSION}/speaker") if isinstance(each, ErrorNotice)]


async def test_the_end_waits_for_a_stream_that_cannot_be_read_for_a_while(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(block_speech(6)[:-32_000]))
    await room.run()
    room.new_environment()
    room.stream.read_failures = 4
    await room.say(END)
    assert await room.batch() == {}
    assert room.captions() == words(6)
    assert isinstance(room.notifier.to(f"{SESSION}/es")[-1], SessionEnded)


async def test_one_session_that_fails_leaves_the_others_alone(room: Room) -> None:
    await room.open(SESSION, "es", source="de")
    await room.open(OTHER, "es")
    await room.say(*chunks_of(block_speech(6)), END)
    await room.say(*chunks_of(block_speech(6, first_word=101)), END, session_id=OTHER)
    room.transcriber.refused_languages = {"de"}
    assert len(await room.batch()) == 1
    assert room.captions(session_id=OTHER) == words(6, first=101)
    room.transcriber.refused_languages = set()
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


@pytest.mark.parametrize("results", [0, 16])
async def test_audio_the_recogniser_has_not_worked_through_is_never_settled(room: Room, results: int) -> None:
    await room.open(SESSION, "es")
    room.transcriber.lag_s = 14.0
    chunks = chunks_of(block_speech(12, 12, 12, 12))
    await room.say(*chunks)
    await room.batch()
    if results:
        room.clock.now_s += 5
        await room.say(*chunks_of(bytes(16_000), origin_sample=len(chunks) * 4000))
        await room.batch()
    room.new_environment()
    await room.say(END)
    await room.run()
    assert room.captions() == words(48)


@pytest.mark.parametrize("back_at_once", [True, False])
async def test_a_word_cut_by_a_lost_connection_is_heard_whole_when_the_speaker_is_back(
    room: Room, back_at_once: bool
) -> None:
    await room.open(SESSION, "es")
    chunks = chunks_of(block_speech(6, 12), samples=2500)
    if not back_at_once:
        await room.leave("speaker")
    await room.say(*chunks[:6], LOST)
    await room.run()
    await room.join("speaker")
    await room.say(*chunks[6:], END)
    await room.run()
    assert room.captions("es") == words(18)


@pytest.mark.parametrize("size", [1, 3, 1000])
async def test_a_chunk_that_comes_again_after_a_lost_connection_is_not_lost(room: Room, size: int) -> None:
    await room.open(SESSION, "es")
    chunks = chunks_of(block_speech(18))
    await room.leave("speaker")
    await room.say(*chunks[:6], *chunks[7:9], LOST)
    await room.run(size)
    await room.join("speaker")
    await room.say(chunks[6], *chunks[7:], END)
    await room.run(size)
    assert room.captions("es") == words(18)


async def test_a_control_that_comes_again_does_not_cut_what_follows(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.open(OTHER, "es", source="de")
    pcm = block_speech(6, 12)
    await room.say(*chunks_of(pcm)[:6], session_id=OTHER)
    await room.say(*chunks_of(pcm)[:8], PAUSE, RESUME)
    rest = chunks_of(pcm[8 * 8000 :], samples=2500, origin_sample=8 * 4000)
    await room.say(*rest[:5])
    room.transcriber.refused_languages = {"de"}
    assert len(await room.batch()) == 1
    room.transcriber.refused_languages = set()
    await room.say(*rest[5:], END)
    await room.run()
    assert room.captions() == words(18)


async def test_a_long_pause_costs_no_replay(room: Room) -> None:
    await room.open(SESSION, "es")
    chunks = chunks_of(block_speech(6))
    await room.say(*chunks, PAUSE)
    await room.run()
    room.clock.now_s += 3600
    await room.say(RESUME, *chunks_of(block_speech(6, first_word=7), origin_sample=len(chunks) * 4000), END)
    await room.run()
    assert room.captions() == words(12)
    assert room.meter.counts["Replays"] == 0


async def test_what_follows_a_pause_survives_an_environment_that_dies(room: Room) -> None:
    await room.open(SESSION, "es")
    chunks = chunks_of(block_speech(6, 12))
    await room.say(*chunks[:8], PAUSE, RESUME, *chunks[8:12])
    await room.batch()
    room.new_environment()
    await room.say(*chunks[12:], END)
    await room.run()
    assert room.captions() == words(18)


async def test_the_end_is_tried_until_the_recogniser_answers(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(block_speech(6)[:-32_000]))
    await room.run()
    await room.say(END)
    for stream in room.transcriber.streams:
        stream.broken = True
    room.transcriber.refusals = 3
    assert await room.batch() == {}
    assert room.captions() == words(6)
    assert isinstance(room.notifier.to(f"{SESSION}/es")[-1], SessionEnded)


async def test_a_listener_who_could_not_be_reached_is_tried_again(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.join("other", "es")
    chunks = chunks_of(block_speech(4, 4))
    await room.say(*chunks[:8])
    room.notifier.failures[ConnectionId(f"{SESSION}/es")] = 20
    await room.run(8)
    assert room.heard("es") == []
    room.notifier.failures.clear()
    await room.say(*chunks[8:], END)
    await room.run(8)
    assert [(each.sequence_number, each.replayed) for each in room.heard("es")] == [(0, True), (1, False)]
    assert [each.sequence_number for each in room.heard("other")] == [0, 1]


async def test_the_end_reaches_a_listener_who_did_not_answer_at_first(room: Room) -> None:
    await room.open(SESSION, "es")
    room.notifier.failures[ConnectionId(f"{SESSION}/es")] = 1
    await room.say(END)
    await room.run()
    assert [type(each) for each in room.notifier.to(f"{SESSION}/es")] == [SessionEnded]


async def test_a_speaker_whose_audio_stops_coming_is_heard_to_the_last_word(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.open(OTHER)
    chunks = chunks_of(block_speech(6, 6))
    await room.say(*chunks[:6])
    await room.run()
    room.clock.now_s += 13
    await room.say(*chunks_of(bytes(16_000 * 5)), session_id=OTHER)
    await room.run()
    assert room.captions("es") == words(5)
    await room.say(*chunks[6:], END)
    await room.run()
    assert room.captions("es") == words(12)


async def test_a_recogniser_that_has_hung_up_meanwhile_loses_nothing(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.open(OTHER)
    chunks = chunks_of(block_speech(6, 6))
    await room.say(*chunks[:6])
    await room.run()
    room.clock.now_s += 60
    for stream in room.transcriber.streams:
        stream.broken = True
    await room.say(*chunks_of(bytes(16_000)), session_id=OTHER)
    await room.run()
    await room.say(*chunks[6:], END)
    await room.run()
    assert room.captions("es") == words(12)
