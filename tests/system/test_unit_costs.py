"""Every unit of work is done and measured once on the local stack."""

from pathlib import Path

import pytest

from benchmarks.unit_costs.__main__ import measure
from benchmarks.unit_costs.fan_out import BASELINE, PRODUCT
from benchmarks.unit_costs.process import FAN_OUT
from benchmarks.unit_costs.units import UNITS
from tests.system.conftest import System

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


async def test_every_unit_is_done_and_has_a_cost(system: System, tmp_path: Path) -> None:
    measured = await measure((*UNITS, FAN_OUT), system.stack, tmp_path, repeats=1, seed=1)

    assert set(measured.units) == {
        "chunk_ms",
        "audio_second_ms",
        "segment_language_ms",
        "segment_ms",
        "listener_ms",
        "audience_listener_ms",
        "idle_stream_ms_per_s",
        "idle_of_ten_streams_ms_per_s",
        "join_ms",
    }
    assert {BASELINE, PRODUCT} < set(measured.fan_out)
    assert all(len(each.values_ms) == 1 for each in (*measured.units.values(), *measured.fan_out.values()))
    assert measured.units["chunk_ms"].median_ms > 0
