"""Rooms full of listeners while every part of the stack dies, and every network fails, at random.

    python -m benchmarks.chaos --minutes 30 --seed 1

Tone speech in 3 rooms × 3 languages × 2 listeners of one stack. From the seed, every process but the data stores is
killed and started again, the execution environments of every function are killed, the processor's are replaced,
recogniser streams break, batches come twice; Transcribe, Translate, Polly, DynamoDB, Kinesis and @connections refuse
requests for seconds, clips cannot be stored, and everybody's network is cut, loudly or silently, some for longer than
clients wait; one listener is away for longer than the addresses of clips are good.

heard       words by the sound of the clips that a listener has played
read        words that came as text alone, because speech could not be made in time; the listeners' drift policy is off,
            so no clip is left out for being stale, as the apps would after a minute
recovery    from the end of a fault until every listener who has a network has all that was said before it, and the
            first segment said after it; what the speaker still had to say of a segment does not count, and of several
            faults that hit a listener, the wait belongs to the last to end

Exits with 1 if a word was lost, doubled, cut or reordered at any listener, or a fault that was to be did not happen.
The last line is the verdict, with how many recoveries took more than 5 s; those are a figure, and no failure.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.chaos.faults import ChaosCounts, count_kinds
from benchmarks.chaos.judging import judge
from benchmarks.chaos.report import tables
from benchmarks.chaos.running import ChaosPlan
from benchmarks.command_line import add_stack_options, write_numbers
from local.errors import UserError

_LANGUAGES: Final = "es,fr,ca"
_MINUTES_PER_FAULT: Final = 5.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30.0, help="of speech in each room (30)")
    parser.add_argument("--seed", type=int, default=1, help="of the speech and the faults (1)")
    parser.add_argument("--rooms", type=int, default=3, help="sessions at the same time (3)")
    parser.add_argument("--languages", default=_LANGUAGES, metavar="L,…", help=f"of each room ({_LANGUAGES})")
    parser.add_argument("--listeners", type=int, default=2, help="for each language in each room (2)")
    parser.add_argument("--of-each", type=int, metavar="N", help="faults of each kind (one in five minutes)")
    parser.add_argument("--cuts", type=int, default=5, help="of each client's network (5)")
    add_stack_options(parser)
    options = parser.parse_args(arguments)
    of_each = max(1, round(options.minutes / _MINUTES_PER_FAULT)) if options.of_each is None else options.of_each
    with TemporaryDirectory(prefix="babelcast-chaos-") as directory:
        plan = ChaosPlan(
            seconds=options.minutes * 60,
            rooms=options.rooms,
            languages=tuple(options.languages.split(",")),
            listeners=options.listeners,
            counts=ChaosCounts(of_each=of_each, cuts=options.cuts),
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


async def _run(plan: ChaosPlan, out: Path | None) -> int:
    planned = count_kinds(plan.faults())
    print(f"seed {plan.seed}: {sum(planned.values())} faults in {plan.seconds / 60:g} minutes", file=sys.stderr)
    report = await judge(plan)
    print(tables(report))
    for problem in report.problems:
        print(problem)
    print(f"\n{report.verdict}")
    if out is not None:
        await asyncio.to_thread(write_numbers, out, report.as_json())
    return int(bool(report.problems))


if __name__ == "__main__":
    sys.exit(main())
