"""Clocks that are minutes off: nobody's clock but the stream's decides what is heard, and when."""

from dataclasses import replace

import pytest

from babelcast.domain.errors import LimitReachedError
from babelcast.domain.limits import Limit
from tests.block_speech import block_speech, chunks_of
from tests.room import END, SESSION, Room, words

MINUTES_MS = 180_000


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.mark.parametrize("off_ms", [-MINUTES_MS, MINUTES_MS])
async def test_what_the_speakers_clock_says_changes_nothing(room: Room, off_ms: int) -> None:
    await room.open(SESSION, "es")
    await room.say(*(replace(each, captured_at_ms=10**9 + off_ms) for each in chunks_of(block_speech(6, 6))), END)
    await room.run()
    assert room.captions("es") == words(12)
    first = room.heard("es")[0]
    assert (first.spoken_start_ms, first.spoken_at) == (0, 1_500), "by the stream's clock"


@pytest.mark.parametrize("off_ms", [-MINUTES_MS, MINUTES_MS])
async def test_a_session_created_by_a_clock_that_is_off_is_heard_to_its_end(room: Room, off_ms: int) -> None:
    await room.open(SESSION, "es")
    room.sessions.by_id[SESSION] = replace(room.sessions.by_id[SESSION], created_at_ms=off_ms)
    chunks = chunks_of(block_speech(30, 30))
    await room.say(*chunks[:20])
    await room.run()
    room.new_environment()
    await room.say(*chunks[20:], END)
    await room.run()
    assert room.captions("es") == words(60)
    assert room.meter.counts["RecordsDropped"] == 0


async def test_an_environment_whose_clock_is_off_delays_and_loses_nothing(room: Room) -> None:
    await room.open(SESSION, "es")
    chunks = chunks_of(block_speech(6, 6, 6))
    await room.say(*chunks[:8])
    await room.run()
    room.clock.now_s -= MINUTES_MS / 1000
    room.new_environment()
    await room.say(*chunks[8:], END)
    await room.run()
    assert room.captions("es") == words(18)
    assert all(value >= 0 for values in room.meter.durations.values() for value in values)


def test_a_bucket_of_a_clock_that_goes_back_is_not_empty_for_minutes() -> None:
    limit, ahead_ms = Limit(name="x", burst=5, per_s=2), 0.0
    for _ in range(5):
        ahead_ms = limit.take(ahead_ms, now_ms=MINUTES_MS)
    for _ in range(5):
        ahead_ms = limit.take(ahead_ms, now_ms=1_000)
    with pytest.raises(LimitReachedError):
        limit.take(ahead_ms, now_ms=1_000)
    limit.take(ahead_ms, now_ms=1_500)
