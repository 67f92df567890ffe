"""A picture of a broadcast: when each clause was spoken, committed and played, per language."""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font

from local.report.summary import SegmentSummary, Summary

_ROW_S: Final = 40.0
"""Length of one row; a longer broadcast is drawn in several rows, like a score."""
_MAX_ROWS: Final = 12
_WIDTH_INCHES: Final = 15.0
_LANE_INCHES: Final = 0.75
_LETTERS_PER_INCH: Final = 16.5
"""At the size of the texts in the bars."""
_BAR_HEIGHT: Final = 0.78
_PALETTE: Final[tuple[tuple[float, float, float], ...]] = tuple(colormaps["tab10"].colors)  # type: ignore[attr-defined]
_INK: Final = "#222222"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bar:
    """A clause in one lane; lanes are counted from the top."""

    lane: int
    number: int
    start_s: float
    end_s: float
    text: str


def draw_timeline(path: Path, summary: Summary, languages: Sequence[str]) -> None:
    """Draw the picture as PNG.

    Args:
        path: The file.
        summary: The broadcast.
        languages: Lanes below the spoken one, in this order.
    """
    bars = [*_spoken_bars(summary.segments), *_played_bars(summary.segments, languages)]
    length_s = max([summary.audio_duration_ms / 1000, *(bar.end_s for bar in bars)]) + 0.5
    rows = min(_MAX_ROWS, math.ceil(length_s / _ROW_S))
    row_s = length_s / rows
    row_inches = _LANE_INCHES * (len(languages) + 1) + 0.45
    figure = Figure(figsize=(_WIDTH_INCHES, rows * row_inches + 2.6), layout="constrained")
    axes = figure.subplots(rows + 1, 1, height_ratios=[row_inches] * rows + [1.7], squeeze=False)[:, 0]
    figure.suptitle(_title(summary), fontsize=12, color=_INK)
    lane_names = [f"spoken\n({summary.source_language})", *(f"heard\n({language})" for language in languages)]
    for row in range(rows):
        _draw_row(axes[row], (row * row_s, (row + 1) * row_s), lane_names)
        _draw_ways(axes[row], summary.segments, languages)
        for bar in bars:
            _draw_bar(axes[row], bar, inches_per_second=(_WIDTH_INCHES - 1.2) / row_s)
    axes[rows - 1].set_xlabel("seconds since the first sample   (▼ committed)", color=_INK)
    _draw_latencies(axes[rows], summary.segments, languages, length_s)
    figure.savefig(path, dpi=110)


def _title(summary: Summary) -> str:
    facts = [f"{Path(summary.audio_path).name}: {len(summary.segments)} segments, {summary.listeners} listeners"]
    if summary.latency_p50_ms is not None and summary.latency_p95_ms is not None:
        p50_s, p95_s = summary.latency_p50_ms / 1000, summary.latency_p95_ms / 1000
        facts.append(f"end of the clause → its translation starts: median {p50_s:.1f} s, p95 {p95_s:.1f} s")
    facts.append(f"lost {summary.lost}, duplicated {summary.duplicated}")
    return "   ·   ".join(facts)


def _spoken_bars(segments: Sequence[SegmentSummary]) -> list[_Bar]:
    return [
        _Bar(
            lane=0,
            number=segment.number,
            start_s=segment.spoken_start_ms / 1000,
            end_s=segment.spoken_end_ms / 1000,
            text=segment.source_text,
        )
        for segment in segments
        if segment.spoken_start_ms is not None and segment.spoken_end_ms is not None
    ]


def _played_bars(segments: Sequence[SegmentSummary], languages: Sequence[str]) -> list[_Bar]:
    return [
        _Bar(
            lane=1 + languages.index(language),
            number=segment.number,
            start_s=rendition.played_at_ms / 1000,
            end_s=(rendition.played_at_ms + rendition.heard_ms) / 1000,
            text=rendition.text,
        )
        for segment in segments
        for language, rendition in segment.languages.items()
        if rendition.played_at_ms is not None
    ]


