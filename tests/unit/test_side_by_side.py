"""Sessions of a cell: one that takes long holds up nobody else, and loses nothing by it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from babelcast.domain.dynamics import NEUTRAL, Prosody
from babelcast.domain.languages import Voice
from babelcast.domain.session import SessionId
from babelcast.domain.stream_record import Control, ControlKind, StreamRecord
from babelcast.usecases.session_turns import SessionTurns
from tests.block_speech import block_speech, chunks_of
from tests.in_memory import ScriptedSynthesizer
from tests.room import END, LOST, OTHER, SESSION, Room, words


@dataclass
class SlowFrench(ScriptedSynthesizer):
    """Speaks French only when it may."""

    may_speak: asyncio.Event = field(default_factory=asyncio.Event)
    error: Exception | None = None

    async def synthesize(self, text: str, voice: Voice, prosody: Prosody = NEUTRAL) -> bytes:
        if voice.language_code.startswith("fr"):
            await self.may_speak.wait()
            if self.error is not None:
                raise self.error
        return await super().synthesize(text, voice, prosody)


@pytest.fixture
def french() -> SlowFrench:
    return SlowFrench()


@pytest.fixture
async def room(french: SlowFrench) -> Room:
    """A session that is heard in Spanish, and one that is heard in French, whose voice takes its time."""
    room = Room(synthesizer=french)
    await room.open(OTHER, "es")
    await room.open(SESSION, "fr")
    return room


async def sentences(room: Room, *numbers: int) -> None:
    """Each session says a sentence of six words for each number, in turns, chunk after chunk."""
    for number in numbers:
        said = [block_speech(6, first_word=first + 6 * number) for first in (1, 101)]
        samples = len(said[0]) // 2
        own, other = (chunks_of(pcm, origin_sample=samples * number, first_index=100 * number) for pcm in said)
        for chunk, other_chunk in zip(own, other, strict=True):
            await room.say(chunk)
            await room.say(other_chunk, session_id=OTHER)


async def test_others_are_told_while_one_waits_for_a_voice(room: Room, french: SlowFrench) -> None:
    await sentences(room, 0, 1, 2)
    await room.run()
    assert room.captions("es", OTHER) == words(18, first=101)
    assert room.captions("fr") == []
    assert room.meter.counts["SessionsCarriedOver"]
    french.may_speak.set()
    await sentences(room, 3)
    await room.say(END)
    await room.say(END, session_id=OTHER)
    await room.run()
    assert room.captions("es", OTHER) == words(24, first=101)
    assert room.captions("fr") == words(24)
    assert [each.sequence_number for each in room.heard("fr")] == list(range(4))
    assert len(room.transcriber.streams) == 2, "the recogniser stays open"


async def test_what_fails_behind_the_others_is_heard_with_the_next_audio(room: Room, french: SlowFrench) -> None:
    await sentences(room, 0, 1)
    await room.run()
    french.error = ZeroDivisionError()
    french.may_speak.set()
    await sentences(room, 2)
    await room.run()
    assert room.meter.counts["SessionBatchFailures"]
    assert room.captions("fr") == []
    french.error = None
    await sentences(room, 3)
    await room.say(END)
    await room.run()
    assert room.captions("fr") == words(24)
    assert room.captions("es", OTHER) == words(24, first=101)


async def test_an_environment_that_dies_with_a_session_under_way_loses_nothing(room: Room, french: SlowFrench) -> None:
    await sentences(room, 0, 1)
    await room.run()
    french.may_speak.set()
    room.new_environment()
    await room.leave("speaker")
    await room.say(LOST)
    await room.run()
    await sentences(room, 2)
    await room.say(END)
    await room.run()
    assert room.captions("fr") == words(18)
    assert room.captions("es", OTHER) == words(18, first=101)


@pytest.mark.parametrize("ending", [ControlKind.PAUSE, ControlKind.END])
async def test_what_ends_speech_is_waited_for(room: Room, french: SlowFrench, ending: ControlKind) -> None:
    await sentences(room, 0)
    await room.say(Control(kind=ending, at_ms=0))
    await room.say(*chunks_of(block_speech(3, first_word=107), origin_sample=40_000, first_index=100), session_id=OTHER)
    batch = asyncio.create_task(room.batch())
    while room.captions("es", OTHER)[:6] != words(6, first=101):
        await asyncio.sleep(0)
    for _ in range(100):
        await asyncio.sleep(0)
    assert not batch.done(), "behind it no batch may come that could do it"
    french.may_speak.set()
    assert await batch == {}
    assert room.captions("fr") == words(6)


async def test_a_session_alone_is_waited_for(room: Room, french: SlowFrench) -> None:
    await room.say(*chunks_of(block_speech(6)))
    batch = asyncio.create_task(room.batch())
    for _ in range(200):
        await asyncio.sleep(0)
    assert not batch.done()
    french.may_speak.set()
    assert await batch == {}
    assert room.captions("fr") == words(6)


async def test_what_the_recogniser_says_meanwhile_is_made_beside_what_is_on_its_way(french: SlowFrench) -> None:
    room = Room(synthesizer=french, lag_s=1.0)
    await room.open(SESSION, "fr")
    chunks = chunks_of(block_speech(6, 6))
    await room.say(*chunks[:10])
    await room.batch()
    await room.say(*chunks[10:])
    batch = asyncio.create_task(room.batch())
    for _ in range(500):
        await asyncio.sleep(0)
    assert [text for _, text in room.translator.calls] == ["w1 w2 w3 w4 w5 w6.", "w7 w8 w9 w10 w11 w12."]
    assert not room.heard("fr"), "the first is still waiting for its voice"
    french.may_speak.set()
    assert await batch == {}
    assert [each.sequence_number for each in room.heard("fr")] == [0, 1]


async def test_turns_keep_the_order_and_serve_what_waits_together() -> None:
    turns, served, may_end = SessionTurns(), [], asyncio.Event()

    async def serve(session_id: SessionId, records: Sequence[StreamRecord]) -> None:
        served.append((session_id, [each.sequence_number for each in records]))
        await may_end.wait()

    def records(*numbers: int) -> list[StreamRecord]:
        return [
            StreamRecord(session_id=SESSION, sequence_number=str(number), payload=END, arrived_at_ms=0)
            for number in numbers
        ]

    first = turns.take(SESSION, records(8, 9), serve)
    await asyncio.sleep(0)
    later = [turns.take(SESSION, records(*numbers), serve) for numbers in ((10, 11), (9, 10), (12,))]
    other = turns.take(OTHER, records(20), serve)
    while len(served) < 2:
        await asyncio.sleep(0)
    assert set(turns.under_way) == {SESSION, OTHER}
    may_end.set()
    await asyncio.gather(first, other, *later)
    await asyncio.gather(*turns.under_way.values())
    assert served == [(SESSION, ["8", "9"]), (OTHER, ["20"]), (SESSION, ["9", "10", "11", "12"])]
    assert not turns.under_way


async def test_a_turn_that_fails_ends_those_that_were_served_with_it_and_no_others() -> None:
    turns = SessionTurns()

    async def serve(session_id: SessionId, _: Sequence[StreamRecord]) -> None:
        if session_id == SESSION:
            raise ZeroDivisionError

    failing, other = turns.take(SESSION, (), serve), turns.take(OTHER, (), serve)
    await asyncio.wait((failing, other))
    assert isinstance(failing.exception(), ZeroDivisionError)
    assert other.exception() is None
    await turns.take(OTHER, (), serve)
