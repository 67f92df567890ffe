"""Every bench in its short form, and one table of all of them."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.board.board import BOARD_MARKDOWN, read_board
from benchmarks.board.parts import PARTS
from benchmarks.board.running import environment
from local.supervision import PROJECT_ROOT

pytestmark = pytest.mark.slow

MEASURED = (
    "span.span_p50@1.5",
    "span.words_lost@1",
    "units.chunk_ms",
    "units.fan_out",
    "latency.own_p50_ms",
    "latency.notified_p50_ms",
    "capacity.sessions",
)
"""At least one of each part that has a short form."""


def test_the_short_form_measures_and_writes_one_table(assembly: Path, tmp_path: Path) -> None:
    stages, out = tmp_path / "stages", tmp_path / "out"
    stages.mkdir()
    (stages / "prod").symlink_to(assembly)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.board", "--short"),
            *("--assembly", str(assembly), "--stages", str(stages), "--out", str(out)),
        ],
        cwd=PROJECT_ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"

    rows = {row.key: row for row in read_board(out).rows}
    assert list(rows) == [reading.key for part in PARTS for reading in part.read({})]
    for key in MEASURED:
        assert rows[key].value is not None, key
    # Some of the way is Babelcast's own, and some is the services'.
    own, told = rows["latency.own_p50_ms"].value, rows["latency.notified_p50_ms"].value
    assert own is not None
    assert told is not None
    assert 0 < own < told
    page = (out / BOARD_MARKDOWN).read_text()
    assert all(f"| {row.figure} |" in page for row in rows.values())
    assert {path for part in PARTS if part.short is not None for path in part.published.values()} <= {
        path.name for path in out.iterdir()
    }
