"""The plan of faults, and how it is told that they took place."""

import itertools
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.environments import has_served
from benchmarks.soak.__main__ import parse_windows
from benchmarks.soak.faults import (
    MARGIN_S,
    READ_FAILURE_S,
    Fault,
    FaultCounts,
    FaultKind,
    count_hits,
    describe,
    failed_reads,
    plan_faults,
)
from benchmarks.soak.report import WindowReport, table
from benchmarks.soak.running import make_script
from benchmarks.soak.verdict import Damage, Place, Verdict

COUNTS = FaultCounts(kills=5, breaks=4, replacements=3, doubles=2, read_failures=2)


@given(st.integers())
def test_a_plan_has_every_fault_within_the_speech(seed: int) -> None:
    plan = plan_faults(COUNTS, 60.0, random.Random(seed))
    assert {kind: sum(fault.kind is kind for fault in plan) for kind in FaultKind} == COUNTS.by_kind
    assert all(MARGIN_S <= fault.at_s <= 60.0 - MARGIN_S for fault in plan)
    assert [fault.at_s for fault in plan] == sorted(fault.at_s for fault in plan)
    assert all((fault.invocations > 0) == (fault.kind is FaultKind.REPLACEMENT) for fault in plan)


@given(st.integers())
def test_read_failures_do_not_overlap_and_are_over_in_time(seed: int) -> None:
    plan = plan_faults(FaultCounts(read_failures=6), 45.0, random.Random(seed))
    moments = [fault.at_s for fault in plan]
    assert all(later - earlier >= READ_FAILURE_S - 0.02 for earlier, later in itertools.pairwise(moments))
    assert moments[-1] <= 45.0 - MARGIN_S - READ_FAILURE_S + 0.02


def test_what_needs_later_batches_has_time_to_take_place() -> None:
    plan = plan_faults(FaultCounts(replacements=50, doubles=50), 20.0, random.Random(1))
    assert plan[-1].at_s <= 20.0 - 12.0


@pytest.mark.parametrize(("counts", "seconds"), [(FaultCounts(read_failures=3), 20.0), (FaultCounts(kills=1), 15.0)])
def test_speech_that_is_too_short_for_its_faults_is_refused(counts: FaultCounts, seconds: float) -> None:
    with pytest.raises(ValueError, match="too short"):
        plan_faults(counts, seconds, random.Random(1))


def test_no_faults_fit_into_any_speech() -> None:
    assert plan_faults(FaultCounts(), 2.0, random.Random(1)) == ()


def test_the_seed_makes_the_plan() -> None:
    assert plan_faults(COUNTS, 60.0, random.Random(1)) == plan_faults(COUNTS, 60.0, random.Random(1))
    assert plan_faults(COUNTS, 60.0, random.Random(1)) != plan_faults(COUNTS, 60.0, random.Random(2))


def test_a_plan_is_told_by_kind() -> None:
    plan = [
        Fault(kind=FaultKind.KILL, at_s=4.0),
        Fault(kind=FaultKind.READ_FAILURE, at_s=5.25),
        Fault(kind=FaultKind.KILL, at_s=9.0),
    ]
    assert describe(plan) == "kill at 4.0 9.0 s; read failure at 5.2 s"
    assert describe([]) == "no faults"


def environment(invocations: int, *, resting: bool = False) -> dict[str, Any]:
    return {"invocations": invocations, "resting": resting}


@pytest.mark.parametrize(
    ("after", "known"),
    [
        ({"one": environment(7, resting=True), "two": environment(3)}, None),
        ({"one": environment(7, resting=True), "two": environment(4)}, True),
        ({"one": environment(7), "two": environment(4)}, True),
        ({"one": environment(7, resting=True), "two": environment(3), "three": environment(1)}, True),
        ({"two": environment(4)}, False),
        ({}, False),
    ],
)
def test_a_replacement_is_seen_by_who_has_served(after: dict[str, Any], known: bool | None) -> None:
    before = {"one": environment(7, resting=True), "two": environment(3)}
    assert has_served(before, after) is known


def test_nothing_is_known_before_one_rests() -> None:
    assert has_served({"one": environment(7)}, {"one": environment(8)}) is None


