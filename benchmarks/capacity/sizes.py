"""Which settings are recommended for an event: the cheapest that keep up, and the quotas they take."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from benchmarks.capacity.calibration import ON_AWS, Surroundings
from benchmarks.capacity.cost import HourlyCost, hourly_cost
from benchmarks.capacity.limits import Break, Limit, Need, breaks
from benchmarks.capacity.scenario import PRODUCTION, Deployment, Load
from benchmarks.capacity.simulation import Outcome, simulate
from benchmarks.capacity.sweeps import Effort, raised_for
from infrastructure.aws_limits import MAX_CELLS

TOLD_WITHIN_MS: Final = 4_000
"""In the 95th percentile: a second less than what alarms, so that a service's bad day is not one."""
_SESSIONS_PER_CELL: Final = (12, 8, 6, 4, 3, 2, 1)
_OWN: Final = frozenset({Limit.PLACES, Limit.SEATS, Limit.CELLS})
"""Settings, not quotas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """An event."""

    name: str
    sessions: int
    listeners: int
    languages: int


SIZES: Final = (
    Size(name="a lecture", sessions=1, listeners=50, languages=3),
    Size(name="a conference", sessions=10, listeners=500, languages=8),
    Size(name="a council network", sessions=100, listeners=100, languages=5),
    Size(name="a stadium", sessions=1, listeners=100_000, languages=10),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """Settings for a size.

    Attributes:
        raised: Quotas to be raised, with what they have to be; own settings are not among them.
        broken: What does not hold even so.
    """

    size: Size
    deployment: Deployment
    outcome: Outcome
    cost: HourlyCost
    raised: tuple[Need, ...]
    broken: tuple[Break, ...]


def recommend_all(effort: Effort, surroundings: Surroundings = ON_AWS) -> Iterator[Recommendation]:
    """For every size."""
    for size in SIZES:
        yield recommend(size, effort, surroundings)


def recommend(size: Size, effort: Effort, surroundings: Surroundings) -> Recommendation:
    """The cheapest that holds and tells 95 % of the clauses in time; if there is none, the quickest."""
    load = Load(
        sessions=size.sessions,
        listeners=size.listeners,
        languages=size.languages,
        seconds=effort.seconds,
        seed=effort.seed,
    )
    tried = [_try(size, load, deployment, surroundings) for deployment in _candidates(size)]
    good = [each for each in tried if not each.broken and each.outcome.told.p95 <= TOLD_WITHIN_MS]
    if good:
        return min(good, key=lambda each: each.cost.total)
    return min(tried, key=lambda each: (len(each.broken), each.outcome.told.p95))


def _candidates(size: Size) -> Iterator[Deployment]:
    for per_cell in _SESSIONS_PER_CELL:
        cells = -(-size.sessions // per_cell)
        if cells > MAX_CELLS or (per_cell > size.sessions and per_cell > 1):
            continue
        pushed = replace(PRODUCTION.for_sessions(size.sessions, per_cell=per_cell), seats=size.listeners)
        yield pushed
        yield pushed.polled(window_s=0)


def _try(size: Size, load: Load, deployment: Deployment, surroundings: Surroundings) -> Recommendation:
    quotas, unmet = raised_for(load, deployment, surroundings)
    outcome = simulate(load, deployment, quotas=quotas, surroundings=surroundings)
    return Recommendation(
        size=size,
        deployment=deployment,
        outcome=outcome,
        cost=hourly_cost(outcome, deployment),
        raised=tuple(each for each in unmet if each.limit not in _OWN),
        broken=breaks(outcome, deployment, quotas),
    )
