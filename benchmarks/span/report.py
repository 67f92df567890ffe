"""The table, the check of the simulation, and the picture."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.span.course import Design
from benchmarks.span.figures import Figures, Measured
from benchmarks.tables import markdown_table
from infrastructure.costs import Design as PaidDesign
from infrastructure.costs import Estimate, Event, Service, estimate
from infrastructure.settings import PROD

MODELS: Final = (Service.TRANSCRIBE, Service.TRANSLATE, Service.POLLY)
_INK: Final = "#222222"
_COLOURS: Final = {Design.BABELCAST: "#1f77b4", Design.OLD: "#d62728", Design.OLD_NARROW: "#ff9896"}
_ROLLING: Final = 80
"""Words in the running median."""
_SHOWN_WORDS: Final = 3_000
_LOWEST_S: Final = 2.0
_TICKS: Final = (
    (2, "2 s"), (5, "5 s"), (10, "10 s"), (20, "20 s"), (60, "1 min"), (120, "2 min"), (300, "5 min"), (600, "10 min"),
    (1200, "20 min"), (3600, "1 h"),
)  # fmt: skip


def _slope(each: Figures) -> str:
    slope = each.slope_s_per_hour
    return "–" if slope is None else f"{slope.per_hour:+.1f} s ({slope.lowest:+.1f} to {slope.highest:+.1f})"


_ROWS: Final[Sequence[tuple[str, Callable[[Figures], str]]]] = (
    ("ear-voice span, p50", lambda each: _s(each.span_p50)),
    ("ear-voice span, p95", lambda each: _s(each.span_p95)),
    ("clause's end → clip begins, p50", lambda each: _s(each.clause_p50)),
    ("clause's end → clip begins, p95", lambda each: _s(each.clause_p95)),
    ("drift per hour (95 %)", _slope),
    ("ending offset", lambda each: _s(each.ending_offset)),
    ("clips against the talk", lambda each: f"{each.duration_ratio:.2f}"),
    ("heard against the talk", lambda each: f"{each.heard_ratio:.2f}"),
    ("left out to catch up", lambda each: f"{each.skipped:.0f} s"),
    ("silence between clips", lambda each: f"{each.silence_ratio:.0%}"),
    ("words lost", lambda each: f"{each.words_lost} of {each.words}"),
    ("words broken, extra", lambda each: f"{each.words_broken}, {each.words_extra}"),
    ("words left out", lambda each: str(each.words_skipped)),
    ("captions: stream LAAL", lambda each: _s(each.laal)),
    ("captions: longest gap", lambda each: _s(each.caption_gap)),
    ("captions: retractions", lambda each: str(each.retractions)),
)


def table(measured: Sequence[Measured]) -> str:
    """Every figure, a column for each talk and design."""
    columns = [each.figures for each in measured]
    heads = ["", *(f"{each.design}, {each.rate:g}×" for each in columns)]
    return markdown_table(heads, [(name, *(write(each) for each in columns)) for name, write in _ROWS])


def check_table(pairs: Sequence[tuple[Measured, Measured]]) -> str:
    """Real time beside simulated time of the same talks.

    Args:
        pairs: Measured in real time, and in simulated time.
    """
    rows: list[Sequence[str]] = []
    for real, simulated in pairs:
        for name, attribute in _CHECKED:
            was, is_now = getattr(real.figures, attribute), getattr(simulated.figures, attribute)
            error = "–" if was is None or is_now is None else f"{is_now - was:+.2f} s ({(is_now - was) / was:+.0%})"
            rows.append((f"{real.figures.design}, {real.figures.rate:g}×, {name}", _s(was), _s(is_now), error))
        lost = real.figures.words_lost, simulated.figures.words_lost
        rows.append(
            (f"{real.figures.design}, {real.figures.rate:g}×, words lost", *map(str, lost), f"{lost[1] - lost[0]:+d}")
        )
    return markdown_table(("", "real time", "simulated", "error"), rows)


_CHECKED: Final = (
    ("ear-voice span p50", "span_p50"),
    ("p95", "span_p95"),
    ("clause p50", "clause_p50"),
    ("p95", "clause_p95"),
)


def ratio_table(measured: Sequence[Measured]) -> str:
    """What Babelcast's figures are of the old design's, by rate."""
    by_talk = {(each.figures.design, each.figures.rate): each.figures for each in measured}
    rows = []
    for (design, rate), old in by_talk.items():
        if design is Design.BABELCAST:
            continue
        new = by_talk[Design.BABELCAST, rate]
        rows.append(
            (
                f"{rate:g}×, {design}",
                _ratio(new.span_p50, old.span_p50),
                _ratio(new.span_p95, old.span_p95),
                _ratio(new.clause_p50, old.clause_p50),
                f"{new.words_lost} : {old.words_lost}",
                f"{new.ending_offset or 0:.1f} s : {old.ending_offset or 0:.1f} s",
            )
        )
    heads = ("Babelcast against", "ear-voice span p50", "p95", "clause → clip p50", "words lost", "ending offset")
    return markdown_table(heads, rows)


def model_costs(*, languages: int, offered: int, silence: float) -> dict[str, dict[str, float]]:
    """Dollars for speech models, per session-hour, by reading of Transcribe's price and by design."""
    event = Event(languages=languages, offered_languages=offered, silence=silence)
    costs: dict[str, dict[str, float]] = {}
    for price in PROD.prices.transcribe:
        for design in PaidDesign:
            paid = estimate(event, design=design, stage=PROD, prices=PROD.prices, transcribe=price)
            costs.setdefault(price.name, {})[design.value] = round(_models_usd(paid), 4)
    return costs


