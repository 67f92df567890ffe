"""A soak's judge tells a leak from noise, and says so where it cannot."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.load.__main__ import Outcome
from benchmarks.load.leaks import MAX_MB_PER_H, Growth, Leaks, Left
from benchmarks.load.processes import GENERATOR
from benchmarks.load.slopes import GrowthVerdict, Slope, slope

OK, GROWS, UNDECIDED = GrowthVerdict.OK, GrowthVerdict.GROWS, GrowthVerdict.UNDECIDED
WATCHED_S, READ_EVERY_S, BLOCK_S = 2_400, 10, 120
"""An hour's soak without its first third."""
SEEDS = range(80)
ERRORS = 4
"""With 95 % confidence 1 of 40 is above the interval, and 1 of 40 below it; twice as many of the seeds may be."""
NOTHING_LEFT = Left(rows={"Connections": 0}, connections=0, seats=0, streams=0)

Series = Callable[[float, random.Random], float]
"""Megabytes at so many seconds."""


def counted(series: Series) -> Counter[GrowthVerdict]:
    """The verdicts on the same series with many kinds of chance."""
    moments = [float(at) for at in range(0, WATCHED_S, READ_EVERY_S)]
    found: Counter[GrowthVerdict] = Counter()
    for seed in SEEDS:
        chance = random.Random(seed)
        each = slope(moments, [series(at, chance) for at in moments], block_s=BLOCK_S)
        assert each is not None
        found[each.against(MAX_MB_PER_H)] += 1
    return found


def verdicts(series: Series) -> set[GrowthVerdict]:
    return set(counted(series))


def noise(chance: random.Random, megabytes: float) -> float:
    return chance.gauss(0, megabytes)


def leak(at: float, mb_per_h: float) -> float:
    return 100 + mb_per_h * at / 3600


def sawtooth(at: float, *, period_s: float, megabytes: float) -> float:
    """What a garbage collector leaves to grow until it collects."""
    return megabytes * (at % period_s) / period_s


def test_what_is_flat_in_its_noise_is_fine() -> None:
    assert verdicts(lambda at, chance: leak(at, 0) + noise(chance, 0.5)) == {OK}
    assert verdicts(lambda at, chance: leak(at, 0.5) + noise(chance, 0.3)) == {OK}


def test_a_leak_is_seen_through_its_noise() -> None:
    assert verdicts(lambda at, chance: leak(at, 5) + noise(chance, 1.0)) == {GROWS}
    assert verdicts(lambda at, chance: leak(at, 30) + noise(chance, 5.0)) == {GROWS}


def test_a_leak_that_the_noise_hides_does_not_pass() -> None:
    assert verdicts(lambda at, chance: leak(at, 5) + noise(chance, 3.0)) == {GROWS, UNDECIDED}
    assert counted(lambda at, chance: leak(at, 5) + noise(chance, 60.0))[OK] <= ERRORS


def test_noise_alone_that_is_too_strong_is_neither_a_leak_nor_fine() -> None:
    found = counted(lambda at, chance: leak(at, 0) + noise(chance, 60.0))
    assert found[GROWS] <= ERRORS
    assert found[OK] <= ERRORS


@pytest.mark.parametrize(("step_at_s", "verdict"), [(240, OK), (1_200, UNDECIDED)])
def test_a_single_step_is_no_leak(step_at_s: int, verdict: GrowthVerdict) -> None:
    """Soon after the warm-up it is settled by what follows; in the middle it might be the first of many."""
    assert verdicts(lambda at, chance: 100 + 8 * (at >= step_at_s) + noise(chance, 0.3)) == {verdict}