def _draw_row(axes: Axes, window_s: tuple[float, float], lane_names: Sequence[str]) -> None:
    axes.set_xlim(*window_s)
    axes.set_ylim(len(lane_names) - 0.45, -0.55)
    axes.set_yticks(range(len(lane_names)), lane_names, fontsize=9)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=True, axis="x", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _draw_ways(axes: Axes, segments: Sequence[SegmentSummary], languages: Sequence[str]) -> None:
    """From the end of a clause over its commit to its start in each language."""
    below_spoken = _BAR_HEIGHT / 2
    for segment in segments:
        if segment.spoken_end_ms is None or segment.committed_at_ms is None:
            continue
        colour = _colour(segment.number)
        end_s, committed_s = segment.spoken_end_ms / 1000, segment.committed_at_ms / 1000
        axes.plot([end_s, committed_s], [below_spoken, 0.5], color=colour, linewidth=1, alpha=0.8, zorder=1.5)
        axes.plot([committed_s], [0.5], marker="v", markersize=5, color=colour, zorder=4)
        for language, rendition in segment.languages.items():
            if rendition.played_at_ms is None:
                continue
            lane = 1 + languages.index(language)
            played_s = rendition.played_at_ms / 1000
            axes.plot([committed_s, played_s], [0.5, lane - 0.4], color=colour, linewidth=0.8, alpha=0.5, zorder=1.5)


def _draw_bar(axes: Axes, bar: _Bar, *, inches_per_second: float) -> None:
    window_start_s, window_end_s = axes.get_xlim()
    if bar.end_s <= window_start_s or bar.start_s >= window_end_s:
        return
    colour = _colour(bar.number)
    length_s = bar.end_s - bar.start_s
    axes.barh(
        bar.lane,
        length_s,
        left=bar.start_s,
        height=_BAR_HEIGHT,
        color=_pale(colour),
        edgecolor=colour,
        linewidth=1.1,
        zorder=2,
    )
    visible_s = min(bar.end_s, window_end_s) - max(bar.start_s, window_start_s)
    letters = int(visible_s * inches_per_second * _LETTERS_PER_INCH)
    if letters < 3:
        return
    axes.text(
        max(bar.start_s, window_start_s) + 0.06,
        bar.lane - 0.35,
        _wrapped(bar, letters),
        fontsize=7,
        color=_INK,
        va="top",
        ha="left",
        linespacing=1.05,
        parse_math=False,
        clip_on=True,
        zorder=3,
    )


def _wrapped(bar: _Bar, letters: int) -> str:
    """The segment's number and as much of its text as fits into four lines."""
    if letters < 9 or not _is_drawable(bar.text):
        return str(bar.number)
    return "\n".join(textwrap.wrap(f"{bar.number}  {bar.text}", width=letters, max_lines=4, placeholder=" …"))


def _draw_latencies(axes: Axes, segments: Sequence[SegmentSummary], languages: Sequence[str], length_s: float) -> None:
    markers = "os^DvPX*"
    for position, language in enumerate(languages):
        points = [
            (rendition.played_at_ms / 1000, rendition.latency_ms / 1000)
            for segment in segments
            for code, rendition in segment.languages.items()
            if code == language and rendition.played_at_ms is not None and rendition.latency_ms is not None
        ]
        if points:
            axes.plot(
                [at for at, _ in points],
                [latency for _, latency in points],
                marker=markers[position % len(markers)],
                markersize=4.5,
                linewidth=1,
                label=language,
                color=colormaps["Dark2"](position % 8),
            )
    axes.set_xlim(0, length_s)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("latency, s", fontsize=9)
    axes.set_xlabel("played at, seconds since the first sample", color=_INK)
    axes.grid(visible=True, color="#dddddd", linewidth=0.6)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(ncols=len(languages), fontsize=8, frameon=False, loc="upper left")


def _colour(number: int) -> tuple[float, float, float]:
    return _PALETTE[number % len(_PALETTE)]


def _pale(colour: tuple[float, float, float]) -> tuple[float, ...]:
    """Opaque, so that the ways behind a bar do not cross its text."""
    return tuple(1.0 - 0.18 * (1.0 - part) for part in colour)


def _is_drawable(text: str) -> bool:
    """Whether the picture's font has all the letters."""
    letters = get_font(findfont("DejaVu Sans")).get_charmap()
    return all(ord(letter) in letters for letter in text)
