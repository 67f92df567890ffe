"""The benches that the board runs, each as a process with a command line of its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.board import reading
from benchmarks.board.rows import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a part finds and leaves files.

    Attributes:
        work: A directory of the part's own, which receives what it writes.
        out: The board's directory, with the files of earlier parts.
        assembly: The templates of the stack.
        stages: A directory of templates for each stage.
    """

    work: Path
    out: Path
    assembly: Path
    stages: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A bench.

    Attributes:
        command: Measures the same again, for people.
        module: Of the process.
        full, short: Arguments that decide what is measured; None leaves the part out of the short form.
        paths: Arguments that say where files are.
        published: Names of the files that it writes, and under which names they are published.
        said: What it prints is published under this name, too.
        has_speed_in_status: Whether it exits with 1 because of a time; then its status says nothing here.
        read: Turns the published JSON files, by name, into readings.
    """

    name: str
    command: str
    module: str
    full: Sequence[str]
    short: Sequence[str] | None
    paths: Callable[[Places], Sequence[str]]
    published: Mapping[str, str]
    said: str | None = None
    has_speed_in_status: bool = False
    read: Callable[[Mapping[str, Any]], list[Reading]]


UNIT_COSTS: Final = "unit-costs.json"

PARTS: Final[tuple[Part, ...]] = (
    Part(
        name="span",
        command="make bench-span",
        module="benchmarks.span",
        full=("--minutes", "60", "--rates", "1,1.25,1.5", "--checked-minutes", "5", "--seed", "1"),
        short=("--minutes", "0.4", "--rates", "1,1.25,1.5", "--checked-minutes", "0", "--seed", "1"),
        paths=lambda at: ("--assembly", str(at.stages / "prod"), "--out", str(at.work)),
        published={f"bench-span.{ending}": f"span.{ending}" for ending in ("json", "md", "png")},
        read=reading.read_span,
    ),
    Part(
        name="units",
        command="make bench-units",
        module="benchmarks.unit_costs",
        full=("--seed", "1"),
        short=("--units", "chunk,listener,fan-out", "--repeats", "1", "--seed", "1"),
        paths=lambda at: ("--assembly", str(at.assembly), "--out", str(at.work / UNIT_COSTS)),
        published={UNIT_COSTS: UNIT_COSTS},
        said="unit-costs.md",
        read=reading.read_units,
    ),
    Part(
        name="cold",
        command="make bench-cold",
        module="benchmarks.cold_start",
        full=(),
        short=None,
        paths=lambda at: ("--out", str(at.work / "cold-start.json")),
        published={"cold-start.json": "cold-start.json"},
        said="cold-start.md",
        has_speed_in_status=True,
        read=reading.read_cold,
    ),
    Part(
        name="latency",
        command="make bench-latency MINUTES=5 STAGES=prod",
        module="benchmarks.latency",
        full=("--minutes", "5", "--stages", "prod", "--seed", "1"),
        short=("--minutes", "0.15", "--stages", "prod", "--seed", "1"),
        paths=lambda at: ("--assemblies", str(at.stages), "--out", str(at.work)),
        published={f"latency.{ending}": f"latency.{ending}" for ending in ("json", "md", "png")},
        read=reading.read_latency,
    ),
    Part(
        name="capacity",
        command="make bench-capacity",
        module="benchmarks.capacity",
        full=("--seed", "1"),
        short=("--seconds", "2", "--thinning", "20", "--seed", "1"),
        paths=lambda at: ("--unit-costs", str(at.out / UNIT_COSTS), "--out", str(at.work)),
        published={name: name for name in ("capacity.json", "capacity.md", "capacity.png", "capacity-cost.png")},
        read=reading.read_capacity,
    ),
    Part(
        name="check",
        command="make bench-capacity CHECK=1",
        module="benchmarks.capacity",
        full=("--check", "--seed", "1"),
        short=None,
        paths=lambda at: (
            *("--unit-costs", str(at.out / UNIT_COSTS), "--assembly", str(at.assembly)),
            *("--out", str(at.work)),
        ),
        published={"capacity-check.json": "capacity-check.json"},
        said="capacity-check.md",
        read=reading.read_check,
    ),
)
"""In the order in which they run: the model takes the unit costs that were just measured."""
