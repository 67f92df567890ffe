"""One line of the board: a figure with what it is held against. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec


class Unit(StrEnum):
    """In what a figure is."""

    SECONDS = "s"
    MILLISECONDS = "ms"
    TIMES = "×"
    DOLLARS = "$"
    COUNT = ""
    PERCENT = "%"


_DECIMALS: Final = {
    Unit.SECONDS: 2,
    Unit.MILLISECONDS: 3,
    Unit.TIMES: 2,
    Unit.DOLLARS: 2,
    Unit.COUNT: 0,
    Unit.PERCENT: 1,
}
_WHOLE_FROM: Final = 10.0
"""Milliseconds from which on nobody wants decimals."""


class Goal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a figure is to be; one of the two."""

    most: float | None = None
    least: float | None = None

    def is_met(self, value: float) -> bool:
        """Whether a value is good enough."""
        return (self.most is None or value <= self.most) and (self.least is None or value >= self.least)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A figure as it was read from a bench's file.

    Attributes:
        key: The same in every run; begins with the part's name.
        figure: For people.
        value: None where the bench has not measured it.
        old: The old design's, in the same run.
        goal: Of the value.
        noise: How far two runs may lie apart, in the value's unit; 0 for what a seed decides.
        remark: Goes behind the value.
        is_promise: Whether the goal is one that must hold on every machine.
    """

    key: str
    figure: str
    value: float | None
    unit: Unit
    old: float | None = None
    goal: Goal | None = None
    noise: float = 0.0
    remark: str = ""
    is_promise: bool = False


class Row(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A reading with its circumstances.

    Attributes:
        met: None without a goal or a value.
        command: Measures it again.
        ran: What the board has run for it, without the files' paths; values of different ones are not compared.
        date: UTC, to the minute.
        former: The value in the board that was there before, if the same was run for it.
        agrees: Whether both lie within the noise.
    """

    key: str
    figure: str
    value: float | None
    unit: Unit
    old: float | None
    ratio: float | None
    goal: Goal | None
    met: bool | None
    is_promise: bool
    noise: float
    remark: str
    command: str
    ran: str
    date: str
    machine: str
    former: float | None = None
    agrees: bool | None = None


def row_of(reading: Reading, former: Row | None, *, command: str, ran: str, date: str, machine: str) -> Row:
    """Put a reading beside its goal, the old design and the former board."""
    value, old = reading.value, reading.old
    compared = former.value if former is not None and former.ran == ran else None
    noise = reading.noise if former is None else max(reading.noise, former.noise)
    return Row(
        key=reading.key,
        figure=reading.figure,
        value=value,
        unit=reading.unit,
        old=old,
        ratio=None if value is None or not old else round(value / old, 3),
        goal=reading.goal,
        met=None if reading.goal is None or value is None else reading.goal.is_met(value),
        is_promise=reading.is_promise,
        noise=reading.noise,
        remark=reading.remark,
        command=command,
        ran=ran,
        date=date,
        machine=machine,
        former=compared,
        agrees=None if compared is None or value is None else _lie_within(value - compared, noise),
    )


def _lie_within(difference: float, noise: float) -> bool:
    """Apart from how decimal fractions are stored."""
    return abs(difference) <= noise + 1e-9


def written(value: float | None, unit: Unit) -> str:
    """A value for people."""
    if value is None:
        return "–"
    decimals = 0 if unit is Unit.MILLISECONDS and abs(value) >= _WHOLE_FROM else _DECIMALS[unit]
    number = f"{value:,.{decimals}f}"
    if unit is Unit.DOLLARS:
        return f"${number}"
    return f"{number} {unit.value}".strip()


def cells_of(row: Row) -> Sequence[str]:
    """The row in the table; see `HEADINGS`."""
    return (
        row.figure,
        f"{written(row.value, row.unit)}{f' ({row.remark})' if row.remark else ''}",
        written(row.old, row.unit),
        "–" if row.ratio is None else f"{row.ratio:.2f}",
        _goal(row),
        {None: "", True: "met", False: "**not met**"}[row.met],
        f"±{written(row.noise, row.unit)}" if row.noise else "0",
        _agreement(row),
        f"`{row.command}`",
    )


HEADINGS: Final = (
    "figure",
    "value",
    "old design",
    "ratio",
    "goal",
    "",
    "noise",
    "the run before",
    "command",
)


def _goal(row: Row) -> str:
    if row.goal is None:
        return ""
    if row.goal.most == 0:
        return "0"
    bound, word = (row.goal.most, "≤") if row.goal.most is not None else (row.goal.least, "≥")
    return f"{word} {written(bound, row.unit)}"


def _agreement(row: Row) -> str:
    if row.former is None:
        return ""
    word = {None: "", True: ", agrees", False: ", **differs**"}[row.agrees]
    return f"{written(row.former, row.unit)}{word}"


def broken_promises(rows: Sequence[Row]) -> list[str]:
    """What must never be and is."""
    return [f"{row.figure}: {written(row.value, row.unit)}" for row in rows if row.is_promise and row.met is False]


def agreement(rows: Sequence[Row]) -> str:
    """How much of what could be compared with the run before agrees."""
    compared = [row for row in rows if row.agrees is not None]
    if not compared:
        return "No figure has a run before it to be compared with."
    differing = [row.key for row in compared if not row.agrees]
    return (
        f"{len(compared) - len(differing)} of {len(compared)} figures agree with the run before within their noise"
        + (f"; not: {', '.join(differing)}." if differing else ".")
    )


def number(found: Any) -> float | None:
    """A number of a file, to four decimals; None for anything else."""
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    return round(float(found), 4) if is_number else None
