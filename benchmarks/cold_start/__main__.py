"""How long Lambda would load each handler, and what trimmed layers, bytecode and lazy clients give of it.

    make bench-cold
    python -m benchmarks.cold_start [--runs 15] [--functions authorizer,connection_handler] [--out FILE]

The packaged code and layers, a fresh process each time, a warm disk. The processor is this machine's, so the packages
are those for this machine; an interpreter without site-packages imports the handler's module, as Lambda's runtime does
when it starts an environment. ``first use`` adds what the first invocation builds: settings, clients, collaborators.
Both are the processor's time, and so are the goals: on an idle core it is the time that passes, since nothing is waited
for, and other processes hardly change it.

Beside what is deployed are the same functions without what makes them start faster, with one measure more each time:

without all three    all that pip installs for the requirements, no bytecode, and every AWS client that the function can
                     use built with the import, as by modules that build theirs at their top level
+ trimmed layers     without what no function loads, and without what only debuggers read
+ bytecode           compiled; until then each start compiles what it imports, as Lambda cannot keep it
+ lazy clients       collaborators and clients are built at the first use, some clients at their own first call only

Starts take turns, the variants of a function one after the other, so that a busy moment of the machine is not one's
alone. ``unzipped`` is the function's own code and its layers. Exits with 1 when what is deployed misses a goal, with 2
when there is nothing to measure.
"""

import argparse
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.cold_start.starting import Starts, environments, start_in_turns
from benchmarks.cold_start.variants import VARIANTS, Variant, build_layers, candidate
from benchmarks.command_line import write_numbers
from benchmarks.tables import markdown_table
from benchmarks.unit_costs.measured import Cost
from scripts.build_layers import LayerError, LayerForm, LayerPlatform
from scripts.function_packages.layers import ROOT
from scripts.function_packages.packages import HANDLERS, FunctionPackage, PackageError, build_packages, read_packages

GOALS_MS: Final = {"authorizer": 350, "connection_handler": 350}
"""Functions whose start a person waits for; the goal is for the import alone."""

_MB: Final = 2**20

_REPORT: Final = """# Loading each packaged handler in a fresh process, disk warm

`make bench-cold`

{deployed}

Medians of {runs} processes each, with the layers for {machine} and their bytecode, on Python {version}. `first use` is
what the first invocation builds in addition: settings, clients, collaborators, in the processor's time. Lambda's own
start of an environment, its download of the packages and arm64 are not in these numbers.

## What trimmed layers, bytecode and lazy clients give

Each line of a function has one measure more than the line above; the processes of all lines took turns.

{variants}

*Without all three*: all that pip installs for the requirements, no bytecode, and every AWS client that the function can
use built with the import. *Trimmed*: without what no function loads, and without what only debuggers read. *Bytecode*:
compiled beforehand, which takes room; without it each start compiles what it imports. *Lazy*: clients are built at the
first use, some at their own first call only, so that a part of the import moves into the first use. `clients` are
boto3's after the first use; `unzipped` is the function's own code and its layers, for this processor.

Without all three, how many times what is deployed takes:

{comparisons}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdStart:
    """One handler in one variant.

    Attributes:
        starts: All of them.
        unzipped_bytes: The function's own code and its layers.
    """

    function: str
    variant: Variant
    starts: Starts
    unzipped_bytes: int

    @property
    def goal_ms(self) -> int | None:
        """For the import of what is deployed, None without one."""
        return GOALS_MS.get(self.function)

    @property
    def is_met(self) -> bool:
        """Whether the median is within the goal."""
        return self.goal_ms is None or self.starts.imports.median_ms <= self.goal_ms

    def as_json(self) -> dict[str, Any]:
        """Medians, in milliseconds."""
        return {
            "function": self.function,
            "runs": len(self.starts.each),
            "import_ms": round(self.starts.imports.median_ms, 1),
            "import_wall_ms": round(self.starts.imports_wall.median_ms, 1),
            "first_use_ms": round(self.starts.first_uses.median_ms, 1),
            "modules": self.starts.each[0].modules,
        }

    def as_variant_json(self) -> dict[str, Any]:
        """The same, with what tells the variants apart."""
        return {
            "variant": self.variant.key,
            **self.as_json(),
            "import_quartiles_ms": [round(each, 1) for each in self.starts.imports.spread_ms],
            "clients": self.starts.each[0].clients,
            "unzipped_bytes": self.unzipped_bytes,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A function without all three measures, divided by what is deployed: how many times more it takes.

    Attributes:
        imports: The processor's time for the import.
        until_used: The same for the import and the first use together, as lazy clients only move some of it.
        unzipped: The bytes.
    """

    function: str
    imports: float
    until_used: float
    unzipped: float

    @classmethod
    def of(cls, without: ColdStart, deployed: ColdStart) -> "Comparison":
        """Of the medians."""
        return cls(
            function=deployed.function,
            imports=without.starts.imports.median_ms / deployed.starts.imports.median_ms,
            until_used=without.starts.until_used.median_ms / deployed.starts.until_used.median_ms,
            unzipped=without.unzipped_bytes / deployed.unzipped_bytes,
        )


