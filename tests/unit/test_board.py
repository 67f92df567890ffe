"""The one table of all benches: what is read from their files, goals, noise, promises, and the run before."""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from benchmarks.board.board import BOARD_JSON, Board, markdown, read_board, write_board
from benchmarks.board.parts import PARTS, Part
from benchmarks.board.reading import read_capacity, read_check, read_cold, read_latency, read_span, read_units
from benchmarks.board.rows import Goal, Reading, Row, Unit, agreement, broken_promises, cells_of, row_of
from benchmarks.capacity.check import Comparison
from benchmarks.capacity.check import as_json as comparisons_as_json
from benchmarks.capacity.simulation import Percentiles
from benchmarks.load.slopes import Slope
from benchmarks.span.course import Clock, Design
from benchmarks.span.figures import Figures
from benchmarks.span.report import model_costs
from benchmarks.unit_costs.__main__ import Measured
from benchmarks.unit_costs.fan_out import BASELINE, PRODUCT
from benchmarks.unit_costs.measured import Cost
from local.errors import UserError
from local.supervision import PROJECT_ROOT


def figures(**changed: Any) -> dict[str, Any]:
    """As `benchmarks.span` writes them."""
    values: dict[str, Any] = {
        "design": Design.BABELCAST, "clock": Clock.SIMULATED, "rate": 1.0, "minutes": 60.0,
        "span_p50": 2.4, "span_p95": 4.6, "clause_p50": 1.0, "clause_p95": 2.0,
        "slope_s_per_hour": Slope(per_hour=0.1, lowest=-0.2, highest=0.4), "ending_offset": 3.0,
        "duration_ratio": 1.0, "heard_ratio": 1.0, "skipped": 0.0, "silence_ratio": 0.25,
        "words": 100, "words_lost": 0, "words_broken": 0, "words_extra": 0, "words_skipped": 0,
        "laal": 2.0, "caption_gap": 5.0, "retractions": 0, "lost_batches": 0,
    }  # fmt: skip
    written: dict[str, Any] = json.loads(json.dumps(asdict(Figures(**{**values, **changed}))))
    return written


def by_key(readings: list[Reading]) -> dict[str, Reading]:
    assert len({each.key for each in readings}) == len(readings)
    return {each.key: each for each in readings}


def row(reading: Reading, former: Row | None = None, *, ran: str = "benchmarks.span --seed 1") -> Row:
    return row_of(reading, former, command="make bench-span", ran=ran, date="2026-11-21 03:00", machine="2 cores")


def reading(value: float | None = 2.0, **changed: Any) -> Reading:
    values = {"key": "span.p50", "figure": "span", "unit": Unit.SECONDS, "value": value, **changed}
    return Reading(**values)


@pytest.mark.parametrize(
    ("goal", "value", "met"),
    [
        (Goal(most=2.5), 2.5, True),
        (Goal(most=2.5), 2.51, False),
        (Goal(least=5), 5.0, True),
        (Goal(least=5), 4.9, False),
        (Goal(most=0), 0.0, True),
        (Goal(most=0), None, None),
        (None, 9.0, None),
    ],
)
def test_goals(goal: Goal | None, value: float | None, met: bool | None) -> None:
    judged = row(reading(value, goal=goal))
    assert judged.met is met
    assert cells_of(judged)[5] == {True: "met", False: "**not met**", None: ""}[met]


@pytest.mark.parametrize(
    ("noise", "noise_before", "value", "agrees"),
    [
        (0.0, 0.0, 2.0, True),
        (0.0, 0.0, 2.01, False),
        (0.1, 0.0, 2.1, True),
        (0.0, 0.2, 1.8, True),
        (0.1, 0.1, 2.2, False),
    ],
)
def test_a_second_run_is_held_to_the_noise(noise: float, noise_before: float, value: float, agrees: bool) -> None:
    again = row(reading(value, noise=noise), row(reading(2.0, noise=noise_before)))
    assert (again.former, again.agrees) == (2.0, agrees)
    assert ("**differs**" in cells_of(again)[7]) is not agrees


def test_only_the_same_run_is_compared() -> None:
    short = row(reading(), row(reading(9.0)), ran="benchmarks.span --minutes 1")
    assert (short.former, short.agrees) == (None, None)
    unmeasured = row(reading(None), row(reading(9.0)))
    assert (unmeasured.former, unmeasured.agrees) == (9.0, None)


