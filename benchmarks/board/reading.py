"""What the benches' files say, as the board's readings. Pure.

Every reader gives all of its part's readings, whatever the file holds: what is not in it has no value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from benchmarks.board.rows import Goal, Reading, Unit, number
from benchmarks.span.course import Clock, Design
from infrastructure.settings import PROD

RATES: Final = (1.0, 1.25, 1.5)
_SPAN_P50: Final = {1.0: Goal(most=2.5)}
_SPAN_P95: Final = {1.0: Goal(most=4.5), 1.5: Goal(most=8.0)}
_DRIFT: Final = Goal(most=0.5)
_HALF: Final = Goal(most=0.5)
_NOTHING: Final = Goal(most=0)
_OWN: Final = Goal(most=300)
_FAN_OUT: Final = Goal(least=5)

_REAL_TIME_NOISE_S: Final = 0.4
"""Of percentiles over five minutes, on a machine that does other things, too."""
_OWN_NOISE_MS: Final = 60.0
_CPU_NOISE: Final = 0.15
"""Of a cost, at least: how far the same work lies apart on two days of a shared machine."""
_RATIO_NOISE: Final = 0.25
_ERROR_NOISE: Final = 10.0
"""Percentage points of the model's error, which is against a stack in real time."""

Numbers = Mapping[str, Any]


def read_span(files: Mapping[str, Any]) -> list[Reading]:
    """Of ``span.json``: the ear-voice span at each rate, in simulated and in real time, and the models' cost."""
    found: Numbers = files.get("span.json") or {}
    readings: list[Reading] = []
    for rate in RATES:
        new, old = (_figures(found, rate, Clock.SIMULATED, each) for each in (Design.BABELCAST, Design.OLD))
        readings += _simulated(rate, new, old)
    for rate in RATES:
        new, old = (_figures(found, rate, Clock.REAL, each) for each in (Design.BABELCAST, Design.OLD))
        again = _figures(found, rate, Clock.SIMULATED, Design.BABELCAST, minutes=new.get("minutes", 0.0))
        readings += _in_real_time(rate, new, old, again)
    return readings + _model_costs(found)


def _figures(found: Numbers, rate: float, clock: Clock, design: Design, *, minutes: float | None = None) -> Numbers:
    """Of the talk of so many minutes, or else of the longest one; nothing when there was none."""
    talks: list[Numbers] = [
        each
        for each in found.get("figures", ())
        if (each["rate"], each["clock"], each["design"]) == (rate, clock.value, design.value)
        and minutes in (None, each["minutes"])
    ]
    return max(talks, key=lambda each: float(each["minutes"]), default={})


def _simulated(rate: float, new: Numbers, old: Numbers) -> list[Reading]:
    def reading(name: str, figure: str, unit: Unit, goal: Goal | None = None) -> Reading:
        return Reading(
            key=f"span.{name}@{rate:g}",
            figure=f"{figure}, {rate:g}×",
            value=number(new.get(name)),
            old=number(old.get(name)),
            unit=unit,
            goal=goal,
        )

    slope, old_slope = new.get("slope_s_per_hour") or {}, old.get("slope_s_per_hour") or {}
    median, old_median = number(new.get("span_p50")), number(old.get("span_p50"))
    return [
        reading("span_p50", "ear-voice span p50", Unit.SECONDS, _SPAN_P50.get(rate)),
        reading("span_p95", "ear-voice span p95", Unit.SECONDS, _SPAN_P95.get(rate)),
        Reading(
            key=f"span.part_of_old@{rate:g}",
            figure=f"ear-voice span p50 as a part of the old design's, {rate:g}×",
            value=_part(median, old_median),
            unit=Unit.TIMES,
            goal=_HALF,
        ),
        Reading(
            key=f"span.drift@{rate:g}",
            figure=f"drift in an hour, {rate:g}×",
            value=number(slope.get("per_hour")),
            old=number(old_slope.get("per_hour")),
            unit=Unit.SECONDS,
            goal=_DRIFT,
            remark=f"95 %: {slope['lowest']:+.1f} to {slope['highest']:+.1f}" if slope else "",
        ),
        reading("ending_offset", "ending offset", Unit.SECONDS),
        reading("skipped", "left out to catch up", Unit.SECONDS),
        replace(
            reading("silence_ratio", "silence between clips", Unit.PERCENT),
            value=_percent(new.get("silence_ratio")),
            old=_percent(old.get("silence_ratio")),
        ),
        replace(reading("words_lost", "words lost", Unit.COUNT, _NOTHING), is_promise=True),
        reading("laal", "captions: stream LAAL", Unit.SECONDS),
        reading("caption_gap", "captions: longest gap", Unit.SECONDS),
        replace(reading("retractions", "captions: retractions", Unit.COUNT, _NOTHING), is_promise=True),
    ]


