"""The model over sessions, listeners, languages, ways of reading the stream and cells; and where it breaks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Final

from benchmarks.capacity.calibration import ON_AWS, Surroundings
from benchmarks.capacity.cost import HourlyCost, hourly_cost
from benchmarks.capacity.limits import Break, Need, breaks, needs, raised
from benchmarks.capacity.scenario import PRODUCTION, UNLIMITED, Deployment, Load, Quotas
from benchmarks.capacity.simulation import Outcome, simulate

_SMALL_ROOM: Final = 1_000
"""Listeners who are all told in time."""


class Account(StrEnum):
    """What the account has asked for."""

    AS_IT_IS = "quotas as they are"
    RAISED = "quotas raised"


@dataclass(frozen=True, kw_only=True)
class Point:
    """A load on a deployment.

    Attributes:
        series: What it is compared with others of.
        along: Where it lies along the sweep.
    """

    series: str
    along: float
    load: Load
    deployment: Deployment
    quotas: Quotas
    outcome: Outcome

    @cached_property
    def broken(self) -> tuple[Break, ...]:
        """What does not hold."""
        return breaks(self.outcome, self.deployment, self.quotas)

    @cached_property
    def cost(self) -> HourlyCost:
        """Of an hour."""
        return hourly_cost(self.outcome, self.deployment)


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """Points along one thing.

    Attributes:
        along: What is varied.
        setting: What is not.
    """

    name: str
    along: str
    setting: str
    points: tuple[Point, ...]

    @property
    def series(self) -> tuple[str, ...]:
        """Their names, in order."""
        return tuple(dict.fromkeys(each.series for each in self.points))

    def of(self, series: str) -> tuple[Point, ...]:
        """The points of one."""
        return tuple(each for each in self.points if each.series == series)

    def first_break(self, series: str) -> Point | None:
        """Where it breaks."""
        return next((each for each in self.of(series) if each.broken), None)

    def needs_at_break(self, series: str, surroundings: Surroundings) -> tuple[Need, ...]:
        """What would have to be raised there."""
        point = self.first_break(series)
        return () if point is None else unmet_needs(point, surroundings)


def unmet_needs(point: Point, surroundings: Surroundings) -> tuple[Need, ...]:
    """Of every limit that the load goes beyond, what it would have to be."""
    load = point.load
    per_cell = point.deployment.sessions_per_cell
    wide = point.deployment.for_sessions(load.sessions, per_cell=per_cell)
    found = needs(load, wide, point.quotas, unhindered(load, wide, surroundings))
    return tuple(each for each in found if not each.is_enough)


def unhindered(load: Load, deployment: Deployment, surroundings: Surroundings) -> Outcome:
    """What becomes of a load when every quota is raised.

    A fan-out that cannot keep up asks for less than it would have to: so the requests of a large room are those of a
    small one, times as many.
    """
    outcome = simulate(load, deployment, quotas=UNLIMITED, surroundings=surroundings)
    if load.listeners <= _SMALL_ROOM:
        return outcome
    small = replace(load, listeners=_SMALL_ROOM)
    wanted = simulate(small, deployment, quotas=UNLIMITED, surroundings=surroundings).requests_per_s
    return replace(outcome, requests_per_s=max(outcome.requests_per_s, wanted * load.listeners / _SMALL_ROOM))


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How thoroughly a sweep goes.

    Attributes:
        seconds: Of speech at each point.
        thinning: Every so many of the points.
    """

    seconds: float = 120.0
    thinning: int = 1
    seed: int = 1

    def some(self, values: Sequence[int]) -> Sequence[int]:
        """The first and the last of them, and every so many between."""
        return [value for index, value in enumerate(values) if index % self.thinning == 0 or index == len(values) - 1]


def sweep_all(effort: Effort, surroundings: Surroundings = ON_AWS) -> Iterator[Sweep]:
    """Each as soon as it is done."""
    for sweep in (sweep_sessions, sweep_listeners, sweep_languages, sweep_reading, sweep_cells):
        yield sweep(effort, surroundings)


def sweep_sessions(effort: Effort, surroundings: Surroundings) -> Sweep:
    """1 to 10,000 sessions of 10 listeners and 3 languages."""
    points = []
    for sessions in effort.some((1, 2, 4, 8, 12, 16, 24, 30, 50, 100, 200, 500, 1_000, 10_000)):
        load = _load(effort, sessions, 10, 3)
        points.append(_point(Account.AS_IT_IS, sessions, load, PRODUCTION, Quotas(), surroundings=surroundings))
        for per_cell in (12, 4, 1):
            deployment = PRODUCTION.for_sessions(sessions, per_cell=per_cell)
            series = f"{Account.RAISED}, {per_cell} a cell"
            points.append(_point(series, sessions, load, deployment, UNLIMITED, surroundings=surroundings))
    points.sort(key=lambda each: each.series)
    return Sweep(
        name="sessions", along="sessions", setting="10 listeners and 3 languages each; pushed", points=tuple(points)
    )


