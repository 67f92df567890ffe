"""Nothing is made of silence, noise and music; a sentence after them is heard."""

import asyncio
from pathlib import Path

import pytest

from benchmarks.quiet.running import QuietPlan, play
from local.stack import Engine

pytestmark = pytest.mark.slow


async def test_nothing_is_made_of_sound_without_speech(assembly: Path, tmp_path: Path) -> None:
    plan = QuietPlan(seconds=16.0, seed=1, pace=1.0, assembly_dir=assembly, directory=tmp_path)
    reports = await asyncio.gather(*(play(plan, engine) for engine in Engine))
    assert [problem for report in reports for problem in report.problems] == []
    for report in reports:
        assert len(report.sessions) == 3
        assert all(session.sentence_segments > 0 for session in report.sessions)
        assert report.in_all["transcribe"]["audioMs"] > 3 * 16_000
