"""The processor's time of one piece of work, repeated, as medians with their spread."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

Work = Callable[[], int]
"""Does it, and says of how many units it was."""

Prepare = Callable[[], Work]
"""Makes the next work ready; what that takes is not measured."""

_WARM_UPS: Final = 2
"""Before so many repeats or more; before a single one, one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Milliseconds of the processor for a unit, of all repeats.

    Attributes:
        values_ms: One or more, in their order.
    """

    values_ms: tuple[float, ...]

    @property
    def median_ms(self) -> float:
        """Of the repeats."""
        return statistics.median(self.values_ms)

    @property
    def spread_ms(self) -> tuple[float, float]:
        """The lower and the upper quartile; the only value twice where there is one."""
        if len(self.values_ms) == 1:
            return self.values_ms[0], self.values_ms[0]
        low, _, high = statistics.quantiles(self.values_ms, n=4, method="inclusive")
        return low, high

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        low, high = self.spread_ms
        return {
            "median": round(self.median_ms, 4),
            "quartiles": [round(low, 4), round(high, 4)],
            "repeats": len(self.values_ms),
        }


def cpu_ms(work: Work) -> float:
    """Milliseconds of this process's processor time, all threads together and the kernel's part too, for a unit."""
    began_s = time.process_time()
    units = work()
    return 1000 * (time.process_time() - began_s) / units


def repeat(prepares: Mapping[str, Prepare], repeats: int) -> dict[str, Cost]:
    """Measure several works in turn, so that a busy moment of the machine is not one work's alone."""
    values: dict[str, list[float]] = {name: [] for name in prepares}
    warm_ups = min(_WARM_UPS, repeats)
    for run in range(warm_ups + repeats):
        for name, prepare in prepares.items():
            value = cpu_ms(prepare())
            if run >= warm_ups:
                values[name].append(value)
    return {name: Cost(values_ms=tuple(each)) for name, each in values.items()}


def difference(more: Cost, less: Cost, *, by: float) -> Cost:
    """What each of so many more units adds, repeat by repeat."""
    return Cost(values_ms=tuple((a - b) / by for a, b in zip(more.values_ms, less.values_ms, strict=True)))


def ratios(costs: Mapping[str, Cost], to: str) -> dict[str, float]:
    """How many times less each takes than one of them."""
    return {name: costs[to].median_ms / cost.median_ms for name, cost in costs.items()}
