"""The chaos run's plan, its measure of recovery, and what makes it fail."""

import itertools
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.chaos.faults import (
    FUNCTIONS,
    MARGIN_S,
    STACK_FAULTS,
    ChaosCounts,
    Fault,
    FaultKind,
    Seat,
    count_kinds,
    plan_faults,
    travel_s,
)
from benchmarks.chaos.hurting import Occurrence
from benchmarks.chaos.recovery import Arrival, Recovery, recoveries
from benchmarks.chaos.report import ChaosReport, tables
from benchmarks.chaos.running import ChaosPlan, RoomRecord
from benchmarks.chaos.verdict import Ear, ListenerVerdict, judge_listener
from local.client.playback import Fate
from local.client.record import HeardSegment, ListenerRecord
from local.supervision import PROJECT_ROOT

SEATS = [Seat(room=0), *(Seat(room=0, language="es", number=number) for number in range(3))]
LISTENER = SEATS[-1]


# The plan


@given(st.integers(), st.sampled_from([60.0, 300.0, 1800.0]))
def test_everything_goes_wrong_and_is_over_in_time(seed: int, seconds: float) -> None:
    plan = plan_faults(ChaosCounts(of_each=2, cuts=3), SEATS, seconds, random.Random(seed))
    kinds = [fault.kind for fault in plan]
    for kind in STACK_FAULTS:
        times = len(FUNCTIONS) if kind is FaultKind.ENVIRONMENTS_KILLED else 1
        assert kinds.count(kind) == 2 * times
    assert [fault.at_s for fault in plan] == sorted(fault.at_s for fault in plan)
    assert all(fault.at_s >= MARGIN_S and fault.at_s + fault.seconds < seconds - 4 for fault in plan)


def test_every_function_is_hurt() -> None:
    handlers = (PROJECT_ROOT / "lambdas").glob("*/handler.py")
    assert set(FUNCTIONS) == {handler.parent.name for handler in handlers}


@given(st.integers(), st.sampled_from([60.0, 300.0, 1800.0]))
def test_the_cuts_of_a_network_do_not_overlap_and_are_of_both_kinds(seed: int, seconds: float) -> None:
    plan = plan_faults(ChaosCounts(of_each=1, cuts=4), SEATS, seconds, random.Random(seed))
    for seat in SEATS:
        cuts = [fault for fault in plan if fault.seat == seat]
        assert len(cuts) == 4
        assert {cut.silent for cut in cuts} == {True, False}
        assert all(earlier.at_s + earlier.seconds < later.at_s for earlier, later in itertools.pairwise(cuts))
    longest = max((fault for fault in plan if fault.seat == LISTENER), key=lambda each: each.seconds)
    assert longest.seconds == pytest.approx(travel_s(seconds), abs=0.01)
    assert longest.silent


def test_the_traveller_is_away_for_longer_than_a_clips_address_is_good() -> None:
    for seconds in (55.0, 300.0, 1800.0):
        plan = ChaosPlan(
            seconds=seconds, rooms=1, languages=("es",), listeners=1, counts=ChaosCounts(of_each=1, cuts=1), seed=1,
            assembly_dir=Path(), directory=Path(),
        )  # fmt: skip
        assert plan.url_expiration_s < travel_s(seconds)
        assert plan.url_expiration_s <= 600


def test_the_seed_makes_the_plan() -> None:
    counts = ChaosCounts(of_each=1, cuts=2)
    assert plan_faults(counts, SEATS, 60.0, random.Random(1)) == plan_faults(counts, SEATS, 60.0, random.Random(1))
    assert plan_faults(counts, SEATS, 60.0, random.Random(1)) != plan_faults(counts, SEATS, 60.0, random.Random(2))


@pytest.mark.parametrize(("cuts", "seconds"), [(1, 20.0), (30, 60.0)])
def test_speech_that_is_too_short_is_refused(cuts: int, seconds: float) -> None:
    with pytest.raises(ValueError, match="too short"):
        plan_faults(ChaosCounts(of_each=1, cuts=cuts), SEATS, seconds, random.Random(1))


