"""Starts of packaged handlers: each in a fresh process, the variants of a function in turns."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.unit_costs.measured import Cost
from local.template.assembly import Assembly
from local.template.compute_resources import FUNCTION_TYPE, read_function
from scripts.function_packages.packages import FunctionPackage

FIRST_USE: Final = {
    "authorizer": "authorizing",
    "connection_handler": "connection_handling",
    "disconnect_handler": "disconnect_handling",
    "http_session_handler": "http_session_handling",
    "audio_processor": "audio_processing",
    "notification_sender": "notification_sending",
}
"""What the first invocation takes from `babelcast.wiring`."""

_PROCESS: Final = Path(__file__).with_name("process.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One start.

    Attributes:
        import_ms: The processor's time for the import.
        import_wall_ms: The time that passes.
        first_use_ms: The processor's time for building the collaborators after it.
        modules: Loaded afterwards.
        clients: Services that boto3's clients exist for afterwards, in order.
        hurried: Adapters whose clients were built with the import although they build them at their first call.
    """

    import_ms: float
    import_wall_ms: float
    first_use_ms: float
    modules: int
    clients: tuple[str, ...]
    hurried: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A function in one of the forms that are measured side by side.

    Attributes:
        package: What Lambda would unpack.
        has_lazy_clients: Whether AWS clients are built when the product builds them, or all with the import.
    """

    package: FunctionPackage
    has_lazy_clients: bool = True

    @property
    def unzipped_bytes(self) -> int:
        """The function's own code and its layers."""
        return self.package.code_bytes + self.package.layer_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Starts:
    """One or more of a candidate, in their order; the modules and clients are each one's."""

    each: tuple[Start, ...]

    @property
    def imports(self) -> Cost:
        """The processor's time for the import."""
        return Cost(values_ms=tuple(start.import_ms for start in self.each))

    @property
    def imports_wall(self) -> Cost:
        """The time that passes for the import."""
        return Cost(values_ms=tuple(start.import_wall_ms for start in self.each))

    @property
    def first_uses(self) -> Cost:
        """The processor's time for the first use, after the import."""
        return Cost(values_ms=tuple(start.first_use_ms for start in self.each))

    @property
    def until_used(self) -> Cost:
        """The processor's time for the import and the first use together."""
        return Cost(values_ms=tuple(start.import_ms + start.first_use_ms for start in self.each))


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


def start(candidate: Candidate, environment: Mapping[str, str]) -> Start:
    """Import a handler in a fresh process and build what its first invocation needs.

    As on Lambda, nothing can be written beside the code: bytecode that is not there is compiled at each start.
    """
    package = candidate.package
    clients = "lazy" if candidate.has_lazy_clients else "eager"
    command = [sys.executable, "-I", "-S", "-B", str(_PROCESS), package.module, FIRST_USE[package.name], clients]
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
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    numbers = json.loads(done.stdout)
    return Start(**{**numbers, "clients": tuple(numbers["clients"]), "hurried": tuple(numbers["hurried"])})


def start_in_turns(
    candidates: Sequence[Candidate], variables: Mapping[str, Mapping[str, str]], *, runs: int
) -> list[Starts]:
    """Start each candidate ``runs`` times, in rounds, after a round that warms the disk.

    Args:
        candidates: In the order of a round; those that are compared stand beside each other.
        variables: Each function's.
        runs: At least 1.

    Returns:
        In the candidates' order.
    """
    rounds = [[start(each, variables[each.package.name]) for each in candidates] for _ in range(runs + 1)]
    return [Starts(each=starts) for starts in zip(*rounds[1:], strict=True)]