def _part(one: float | None, other: float | None) -> float | None:
    return None if one is None or not other else round(one / other, 4)


def _percent(ratio: float | None) -> float | None:
    return number(None if ratio is None else 100 * ratio)


def _in_real_time(rate: float, new: Numbers, old: Numbers, simulated: Numbers) -> list[Reading]:
    """The remark says what the simulation makes of the same talk."""
    spans = [
        Reading(
            key=f"span.real_{name}@{rate:g}",
            figure=f"in real time: ear-voice span {percentile}, {rate:g}×",
            value=number(new.get(name)),
            old=number(old.get(name)),
            unit=Unit.SECONDS,
            noise=_REAL_TIME_NOISE_S,
            remark=f"simulated: {simulated[name]:.2f} s" if simulated.get(name) else "",
        )
        for name, percentile in (("span_p50", "p50"), ("span_p95", "p95"))
    ]
    lost = Reading(
        key=f"span.real_words_lost@{rate:g}",
        figure=f"in real time: words lost, {rate:g}×",
        value=number(new.get("words_lost")),
        old=number(old.get("words_lost")),
        unit=Unit.COUNT,
        goal=_NOTHING,
        is_promise=True,
    )
    return [*spans, lost]


def _model_costs(found: Numbers) -> list[Reading]:
    costs: Mapping[str, Mapping[str, float]] = found.get("modelCostsPerSessionHour") or {}
    readings = []
    for price in (each.name for each in PROD.prices.transcribe):
        usd = costs.get(price, {})
        value, old = number(usd.get(Design.BABELCAST.value)), number(usd.get(Design.OLD.value))
        about = f"2 of 10 languages, 30 % silence; Transcribe with {price}"
        readings += [
            Reading(
                key=f"span.models_usd@{price}",
                figure=f"speech models, a session-hour, {about}",
                value=value,
                old=old,
                unit=Unit.DOLLARS,
            ),
            Reading(
                key=f"span.models_part_of_old@{price}",
                figure=f"speech models as a part of the old design's, {about}",
                value=_part(value, old),
                unit=Unit.TIMES,
                goal=_HALF,
            ),
        ]
    return readings


_UNITS: Final = {
    "chunk_ms": "CPU of a chunk of 250 ms (`connection_handler`)",
    "audio_second_ms": "CPU of a second of speech (`audio_processor`)",
    "segment_ms": "CPU of a segment",
    "segment_language_ms": "CPU of a segment in each language",
    "listener_ms": "CPU of a listener told",
    "audience_listener_ms": "CPU of a listener who is read with the audience",
    "idle_stream_ms_per_s": "CPU of an idle recogniser's stream, a second: the only one",
    "idle_of_ten_streams_ms_per_s": "CPU of an idle recogniser's stream, a second: one of ten",
    "join_ms": "CPU of a listener who comes",
}


def read_units(files: Mapping[str, Any]) -> list[Reading]:
    """Of ``unit-costs.json``."""
    found: Numbers = files.get("unit-costs.json") or {}
    details: Numbers = found.get("details") or {}
    readings = [
        Reading(
            key=f"units.{key}",
            figure=figure,
            value=number(found.get(key)),
            unit=Unit.MILLISECONDS,
            noise=_cpu_noise(number(found.get(key)), (details.get(key) or {}).get("quartiles")),
        )
        for key, figure in _UNITS.items()
    ]
    clients: Numbers = found.get("fanOut") or {}
    times_less = number((clients.get("Babelcast") or {}).get("timesLessThanBoto3InThreads"))
    fan_out = Reading(
        key="units.fan_out",
        figure="CPU of a listener told: times less than boto3 in threads",
        value=times_less,
        unit=Unit.TIMES,
        goal=_FAN_OUT,
        noise=round((times_less or 0.0) * _RATIO_NOISE, 4),
    )
    return [*readings, fan_out]


def _cpu_noise(value: float | None, quartiles: Sequence[float] | None) -> float:
    """The distance of the quartiles, and at least a share of the value."""
    low, high = quartiles or (0.0, 0.0)
    return round(max(high - low, (value or 0.0) * _CPU_NOISE), 4)