def _models_usd(paid: Estimate) -> float:
    return sum(paid.per_session_hour[service] for service in MODELS)


def cost_table(costs: dict[str, dict[str, float]]) -> str:
    """`model_costs` as Markdown."""
    rows = [
        (
            name,
            *(f"${usd[design.value]:.2f}" for design in PaidDesign),
            _ratio(usd[PaidDesign.BABELCAST.value], usd[PaidDesign.OLD.value]),
        )
        for name, usd in costs.items()
    ]
    return markdown_table(("Transcribe's price", *PaidDesign, "ratio"), rows)


def _ratio(one: float | None, other: float | None) -> str:
    return "–" if one is None or not other else f"{one / other:.2f}"


def _s(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f} s"


def draw(path: Path, measured: Sequence[Measured], title: str) -> None:
    """Draw the ear-voice span over the talk, a panel for each rate, as PNG."""
    rates = list(dict.fromkeys(each.figures.rate for each in measured))
    figure = Figure(figsize=(4.3 * max(2, len(rates)), 4.9), layout="constrained")
    figure.suptitle(title, fontsize=12, color=_INK)
    panels = figure.subplots(1, len(rates), sharey=True, squeeze=False)[0]
    for axes, rate in zip(panels, rates, strict=True):
        for each in measured:
            if each.figures.rate == rate and each.course_s:
                _draw_course(axes, each)
        axes.set_title(f"speaking rate {rate:g}×", fontsize=11, color=_INK)
        axes.set_xlabel("minutes into the talk", color=_INK)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17), fontsize=8, frameon=False, handlelength=1.2)
        axes.grid(visible=True, color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    panels[0].set_ylabel("heard in translation\nafter the word was said", color=_INK)
    highest_s = max((span for each in measured for _, span in each.course_s), default=1.0)
    panels[0].set_yscale("log")
    panels[0].set_ylim(_LOWEST_S, max(2 * _LOWEST_S, highest_s) * 1.2)
    shown = [tick for tick in _TICKS if _LOWEST_S <= tick[0] <= highest_s * 1.2]
    panels[0].set_yticks([seconds for seconds, _ in shown], [text for _, text in shown])
    panels[0].minorticks_off()
    figure.savefig(path, dpi=110)


def _draw_course(axes: Axes, measured: Measured) -> None:
    figures, colour = measured.figures, _COLOURS[measured.figures.design]
    minutes = np.array([moment for moment, _ in measured.course_s]) / 60
    spans = np.array([span for _, span in measured.course_s])
    every = max(1, len(spans) // _SHOWN_WORDS)
    axes.scatter(minutes[::every], spans[::every], s=3, color=colour, alpha=0.15, linewidths=0)
    middle = [float(np.median(spans[max(0, at - _ROLLING // 2) : at + _ROLLING // 2 + 1])) for at in range(len(spans))]
    label = f"{figures.design}: median {figures.span_p50:.1f} s, {figures.words_lost} of {figures.words:,} words lost"
    axes.plot(minutes, middle, color=colour, linewidth=1.8, label=label)
