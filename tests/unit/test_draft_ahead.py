"""Work that is begun before the recogniser's last word: never told before it is final, never wrong."""

from dataclasses import replace

from babelcast.domain.notices import TranslatedAudio
from tests.block_speech import block_speech, chunks_of
from tests.room import END, PAUSE, SESSION, Room, words

SENTENCE = chunks_of(block_speech(6) + bytes(16_000))
"""Six words and a second and a half of silence: the recogniser says the last word half a second after them."""


def room_with_slow_finals() -> Room:
    """Results come half a second late, so that the speaker has been quiet for a while before the final."""
    return Room(lag_s=0.5)


async def hear_until_drafted(room: Room) -> None:
    await room.open(SESSION, "es")
    for chunk in SENTENCE:
        await room.say(chunk)
        await room.batch(1)
        if room.synthesizer.calls:
            return
    raise AssertionError("nothing was begun ahead")


async def test_a_sentence_is_translated_and_spoken_before_it_is_final() -> None:
    room = room_with_slow_finals()
    await hear_until_drafted(room)
    assert room.heard("es") == []
    assert room.clips.stored == {}
    assert room.segments.by_key == {}
    await room.say(PAUSE)
    await room.run()
    (heard,) = room.heard("es")
    assert heard.source_text == "w1 w2 w3 w4 w5 w6."
    assert len(room.translator.calls) == len(room.synthesizer.calls) == 1
    assert room.meter.counts["DraftsUsed"] == 1


async def test_a_speaker_who_goes_on_is_not_cut_by_what_was_begun() -> None:
    room = Room(lag_s=0.5)
    await room.open(SESSION, "es")
    hesitating = block_speech(4)[: -16_000 * 2] + bytes(16_000 * 2 * 2 // 5) + block_speech(4, first_word=5)
    for chunk in chunks_of(hesitating + bytes(16_000)):
        await room.say(chunk)
        await room.batch(1)
    await room.say(END)
    await room.run()
    assert room.captions("es") == words(8)
    assert room.meter.counts["DraftsBegun"] > room.meter.counts["DraftsUsed"]
    told = [each for each in room.notifier.to(f"{SESSION}/es") if isinstance(each, TranslatedAudio)]
    assert [each.source_text for each in told] == ["w1 w2 w3 w4 w5 w6 w7 w8."]
    assert [clip.rpartition("/")[2] for clip in room.clips.stored] == ["00000000.mp3"]


async def test_a_draft_that_failed_is_tried_again_when_the_words_are_final() -> None:
    room = room_with_slow_finals()
    room.synthesizer.broken = {"Lucia"}
    await hear_until_drafted(room)
    room.synthesizer.broken = set()
    await room.say(PAUSE)
    await room.run()
    (heard,) = room.heard("es")
    assert heard.url is not None
    assert room.meter.counts["SynthesisFailures"] == 0


async def test_a_listener_who_joins_meanwhile_hears_the_sentence_too() -> None:
    room = room_with_slow_finals()
    await hear_until_drafted(room)
    await room.join("fr", "fr")
    await room.say(PAUSE)
    await room.run()
    assert [each.source_text for each in room.heard("fr")] == ["w1 w2 w3 w4 w5 w6."]
    assert len(room.synthesizer.calls) == 2


async def test_nothing_is_begun_where_the_quotas_leave_no_room_or_the_stage_says_no() -> None:
    full, off = Room(lag_s=0.5, has_room=False), Room(lag_s=0.5)
    off.limits = replace(off.limits, draft_after_quiet_samples=None)
    off.new_environment()
    for room in (full, off):
        await room.open(SESSION, "es")
        for chunk in SENTENCE:
            await room.say(chunk)
            await room.batch(1)
        await room.say(END)
        await room.run()
        assert room.captions("es") == words(6)
        assert room.meter.counts["DraftsUsed"] == 0


async def test_a_long_speech_costs_each_segment_once() -> None:
    room = Room(lag_s=0.5)
    await room.open(SESSION, "es")
    for chunk in chunks_of(block_speech(5, 9, 4, 7)):
        await room.say(chunk)
        await room.batch(1)
    await room.say(END)
    await room.run()
    assert room.captions("es") == words(25)
    assert len(room.translator.calls) == len(room.heard("es"))
