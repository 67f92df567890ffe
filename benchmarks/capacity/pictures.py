"""Latency against load with the points at which it breaks, and what a listener's hour costs."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import Final

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.capacity.limits import TOLD_WITHIN_MS
from benchmarks.capacity.stadium import LISTENERS, Way
from benchmarks.capacity.sweeps import Sweep

_INK: Final = "#222222"
_PALETTE: Final[tuple[tuple[float, float, float], ...]] = tuple(colormaps["tab10"].colors)  # type: ignore[attr-defined]
_SHOWN_S: Final = 9.0
"""Higher than this nobody reads: it has broken."""
_LOGARITHMIC_FROM: Final = 50


def draw_latency(path: Path, sweeps: Sequence[Sweep], title: str) -> None:
    """One field for each sweep, as PNG; a cross is the first point that does not hold."""
    rows = -(-len(sweeps) // 2)
    figure = Figure(figsize=(13, 3.6 * rows), layout="constrained")
    figure.suptitle(title, fontsize=12, color=_INK)
    fields = figure.subplots(rows, 2, squeeze=False).ravel()
    for axes, sweep in zip(fields, sweeps, strict=False):
        _draw_sweep(axes, sweep)
    for axes in fields[len(sweeps) :]:
        axes.set_visible(False)
    figure.savefig(path, dpi=110)


def _draw_sweep(axes: Axes, sweep: Sweep) -> None:
    for colour, series in zip(_PALETTE, sweep.series, strict=False):
        points = sweep.of(series)
        along = [each.along for each in points]
        p50 = [min(_SHOWN_S, each.outcome.told.p50 / 1000) for each in points]
        p95 = [min(_SHOWN_S, each.outcome.told.p95 / 1000) for each in points]
        broken = sweep.first_break(series)
        label = series if broken is None else f"{series}; breaks at {broken.along:,.0f}: {broken.broken[0].limit}"
        axes.plot(along, p50, color=colour, linewidth=1.8, marker="o", markersize=3, label=label)
        axes.fill_between(along, p50, p95, color=colour, alpha=0.12, linewidth=0)
        if broken is not None:
            at_s = min(_SHOWN_S, broken.outcome.told.p50 / 1000)
            axes.plot([broken.along], [at_s], marker="X", markersize=11, color=colour, markeredgecolor=_INK)
    _scale(axes, sweep)
    axes.axhline(TOLD_WITHIN_MS / 1000, color="#999999", linewidth=0.8, linestyle="--")
    # Above what is shown is room for the legend.
    axes.set_ylim(0, _SHOWN_S + 3)
    axes.set_title(sweep.setting, fontsize=8, color=_INK)
    axes.set_xlabel(sweep.along, color=_INK)
    axes.set_ylabel("clause's end → told, p50 to p95, s", fontsize=8, color=_INK)
    axes.legend(fontsize=7, frameon=False, loc="upper left")
    _bare(axes)


def draw_cost(path: Path, sweeps: Sequence[Sweep], ways: Sequence[Way]) -> None:
    """Dollars for a listener and hour, as PNG: over the sweeps where it holds, and of the ways to tell a stadium."""
    figure = Figure(figsize=(13, 4.2), layout="constrained")
    figure.suptitle("What an hour costs, for each listener", fontsize=12, color=_INK)
    fields = figure.subplots(1, len(sweeps) + 1)
    for axes, sweep in zip(fields, sweeps, strict=False):
        for colour, series in zip(_PALETTE, sweep.series, strict=False):
            points = [each for each in sweep.of(series) if not each.broken]
            axes.plot(
                [each.along for each in points],
                [each.cost.per_listener for each in points],
                color=colour,
                marker="o",
                markersize=3,
                label=series,
            )
        _scale(axes, sweep)
        axes.set_yscale("log")
        axes.set_title(sweep.setting, fontsize=8, color=_INK)
        axes.set_xlabel(sweep.along, color=_INK)
        axes.set_ylabel("$ for a listener and hour", color=_INK)
        axes.legend(fontsize=7, frameon=False)
        _bare(axes)
    names = [fill(f"{each.name}: {each.added_p50_s:.1f} s later", 28) for each in ways]
    last = fields[-1]
    last.barh(names, [each.usd_per_hour / LISTENERS for each in ways], color=_PALETTE[0], height=0.5)
    last.invert_yaxis()
    last.tick_params(axis="y", labelsize=7)
    last.set_title(f"{LISTENERS:,} listeners, telling them alone", fontsize=8, color=_INK)
    last.set_xlabel("$ for a listener and hour", color=_INK)
    _bare(last)
    figure.savefig(path, dpi=110)


def _scale(axes: Axes, sweep: Sweep) -> None:
    if max(each.along for each in sweep.points) > _LOGARITHMIC_FROM:
        axes.set_xscale("log")


def _bare(axes: Axes) -> None:
    axes.grid(visible=True, color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
