"""How something grows over time, and how sure that is. Pure.

The slope is Theil and Sen's: the median of the slopes between any two points. A step shortly after the beginning or a
few wild points do not move it, as they would a line by least squares; a step in the middle makes its interval wide.
Source: P. K. Sen, Estimates of the regression coefficient based on Kendall's tau, 1968.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from math import sqrt
from statistics import fmean, median
from typing import Final

_BLOCKS_AT_LEAST: Final = 5
_NORMAL_95: Final = 1.96
"""Two-sided."""


class GrowthVerdict(StrEnum):
    """What a slope says with 95 % confidence."""

    OK = "ok"
    GROWS = "grows"
    UNDECIDED = "undecided"
    """The limit is within the interval: the noise is too strong for the time that was watched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """The rise of measurements.

    Attributes:
        per_hour: In the unit of what was measured.
        lowest, highest: Between them is the true slope with 95 % confidence.
    """

    per_hour: float
    lowest: float
    highest: float

    def against(self, most_per_hour: float) -> GrowthVerdict:
        """Whether it is surely above a limit, surely not, or neither."""
        if self.lowest > most_per_hour:
            return GrowthVerdict.GROWS
        return GrowthVerdict.OK if self.highest <= most_per_hour else GrowthVerdict.UNDECIDED


def slope(moments_s: Sequence[float], values: Sequence[float], *, block_s: float) -> Slope | None:
    """The slope of values over time; None when there are fewer than five blocks.

    Neighbouring measurements resemble each other, which would make the confidence look better than it is. So the points
    are the means of blocks; what rises and falls within a block, as memory between two garbage collections, is even.

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
    points = [(fmean(hour for hour, _ in block), fmean(value for _, value in block)) for block in blocks.values()]
    slopes = sorted((value - before) / (hour - earlier) for (earlier, before), (hour, value) in combinations(points, 2))
    # So many of all slopes lie between the ends of the interval; Kendall's S has this variance without a trend.
    between = _NORMAL_95 * sqrt(count * (count - 1) * (2 * count + 5) / 18)
    return Slope(
        per_hour=median(slopes),
        lowest=slopes[max(0, round((len(slopes) - between) / 2) - 1)],
        highest=slopes[min(len(slopes) - 1, round((len(slopes) + between) / 2))],
    )
