"""Runs a part of the board and reads what it has left."""

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from benchmarks.board.parts import Part, Places
from benchmarks.board.rows import Row, row_of
from local.supervision import PROJECT_ROOT, SHARED_CODE


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What came of a part.

    Attributes:
        rows: None when it left nothing to be read; then nothing was published.
        failure: Why the board has failed with it, for people; None when it has not.
    """

    rows: tuple[Row, ...] | None
    failure: str | None


def run_part(part: Part, arguments: Sequence[str], places: Places, former: Mapping[str, Row]) -> Ran:
    """Run a part as a process of its own, publish its files and read them.

    Args:
        part: What is run.
        arguments: Its full or its short ones.
        places: `Places.work` is made anew.
        former: The part's rows so far, by key.
    """
    shutil.rmtree(places.work, ignore_errors=True)
    places.work.mkdir(parents=True)
    began = datetime.now(UTC)
    done = subprocess.run(
        [sys.executable, "-m", part.module, *arguments, *part.paths(places)],
        cwd=PROJECT_ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    print(done.stdout)
    missing = [name for name in part.published if not (places.work / name).exists()]
    if missing:
        return Ran(rows=None, failure=f"{part.name} exited with {done.returncode} without {', '.join(missing)}")
    ran = " ".join((part.module, *arguments))
    files = _publish(part, places, f"`python -m {ran}`\n\n{done.stdout}")
    rows = rows_of(part, files, former, ran=ran, date=began.strftime("%Y-%m-%d %H:%M"))
    is_failure = done.returncode != 0 and not part.has_speed_in_status
    return Ran(rows=rows, failure=f"{part.name} exited with {done.returncode}" if is_failure else None)


def rows_of(part: Part, files: Mapping[str, Any], former: Mapping[str, Row], *, ran: str, date: str) -> tuple[Row, ...]:
    """A part's rows from its files; without any, rows without values."""
    return tuple(
        row_of(reading, former.get(reading.key), command=part.command, ran=ran, date=date, machine=machine())
        for reading in part.read(files)
    )


def machine() -> str:
    """What this runs on."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def _publish(part: Part, places: Places, said: str) -> dict[str, Any]:
    """Copy its files into the board's directory; the JSON ones by their published names."""
    places.out.mkdir(parents=True, exist_ok=True)
    files: dict[str, Any] = {}
    for written, published in part.published.items():
        target = places.out / published
        shutil.copyfile(places.work / written, target)
        if target.suffix == ".json":
            files[published] = json.loads(target.read_text())
    if part.said is not None:
        (places.out / part.said).write_text(said)
    return files


def environment() -> dict[str, str]:
    """Of a part's process."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(SHARED_CODE), "lambdas", "."))}
