"""Steps of load as tables."""

from collections.abc import Sequence
from typing import Final

from benchmarks.load.judging import StepReport
from benchmarks.load.processes import Side
from benchmarks.tables import markdown_table

_TIMES: Final = (
    "step", "chunks", "unacknowledged", "ack p50", "p95", "p99", "words", "lost", "extra", "told last after first p50",
    "p95", "told after spoken p50", "p95", "generator's lag p95", "holds",
)  # fmt: skip
_CORES: Final = ("step", "cores busy", *(f"{side}" for side in Side), "most", "used up")
_LISTED_KINDS: Final = 4


def tables(reports: Sequence[StepReport]) -> str:
    """Two Markdown tables: times and losses, and what the processors did."""
    return "\n\n".join(
        (
            markdown_table(_TIMES, map(_times, reports)),
            markdown_table(_CORES, map(_cores, reports)),
        )
    )


def held(reports: Sequence[StepReport]) -> dict[str, int]:
    """The most sessions and the most listeners of one session that were held."""
    passed = [report for report in reports if not report.problems]
    return {
        "sessions": max((report.sessions for report in passed), default=0),
        "listeners": max((report.listeners for report in passed if report.sessions == 1), default=0),
    }


def _times(report: StepReport) -> tuple[str, ...]:
    return (
        report.name,
        str(report.chunks),
        str(report.unacknowledged),
        *(f"{ms} ms" for ms in (report.acknowledgement.p50, report.acknowledgement.p95, report.acknowledgement.p99)),
        str(report.words),
        str(report.damage.lost + report.damage.cut + report.damage.moved),
        str(report.damage.extra),
        f"{report.spread.p50} ms",
        f"{report.spread.p95} ms",
        f"{report.latency.p50 / 1000:.2f} s",
        f"{report.latency.p95 / 1000:.2f} s",
        f"{report.generator_lag.p95} ms",
        "no" if report.problems else "yes",
    )


def _cores(report: StepReport) -> tuple[str, ...]:
    limit = report.limit
    most = [f"{kind} {cores:.2f}" for kind, cores in list(limit.cores.items())[:_LISTED_KINDS]]
    return (
        report.name,
        f"{limit.machine:.2f}",
        *(f"{limit.shares[side]:.0%}" for side in Side),
        ", ".join(most),
        limit.reached or "nothing",
    )
