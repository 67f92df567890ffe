"""More and more sessions, and then more and more listeners of one session, until the stack does not hold them.

    python -m benchmarks.load
    python -m benchmarks.load --minutes 60

Tone speech in real time, 4 chunks a second from each speaker. The stage is dev with as many cells as the sessions need;
the speech services are the tone engine's. One process with one event loop plays all clients; it sends nothing twice.

ack           from handing a chunk to the socket until its acknowledgement
words         spoken × everybody who reads them: the listeners, and the speaker as captions
told          between the first and the last listener of a segment
generator     how late this process's event loop is: beyond 50 ms it measures itself
product       share of the processor's time that the functions take, their SDK clients and Lambda's runtime client
stand-in      share of the servers in place of AWS's services

A step holds when nothing is lost or refused, 95 % of the chunks are acknowledged within 250 ms, and for 95 % of the
segments the last listener is told within 500 ms of the first. Each ramp ends at the first step that does not hold.
With minutes there is one step instead, which goes on for so long, and is searched for leaks.
It exits with 1 if anything was lost or leaks, and with 2 if a leak could be neither shown nor ruled out; that a step of
a ramp does not hold is a result, and no failure.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.command_line import write_numbers
from benchmarks.load.judging import StepReport, judge
from benchmarks.load.leaks import watch_for_leaks
from benchmarks.load.report import held, tables
from benchmarks.load.running import Step, Venue
from benchmarks.load.stage import write_stage
from local.broadcasting import unless_failing
from local.errors import UserError
from local.stack import Engine, Stack, StackOptions

_SESSIONS: Final = "10,20,30,35,40,45,50,60,80,100"
_LISTENERS: Final = "100,200,250,300,350,400,500"
_WARM_UP: Final = Step(sessions=4, listeners=4, seconds=8.0)
"""Not counted: functions start cold, and DynamoDB's and S3's stand-in loads what it needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    sessions: tuple[int, ...]
    listeners: tuple[int, ...]
    seconds: float
    minutes: float | None
    languages: tuple[str, ...]
    seed: int
    to_the_end: bool
    assembly: Path | None
    keep: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run came to.

    Attributes:
        problems: What was lost, and what leaks.
        undecided: What may be a leak or none.
    """

    numbers: Mapping[str, Any]
    problems: Sequence[str] = ()
    undecided: Sequence[str] = ()

    @property
    def verdict(self) -> list[str]:
        """One line each; empty when all is well."""
        return [*self.problems, *(f"undecided: {each}" for each in self.undecided)]

    @property
    def exit_status(self) -> int:
        """0 only when nothing is left open."""
        return 1 if self.problems else 2 if self.undecided else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.load", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sessions", type=_numbers, default=_numbers(_SESSIONS), metavar="N,…", help=_SESSIONS)
    parser.add_argument("--listeners", type=_numbers, default=_numbers(_LISTENERS), metavar="N,…", help=_LISTENERS)
    parser.add_argument("--seconds", type=float, default=30.0, help="of speech in each step (30)")
    parser.add_argument(
        "--minutes", type=float, help="of speech in one step with the first of the sessions and of the listeners"
    )
    parser.add_argument("--languages", default="es", metavar="L,…", help="of the listeners, in turn (es)")
    parser.add_argument("--seed", type=int, default=1, help="of the speech (1)")
    parser.add_argument("--to-the-end", action="store_true", help="go on after a step that does not hold")
    parser.add_argument("--assembly", type=Path, metavar="DIR", help="a stage with cells enough (it is synthesized)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep logs there")
    parser.add_argument("--out", type=Path, metavar="JSON", help="receives the numbers too")
    given = vars(parser.parse_args(arguments))
    out = given.pop("out")
    options = _Options(**given | {"languages": tuple(given["languages"].split(","))})
    try:
        outcome = asyncio.run(_run(options))
    except UserError as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    for line in outcome.verdict:
        print(line)
    if out is not None:
        write_numbers(out, outcome.numbers)
    return outcome.exit_status


def _numbers(text: str) -> tuple[int, ...]:
    """Whole numbers separated by commas; none for an empty text."""
    return tuple(int(each) for each in text.split(",") if each)


async def _run(options: _Options) -> Outcome:
    async with _venue(options) as (stack, venue):
        await unless_failing(_hold(venue, _WARM_UP), stack.wait())
        if options.minutes is not None:
            return await unless_failing(_soak(options, stack, venue), stack.wait())
        reports = await unless_failing(_ramps(options, venue), stack.wait())
    print(tables(reports))
    print(f"\nheld: {held(reports)}")
    return Outcome(
        numbers={"seconds": options.seconds, "steps": [report.as_json() for report in reports], "held": held(reports)}
    )


@asynccontextmanager
async def _venue(options: _Options) -> AsyncIterator[tuple[Stack, Venue]]:
    with TemporaryDirectory(prefix="babelcast-load-") as directory:
        assembly = options.assembly or Path(directory) / "assembly"
        most_sessions = max((*options.sessions, _WARM_UP.sessions))
        if options.assembly is None:
            await write_stage(most_sessions, assembly)
        state = (options.keep or Path(directory)) / "state"
        stack_options = StackOptions(
            state_dir=state,
            assembly_dir=assembly,
            engine=Engine.TONES,
            # Transcribe's quota as an owner with so many sessions has had it raised: each step's, and what is closing.
            service_arguments=(f"--max-streams={2 * most_sessions}",),
        )
        async with (
            Stack(stack_options) as stack,
            Venue(stack, seed=options.seed) as venue,
        ):
            yield stack, venue


async def _hold(venue: Venue, step: Step) -> StepReport:
    return judge(await venue.hold(step), venue.watch.sides)


async def _ramps(options: _Options, venue: Venue) -> list[StepReport]:
    seconds, languages = options.seconds, options.languages
    sessions = [
        Step(sessions=count, listeners=1, seconds=seconds, languages=languages[:1]) for count in options.sessions
    ]
    listeners = [Step(sessions=1, listeners=count, seconds=seconds, languages=languages) for count in options.listeners]
    reports = []
    for ramp in (sessions, listeners):
        for step in ramp:
            reports.append(report := await _hold(venue, step))
            print(f"{report.name}: {'; '.join(report.problems) or 'holds'}", file=sys.stderr)
            if report.problems and not options.to_the_end:
                break
    return reports


async def _soak(options: _Options, stack: Stack, venue: Venue) -> Outcome:
    step = Step(
        sessions=options.sessions[0],
        listeners=options.listeners[0],
        seconds=(options.minutes or 0.0) * 60,
        languages=options.languages,
    )
    async with watch_for_leaks(stack, venue.watch) as watching:
        report = await _hold(venue, step)
        found = await watching.search()
    print(tables([report]))
    print(f"\n{found.table}")
    return Outcome(
        numbers={"minutes": options.minutes, "step": report.as_json(), "leaks": found.as_json()},
        problems=[*report.losses, *found.problems],
        undecided=found.undecided,
    )


if __name__ == "__main__":
    sys.exit(main())
