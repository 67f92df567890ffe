"""The model of a stage beside a real one: the same rooms, the same words, and times of the same kind."""

from pathlib import Path

import pytest

from benchmarks.capacity.calibration import ON_THIS_MACHINE, UnitCosts
from benchmarks.capacity.check import Room, compare_with_stack, model
from benchmarks.load.running import Step

pytestmark = pytest.mark.slow


async def test_a_room_is_held_on_the_stack_and_in_the_model(assembly: Path) -> None:
    room = Room(is_pushed=True, step=Step(sessions=2, listeners=2, seconds=6.0))
    (comparison,) = await compare_with_stack([room], UnitCosts(), seed=1, assembly=assembly)
    assert comparison.name.startswith("pushed, 2 sessions")
    # The services' times alone are more; on a machine however slow, nothing is told before it is said.
    assert comparison.measured.p50 > 500
    modelled = model(room, ON_THIS_MACHINE, seed=1)
    assert comparison.modelled == modelled.told
    assert modelled.words == modelled.words_committed > 30
