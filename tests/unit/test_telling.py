"""How often a listener who does not answer is told the same, and how often a speaker of who listens."""

import pytest

from babelcast.domain.connection import ConnectionId
from babelcast.domain.notices import SessionStatus
from tests.block_speech import block_speech, chunks_of
from tests.room import SESSION, Room

LISTENER = ConnectionId(f"{SESSION}/es")


@pytest.mark.parametrize(("missed", "is_heard"), [(1, True), (2, True), (3, False)])
async def test_a_segment_is_sent_three_times_in_all(room: Room, missed: int, is_heard: bool) -> None:
    await room.open(SESSION, "es")
    await room.join("other", "es")
    room.notifier.failures[LISTENER] = 10**6
    spoken = chunks_of(block_speech(4))
    await room.say(*spoken)
    await room.batch(len(spoken))
    assert len(room.heard("other")) == 1, "the first time"
    for _ in range(missed - 1):
        await room.say(spoken[-1])
        await room.batch()
    room.notifier.failures.clear()
    for _ in range(3):
        await room.say(spoken[-1])
        await room.batch()
    assert [each.sequence_number for each in room.heard("es")] == ([0] if is_heard else [])
    assert len(room.heard("other")) == 1


async def test_a_speaker_is_told_of_listeners_at_most_every_two_seconds(room: Room) -> None:
    await room.open(SESSION)
    for joined_at_s in (1000.0, 1001.999, 1002.0, 1003.999, 1004.0):
        room.clock.now_s = joined_at_s
        await room.join(f"{joined_at_s}", "es")
        await room.process.tools.status.changed(SESSION)
    told = [each for each in room.notifier.to(f"{SESSION}/speaker") if isinstance(each, SessionStatus)]
    assert [each.listener_count for each in told] == [1, 3, 5]
