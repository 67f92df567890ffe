"""The latency benchmark's table and picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.latency.measurement import Hop, Measurement

_INK: Final = "#222222"
_PALETTE: Final[tuple[tuple[float, float, float], ...]] = tuple(colormaps["tab10"].colors)  # type: ignore[attr-defined]
_HOP_COLOURS: Final = dict(zip(Hop, colormaps["viridis"](np.linspace(0.1, 0.95, len(Hop))), strict=True))
_ROLLING: Final = 25
"""Clauses in the running median."""


def table(measurements: Sequence[Measurement]) -> str:
    """The measurements as Markdown."""
    rows: list[Sequence[str]] = [
        ("hop", *(f"{each.stage}, {part}" for each in measurements for part in ("p50", "p95")))
    ]
    rows.append(("---",) * (1 + 2 * len(measurements)))
    for hop in Hop:
        cells = []
        for each in measurements:
            times = next(candidate for candidate in each.hops if candidate.hop is hop)
            cells += [_ms(times.p50_ms), _ms(times.p95_ms)]
        rows.append((hop.value, *cells))
    rows.append(_row("**clause's end → listener told**", measurements, "notified_p50_ms", "notified_p95_ms"))
    rows.append(_row("**clause's end → clip begins**", measurements, "played_p50_ms", "played_p95_ms"))
    rows.append(_row("Babelcast's own part of what is told", measurements, "own_p50_ms", "own_p95_ms"))
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join((*lines, "", *(_facts(each) for each in measurements)))


def _row(name: str, measurements: Sequence[Measurement], *attributes: str) -> Sequence[str]:
    return (name, *(f"**{_ms(getattr(each, attribute))}**" for each in measurements for attribute in attributes))


def _ms(value: int | None) -> str:
    return "–" if value is None else f"{value:,} ms"


def _facts(each: Measurement) -> str:
    return (
        f"* `{each.stage}`: {each.minutes:g} min, {each.clauses} clauses, words lost, doubled or wrong: {each.faults}; "
        f"drift {each.drift_ms:+d} ms; a word's end → listener told: median {each.word_p50_ms / 1000:.1f} s, "
        f"at most {each.word_max_ms / 1000:.1f} s; Transcribe streams {each.streams} "
        f"({each.streams / each.minutes * 60:.1f} per hour); "
        f"drafts begun {each.drafts_begun}, used {each.drafts_used}; "
        f"{each.invocations_per_minute:.0f} invocations/min, running {each.busy_percent:.0f} % of the time."
    )


def draw(path: Path, measurements: Sequence[Measurement], title: str) -> None:
    """Draw the hops, and the latency over the broadcast, as PNG."""
    figure = Figure(figsize=(13, 2.6 + 2.6), layout="constrained")
    hops, course = figure.subplots(2, 1, height_ratios=[1, 2])
    figure.suptitle(title, fontsize=12, color=_INK)
    _draw_hops(hops, measurements)
    _draw_course(course, measurements)
    figure.savefig(path, dpi=110)


def _draw_hops(axes: Axes, measurements: Sequence[Measurement]) -> None:
    for row, each in enumerate(measurements):
        left_s = 0.0
        for times in each.hops:
            width_s = max(0, times.p50_ms or 0) / 1000
            label = times.hop.value if row == 0 else None
            axes.barh(row, width_s, left=left_s, color=_HOP_COLOURS[times.hop], label=label, height=0.6)
            left_s += width_s
    axes.set_yticks(range(len(measurements)), [each.stage for each in measurements])
    axes.invert_yaxis()
    axes.set_xlabel("seconds after the end of a clause (median of each hop)", color=_INK)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.1), fontsize=8, frameon=False)
    _bare(axes)


def _draw_course(axes: Axes, measurements: Sequence[Measurement]) -> None:
    for colour, each in zip(_PALETTE, measurements, strict=False):
        minutes = [segment.spoken_end_ms / 60_000 for segment in each.segments]
        seconds = [segment.notified_ms / 1000 for segment in each.segments]
        axes.scatter(minutes, seconds, s=7, color=colour, alpha=0.35, linewidths=0)
        middle = [
            float(np.median(seconds[max(0, index - _ROLLING // 2) : index + _ROLLING // 2 + 1]))
            for index in range(len(seconds))
        ]
        label = f"{each.stage}: median {each.notified_p50_ms / 1000:.2f} s, p95 {each.notified_p95_ms / 1000:.2f} s"
        axes.plot(minutes, middle, color=colour, linewidth=1.8, label=label)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("minutes into the broadcast", color=_INK)
    axes.set_ylabel("clause's end → listener told, s", color=_INK)
    axes.legend(loc="upper left", fontsize=9, frameon=False)
    _bare(axes)


def _bare(axes: Axes) -> None:
    axes.grid(visible=True, color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