def test_the_last_line_says_how_many_agree() -> None:
    before = row(reading(2.0))
    same, other, new = row(reading(2.0), before), row(reading(3.0, key="span.p95"), before), row(reading(1.0))
    assert (
        agreement([same, other, new]) == "1 of 2 figures agree with the run before within their noise; not: span.p95."
    )
    assert agreement([same]) == "1 of 1 figures agree with the run before within their noise."
    assert agreement([new]).startswith("No figure has a run before it")


def test_promises_are_broken_by_values_and_goals_are_only_missed() -> None:
    lost = reading(3.0, key="lost", figure="words lost", unit=Unit.COUNT, goal=Goal(most=0), is_promise=True)
    assert broken_promises([row(lost)]) == ["words lost: 3"]
    assert broken_promises([row(reading(9.0, goal=Goal(most=1)))]) == []
    assert broken_promises([row(reading(None, goal=Goal(most=0), is_promise=True))]) == []


def test_the_table_shows_the_old_design_the_ratio_and_the_command() -> None:
    cells = cells_of(row(reading(2.0, old=8.0, noise=0.25, goal=Goal(most=2.5), remark="5 min")))
    assert cells == ("span", "2.00 s (5 min)", "8.00 s", "0.25", "≤ 2.50 s", "met", "±0.25 s", "", "`make bench-span`")


def test_the_span_is_read_beside_the_old_design_at_each_rate_and_clock() -> None:
    old = {"design": Design.OLD, "words_lost": 30}
    real = {"clock": Clock.REAL, "minutes": 5.0}
    found = {
        "figures": [
            figures(minutes=5.0, span_p50=2.3),
            figures(),
            figures(**old, span_p50=9.6),
            figures(design=Design.OLD_NARROW, span_p50=1.0),
            figures(**real, span_p50=2.2),
            figures(**old, **real, span_p50=8.0),
            figures(rate=1.5, span_p95=8.5, words_lost=1),
        ],
        "modelCostsPerSessionHour": model_costs(languages=2, offered=10, silence=0.3),
    }
    read = by_key(read_span({"span.json": found}))
    assert (read["span.span_p50@1"].value, read["span.span_p50@1"].old) == (2.4, 9.6)
    assert read["span.part_of_old@1"].value == 0.25
    assert (read["span.drift@1"].value, read["span.drift@1"].remark) == (0.1, "95 %: -0.2 to +0.4")
    assert read["span.silence_ratio@1"].value == 25
    assert (read["span.words_lost@1"].value, read["span.words_lost@1"].old) == (0, 30)
    assert (read["span.real_span_p50@1"].value, read["span.real_span_p50@1"].old) == (2.2, 8.0)
    assert read["span.real_span_p50@1"].remark == "simulated: 2.30 s"
    assert read["span.real_span_p50@1"].noise > 0 == read["span.span_p50@1"].noise
    assert broken_promises([row(each) for each in read.values()]) == ["words lost, 1.5×: 1"]
    assert row(read["span.span_p95@1.5"]).met is False
    assert read["span.span_p50@1.25"].value is None
    parts_of_old = [each.value for key, each in read.items() if key.startswith("span.models_part_of_old")]
    assert parts_of_old
    assert all(value is not None and 0 < value < 0.5 for value in parts_of_old)


def test_unit_costs_have_their_quartiles_or_a_share_as_noise() -> None:
    measured = Measured(
        units={"chunk_ms": Cost(values_ms=(1.0, 2.0, 3.0)), "join_ms": Cost(values_ms=(10.0, 10.0, 10.1))},
        fan_out={BASELINE: Cost(values_ms=(0.6,)), PRODUCT: Cost(values_ms=(0.1,))},
    )
    read = by_key(read_units({"unit-costs.json": measured.as_json()}))
    assert (read["units.chunk_ms"].value, read["units.chunk_ms"].noise) == (2.0, 1.0)
    assert (read["units.join_ms"].value, read["units.join_ms"].noise) == (10.0, 1.5)
    assert row(read["units.fan_out"]).met is True
    assert read["units.segment_ms"].value is None