def measure(
    packages: Sequence[FunctionPackage],
    built: Mapping[LayerForm, Path],
    variables: Mapping[str, Mapping[str, str]],
    *,
    runs: int,
) -> list[ColdStart]:
    """Start each function in each variant ``runs`` times.

    Args:
        packages: As they are deployed.
        built: Layers of the other forms.
        variables: Each function's.
        runs: At least 1.

    Returns:
        The variants of a function one after the other, what is deployed last.
    """
    measured = [(package.name, variant) for package in packages for variant in VARIANTS]
    candidates = [candidate(variant, package, built) for package in packages for variant in VARIANTS]
    return [
        ColdStart(function=function, variant=variant, starts=starts, unzipped_bytes=each.unzipped_bytes)
        for (function, variant), each, starts in zip(
            measured, candidates, start_in_turns(candidates, variables, runs=runs), strict=True
        )
    ]


def of_variant(starts: Sequence[ColdStart], variant: Variant) -> list[ColdStart]:
    """The functions in one variant."""
    return [each for each in starts if each.variant == variant]


def compare(starts: Sequence[ColdStart]) -> list[Comparison]:
    """Each function without all three measures and as it is deployed."""
    pairs = zip(of_variant(starts, VARIANTS[0]), of_variant(starts, VARIANTS[-1]), strict=True)
    return [Comparison.of(*pair) for pair in pairs]


def report(starts: Sequence[ColdStart]) -> str:
    """What is deployed with its goals, then the variants, then what all measures give together; in Markdown."""
    deployed = markdown_table(
        ("function", "import, processor's time", "import, time that passes", "first use", "modules", "goal"),
        [_deployed_row(each) for each in of_variant(starts, VARIANTS[-1])],
    )
    variants = markdown_table(
        ("function", "variant", "import, processor's time", "quartiles", "first use", "clients", "unzipped"),
        [_variant_row(each) for each in starts],
    )
    comparisons = markdown_table(
        ("function", "import", "import and first use", "unzipped"),
        [
            (each.function, f"{each.imports:.1f} ×", f"{each.until_used:.1f} ×", f"{each.unzipped:.1f} ×")
            for each in compare(starts)
        ],
    )
    return _REPORT.format(
        deployed=deployed,
        variants=variants,
        comparisons=comparisons,
        runs=len(starts[0].starts.each),
        machine=platform.machine(),
        version=platform.python_version(),
    )


def _deployed_row(cold: ColdStart) -> tuple[str, ...]:
    return (
        cold.function,
        _ms(cold.starts.imports),
        _ms(cold.starts.imports_wall),
        _ms(cold.starts.first_uses),
        str(cold.starts.each[0].modules),
        "" if cold.goal_ms is None else f"{cold.goal_ms} ms: {'met' if cold.is_met else 'MISSED'}",
    )


def _variant_row(cold: ColdStart) -> tuple[str, ...]:
    low, high = cold.starts.imports.spread_ms
    return (
        cold.function,
        cold.variant.title,
        _ms(cold.starts.imports),
        f"{low:.0f}–{high:.0f}",
        _ms(cold.starts.first_uses),
        str(len(cold.starts.each[0].clients)),
        f"{cold.unzipped_bytes / _MB:.1f} MB",
    )


def _ms(cost: Cost) -> str:
    return f"{cost.median_ms:.0f} ms"


def as_json(starts: Sequence[ColdStart]) -> dict[str, Any]:
    """What is deployed, and every variant."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "coldStarts": [{**each.as_json(), "goal_ms": each.goal_ms} for each in of_variant(starts, VARIANTS[-1])],
        "variants": [each.as_variant_json() for each in starts],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, measure, show and write."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.cold_start",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--runs", type=_runs, default=15, help="fresh processes for each variant of each handler (15)")
    parser.add_argument("--functions", type=_functions, default=HANDLERS, help=f"of {','.join(HANDLERS)}")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "bench-cold.json", metavar="FILE")
    options = parser.parse_args(arguments)
    here = LayerPlatform.of_this_machine()
    try:
        assembly = build_packages(here)
        built = build_layers(here)
    except (LayerError, PackageError) as error:
        print(f"cold_start: {error}", file=sys.stderr)
        return 2
    packages = [package for name, package in read_packages(assembly).items() if name in options.functions]
    starts = measure(packages, built, environments(assembly), runs=options.runs)
    print(report(starts), end="")
    write_numbers(options.out, as_json(starts))
    print(f"written to {options.out}", file=sys.stderr)
    return 0 if all(each.is_met for each in of_variant(starts, VARIANTS[-1])) else 1


def _runs(text: str) -> int:
    if (runs := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least one run is needed")
    return runs


def _functions(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    for name in names:
        if name not in HANDLERS:
            raise argparse.ArgumentTypeError(f"no function is called {name}")
    return names


if __name__ == "__main__":
    sys.exit(main())
