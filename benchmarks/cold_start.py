"""How long Lambda would load each handler: the packaged code and layers, a fresh process each time, a warm disk.

``python -m benchmarks.cold_start [--runs 15] [--out FILE]``. The processor is this machine's, so the packages are those
for this machine; an interpreter without site-packages imports the handler's module, as Lambda's runtime does when it
starts an environment. ``first use`` adds what the first invocation builds: settings, clients, collaborators. Runs of
the handlers take turns, so that a busy moment of the machine is not one handler's alone. Both are the processor's time,
and so are the goals: on an idle core it is the time that passes, since nothing is waited for, and other processes
hardly change it.
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from local.template.assembly import Assembly
from local.template.compute_resources import FUNCTION_TYPE, read_function
from scripts.build_layers import LayerError, LayerPlatform
from scripts.function_packages.layers import ROOT
from scripts.function_packages.packages import FunctionPackage, PackageError, build_packages, read_packages

GOALS_MS: Final = {"authorizer": 350, "connection_handler": 350}
"""Functions whose start a person waits for; the goal is for the import alone."""

FIRST_USE: Final = {
    "authorizer": "authorizing",
    "connection_handler": "connection_handling",
    "disconnect_handler": "disconnect_handling",
    "http_session_handler": "http_session_handling",
    "audio_processor": "audio_processing",
    "notification_sender": "notification_sending",
}
"""What the first invocation takes from `babelcast.wiring`."""

_MEASURE: Final = """
import sys, time
module, first_use, *path = sys.argv[1:]
sys.path[:0] = path
began, cpu_began = time.perf_counter(), time.process_time()
__import__(module)
imported, cpu_imported = time.perf_counter(), time.process_time()
from babelcast import wiring
getattr(wiring, first_use)()
cpu_used = time.process_time()
print((imported - began) * 1000, (cpu_imported - cpu_began) * 1000, (cpu_used - cpu_imported) * 1000, len(sys.modules))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdStart:
    """One handler; times in milliseconds.

    Attributes:
        import_ms: Median of the processor's time for the import.
        import_wall_ms: Median of the time that passes; more when other processes want the processor, too.
        first_use_ms: Median of the processor's time for building the collaborators, in the same process, after the
            import.
        modules: Loaded afterwards.
        goal_ms: For the import, None without one.
    """

    function: str
    runs: int
    import_ms: float
    import_wall_ms: float
    first_use_ms: float
    modules: int
    goal_ms: int | None

    @property
    def is_met(self) -> bool:
        """Whether the median is within the goal."""
        return self.goal_ms is None or self.import_ms <= self.goal_ms


def environments(assembly: Path) -> dict[str, dict[str, str]]:
    """Each function's variables; what only a deployment knows is made up."""
    loaded = Assembly.load(assembly)
    found = {}
    for resource in loaded.of_type(FUNCTION_TYPE):
        if "Handler" not in resource.properties or "python" not in str(resource.properties.get("Runtime")):
            continue
        function = read_function(loaded, resource.key)
        found[function.handler.partition(".")[0]] = {
            name: value if isinstance(value, str) else "https://made-up.example"
            for name, value in function.environment.items()
        }
    return found


def start(package: FunctionPackage, environment: dict[str, str]) -> tuple[float, ...]:
    """Import a handler in a fresh process and build what its first invocation needs.

    Returns:
        Milliseconds of the import that pass, and of the processor; of the first use; and the number of modules.
    """
    command = [sys.executable, "-I", "-S", "-c", _MEASURE, package.module, FIRST_USE[package.name]]
    done = subprocess.run(
        [*command, *map(str, package.path)],
        cwd=package.code,
        env={
            **environment,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_EC2_METADATA_DISABLED": "true",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(map(float, done.stdout.split()))


def measure(assembly: Path, *, runs: int) -> list[ColdStart]:
    """Start each handler ``runs`` times, after one start that warms the disk."""
    packages, variables = read_packages(assembly), environments(assembly)
    times: dict[str, list[tuple[float, ...]]] = {name: [] for name in packages}
    for run in range(runs + 1):
        for name, package in packages.items():
            taken = start(package, variables[name])
            if run:
                times[name].append(taken)
    return [
        ColdStart(
            function=name,
            runs=runs,
            import_wall_ms=round(statistics.median(each[0] for each in taken), 1),
            import_ms=round(statistics.median(each[1] for each in taken), 1),
            first_use_ms=round(statistics.median(each[2] for each in taken), 1),
            modules=int(taken[0][3]),
            goal_ms=GOALS_MS.get(name),
        )
        for name, taken in times.items()
    ]


def show(starts: Sequence[ColdStart]) -> None:
    """A line for each handler, with its goal."""
    print(f"{'function':24}{'import, CPU':>13}{'passes':>10}{'first use':>12}{'modules':>10}   goal")
    for each in starts:
        goal = "" if each.goal_ms is None else f"{'met' if each.is_met else 'MISSED'}: at most {each.goal_ms} ms"
        print(
            f"{each.function:24}{each.import_ms:10.0f} ms{each.import_wall_ms:7.0f} ms{each.first_use_ms:9.0f} ms"
            f"{each.modules:10}   {goal}"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, measure, show and write; 1 when a goal is missed, 2 when there is nothing to measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15, help="fresh processes for each handler (15)")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "bench-cold.json", metavar="FILE")
    options = parser.parse_args(arguments)
    try:
        assembly = build_packages(LayerPlatform.of_this_machine())
    except (LayerError, PackageError) as error:
        print(f"cold_start: {error}", file=sys.stderr)
        return 2
    starts = measure(assembly, runs=options.runs)
    show(starts)
    machine = {"python": platform.python_version(), "machine": platform.machine()}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({**machine, "coldStarts": [asdict(each) for each in starts]}, indent=2) + "\n")
    print(f"written to {options.out}")
    return 0 if all(each.is_met for each in starts) else 1


if __name__ == "__main__":
    sys.exit(main())