def test_the_slowest_start_is_told_with_what_it_was() -> None:
    def start(function: str, import_ms: float, **more: Any) -> dict[str, Any]:
        return {"function": function, "import_ms": import_ms, **more}

    found = {
        "coldStarts": [start("authorizer", 190.0, goal_ms=350), start("audio_processor", 400.0, goal_ms=None)],
        "variants": [
            start("audio_processor", 900.0, variant="without"),
            start("audio_processor", 400.0, variant="deployed"),
        ],
    }
    read = by_key(read_cold({"cold-start.json": found}))
    assert read["cold.slowest"].value == 400
    assert "audio_processor" in read["cold.slowest"].figure
    assert read["cold.slowest"].remark.startswith("900 ms without")
    assert (read["cold.authorizer"].value, row(read["cold.authorizer"]).met) == (190, True)
    assert read["cold.connection_handler"].value is None
    before = by_key(read_cold({"cold-start.json": {"coldStarts": found["coldStarts"]}}))
    assert (before["cold.slowest"].value, before["cold.slowest"].remark) == (400, "")


def test_the_latency_is_that_of_the_stage_in_production() -> None:
    found = [{"stage": "dev", "own_p50_ms": 900, "faults": 1}, {"stage": "prod", "own_p50_ms": 250, "faults": 0}]
    read = by_key(read_latency({"latency.json": found}))
    assert (read["latency.own_p50_ms"].value, row(read["latency.own_p50_ms"]).met) == (250, True)
    assert read["latency.faults"].value == 0
    assert read["latency.own_p95_ms"].value is None


def test_the_first_quota_to_break_is_that_of_the_smallest_load() -> None:
    def point(along: int, *limits: str, series: str = "quotas as they are") -> dict[str, Any]:
        return {"series": series, "along": along, "breaks": [{"limit": each} for each in limits]}

    points = [point(10), point(50, "streams", "core"), point(20), point(100, "core"), point(1, "seats", series="other")]
    read = by_key(read_capacity({"capacity.json": {"sweeps": [{"name": "sessions", "points": points}]}}))
    sessions = read["capacity.sessions"]
    assert (sessions.value, sessions.remark, sessions.noise) == (50, "streams", 30)
    assert read["capacity.listeners"].value is None


def test_the_model_is_as_wrong_as_where_it_is_most() -> None:
    def comparison(measured: int, modelled: int) -> Comparison:
        p95 = 2_000
        return Comparison(
            name="a room", measured=Percentiles(p50=measured, p95=p95), modelled=Percentiles(p50=modelled, p95=p95)
        )

    found = {"comparisons": comparisons_as_json([comparison(1_000, 1_050), comparison(1_000, 880)])}
    read = by_key(read_check({"capacity-check.json": found}))
    assert read["check.p50"].value == pytest.approx(12)
    assert read["check.p95"].value == 0


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_every_line_has_a_command_that_runs_the_same_bench(part: Part) -> None:
    readings = by_key(part.read({}))
    assert readings
    assert all(key.startswith(f"{part.name}.") and each.value is None for key, each in readings.items())
    _, target, *_ = part.command.split()
    recipe = re.search(rf"^{target}:.*##.*\n((?:\t.*\n)+)", (PROJECT_ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe is not None, target
    assert f"-m {part.module} " in recipe[1]


def test_a_part_that_is_not_run_keeps_its_lines(tmp_path: Path) -> None:
    before = Board(parts={"span": (row(reading()),), "units": (row(reading(1.0, key="units.chunk_ms")),)})
    write_board(tmp_path, before)
    after = read_board(tmp_path).with_part("span", [row(reading(3.0), before.former("span")["span.p50"])])
    write_board(tmp_path, after)
    kept = read_board(tmp_path)
    assert [(each.key, each.value, each.former) for each in kept.rows] == [
        ("span.p50", 3.0, 2.0),
        ("units.chunk_ms", 1.0, None),
    ]
    page = markdown(kept)
    assert "0 of 1 figures agree" in page
    assert "* span: 2026-11-21 03:00, 2 cores: `python -m benchmarks.span --seed 1`" in page
    assert "* check: not measured" in page
    assert read_board(tmp_path / "elsewhere").rows == ()


def test_a_file_that_is_no_board_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / BOARD_JSON).write_text("[]")
    with pytest.raises(UserError, match="no board"):
        read_board(tmp_path)