def read_cold(files: Mapping[str, Any]) -> list[Reading]:
    """Of ``cold-start.json``: the processor's time for the import, of the slowest function, and of those with a goal.

    The remark says how long it takes without what makes it start faster.
    """
    found: Numbers = files.get("cold-start.json") or {}
    starts: dict[str, Numbers] = {each["function"]: each for each in found.get("coldStarts", ())}
    without = {each["function"]: each for each in found.get("variants", ()) if each["variant"] == "without"}
    imports = {name: number(each.get("import_ms")) or 0.0 for name, each in starts.items()}
    slowest = max(imports, key=imports.__getitem__, default=None)

    def reading(name: str | None, key: str, figure: str) -> Reading:
        value = imports.get(name) if name is not None else None
        most = number(starts.get(name or "", {}).get("goal_ms"))
        before = number(without.get(name or "", {}).get("import_ms"))
        return Reading(
            key=f"cold.{key}",
            figure=figure,
            value=value,
            unit=Unit.MILLISECONDS,
            goal=None if most is None else Goal(most=most),
            noise=_cpu_noise(value, None),
            remark="" if before is None else f"{before:.0f} ms without trimmed layers, bytecode and lazy clients",
        )

    return [
        reading(slowest, "slowest", f"cold start: CPU of the slowest import{f', {slowest}' if slowest else ''}"),
        *(reading(name, name, f"cold start: CPU of the import, {name}") for name in _WAITED_FOR),
    ]


_WAITED_FOR: Final = ("authorizer", "connection_handler")
"""Functions whose start a person waits for."""


def read_latency(files: Mapping[str, Any]) -> list[Reading]:
    """Of ``latency.json``: the stage prod."""
    found: Sequence[Numbers] = files.get("latency.json") or ()
    prod: Numbers = next((each for each in found if each.get("stage") == "prod"), {})
    times = [
        Reading(
            key=f"latency.{key}",
            figure=figure,
            value=number(prod.get(key)),
            unit=Unit.MILLISECONDS,
            goal=goal,
            noise=noise,
        )
        for key, figure, goal, noise in (
            ("own_p50_ms", "own overhead p50: no service times, network or chunk", _OWN, _OWN_NOISE_MS),
            ("own_p95_ms", "own overhead p95", None, 5 * _OWN_NOISE_MS),
            ("notified_p50_ms", "clause's end → listener told, p50", None, 1000 * _REAL_TIME_NOISE_S),
            ("notified_p95_ms", "clause's end → listener told, p95", None, 1000 * _REAL_TIME_NOISE_S),
        )
    ]
    faults = Reading(
        key="latency.faults",
        figure="words lost, doubled or wrong meanwhile",
        value=number(prod.get("faults")),
        unit=Unit.COUNT,
        goal=_NOTHING,
        is_promise=True,
    )
    return [*times, faults]


_BREAKING: Final = {"sessions": "sessions", "listeners": "listeners of one session"}
_AS_THEY_ARE: Final = "quotas as they are"


def read_capacity(files: Mapping[str, Any]) -> list[Reading]:
    """Of ``capacity.json``: where quotas as they are break, and which one does.

    Their noise is a step of the sweep: the model takes the unit costs that were measured last.
    """
    found: Numbers = files.get("capacity.json") or {}
    sweeps = {each["name"]: each for each in found.get("sweeps", ())}
    readings = []
    for name, along in _BREAKING.items():
        points = [
            (point["along"], point["breaks"][0]["limit"] if point["breaks"] else None)
            for point in sweeps.get(name, {}).get("points", ())
            if point["series"] == _AS_THEY_ARE
        ]
        at, limit = min((point for point in points if point[1] is not None), default=(None, ""))
        held = max((value for value, _ in points if at is not None and value < at), default=0)
        readings.append(
            Reading(
                key=f"capacity.{name}",
                figure=f"{along} at which the first quota breaks (a model)",
                value=number(at),
                unit=Unit.COUNT,
                noise=0.0 if at is None else at - held,
                remark=limit or "",
            )
        )
    return readings


def read_check(files: Mapping[str, Any]) -> list[Reading]:
    """Of ``capacity-check.json``: how far the model is off at most, in percent of what was measured."""
    found: Numbers = files.get("capacity-check.json") or {}
    errors = [each["errors"] for each in found.get("comparisons", ())]
    return [
        Reading(
            key=f"check.{percentile}",
            figure=f"the capacity model beside a local stack: largest error of {percentile}",
            value=number(max((100 * abs(each[index]) for each in errors), default=None)),
            unit=Unit.PERCENT,
            noise=_ERROR_NOISE,
        )
        for index, percentile in enumerate(("p50", "p95"))
    ]