def test_a_read_failure_counts_when_a_read_has_failed_in_it() -> None:
    log = (
        "2026-01-01 10:00:00,500 INFO local.event_source mapping: 4 records\n"
        "2026-01-01 10:00:01,250 WARNING local.event_source mapping: cannot read shard: InternalFailure\n"
        "2026-01-01 10:00:02,250 WARNING local.event_source mapping: cannot read shard: InternalFailure\n"
    )
    failed = failed_reads(log)
    assert [later - earlier for earlier, later in itertools.pairwise(failed)] == [1.0]
    assert count_hits([failed[0] - 1.0], failed) == 1
    assert count_hits([failed[0] - 30.0, failed[0] + 30.0], failed) == 0
    assert count_hits([failed[0] - 1.0], []) == 0


# What makes a soak fail


def verdict(**damaged: Damage) -> Verdict:
    whole = {"heard": Damage(), "read": Damage(), "captions": Damage()}
    return Verdict(
        language="es", words=9, segments=2, numbers_missing=0, told_twice=0, redelivered=0, overtaken=0,
        **(whole | damaged),
    )  # fmt: skip


def report(**changed: Any) -> WindowReport:
    fields: dict[str, Any] = {
        "window_s": 1,
        "speech_s": 120.0,
        "verdicts": (verdict(),),
        "speaker_captions": Damage(),
        "segments": 2,
        "batches": 100,
        "streams": 1,
        "planned": (),
        "happened": {},
        "chunks_doubled": 0,
        "chunks_reordered": 0,
        "latency_p50_ms": 1234,
        "latency_p95_ms": None,
        "notices": (),
        "failure": None,
    }
    return WindowReport(**(fields | changed))


LOST = Damage(lost=1, places=(Place(word=3, spoken=("river",), received=()),))
KILLS = (Fault(kind=FaultKind.KILL, at_s=5.0), Fault(kind=FaultKind.KILL, at_s=9.0))


def test_nothing_wrong_is_no_problem() -> None:
    assert report().problems == []
    assert report(planned=KILLS, happened={FaultKind.KILL: 2}, streams=3).problems == []


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"verdicts": (verdict(heard=LOST),)}, "es: heard: 1 lost, 0 extra, 0 cut, 0 moved"),
        ({"verdicts": (verdict(captions=LOST),)}, "es: captions: 1 lost, 0 extra, 0 cut, 0 moved"),
        ({"speaker_captions": LOST}, "captions at the speaker: 1 lost, 0 extra, 0 cut, 0 moved"),
        ({"streams": 2}, "without faults, 2 recogniser streams served one session"),
        ({"planned": KILLS, "happened": {FaultKind.KILL: 1}}, "kill took place 1 times instead of 2"),
        ({"failure": "not told that the session ended"}, "the broadcast ended early: not told that the session ended"),
    ],
)
def test_anything_wrong_is_a_problem(changed: dict[str, Any], problem: str) -> None:
    assert report(**changed).problems == [f"window 1 s: {problem}"]


def test_the_table_adds_the_listeners_up() -> None:
    rows = table([report(verdicts=(verdict(heard=LOST), verdict(heard=LOST)), streams=4)]).splitlines()
    cells = [cell.strip() for cell in rows[2].strip("|").split("|")]
    assert cells[:10] == ["1 s", "9 × 2", "2", "0", "0", "0", "2", "100", "4", "120"]
    assert cells[-2:] == ["1.23 s", "–"]
    assert len({row.count("|") for row in rows}) == 1


def test_the_script_has_long_and_short_sentences() -> None:
    script = make_script(600.0, random.Random(1))
    assert sum(sentence.seconds for sentence in script) >= 600.0
    lengths = {len(sentence.words) for sentence in script}
    assert min(lengths) == 2
    assert max(lengths) > 32


def test_windows_are_whole_seconds() -> None:
    assert parse_windows("0,1,3") == (0, 1, 3)
    for wrong in ("", "0,0", "-1", "1.5"):
        with pytest.raises(ValueError, match=r"invalid literal|different"):
            parse_windows(wrong)
