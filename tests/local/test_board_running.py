"""Parts of the board as processes: what they leave is published and read, and what of them fails the board."""

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.board import __main__ as board_command
from benchmarks.board.board import read_board
from benchmarks.board.parts import PARTS, Part, Places
from benchmarks.board.rows import Goal, Reading, Unit
from benchmarks.board.running import environment, run_part
from local.supervision import PROJECT_ROOT


def read(files: Mapping[str, Any]) -> list[Reading]:
    lost = files.get("published.json", {}).get("lost")
    return [
        Reading(key="span.lost", figure="lost", value=lost, unit=Unit.COUNT, goal=Goal(most=0), is_promise=True),
        Reading(key="span.span", figure="span", value=9.0, unit=Unit.SECONDS, goal=Goal(most=1)),
    ]


def part(text: str | None = '{"lost": 0}') -> Part:
    """A part that leaves a text, or nothing."""
    return Part(
        name="span",
        command="make bench-span",
        module="tests.bench_child",
        full=("0",),
        short=("0",),
        paths=lambda at: () if text is None else (str(at.work / "written.json"), text),
        published={"written.json": "published.json"},
        said="said.md",
        read=read,
    )


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(work=tmp_path / "work", out=tmp_path / "out", assembly=tmp_path, stages=tmp_path)


def test_what_a_part_leaves_is_published_and_read(places: Places) -> None:
    ran = run_part(part(), ("0",), places, {})
    assert ran.failure is None
    assert ran.rows is not None
    lost, span = ran.rows
    assert (lost.value, lost.met, span.met) == (0, True, False)
    assert (lost.ran, lost.command) == ("tests.bench_child 0", "make bench-span")
    assert (places.out / "published.json").read_text() == '{"lost": 0}'
    assert "exits with 0" in (places.out / "said.md").read_text()
    again = run_part(part(), ("0",), places, {row.key: row for row in ran.rows})
    assert again.rows is not None
    assert [row.agrees for row in again.rows] == [True, True]


def test_a_part_that_exits_with_an_error_fails_but_not_for_its_speed(places: Places) -> None:
    failed = run_part(part(), ("1",), places, {})
    assert failed.rows is not None
    assert failed.failure == "span exited with 1"
    assert run_part(replace(part(), has_speed_in_status=True), ("1",), places, {}).failure is None


def test_a_part_that_leaves_nothing_fails_and_publishes_nothing(places: Places) -> None:
    run_part(part(), ("0",), places, {})
    ran = run_part(replace(part(None), has_speed_in_status=True), ("2",), places, {})
    assert (ran.rows, ran.failure) == (None, "span exited with 2 without written.json")
    assert (places.out / "published.json").read_text() == '{"lost": 0}'


@pytest.mark.parametrize(
    ("text", "status"), [('{"lost": 0}', 0), ('{"lost": 2}', 1), (None, 1)], ids=["missed goal", "lost", "nothing"]
)
def test_the_status_is_of_promises_and_failures_alone(
    text: str | None, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert board_command.run_parts([part(text)], board_command.options_of(["--out", str(tmp_path)])) == status
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "No figure has a run before it to be compared with."
    if text is not None:
        assert board_command.run_parts([part(text)], board_command.options_of(["--out", str(tmp_path)])) == status
        assert "2 of 2 figures agree" in capsys.readouterr().out.splitlines()[-1]
        assert read_board(tmp_path).rows[0].former is not None


def test_what_has_no_short_form_has_lines_without_values(tmp_path: Path) -> None:
    left_out = replace(part(), short=None)
    assert board_command.run_parts([left_out], board_command.options_of(["--short", "--out", str(tmp_path)])) == 0
    assert [row.ran for row in read_board(tmp_path).rows] == ["", ""]


COMMANDS = [
    pytest.param(each, arguments, id=f"{each.name}, {form}")
    for each in PARTS
    for form, arguments in (("full", each.full), ("short", each.short))
    if arguments is not None
]


@pytest.mark.slow
@pytest.mark.parametrize(("bench", "arguments"), COMMANDS)
def test_every_bench_knows_the_options_that_it_is_given(bench: Part, arguments: Sequence[str], places: Places) -> None:
    """Help is given when the values before it have been understood; it does not tell of options that are not known."""
    command = [sys.executable, "-m", bench.module, *arguments, *bench.paths(places), "--help"]
    done = subprocess.run(command, cwd=PROJECT_ROOT, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    known = set(re.findall(r"--[a-z-]+", done.stdout))
    assert known.issuperset(argument for argument in command if argument.startswith("--"))
