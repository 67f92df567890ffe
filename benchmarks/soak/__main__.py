"""Minutes of tone speech through the whole stack while its parts are being hurt; every word is followed by its sound.

    python -m benchmarks.soak --minutes 10 --no-faults
    python -m benchmarks.soak --minutes 10

For each batching window a stack of its own speaks to three listeners, all at the same time. At random moments, which
come from the seed, environments of the audio processor are killed or replaced for some batches, the recogniser breaks
streams, batches are delivered twice and Kinesis cannot be read; the speaker's chunks come twice and out of order.

words       spoken × listeners
lost        words that were spoken and not heard
extra       words that were heard and not spoken at that place, repeated ones included
cut         words that were heard broken
moved       words that were heard at another place
streams     recogniser streams opened; without faults one serves the session, however long it is
latency     end of a segment in the speaker's mouth to the start of its clip at the listener

Heard is what the listener's player has played. The texts of the segments and the source captions are compared, too.
Exits with 1 if anything is not as it was spoken, or a fault that was to be did not take place.
"""

import argparse
import asyncio
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.command_line import add_stack_options, write_numbers
from benchmarks.soak.faults import FaultCounts
from benchmarks.soak.report import table
from benchmarks.soak.running import SoakPlan, soak
from local.errors import UserError

_COUNTS: Final = {
    "kills": (2.0, "environments of the audio processor killed"),
    "breaks": (2.0, "recogniser streams broken"),
    "replacements": (1.0, "times that another environment serves some batches"),
    "doubles": (1.0, "batches delivered twice"),
    "read-failures": (0.5, "times that Kinesis cannot be read for 5 s"),
}
"""By option: how many a minute for each window, and what."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="of speech for each window (10)")
    parser.add_argument(
        "--windows", type=parse_windows, default=(0, 1, 3), metavar="S,…", help="batching windows in seconds (0,1,3)"
    )
    parser.add_argument("--faults", action=argparse.BooleanOptionalAction, default=True, help="hurt the stacks")
    for name, (per_minute, what) in _COUNTS.items():
        parser.add_argument(f"--{name}", type=int, metavar="N", help=f"{what} ({per_minute:g} a minute)")
    parser.add_argument("--seed", type=int, default=1, help="of the speech, the faults and the chunks' order (1)")
    add_stack_options(parser)
    options = parser.parse_args(arguments)
    with TemporaryDirectory(prefix="babelcast-soak-") as directory:
        plan = SoakPlan(
            seconds=options.minutes * 60,
            windows_s=options.windows,
            counts=_counts(options) if options.faults else None,
            seed=options.seed,
            assembly_dir=options.assembly,
            directory=options.keep or Path(directory),
            service_times=options.service_times,
        )
        try:
            return asyncio.run(_run(plan, options.out))
        except* UserError as errors:
            for error in errors.exceptions:
                print(f"failed: {error}", file=sys.stderr)
    return 1


def parse_windows(text: str) -> tuple[int, ...]:
    """Whole seconds separated by commas, each once.

    Raises:
        ValueError: Something else.
    """
    windows = tuple(int(each) for each in text.split(","))
    if len(set(windows)) < len(windows) or min(windows) < 0:
        raise ValueError("windows are different numbers of seconds, 0 or more")
    return windows


def _counts(options: argparse.Namespace) -> FaultCounts:
    given = {name.replace("-", "_"): per_minute for name, (per_minute, _) in _COUNTS.items()}
    asked = {name: getattr(options, name) for name in given}
    return FaultCounts(
        **{
            name: max(1, round(per_minute * options.minutes)) if asked[name] is None else asked[name]
            for name, per_minute in given.items()
        }
    )


async def _run(plan: SoakPlan, out: Path | None) -> int:
    began = time.monotonic()
    reports = await soak(plan)
    problems = [problem for report in reports for problem in report.problems]
    numbers = {
        "minutes": plan.seconds / 60,
        "seed": plan.seed,
        "serviceTimes": plan.service_times,
        "elapsedSeconds": round(time.monotonic() - began, 1),
        "cpuSeconds": round(sum(map(_cpu_seconds, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))), 1),
        "windows": [report.as_json() for report in reports],
        "passed": not problems,
    }
    print(table(reports))
    print(f"\n{numbers['cpuSeconds']} CPU-seconds in {numbers['elapsedSeconds']} s")
    for problem in problems:
        print(problem)
    if out is not None:
        await asyncio.to_thread(write_numbers, out, numbers)
    return int(bool(problems))


def _cpu_seconds(whose: int) -> float:
    usage = resource.getrusage(whose)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main())
