"""The sweeps and the recommended settings as tables, and as numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.capacity.calibration import Surroundings
from benchmarks.capacity.limits import SOURCES, Break, Need
from benchmarks.capacity.simulation import Outcome, Percentiles
from benchmarks.capacity.sizes import Recommendation
from benchmarks.capacity.sweeps import Point, Sweep
from benchmarks.tables import markdown_table


def seconds(times: Percentiles) -> str:
    """Both percentiles."""
    return f"{times.p50 / 1000:.1f} / {times.p95 / 1000:.1f}"


def sweep_table(sweep: Sweep) -> str:
    """One line for each point; its columns are explained by `benchmarks.capacity.__main__`."""
    headings = (
        "series",
        sweep.along,
        "told",
        "ear",
        "captions",
        "EVS",
        "core",
        "requests/s",
        "plainer",
        "$/h",
        "$/listener-h",
        "breaks",
    )
    return markdown_table(headings, [_row(each) for each in sweep.points])


def _row(point: Point) -> tuple[str, ...]:
    outcome = point.outcome
    spoken = outcome.tally.neural + outcome.tally.standard
    return (
        point.series,
        f"{point.along:,.0f}",
        seconds(outcome.told),
        seconds(outcome.ear),
        seconds(outcome.caption_span),
        seconds(outcome.ear_span),
        f"{outcome.processor_busy:.2f}",
        f"{outcome.requests_per_s:,.0f}",
        f"{outcome.tally.standard / spoken:.0%}" if spoken else "–",
        f"{point.cost.total:,.2f}" if not point.broken else "–",
        f"{point.cost.per_listener:.4f}" if not point.broken else "–",
        broken(point.broken),
    )


def broken(found: Sequence[Break]) -> str:
    """The first thing that breaks."""
    return f"**{found[0].limit}**: {found[0].what}" if found else ""


def first_breaks(sweep: Sweep, surroundings: Surroundings) -> str:
    """For each series where it breaks, what breaks first, and what would have to be raised there."""
    rows = []
    for series in sweep.series:
        point = sweep.first_break(series)
        if point is None:
            rows.append((sweep.name, series, "not within the sweep", "", "", ""))
            continue
        first = point.broken[0]
        needed = "; ".join(need(each) for each in sweep.needs_at_break(series, surroundings))
        rows.append(
            (sweep.name, series, f"{point.along:,.0f}", f"{first.limit}: {first.what}", SOURCES[first.limit], needed)
        )
    return markdown_table(("sweep", "series", "breaks at", "first", "source of the limit", "would have to be"), rows)


def need(each: Need) -> str:
    """What a limit has to be."""
    return f"{each.limit} {each.needed:,.4g} (is {each.allowed:,.4g})"


def size_table(recommendations: Sequence[Recommendation]) -> str:
    """The recommended settings."""
    headings = (
        "size",
        "sessions × listeners × languages",
        "cells × sessions",
        "stream",
        "told",
        "ear",
        "EVS",
        "$/h",
        "$/listener-h",
        "quotas to be raised",
        "does not hold",
    )
    rows = []
    for each in recommendations:
        size, deployment, outcome = each.size, each.deployment, each.outcome
        rows.append(
            (
                size.name,
                f"{size.sessions:,} × {size.listeners:,} × {size.languages}",
                f"{deployment.cells} × {deployment.sessions_per_cell}",
                "pushed" if deployment.enhanced_fan_out else f"polled, window {deployment.batch_window_s:g} s",
                seconds(outcome.told),
                seconds(outcome.ear),
                seconds(outcome.ear_span),
                f"{each.cost.total:,.2f}" if not each.broken else "–",
                f"{each.cost.per_listener:.4f}" if not each.broken else "–",
                "; ".join(need(one) for one in each.raised) or "none",
                broken(each.broken),
            )
        )
    return markdown_table(headings, rows)


def outcome_numbers(outcome: Outcome) -> Mapping[str, Any]:
    """Everything but each single notice."""
    numbers = asdict(outcome)
    del numbers["tally"]["delivered"]
    return numbers


def sweep_numbers(sweep: Sweep) -> Mapping[str, Any]:
    """For a file."""
    return {
        "name": sweep.name,
        "along": sweep.along,
        "setting": sweep.setting,
        "points": [
            {
                "series": each.series,
                "along": each.along,
                "cells": each.deployment.cells,
                "sessionsPerCell": each.deployment.sessions_per_cell,
                "outcome": outcome_numbers(each.outcome),
                "usdPerHour": round(each.cost.total, 4),
                "breaks": [asdict(one) for one in each.broken],
            }
            for each in sweep.points
        ],
    }


def size_numbers(each: Recommendation) -> Mapping[str, Any]:
    """For a file."""
    return {
        "size": asdict(each.size),
        "deployment": asdict(each.deployment),
        "outcome": outcome_numbers(each.outcome),
        "usdPerHour": round(each.cost.total, 4),
        "raised": [asdict(one) for one in each.raised],
        "breaks": [asdict(one) for one in each.broken],
    }
