"""Everything goes wrong within half a minute, and every word is still heard once, in order, in three languages."""

from pathlib import Path

import pytest

from benchmarks.soak.faults import FaultCounts
from benchmarks.soak.running import SoakPlan, soak

pytestmark = pytest.mark.slow

COUNTS = FaultCounts(kills=2, breaks=2, replacements=2, doubles=2, read_failures=1)


async def test_no_fault_costs_a_word(assembly: Path, tmp_path: Path) -> None:
    plan = SoakPlan(seconds=35.0, windows_s=(0, 3), counts=COUNTS, seed=1, assembly_dir=assembly, directory=tmp_path)
    reports = await soak(plan)
    assert [problem for report in reports for problem in report.problems] == []
    for report in reports:
        assert dict(report.happened) == COUNTS.by_kind
        assert report.chunks_doubled > 0
        assert report.chunks_reordered > 0
        assert len(report.verdicts) == 3
        assert all(verdict.words > 60 and verdict.segments > 3 for verdict in report.verdicts)
