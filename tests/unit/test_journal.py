"""A session's course as its processor notes it, and as it stands in the log."""

import json

import pytest

from babelcast.domain.session_step import SessionStep
from babelcast.observability import LogJournal, logger
from tests.block_speech import block_speech, chunks_of
from tests.room import END, LOST, SESSION, Room


def test_a_line_names_the_step_the_session_and_the_details(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        LogJournal().note(SessionStep.SEGMENT_TOLD, SESSION, segment=3, unreached=1)

    (record,) = caplog.records
    fields = json.loads(logger.registered_formatter.format(record))
    assert (fields["level"], fields["message"], fields["session_id"]) == ("INFO", "segment told", SESSION)
    assert (fields["segment"], fields["unreached"]) == (3, 1)


async def test_the_processor_notes_how_a_session_went(room: Room) -> None:
    await room.open(SESSION, "es", "fr")
    chunks = chunks_of(block_speech(4, 4, 4))
    # A chunk that never comes, and an environment that dies.
    await room.say(*chunks[:2], *chunks[3:7])
    await room.batch()
    room.new_environment()
    await room.say(*chunks[7:], END)
    await room.run()

    notes = room.journal.lines
    assert {session for _, session, _ in notes} == {SESSION}
    steps = [step for step, _, _ in notes]
    assert steps[0] is SessionStep.RECOGNISER_OPENED
    assert steps[-1] is SessionStep.ENDED
    assert SessionStep.AUDIO_READ_AGAIN in steps
    assert SessionStep.GAP_FILLED in steps
    committed = [details for step, _, details in notes if step is SessionStep.SEGMENT_COMMITTED]
    told = [details for step, _, details in notes if step is SessionStep.SEGMENT_TOLD]
    assert [each["segment"] for each in committed] == list(range(len(committed)))
    assert [each["segment"] for each in told] == list(range(len(committed)))
    assert {(each["receivers"], each["unreached"]) for each in told} == {(3, 0)}
    assert notes[-1][2] == {"segments": len(committed)}


async def test_a_lost_speaker_is_noted(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(block_speech(4))[:4])
    await room.run()
    await room.leave("speaker")
    await room.say(LOST)
    await room.run()

    assert SessionStep.SPEAKER_LOST in [step for step, _, _ in room.journal.lines]
