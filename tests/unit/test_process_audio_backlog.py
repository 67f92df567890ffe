"""Audio that has piled up, as after a speaker's network was gone: fed at a measured pace, and heard meanwhile."""

from tests.block_speech import block_speech, chunks_of
from tests.room import END, SESSION, Room, words


async def test_audio_that_has_piled_up_is_fed_no_faster_than_allowed(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(block_speech(100)), END)
    began_s = room.clock.now_s
    await room.batch()
    spoken_s = 100 * 0.25
    assert room.clock.now_s - began_s >= (spoken_s - room.limits.feeding_burst_s) / room.limits.feeding_speed
    assert room.captions() == words(100)


async def test_what_was_said_first_is_heard_before_all_that_has_piled_up_is_fed(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(block_speech(*[6] * 16)))
    began_ms = room.clock.now_ms()
    await room.batch()
    fed_ms = 1000 * (16 * 2.5 - room.limits.feeding_burst_s) / room.limits.feeding_speed
    heard = room.heard("es")
    assert [each.sequence_number for each in heard] == list(range(16))
    assert heard[0].timestamp - began_ms < fed_ms / 4
    assert heard[-1].timestamp - began_ms > fed_ms / 2