def test_one_step_after_the_other_is_a_leak() -> None:
    assert verdicts(lambda at, chance: 100 + 2 * (at // 300) + noise(chance, 0.3)) == {GROWS}


def test_a_garbage_collectors_sawtooth_is_no_leak_and_hides_none() -> None:
    def teeth(at: float) -> float:
        return sawtooth(at, period_s=60, megabytes=10)

    assert verdicts(lambda at, chance: 100 + teeth(at) + noise(chance, 0.3)) == {OK}
    assert verdicts(lambda at, chance: leak(at, 10) + teeth(at) + noise(chance, 0.3)) == {GROWS}


def test_a_sawtooth_that_is_longer_than_a_block_is_undecided_at_worst() -> None:
    def teeth(at: float) -> float:
        return sawtooth(at, period_s=500, megabytes=10)

    assert GROWS not in verdicts(lambda at, chance: 100 + teeth(at) + noise(chance, 0.3))
    assert OK not in verdicts(lambda at, chance: leak(at, 20) + teeth(at) + noise(chance, 0.3))


def test_wild_readings_move_nothing() -> None:
    def wild(at: float, chance: random.Random) -> float:
        return 100 + noise(chance, 0.3) + (500 if at in {1_000, 2_350} else 0)

    assert verdicts(wild) == {OK}


def test_the_slope_is_what_it_is() -> None:
    moments = [float(at) for at in range(0, WATCHED_S, READ_EVERY_S)]
    found = slope(moments, [leak(at, 30) for at in moments], block_s=BLOCK_S)
    assert found is not None
    assert (found.lowest, found.per_hour, found.highest) == pytest.approx((30, 30, 30))
    assert slope(moments[:4], [1.0] * 4, block_s=1) is None


@pytest.mark.parametrize(
    ("lowest", "highest", "verdict"),
    [(2.01, 9, GROWS), (2.0, 9, UNDECIDED), (-9, 2.01, UNDECIDED), (-9, 2.0, OK), (-9, -5, OK)],
)
def test_the_interval_decides(lowest: float, highest: float, verdict: GrowthVerdict) -> None:
    assert Slope(per_hour=(lowest + highest) / 2, lowest=lowest, highest=highest).against(2.0) is verdict


FLAT = Slope(per_hour=0.5, lowest=-0.5, highest=1.5)
STEEP = Slope(per_hour=9.0, lowest=6.0, highest=12.0)
VAGUE = Slope(per_hour=0.5, lowest=-6.0, highest=7.0)


def growth(**changes: Any) -> Growth:
    values: dict[str, Any] = {
        "kind": "gateway", "pid": 1, "memory_mb": 80.0, "memory": FLAT, "is_new": False, "stored": 0.0,
        "descriptors": 20, "descriptors_slope": FLAT, "threads": 2, "threads_slope": FLAT,
    }  # fmt: skip
    return Growth(**values | changes)


def leaks(*growths: Growth, settled_s: float = 2_400, left: Left = NOTHING_LEFT) -> Leaks:
    return Leaks(growths=growths, settled_s=settled_s, left=left)


def test_what_grows_or_is_left_is_a_leak() -> None:
    leaking = leaks(
        growth(memory=STEEP),
        growth(kind="aws_server", memory=STEEP, stored=8.0),
        growth(kind=GENERATOR, memory=STEEP, threads_slope=STEEP),
        growth(threads_slope=STEEP),
        left=Left(rows={}, connections=1, seats=2, streams=3),
    )
    assert leaks(growth()).problems == leaks(growth()).undecided == []
    assert leaking.problems == [
        "grows: memory of gateway: +9.0 (+6.0 … +12.0) MB an hour, 2 allowed",
        "grows: threads of gateway: +9.0 (+6.0 … +12.0) an hour, 5 allowed",
        "1 rows of connections are left",
        "2 seats are taken by nobody",
        "3 recogniser streams are open",
    ]
    assert leaking.undecided == []


def test_what_is_too_noisy_is_told_as_undecided() -> None:
    vague = leaks(growth(memory=VAGUE), growth(kind=GENERATOR, memory=VAGUE))
    assert vague.problems == []
    assert vague.undecided == ["memory of gateway: +0.5 (-6.0 … +7.0) MB an hour, 2 allowed"]


def test_a_process_that_has_not_lived_long_enough_is_undecided() -> None:
    young: dict[str, Any] = {"memory": None, "descriptors_slope": None, "threads_slope": None}
    found = leaks(growth(memory=None), growth(kind="aws_server", **young), growth(kind=GENERATOR, **young))
    assert found.problems == []
    assert found.undecided == [
        "memory of gateway, which has not lived long enough",
        "descriptors of aws_server, which has not lived long enough",
        "threads of aws_server, which has not lived long enough",
    ]
    assert leaks(growth(kind="disconnect_handler", is_new=True, **young)).undecided == [], "begun when everybody left"


def test_too_short_a_time_decides_nothing() -> None:
    short = leaks(growth(memory=STEEP), settled_s=1_199, left=Left(rows={}, connections=1, seats=0, streams=0))
    assert short.problems == ["1 rows of connections are left"]
    assert short.undecided == ["growth, which was watched for 1199 s; 1200 s decide"]


@pytest.mark.parametrize(
    ("problems", "undecided", "status"), [([], [], 0), (["a"], [], 1), (["a"], ["b"], 1), ([], ["b"], 2)]
)
def test_nothing_that_is_open_exits_with_0(problems: list[str], undecided: list[str], status: int) -> None:
    outcome = Outcome(numbers={}, problems=problems, undecided=undecided)
    assert outcome.exit_status == status
    assert outcome.verdict == [*problems, *(f"undecided: {each}" for each in undecided)]