# Recovery


def occurrence(began_at: float, ended_at: float, **more: Any) -> Occurrence:
    fields: dict[str, Any] = {"kind": FaultKind.DYNAMODB_THROTTLED, "at_s": began_at}
    fault = Fault(**(fields | more))
    return Occurrence(fault=fault, began_at=began_at, ended_at=ended_at)


def arrival(said_at: float, on_hand_at: float, committed_at: float | None = None) -> Arrival:
    return Arrival(
        said_at=said_at, on_hand_at=on_hand_at, committed_at=on_hand_at if committed_at is None else committed_at
    )


def only(recovery: list[Recovery]) -> tuple[float | None, float | None]:
    (each,) = recovery
    return each.first_s, each.all_s


def test_what_was_said_during_a_fault_and_the_first_said_after_it_count() -> None:
    segments = [arrival(5, 6), arrival(11, 21), arrival(13, 22.5), arrival(24, 25), arrival(27, 40)]
    assert only(recoveries([occurrence(10, 20)], [(LISTENER, segments)])) == (1.0, 2.5)


def test_what_the_speaker_still_has_to_say_does_not_count() -> None:
    assert only(recoveries([occurrence(10, 20)], [(LISTENER, [arrival(60, 61.5)])])) == (1.5, 1.5)


def test_the_slowest_listener_counts() -> None:
    arrivals = [(SEATS[1], [arrival(21, 22)]), (LISTENER, [arrival(21, 26)])]
    assert only(recoveries([occurrence(10, 20)], arrivals)) == (5.0, 5.0)


def test_a_listener_counts_from_when_their_own_network_is_back() -> None:
    cut = occurrence(15, 30, kind=FaultKind.LISTENER_CUT, seat=LISTENER)
    arrivals = [(SEATS[1], [arrival(21, 22)]), (LISTENER, [arrival(21, 32)])]
    stack, own = recoveries([occurrence(10, 20), cut], arrivals)
    assert stack.all_s == 1.0
    assert own.all_s == 2.0


def test_the_wait_belongs_to_the_last_fault_that_ended() -> None:
    earlier, later = recoveries([occurrence(10, 20), occurrence(18, 24)], [(LISTENER, [arrival(15, 26)])])
    assert (earlier.first_s, earlier.all_s) == (None, None)
    assert (later.first_s, later.all_s) == (2.0, 2.0)


def test_a_listeners_cut_is_nobody_elses_and_a_speakers_only_their_rooms() -> None:
    other_room = Seat(room=1, language="es")
    arrivals = [(SEATS[1], [arrival(21, 29)]), (other_room, [arrival(21, 29)])]
    cut = occurrence(10, 20, kind=FaultKind.LISTENER_CUT, seat=LISTENER)
    assert only(recoveries([cut], arrivals)) == (None, None)
    cut = occurrence(10, 20, kind=FaultKind.SPEAKER_CUT, seat=Seat(room=1))
    assert only(recoveries([cut], [arrivals[0]])) == (None, None)
    assert only(recoveries([cut], arrivals)) == (8.0, 8.0)


def test_nothing_is_said_after_the_last_fault() -> None:
    assert only(recoveries([occurrence(10, 20)], [(LISTENER, [arrival(5, 6)])])) == (None, None)


# What was received


def segment(number: int, text: str, *, fate: Fate = Fate.TEXT_ONLY, translated: bool = True) -> HeardSegment:
    return HeardSegment(
        number=number, text=text, source_text=text, spoken_start_ms=number * 1000, spoken_end_ms=number * 1000 + 900,
        committed_at_epoch_ms=0, received_at=float(number), download_ms=None, played_at=None, tempo=1.0,
        duration_s=0.0, fate=fate, translated=translated, clip=None,
    )  # fmt: skip


