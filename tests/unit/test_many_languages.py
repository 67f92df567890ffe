"""A session in more languages than it may have spoken: everybody reads, the largest audiences hear."""

from dataclasses import replace

import pytest

from babelcast.domain.connection import ConnectionId
from babelcast.domain.segment import Unspoken
from babelcast.usecases.speech_tools import ProcessingLimits
from tests.block_speech import block_speech, chunks_of
from tests.room import END, SESSION, Room


@pytest.fixture
def room() -> Room:
    """One language is spoken at a time."""
    return Room(limits=replace(ProcessingLimits(), spoken_languages=1))


async def say(room: Room, part: int) -> None:
    """Six words at a time of their own, and the silence after them."""
    speech = block_speech(6, first_word=1 + 6 * part)
    await room.say(*chunks_of(speech, origin_sample=len(speech) // 2 * part))
    await room.run()


def spoken(room: Room, name: str) -> list[bool]:
    return [each.url is not None for each in room.heard(name)]


async def test_whoever_is_not_spoken_for_reads_and_is_told_why(room: Room) -> None:
    await room.open(SESSION, "es", "fr", "uk")
    await room.join("second", "fr")
    await room.say(*chunks_of(block_speech(4)), END)
    await room.run()
    (text,), (clip,), (no_voice,) = room.heard("es"), room.heard("fr"), room.heard("uk")
    assert (text.text, text.translated, text.url) == ("w1/es w2/es w3/es w4./es", True, None)
    assert text.unspoken is Unspoken.AT_CAPACITY
    assert clip.url is not None
    assert (clip.unspoken, no_voice.unspoken) == (None, None)
    assert len(room.synthesizer.calls) == 1
    assert room.meter.counts["RenditionsUnspokenAtCapacity"] == 1
    assert room.meter.counts["SynthesisFailures"] == 0


async def test_a_voice_that_fails_is_told_as_such(room: Room) -> None:
    await room.open(SESSION, "es")
    room.synthesizer.broken = {"Lucia"}
    await room.say(*chunks_of(block_speech(4)), END)
    await room.run()
    assert [each.unspoken for each in room.heard("es")] == [Unspoken.UNAVAILABLE]
    assert room.meter.counts["SynthesisFailures"] == 1
    assert room.meter.counts["RenditionsUnspokenAtCapacity"] == 0


async def test_a_language_in_use_gives_way_to_a_larger_audience_only(room: Room) -> None:
    await room.open(SESSION, "fr")
    await say(room, 0)
    await room.join("es", "es")
    await say(room, 1)
    await room.join("second", "es")
    await say(room, 2)
    await room.leave("second")
    await say(room, 3)
    assert spoken(room, "fr") == [True, True, False, False]
    assert spoken(room, "es") == [False, True, True]


async def test_a_new_environment_speaks_on_what_was_spoken(room: Room) -> None:
    await room.open(SESSION, "fr")
    await say(room, 0)
    room.new_environment()
    await room.join("es", "es")
    await say(room, 1)
    assert spoken(room, "fr") == [True, True]
    assert spoken(room, "es") == [False]


async def test_the_place_of_a_listener_who_is_lost_is_kept_with_the_language(room: Room) -> None:
    await room.open(SESSION, "fr")
    await say(room, 0)
    await room.leave("fr")
    await room.join("es", "es")
    await say(room, 1)
    await room.join("fr", "fr")
    await say(room, 2)
    assert spoken(room, "fr") == [True, True]
    assert spoken(room, "es") == [False, False]


async def test_a_place_that_becomes_free_is_taken_by_the_next(room: Room) -> None:
    await room.open(SESSION, "es", "fr")
    await say(room, 0)
    await room.connections.change(ConnectionId(f"{SESSION}/es"), listening=False)
    await say(room, 1)
    assert spoken(room, "fr") == [False, True]


async def test_what_was_begun_as_text_is_spoken_when_its_language_has_become_the_largest() -> None:
    room = Room(lag_s=0.5, limits=replace(ProcessingLimits(), spoken_languages=1))
    await room.open(SESSION, "es", "fr")
    for chunk in chunks_of(block_speech(6) + bytes(16_000)):
        await room.say(chunk)
        await room.batch(1)
        if room.synthesizer.calls:
            break
    assert room.meter.counts["DraftsBegun"] == 2
    await room.join("second", "fr")
    await room.say(END)
    await room.run()
    assert spoken(room, "fr") == [True]
