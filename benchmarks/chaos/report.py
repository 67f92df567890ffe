"""What a chaos run came to: every listener's words, every fault's recovery, as JSON and as tables."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Final

from benchmarks.chaos.faults import Fault, count_kinds
from benchmarks.chaos.recovery import Recovery
from benchmarks.chaos.running import RoomRecord
from benchmarks.chaos.verdict import ListenerVerdict
from benchmarks.tables import markdown_table

RECOVERED_WITHIN_S: Final = 5.0
"""A goal and no gate: on a machine with other work, what is slow says nothing about the product."""

_FAULT_HEADINGS: Final = (
    "fault", "times", "lasted, s", "recoveries", "first segment p50", "max", "everything p50", "max", "over 5 s",
)  # fmt: skip
_LISTENER_HEADINGS: Final = (
    "listener", "words", "heard", "read", "of which untranslated", "lost", "doubled or invented", "cut", "reordered",
    "reconnected",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosReport:
    """The outcome.

    Attributes:
        planned: The faults that were to be.
        recoveries: Those that took place.
    """

    seed: int
    seconds: float
    planned: Sequence[Fault]
    recoveries: Sequence[Recovery]
    verdicts: Sequence[ListenerVerdict]
    rooms: Sequence[RoomRecord]

    @property
    def problems(self) -> list[str]:
        """Everything that is not as it has to be, one line each; slow recoveries are figures, not problems."""
        found = [f"room {room.room} ended early: {room.failure}" for room in self.rooms if room.failure is not None]
        found += [problem for verdict in self.verdicts for problem in verdict.problems]
        happened = count_kinds([each.occurrence.fault for each in self.recoveries])
        found += [
            f"{variant}: took place {happened.get(variant, 0)} times instead of {count}"
            for variant, count in count_kinds(self.planned).items()
            if happened.get(variant, 0) < count
        ]
        return found

    @property
    def verdict(self) -> str:
        """One line: whether anything was lost or did not happen, and how many recoveries were slow."""
        recovered = [each.all_s for each in self.recoveries if each.all_s is not None]
        return (
            f"seed {self.seed}: {'FAILED' if self.problems else 'passed'}, {len(self.problems) or 'no'} problems; "
            f"{_count_slow(recovered)} of {len(recovered)} recoveries took more than {RECOVERED_WITHIN_S:g} s"
        )

    def as_json(self) -> dict[str, Any]:
        """Everything, words and times of the damage included."""
        return {
            "seed": self.seed,
            "seconds": self.seconds,
            "listeners": [{**asdict(each), "seat": str(each.seat)} for each in self.verdicts],
            "chunksResent": sum(room.resent for room in self.rooms),
            "faults": [
                {
                    "fault": each.occurrence.fault.variant,
                    "seat": None if each.occurrence.fault.seat is None else str(each.occurrence.fault.seat),
                    "atSeconds": each.occurrence.fault.at_s,
                    "lastedSeconds": _rounded(each.occurrence.ended_at - each.occurrence.began_at),
                    "recoverySeconds": {"firstSegment": _rounded(each.first_s), "everything": _rounded(each.all_s)},
                }
                for each in self.recoveries
            ],
            "problems": self.problems,
            "passed": not self.problems,
            "verdict": self.verdict,
        }


def tables(report: ChaosReport) -> str:
    """Two Markdown tables: faults by kind, and listeners."""
    by_kind: dict[str, list[Recovery]] = {}
    for each in report.recoveries:
        by_kind.setdefault(each.occurrence.fault.variant, []).append(each)
    faults = [_fault_row(kind, some) for kind, some in sorted(by_kind.items())]
    faults.append(_fault_row("all", report.recoveries))
    listeners = map(_listener_row, report.verdicts)
    return f"{markdown_table(_FAULT_HEADINGS, faults)}\n\n{markdown_table(_LISTENER_HEADINGS, listeners)}"


def _fault_row(kind: str, recoveries: Sequence[Recovery]) -> tuple[str, ...]:
    first = [each.first_s for each in recoveries if each.first_s is not None]
    everything = [each.all_s for each in recoveries if each.all_s is not None]
    lasted = [each.occurrence.ended_at - each.occurrence.began_at for each in recoveries]
    return (
        kind,
        str(len(recoveries)),
        f"{min(lasted):.0f}–{max(lasted):.0f}" if lasted and max(lasted) >= 0.5 else "",
        str(len(everything)),
        _seconds(median(first)) if first else "",
        _seconds(max(first, default=math.nan)),
        _seconds(median(everything)) if everything else "",
        _seconds(max(everything, default=math.nan)),
        str(_count_slow(everything)),
    )


def _count_slow(recoveries_s: Sequence[float]) -> int:
    return sum(each > RECOVERED_WITHIN_S for each in recoveries_s)


def _listener_row(verdict: ListenerVerdict) -> tuple[str, ...]:
    damage = verdict.damage
    numbers = (
        verdict.words, verdict.heard, verdict.read, verdict.read_untranslated, damage.lost, damage.extra, damage.cut,
        damage.moved, verdict.reconnections,
    )  # fmt: skip
    return (str(verdict.seat), *map(str, numbers))


def _seconds(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.1f} s"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