def verdict_of(*segments: HeardSegment, highest: int | None = None) -> ListenerVerdict:
    record = ListenerRecord(
        language="es", source_language="en", first_number=0, segments=segments, captions=(), redelivered=0,
        reconnections=0, joined_at=0.0, end_reason="ended",
    )  # fmt: skip
    last = len(segments) - 1 if highest is None else highest
    return judge_listener(LISTENER, record, ["river", "stone", "house"], highest=last, ear=Ear())


def test_text_counts_as_read_translated_or_not() -> None:
    verdict = verdict_of(segment(0, "river-es stone-es."), segment(1, "house.", translated=False))
    assert verdict.problems == []
    assert (verdict.heard, verdict.read, verdict.read_untranslated) == (0, 3, 1)


@pytest.mark.parametrize(
    ("segments", "problem"),
    [
        ([segment(0, "river-es"), segment(1, "house-es")], "1 lost"),
        ([segment(0, "river-es stone-es"), segment(1, "stone-es house-es")], "1 extra"),
        ([segment(0, "stone-es river-es house-es")], "1 moved"),
        ([segment(0, "river-es stone-es house-es"), segment(1, "garden-es", fate=Fate.FAILED)], "1 clips were not"),
        ([segment(0, "river-es stone-es house-es", fate=Fate.SKIPPED)], "3 lost"),
    ],
)
def test_words_that_are_not_as_spoken_are_a_problem(segments: list[HeardSegment], problem: str) -> None:
    assert problem in " ".join(verdict_of(*segments).problems)


def test_a_number_that_did_not_come_is_a_problem() -> None:
    verdict = verdict_of(segment(0, "river-es stone-es house-es"), highest=1)
    assert verdict.problems == ["listener 0/es/2: 1 segment numbers are missing"]


# The report


def report(**changed: Any) -> ChaosReport:
    killed = Fault(kind=FaultKind.GATEWAY_KILLED, at_s=6.0)
    fields: dict[str, Any] = {
        "seed": 7,
        "seconds": 60.0,
        "planned": [killed],
        "recoveries": [Recovery(occurrence=occurrence(6, 6, kind=killed.kind), first_s=1.0, all_s=6.0)],
        "verdicts": [verdict_of(segment(0, "river-es stone-es house-es"))],
        "rooms": [],
    }
    return ChaosReport(**(fields | changed))


def test_a_slow_recovery_is_a_figure_and_no_problem() -> None:
    assert report().problems == []
    assert report().verdict == "seed 7: passed, no problems; 1 of 1 recoveries took more than 5 s"
    row = next(line for line in tables(report()).splitlines() if line.startswith("| gateway killed"))
    assert [cell.strip() for cell in row.strip("|").split("|")] == [
        "gateway killed", "1", "", "1", "1.0 s", "1.0 s", "6.0 s", "6.0 s", "1",
    ]  # fmt: skip


def test_what_makes_a_run_fail() -> None:
    lost = verdict_of(segment(0, "river-es house-es"))
    assert report(verdicts=[lost]).problems == ["listener 0/es/2: 1 lost, 0 extra, 0 cut, 0 moved"]
    assert report(verdicts=[lost]).verdict.startswith("seed 7: FAILED, 1 problems; 1 of 1 recoveries")
    assert report(recoveries=[]).problems == ["gateway killed: took place 0 times instead of 1"]
    assert report(recoveries=[]).verdict.endswith("0 of 0 recoveries took more than 5 s")
    room = RoomRecord(room=1, words=(), first_sample_at=0.0, resent=0, listeners={}, failure="no end")
    assert report(rooms=[room]).problems == ["room 1 ended early: no end"]
    assert count_kinds([Fault(kind=FaultKind.ENVIRONMENTS_KILLED, at_s=1, function="authorizer")]) == {
        "environments killed, authorizer": 1
    }
