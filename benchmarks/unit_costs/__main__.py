"""What Babelcast's own code takes of the processor for each unit of its work, and what posting to a hall could take.

    make bench-units
    PYTHONPATH=shared_layer/python:lambdas:. .venv/bin/python -m benchmarks.unit_costs --help

Each unit is done by the real handlers or use cases, with the real SDKs, in a warm process of its own, in the
environment of the function that does it; AWS's services are the local stack's, in other processes, over loopback, and
API Gateway's ``@connections`` is a server that takes every post. Measured is the processor's time of that one process,
all threads and the kernel's part included, so that waiting costs nothing. Posts to connections and the recogniser's
streams are over TLS, all other services are not; what Lambda's runtime does around a handler is nowhere.

median, quartiles    of the repeats, in milliseconds of the processor for one unit
chunk_ms             a speaker's chunk (250 ms) in `connection_handler`: the whole handler, one PutRecord
audio_second_ms      a second of speech in `audio_processor`, spoken in real time into one session that nobody listens
                     to: batches, the sound's measurement, the open recogniser, segments in the speaker's own language
segment_language_ms  what each language adds to a segment: translation, Polly, the clip's duration, S3, its address
segment_ms           what a segment takes besides: its commit and that it is delivered
listener_ms          a listener who is told one thing, of 200 by one function
audience_listener_ms a listener who is read with the session's others: once for a batch, and once for a segment
idle_stream_ms_per_s an open recogniser that hears nothing, for a second: the only one; and one of ten
join_ms              a listener who comes: authorizer, `$connect` and `joinSession`
fan-out              clients that post to 200 connections, for a listener, and how many times less than boto3 in threads

Exits with 1 if the stack does not start or a unit could not be measured; never because of a cost.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.command_line import write_numbers
from benchmarks.tables import markdown_table
from benchmarks.unit_costs.fan_out import BASELINE
from benchmarks.unit_costs.measured import Cost, ratios
from benchmarks.unit_costs.process import FAN_OUT
from benchmarks.unit_costs.units import UNITS
from local.errors import UserError
from local.processes import Processes
from local.stack import Engine, Stack, StackOptions
from local.supervision import PROJECT_ROOT, SHARED_CODE, Command

_REGION: Final = "us-east-1"
_SESSION_TOKEN: Final = "made-up-" + 700 * "x"
"""As long as Lambda's credentials have it, which is sent and signed with every request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Everything that was measured.

    Attributes:
        units: By key, in milliseconds.
        fan_out: By client, in milliseconds for a listener; empty when it was not asked for.
    """

    units: Mapping[str, Cost]
    fan_out: Mapping[str, Cost]

    def as_json(self) -> dict[str, Any]:
        """The units' medians by key, and all details beneath."""
        times_less = ratios(self.fan_out, BASELINE) if self.fan_out else {}
        return {
            **{key: round(cost.median_ms, 4) for key, cost in self.units.items()},
            "details": {key: cost.as_json() for key, cost in self.units.items()},
            "fanOut": {
                name: {**cost.as_json(), "timesLessThanBoto3InThreads": round(times_less[name], 2)}
                for name, cost in self.fan_out.items()
            },
            "machine": {"python": platform.python_version(), "processor": platform.machine(), "cores": os.cpu_count()},
        }

    @property
    def table(self) -> str:
        """For people."""
        tables = []
        if self.units:
            units = [(key, *_written(cost)) for key, cost in self.units.items()]
            tables.append(markdown_table(("unit", "median", "quartiles"), units))
        if self.fan_out:
            less = ratios(self.fan_out, BASELINE)
            clients = [(name, *_written(cost), f"{less[name]:.1f}") for name, cost in self.fan_out.items()]
            tables.append(markdown_table(("fan-out", "ms a listener", "quartiles", "times less"), clients))
        return "\n\n".join(tables)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.unit_costs",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--units", type=_units, default=(*UNITS, FAN_OUT), help=f"of {','.join((*UNITS, FAN_OUT))}")
    parser.add_argument("--repeats", type=int, default=15, help="of each (15)")
    parser.add_argument("--seed", type=int, default=1, help="of what is said (1)")
    parser.add_argument(
        "--assembly", type=Path, default=PROJECT_ROOT / "build" / "assembly", metavar="DIR", help="the templates"
    )
    parser.add_argument("--out", type=Path, metavar="JSON", help="receives the numbers too")
    options = parser.parse_args(arguments)
    try:
        measured = asyncio.run(
            measure_alone(options.units, options.assembly, repeats=options.repeats, seed=options.seed)
        )
    except UserError as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    print(measured.table)
    if options.out is not None:
        write_numbers(options.out, measured.as_json())
    return 0


