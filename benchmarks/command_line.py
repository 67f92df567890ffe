"""What the command lines of several runs have in common."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.services.profiles import Profile
from local.supervision import PROJECT_ROOT


def add_stack_options(parser: argparse.ArgumentParser) -> None:
    """Which stack a run is of, and what is kept of it: service_times, assembly, keep, out."""
    parser.add_argument(
        "--service-times", type=Profile, choices=tuple(Profile), default=Profile.NONE, help="how slow AWS is (none)"
    )
    parser.add_argument(
        "--assembly", type=Path, default=PROJECT_ROOT / "build" / "assembly", metavar="DIR", help="the templates"
    )
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep clips and logs there")
    parser.add_argument("--out", type=Path, metavar="JSON", help="receives the numbers too")


def write_numbers(path: Path, numbers: Mapping[str, Any]) -> None:
    """Write a run's numbers as JSON; directories are made as needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(numbers, indent=2) + "\n")