def sweep_listeners(effort: Effort, surroundings: Surroundings) -> Sweep:
    """1 to 100,000 listeners of one session in 5 languages."""
    points = []
    alone = PRODUCTION.for_sessions(1, per_cell=1)
    for listeners in effort.some((1, 10, 50, 200, 500, 1_000, 2_000, 3_500, 5_000, 7_000, 10_000, 30_000, 100_000)):
        load = _load(effort, 1, listeners, min(5, listeners))
        for account, quotas in ((Account.AS_IT_IS, Quotas()), (Account.RAISED, UNLIMITED)):
            points.append(_point(account, listeners, load, alone, quotas, surroundings=surroundings))
    points.sort(key=lambda each: each.series)
    return Sweep(
        name="listeners",
        along="listeners of one session",
        setting="one session in a cell of its own, 5 languages, seats for all; pushed",
        points=tuple(points),
    )


def sweep_languages(effort: Effort, surroundings: Surroundings) -> Sweep:
    """1 to 20 languages, in one session and in 12 of one cell."""
    points = []
    for languages in effort.some((1, 2, 3, 5, 8, 10, 12, 16, 20)):
        for sessions in (1, 12):
            load = _load(effort, sessions, 40, languages)
            plural = "s" if sessions > 1 else ""
            points.append(
                _point(
                    f"{sessions} session{plural}, {Account.AS_IT_IS}",
                    languages,
                    load,
                    PRODUCTION if sessions > 1 else PRODUCTION.for_sessions(1, per_cell=1),
                    Quotas(),
                    surroundings=surroundings,
                )
            )
    points.sort(key=lambda each: each.series)
    return Sweep(
        name="languages", along="languages", setting="40 listeners each; 12 sessions in two cells", points=tuple(points)
    )


def sweep_reading(effort: Effort, surroundings: Surroundings) -> Sweep:
    """Pushed, and polled with batch windows of 0 to 3 s, for one session and for 8 in a cell."""
    points = []
    for sessions in (1, 8):
        load = _load(effort, sessions, 20, 3)
        deployment = PRODUCTION.for_sessions(sessions, per_cell=sessions)
        name = f"{sessions} in a cell"
        points.append(_point(f"pushed, {name}", 0, load, deployment, UNLIMITED, surroundings=surroundings))
        points += [
            _point(
                f"polled, {name}",
                window_s,
                load,
                deployment.polled(window_s=window_s),
                UNLIMITED,
                surroundings=surroundings,
            )
            for window_s in (0, 1, 2, 3)
        ]
    points.sort(key=lambda each: each.series)
    return Sweep(
        name="batch window", along="batch window, s", setting="20 listeners, 3 languages each", points=tuple(points)
    )


def sweep_cells(effort: Effort, surroundings: Surroundings) -> Sweep:
    """24 sessions in one to 24 cells, with quotas as they are and raised."""
    points = []
    for cells in effort.some((1, 2, 3, 4, 6, 8, 12, 24)):
        load = _load(effort, 24, 20, 3)
        deployment = replace(PRODUCTION.for_sessions(24, per_cell=-(-24 // cells)), cells=cells)
        for account, quotas in ((Account.AS_IT_IS, Quotas()), (Account.RAISED, UNLIMITED)):
            points.append(_point(account, cells, load, deployment, quotas, surroundings=surroundings))
    points.sort(key=lambda each: each.series)
    return Sweep(
        name="cells",
        along="cells for 24 sessions",
        setting="20 listeners, 3 languages each; pushed",
        points=tuple(points),
    )


def raised_for(load: Load, deployment: Deployment, surroundings: Surroundings) -> tuple[Quotas, tuple[Need, ...]]:
    """An account's quotas with all that the load needs, and what had to be raised."""
    found = needs(load, deployment, Quotas(), unhindered(load, deployment, surroundings))
    return raised(Quotas(), found), tuple(each for each in found if not each.is_enough)


def _load(effort: Effort, sessions: int, listeners: int, languages: int) -> Load:
    return Load(sessions=sessions, listeners=listeners, languages=languages, seconds=effort.seconds, seed=effort.seed)


def _point(
    series: str, along: float, load: Load, deployment: Deployment, quotas: Quotas, *, surroundings: Surroundings
) -> Point:
    outcome = simulate(load, deployment, quotas=quotas, surroundings=surroundings)
    return Point(series=series, along=along, load=load, deployment=deployment, quotas=quotas, outcome=outcome)
