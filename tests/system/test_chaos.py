"""Within a minute every part of the stack dies and every network fails, and every word still arrives once, in order."""

from pathlib import Path

import pytest

from benchmarks.chaos.faults import FUNCTIONS, STACK_FAULTS, ChaosCounts, FaultKind
from benchmarks.chaos.judging import judge
from benchmarks.chaos.running import ChaosPlan

pytestmark = pytest.mark.slow


async def test_nothing_that_dies_costs_a_word(assembly: Path, tmp_path: Path) -> None:
    plan = ChaosPlan(
        seconds=50.0,
        rooms=2,
        languages=("es", "fr"),
        listeners=2,
        counts=ChaosCounts(of_each=1, cuts=2),
        seed=1,
        assembly_dir=assembly,
        directory=tmp_path,
    )
    report = await judge(plan)
    assert report.problems == []
    happened = [each.occurrence.fault for each in report.recoveries]
    assert {fault.kind for fault in happened} == {*STACK_FAULTS, FaultKind.SPEAKER_CUT, FaultKind.LISTENER_CUT}
    assert {fault.function for fault in happened if fault.function} == set(FUNCTIONS)
    assert {fault.silent for fault in happened if fault.seat} == {True, False}
    assert len(report.verdicts) == 8
    assert all(verdict.words > 100 and verdict.reconnections > 0 for verdict in report.verdicts)
    assert sum(verdict.heard for verdict in report.verdicts) > sum(verdict.read for verdict in report.verdicts)