async def measure_alone(units: Sequence[str], assembly: Path, *, repeats: int, seed: int) -> Measured:
    """Measure units on a stack of their own.

    Raises:
        UserError: It does not start, or a unit could not be measured.
    """
    with tempfile.TemporaryDirectory(prefix="babelcast-units-") as name:
        directory = Path(name)
        async with Stack(
            StackOptions(state_dir=directory / "state", assembly_dir=assembly, engine=Engine.TONES)
        ) as stack:
            return await measure(units, stack, directory, repeats=repeats, seed=seed)


async def measure(units: Sequence[str], stack: Stack, directory: Path, *, repeats: int, seed: int) -> Measured:
    """Measure units, one after the other.

    Args:
        units: By name.
        stack: Stands in for AWS.
        directory: For a log and certificates.
        repeats: Of each.
        seed: Of what is said.

    Raises:
        UserError: A unit could not be measured.
    """
    processes = Processes(directory)
    try:
        connections = await _connections(processes, directory, stack)
        costs = {unit: await _measure_one(unit, stack, connections, repeats=repeats, seed=seed) for unit in units}
    finally:
        await processes.stop(first=())
    return Measured(
        units={key: cost for unit, found in costs.items() if unit != FAN_OUT for key, cost in found.items()},
        fan_out=costs.get(FAN_OUT, {}),
    )


async def _connections(processes: Processes, directory: Path, stack: Stack) -> dict[str, str]:
    """Start the server of connections; the variables by which functions find it and trust it."""
    ca_file, trusted = directory / "connections.pem", directory / "trusted.pem"
    arguments = ("--ca-file", str(ca_file))
    server = await processes.start(
        Command(name="connections", module="benchmarks.unit_costs.connections", arguments=arguments)
    )
    others = Path(stack.environment_of("audio_processor")["SSL_CERT_FILE"])
    await asyncio.to_thread(_join_files, trusted, others, ca_file)
    return {
        "WEBSOCKET_MANAGEMENT_ENDPOINT": server.ready["url"],
        "SSL_CERT_FILE": str(trusted),
        "AWS_CA_BUNDLE": str(trusted),
    }


def _join_files(joined: Path, *parts: Path) -> None:
    joined.write_bytes(b"".join(each.read_bytes() for each in parts))


async def _measure_one(
    unit: str, stack: Stack, connections: dict[str, str], *, repeats: int, seed: int
) -> dict[str, Cost]:
    functions = UNITS[unit].functions if unit in UNITS else ("notification_sender",)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "benchmarks.unit_costs.process", unit, "--repeats", str(repeats), "--seed", str(seed)),
        cwd=PROJECT_ROOT,
        env=_environment(stack, functions) | connections,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    numbers, errors = await process.communicate()
    if process.returncode:
        raise UserError(f"{unit} could not be measured: {errors.decode().strip()[-2000:]}")
    print(f"{unit}: measured", file=sys.stderr)
    return {key: Cost(values_ms=tuple(values)) for key, values in json.loads(numbers).items()}


def _environment(stack: Stack, functions: Sequence[str]) -> dict[str, str]:
    """As Lambda gives it to a function; of several, the first one's wins."""
    variables = {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": os.pathsep.join((str(SHARED_CODE), "lambdas", ".")),
        "AWS_REGION": _REGION,
        "AWS_DEFAULT_REGION": _REGION,
    }
    for function in reversed(functions):
        variables |= stack.environment_of(function)
    return {**variables, "AWS_SESSION_TOKEN": _SESSION_TOKEN}


def _units(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    for name in names:
        if name not in (*UNITS, FAN_OUT):
            raise argparse.ArgumentTypeError(f"no unit is called {name}")
    return names


def _written(cost: Cost) -> tuple[str, str]:
    low, high = cost.spread_ms
    return f"{cost.median_ms:.3f}", f"{low:.3f}–{high:.3f}"


if __name__ == "__main__":
    sys.exit(main())
