"""What is known of a measure: its errors by voice, and how far off it may be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """Of one measure under one condition.

    Attributes:
        measure: With its unit, which is the errors', too.
        condition: What was measured.
        by_voice: Readings less the truth.
        allowed: What each voice's median may be off; None where nothing is promised.
    """

    measure: str
    condition: str
    by_voice: Mapping[str, Sequence[float]]
    allowed: float | None

    @property
    def median(self) -> float:
        """Of all readings."""
        return float(np.median([error for errors in self.by_voice.values() for error in errors]))

    @property
    def of_the_worst_voice(self) -> float:
        """The median that is furthest off."""
        return max((float(np.median(errors)) for errors in self.by_voice.values()), key=abs)

    @property
    def furthest(self) -> float:
        """The reading that is furthest off."""
        return max((float(error) for errors in self.by_voice.values() for error in errors), key=abs)

    @property
    def problems(self) -> list[str]:
        """What is not as it has to be."""
        if self.allowed is None:
            return []
        if not all(len(errors) and np.all(np.isfinite(errors)) for errors in self.by_voice.values()):
            return [f"{self.measure}, {self.condition}: something is not measured at all"]
        if abs(self.of_the_worst_voice) <= self.allowed:
            return []
        return [f"{self.measure}, {self.condition}: {self.of_the_worst_voice:.2f} off instead of {self.allowed:g}"]

    @property
    def row(self) -> list[str]:
        """Of a table."""
        # Nothing is neither above nor below the truth.
        numbers = (round(each, 2) + 0.0 for each in (self.median, self.of_the_worst_voice, self.furthest))
        allowed = "" if self.allowed is None else f"± {self.allowed:g}"
        return [self.measure, self.condition, *(f"{each:+.2f}" if each else "0" for each in numbers), allowed]

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "measure": self.measure,
            "condition": self.condition,
            "median": round(self.median, 3),
            "worstVoice": round(self.of_the_worst_voice, 3),
            "furthest": round(self.furthest, 3),
            "allowed": self.allowed,
            "readings": sum(map(len, self.by_voice.values())),
        }


HEADINGS = ("measure", "condition", "median", "worst voice", "furthest reading", "allowed for each voice")
"""Of the table whose rows `Errors.row` gives."""
