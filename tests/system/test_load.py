"""Several rooms and a hall at once: every word reaches everybody, and nothing of them is left afterwards."""

import pytest

from benchmarks.load.judging import judge
from benchmarks.load.leaks import watch_for_leaks
from benchmarks.load.processes import Side
from benchmarks.load.running import Step, Venue
from tests.system.conftest import System

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

STEP = Step(sessions=4, listeners=30, seconds=6.0, languages=("es", "fr"))


async def test_rooms_at_once_lose_no_word_and_leave_nothing(system: System) -> None:
    async with Venue(system.stack, seed=1) as venue, watch_for_leaks(system.stack, venue.watch) as watching:
        report = judge(await venue.hold(STEP), venue.watch.sides)
        left = await watching.search()

    assert report.losses == []
    assert (report.sessions, report.listeners) == (4, 33)
    assert report.words > 700
    assert report.segments >= 4, "every room has some"
    assert report.chunks >= 4 * 6 * 4
    assert set(report.limit.shares) == set(Side)
    assert left.problems == [], "no connection, no seat, no recogniser stream"
    assert any("Connections" in table for table in left.left.rows)
    assert {"gateway", "audio_processor", "connection_handler"} <= {growth.kind for growth in left.growths}
