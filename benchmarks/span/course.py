"""A talk at one listener: what came, what was heard and what was read."""

from dataclasses import dataclass
from enum import StrEnum

from benchmarks.span.captions import Caption
from benchmarks.span.playing import ArrivedClip, Playing


class Design(StrEnum):
    """Through what the talk went."""

    BABELCAST = "Babelcast"
    OLD = "old design"
    OLD_NARROW = "old design, narrow session"


class Clock(StrEnum):
    """On what time it went by."""

    REAL = "real time"
    SIMULATED = "simulated time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One talk through one design.

    Attributes:
        arrived: Every clip that was made for the listener's language, in the order of the speech.
        captions: Translated ones, in the order in which they were shown.
        lost_batches: What failed and was not tried again.
    """

    design: Design
    arrived: tuple[ArrivedClip, ...]
    playing: Playing
    captions: tuple[Caption, ...]
    lost_batches: int = 0
