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
import json
import random
import resource
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.soak_chunks import UnrulyChunks
from benchmarks.soak_faults import FUNCTION, FaultCounts, Hurting, describe, plan_faults
from benchmarks.soak_report import WindowReport, table
from benchmarks.soak_verdict import compare, judge, words_written
from local.broadcasting import Broadcasting, BroadcastPlan, Outcome, unless_failing
from local.engines.tone_alphabet import GAP_SECONDS, WORD_SECONDS, WORDS, tone_speech
from local.errors import UserError
from local.event_source.configuration import MappingOverrides
from local.fault_injection import FaultInjector
from local.report.files import prepare_directory
from local.report.summary import summarise
from local.services.profiles import Profile
from local.stack import Engine, Stack, StackOptions
from local.supervision import PROJECT_ROOT
from local.wav import Recording

LANGUAGES: Final = ("es", "fr", "ca")
_SENTENCE_WORDS: Final = (2, 14)
_LONG_SENTENCE_WORDS: Final = (33, 45)
"""8.6 to 11.7 s: such a sentence is cut into segments between two words."""
_LONG_SHARE: Final = 0.08
_PAUSE_S: Final = (0.6, 1.6)
"""Longer than the half second by which the recogniser ends a result."""
UNRULY_SHARE: Final = 0.05
"""Of the chunks that are held back, and of those that are sent twice."""
_COUNTS: Final = {
    "kills": (2.0, "environments of the audio processor killed"),
    "breaks": (2.0, "recogniser streams broken"),
    "replacements": (1.0, "times that another environment serves some batches"),
    "doubles": (1.0, "batches delivered twice"),
    "read-failures": (0.5, "times that Kinesis cannot be read for 5 s"),
}
"""By option: how many a minute for each window, and what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """Words of the tone language, and the silence after them."""

    words: tuple[str, ...]
    pause_s: float

    @property
    def seconds(self) -> float:
        """How long it takes to say, pause included."""
        return len(self.words) * (WORD_SECONDS + GAP_SECONDS) + self.pause_s


@dataclass(frozen=True, slots=True, kw_only=True)
class SoakPlan:
    """What is to be soaked.

    Attributes:
        seconds: Of speech for each window.
        windows_s: Batching windows.
        counts: Faults for each window; None leaves everything alone, the chunks' order included.
        assembly_dir: The stage's synthesized cloud assembly.
        directory: Receives clips, and the stacks' logs.
    """

    seconds: float
    windows_s: tuple[int, ...]
    counts: FaultCounts | None
    seed: int
    assembly_dir: Path
    directory: Path
    service_times: Profile = Profile.NONE

    def chance(self, window_s: int, what: str) -> random.Random:
        """A source of chance of its own for each use, so that one use does not change the others."""
        return random.Random(f"{self.seed} {window_s} {what}")


def make_script(seconds: float, chance: random.Random) -> list[Sentence]:
    """Sentences of random words that take at least so long to say."""
    script: list[Sentence] = []
    spoken_s = 0.0
    while spoken_s < seconds:
        length = _LONG_SENTENCE_WORDS if chance.random() < _LONG_SHARE else _SENTENCE_WORDS
        words = tuple(chance.choices(WORDS, k=chance.randint(*length)))
        script.append(Sentence(words=words, pause_s=round(chance.uniform(*_PAUSE_S), 2)))
        spoken_s += script[-1].seconds
    return script


async def soak(plan: SoakPlan) -> list[WindowReport]:
    """All windows side by side, each with a stack of its own.

    Raises:
        UserError: A stack did not start or one of its processes died, or a broadcast could not begin.
    """
    starting = asyncio.Lock()  # one stack after the other: the machine may be small
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(_soak_window(plan, window_s, starting)) for window_s in plan.windows_s]
    return [each.result() for each in running]


async def _soak_window(plan: SoakPlan, window_s: int, starting: asyncio.Lock) -> WindowReport:
    directory = plan.directory / f"window-{window_s}"
    out = directory / "out"
    await asyncio.to_thread(prepare_directory, out)
    script = make_script(plan.seconds, plan.chance(window_s, "speech"))
    pcm = b"".join(tone_speech([sentence.words], pause_s=sentence.pause_s) for sentence in script)
    recording = Recording(path=Path("tones"), pcm=pcm)
    counts = plan.counts or FaultCounts()
    faults = plan_faults(counts, recording.duration_ms / 1000, plan.chance(window_s, "faults"))
    print(f"window {window_s} s: {recording.duration_ms / 1000:.0f} s of speech; {describe(faults)}", file=sys.stderr)
    share = 0.0 if plan.counts is None else UNRULY_SHARE
    chunks = UnrulyChunks(plan.chance(window_s, "chunks"), held_share=share, doubled_share=share)
    options = StackOptions(
        state_dir=directory / "state",
        assembly_dir=plan.assembly_dir,
        engine=Engine.TONES,
        service_times=plan.service_times.times,
        event_source_overrides=MappingOverrides(batching_window_seconds=window_s),
    )
    broadcast_plan = BroadcastPlan(
        recording=recording, source_language="en", target_languages=LANGUAGES, out=out, outgoing=chunks
    )
    async with AsyncExitStack() as exits:
        async with starting:
            stack = await exits.enter_async_context(Stack(options))
        injector = await exits.enter_async_context(FaultInjector(stack))
        hurting = Hurting(stack, injector, faults)
        outcome = await unless_failing(_broadcast(Broadcasting(stack.endpoints, broadcast_plan), hurting), stack.wait())
        streams, happened = await injector.streams_opened(), await hurting.count()
        log = await asyncio.to_thread((stack.logs_dir / "functions" / f"{FUNCTION}.log").read_text)
    words = [word for sentence in script for word in sentence.words]
    verdicts = [await asyncio.to_thread(judge, outcome.broadcast, language, words) for language in LANGUAGES]
    summary = summarise(outcome.broadcast, out)
    summary.save(out / "summary.json")
    return WindowReport(
        window_s=window_s,
        speech_s=recording.duration_ms / 1000,
        verdicts=tuple(verdicts),
        speaker_captions=compare(words, words_written(each.text for each in outcome.broadcast.captions)),
        segments=len(summary.segments),
        batches=log.count("\nREPORT RequestId: "),
        streams=streams,
        planned=faults,
        happened=happened,
        chunks_doubled=chunks.doubled,
        chunks_reordered=chunks.reordered,
        latency_p50_ms=summary.latency_p50_ms,
        latency_p95_ms=summary.latency_p95_ms,
        notices=outcome.notices,
        failure=None if outcome.failure is None else str(outcome.failure),
    )


async def _broadcast(broadcasting: Broadcasting, hurting: Hurting) -> Outcome:
    """Speak, and hurt the stack meanwhile."""
    begun = asyncio.Event()

    async def hurt() -> None:
        await begun.wait()
        await hurting.run()

    task = asyncio.create_task(hurt())
    try:
        outcome = await broadcasting.run(lambda _session_id: begun.set())
        if task.done():
            task.result()
        return outcome
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


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
    parser.add_argument(
        "--service-times", type=Profile, choices=tuple(Profile), default=Profile.NONE, help="how slow AWS is (none)"
    )
    parser.add_argument(
        "--assembly", type=Path, default=PROJECT_ROOT / "build" / "assembly", metavar="DIR", help="the templates"
    )
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep clips and logs there")
    parser.add_argument("--out", type=Path, metavar="JSON", help="receives the numbers too")
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
        await asyncio.to_thread(_write, out, json.dumps(numbers, indent=2) + "\n")
    return int(bool(problems))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _cpu_seconds(whose: int) -> float:
    usage = resource.getrusage(whose)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main())
