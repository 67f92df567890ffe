"""How something grows over time, and how sure that is. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

_BLOCKS_AT_LEAST: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """A line through measurements, by least squares.

    Attributes:
        per_hour: In the unit of what was measured.
        margin: With 95 % confidence the true slope is not further away from this one.
    """

    per_hour: float
    margin: float

    @property
    def surely_at_least(self) -> float:
        """The lower end of the confidence interval."""
        return self.per_hour - self.margin


def slope(moments_s: Sequence[float], values: Sequence[float], *, block_s: float) -> Slope | None:
    """The slope of values over time; None when there are fewer than five blocks.

    Neighbouring measurements resemble each other, which would make the confidence look better than it is. So the line
    goes through the means of blocks.

    Args:
        moments_s: Seconds, rising.
        values: One for each.
        block_s: Length of a block.
    """
    blocks: dict[int, list[tuple[float, float]]] = {}
    for moment, value in zip(moments_s, values, strict=True):
        blocks.setdefault(int((moment - moments_s[0]) // block_s), []).append((moment / 3600, value))
    count = len(blocks)
    if count < _BLOCKS_AT_LEAST:
        return None
    hours = [sum(hour for hour, _ in block) / len(block) for block in blocks.values()]
    means = [sum(value for _, value in block) / len(block) for block in blocks.values()]
    middle, level = sum(hours) / count, sum(means) / count
    width = sum((hour - middle) ** 2 for hour in hours)
    rise = sum((hour - middle) * (mean - level) for hour, mean in zip(hours, means, strict=True)) / width
    rest = sum((mean - level - rise * (hour - middle)) ** 2 for hour, mean in zip(hours, means, strict=True))
    return Slope(per_hour=rise, margin=_student(count - 2) * sqrt(rest / (count - 2) / width))


def _student(freedom: int) -> float:
    """Student's t for 95 %, two-sided; within 1 % of the tables from 3 degrees of freedom on."""
    return 1.96 + 2.37 / freedom + 2.82 / freedom**2 + 2.6 / freedom**3
