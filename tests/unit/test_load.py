"""The judge of a load sees every kind of loss and every slow answer."""

import base64
import random
from typing import Any, cast

import pytest

from babelcast.protocol.messages import AudioChunkMessage, decode_message
from benchmarks.load.clients import LoadListener, LoadSpeaker, Notice
from benchmarks.load.judging import StepReport, judge, limit
from benchmarks.load.processes import GENERATOR, ProcessReading, Reading, Side, Usage, usage
from benchmarks.load.running import Room, Step, StepRecord
from benchmarks.load.speech import CHUNK_S, Programme, make_programme
from benchmarks.load.stage import stage_for
from local.engines.tone_hearing import decode_tones

PROGRAMME = Programme(words=("river", "stone", "house"), chunks=("AAAA",) * 4)
SIDES = {GENERATOR: Side.GENERATOR, "gateway": Side.STAND_IN, "audio_processor": Side.PRODUCT}
IDLE = Usage(by_kind={"gateway": 0.1}, busiest={"gateway": 0.1}, machine=0.2, cores=2)
OTHERS = "for work that is not the stack's"


def make_room(listeners: int = 2) -> Room:
    """A room in which everything has gone well: two rounds of the programme in two segments."""
    http = cast("Any", None)
    speaker = LoadSpeaker(http, "ws://localhost", session_id="a", token="t", programme=PROGRAMME)
    for index in range(8):
        sent_at = (index + 1) * CHUNK_S
        speaker.chunks.sent_at.append(sent_at)
        speaker.chunks.late_s.append(0.0)
        speaker.chunks.acknowledged_at[index] = sent_at + 0.02
    speaker.captions = {0: "river stone house.", 1: "river stone house."}
    told = []
    for number in range(listeners):
        listener = LoadListener(http, "ws://localhost", session_id="a", language="es")
        listener.notices = {
            segment: Notice(
                at=2.0 + segment + 0.1 * number,
                text="river-es stone-es house-es.",
                spoken_end_ms=1000 + 1000 * segment,
            )
            for segment in range(2)
        }
        told.append(listener)
    return Room(speaker=speaker, listeners=tuple(told), rounds=2)


def judged(room: Room, *, used: Usage = IDLE, never_ended: int = 0) -> StepReport:
    record = StepRecord(
        step=Step(sessions=1, listeners=len(room.listeners), seconds=2.0),
        rooms=[room],
        opening_s=1.0,
        speaking_s=2.0,
        generator_lag_ms=[1.0],
        usage=used,
        never_ended=never_ended,
    )
    return judge(record, SIDES)


def test_a_room_in_which_all_goes_well_holds() -> None:
    report = judged(make_room())
    assert report.problems == []
    assert (report.chunks, report.segments, report.words) == (8, 2, 18)
    assert (report.acknowledgement.p95, report.spread.p95, report.latency.p50) == (20, 100, 1050)


def test_every_loss_is_named() -> None:
    room = make_room()
    del room.speaker.chunks.acknowledged_at[3]
    del room.listeners[0].notices[1]
    room.listeners[0].clips_failed = 1
    room.listeners[1].errors["RATE_LIMITED"] += 2
    report = judged(room, never_ended=1)
    assert report.losses == [
        "of 18 words 3 lost, 0 extra, 0 cut, 0 moved",
        "1 of 8 chunks were not acknowledged",
        "1 clips could not be fetched",
        "errors: RATE_LIMITED 2",
        "1 clients were not told of the end",
    ]


def test_words_that_come_twice_or_only_to_the_speaker_are_seen() -> None:
    twice, unheard = make_room(1), make_room(1)
    twice.speaker.captions[2] = "house."
    unheard.listeners[0].notices.clear()
    assert judged(twice).damage.extra == 1
    assert judged(unheard).damage.lost == 6


def test_slow_answers_are_no_loss_and_still_a_problem() -> None:
    room = make_room()
    for index, sent_at in enumerate(room.speaker.chunks.sent_at):
        room.speaker.chunks.acknowledged_at[index] = sent_at + 0.3
    for number, notice in room.listeners[1].notices.items():
        room.listeners[1].notices[number] = Notice(
            at=notice.at + 0.6, text=notice.text, spoken_end_ms=notice.spoken_end_ms
        )
    report = judged(room)
    assert report.losses == []
    assert report.problems == [
        "acknowledged within 300 ms (p95) instead of 250",
        "the last listener 700 ms (p95) after the first instead of 500",
    ]


@pytest.mark.parametrize(
    ("busiest", "machine", "reached"),
    [
        ({"gateway": 0.5, "audio_processor": 0.4}, 1.0, None),
        ({"gateway": 0.95, "audio_processor": 0.2}, 1.3, "one process of gateway (stand-in) has a whole core"),
        ({"gateway": 0.5, "audio_processor": 0.4}, 1.9, f"the machine's 2 cores; 1.0 of them {OTHERS}"),
    ],
)
def test_what_is_used_up_is_named(busiest: dict[str, float], machine: float, reached: str | None) -> None:
    found = limit(Usage(by_kind=busiest, busiest=busiest, machine=machine, cores=2), SIDES)
    assert found.reached == reached
    assert sum(found.shares.values()) == pytest.approx(1.0, abs=0.01)


def test_environments_of_a_function_count_together_and_one_that_is_new_from_its_start() -> None:
    def reading(cpu_s: dict[int, float], machine: float) -> Reading:
        return Reading(
            kinds=dict.fromkeys(cpu_s, "audio_processor"),
            processes={
                pid: ProcessReading(cpu_s=each, rss_bytes=1, threads=1, descriptors=1) for pid, each in cpu_s.items()
            },
            machine_busy_s=machine,
        )

    used = usage(reading({1: 10.0}, 100.0), reading({1: 14.0, 2: 1.0}, 115.0), 10.0)
    assert used.by_kind == pytest.approx({"audio_processor": 0.5})
    assert used.busiest == pytest.approx({"audio_processor": 0.4})
    assert used.machine == pytest.approx(1.5)


def test_prepared_speech_is_what_the_product_takes_and_sounds_as_it_is_written() -> None:
    programme = make_programme(6.0, random.Random(1))
    last = len(programme.chunks) + 1
    message = decode_message(programme.message("joyful-hope-911", last, 1_700_000_000_000))
    assert isinstance(message, AudioChunkMessage)
    chunk = message.chunk()
    assert (chunk.chunk_index, chunk.sample_offset, chunk.samples) == (last, last * 4_000, 4_000)
    pcm = b"".join(base64.b64decode(each) for each in programme.chunks)
    assert chunk.pcm == base64.b64decode(programme.chunks[1])
    assert tuple(decode_tones(pcm, 16_000)) == programme.words
    assert programme.rounds(2 * programme.round_s) == 2


def test_a_hundred_sessions_have_cells_and_accounts_enough() -> None:
    stage = stage_for(100)
    assert stage.cells.count * stage.cells.sessions_per_cell >= 100
    assert stage_for(4).cells.count == 1
