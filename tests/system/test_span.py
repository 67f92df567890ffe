"""Every word of a talk is followed to a listener's ear: in real time through the whole stack, and in simulated time."""

from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks.span.__main__ import faults_of
from benchmarks.span.course import Clock, Course, Design
from benchmarks.span.figures import Figures, measure
from benchmarks.span.running import SpanPlan, run_in_real_time
from benchmarks.span.simulating import SimulationPlan, simulate
from benchmarks.span.talk import give_talk
from benchmarks.span.wifi import VENUE
from local.services.profiles import Profile

pytestmark = pytest.mark.slow

TALK = give_talk(12, rate=1.25, seed=1)


def simulation(*, seed: int = 1) -> SimulationPlan:
    return SimulationPlan(
        languages=("es", "fr"),
        offered=3,
        listeners=2,
        seed=seed,
        service_times=Profile.AWS.times,
        wifi=VENUE,
    )


def figures_of(course: Course, clock: Clock) -> Figures:
    return measure(course, TALK.words, rate=1.25, clock=clock).figures


async def test_in_real_time_every_word_is_heard(assembly: Path, tmp_path: Path) -> None:
    plan = SpanPlan(
        languages=("es", "fr"),
        offered=3,
        listeners=2,
        seed=1,
        service_times=Profile.NONE,
        wifi=VENUE,
        assembly_dir=assembly,
        directory=tmp_path,
    )
    new, old = (figures_of(course, Clock.REAL) for course in await run_in_real_time(plan, TALK))
    assert faults_of(new) == []
    assert (new.design, new.words, new.words_skipped) == (Design.BABELCAST, len(TALK.words), 0)
    assert old.design is Design.OLD
    assert old.words_lost, "batches cut words"
    assert old.words_lost < old.words / 2, "and only some"


def test_in_simulated_time_every_word_is_heard_and_the_same_seed_gives_the_same() -> None:
    new, again, other = (
        figures_of(simulate(simulation(seed=seed), TALK, Design.BABELCAST), Clock.SIMULATED) for seed in (1, 1, 2)
    )
    assert faults_of(new) == []
    assert new.span_p50 is not None
    assert asdict(new) == asdict(again) != asdict(other)


@pytest.mark.parametrize("design", [Design.OLD, Design.OLD_NARROW])
def test_the_old_design_loses_the_words_that_its_batches_cut(design: Design) -> None:
    old = figures_of(simulate(simulation(), TALK, design), Clock.SIMULATED)
    assert 0 < old.words_lost < old.words / 2
    assert old.words_broken
