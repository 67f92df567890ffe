"""A stage with as many cells as a load needs, written as a cloud assembly.

    python -m benchmarks.load.stage --sessions 100 --out DIR

It is the stage dev but for its number of cells, and is a process of its own, so that the CDK's does not stay beside
what is measured.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import Final

from infrastructure.app import add_stage, new_app
from infrastructure.layers import CODE_ALONE
from infrastructure.settings import DEV, StageSettings
from local.errors import UserError
from local.supervision import PROJECT_ROOT

SESSIONS_PER_SPEAKER: Final = DEV.sessions_per_speaker
"""What one account may have at once; more sessions take more accounts."""


def stage_for(sessions: int) -> StageSettings:
    """The stage dev with cells for so many sessions.

    Raises:
        SettingsError: More than a stage can have.
    """
    count = ceil(sessions / DEV.cells.sessions_per_cell)
    streams = max(DEV.cells.transcribe_streams, count * DEV.cells.sessions_per_cell)
    return replace(DEV, cells=replace(DEV.cells, count=count, transcribe_streams=streams))


async def write_stage(sessions: int, directory: Path) -> None:
    """Synthesize it in a process of its own.

    Raises:
        UserError: It could not be.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "benchmarks.load.stage", "--sessions", str(sessions), "--out", str(directory)),
        cwd=PROJECT_ROOT,
        env=dict(os.environ),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()
    if process.returncode:
        raise UserError(f"the stage could not be synthesized: {errors.decode().strip()[-500:]}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load.stage", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sessions", type=int, required=True, help="that are live at the same time")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="receives the assembly")
    options = parser.parse_args(arguments)
    app = new_app(output_directory=options.out)
    add_stage(app, stage_for(options.sessions), layers=CODE_ALONE)
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
