"""Speak into a stack for each batching window, hurt them, and judge what was heard."""

import asyncio
import random
import sys
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.soak.chunks import UnrulyChunks
from benchmarks.soak.faults import FUNCTION, FaultCounts, Hurting, describe, plan_faults
from benchmarks.soak.report import WindowReport
from benchmarks.soak.verdict import compare, judge, words_written
from local.broadcasting import Broadcasting, BroadcastPlan, Outcome, unless_failing
from local.engines.tone_alphabet import GAP_SECONDS, WORD_SECONDS, WORDS, tone_speech
from local.event_source.configuration import MappingOverrides
from local.fault_injection import FaultInjector
from local.report.files import prepare_directory
from local.report.summary import summarise
from local.services.profiles import Profile
from local.stack import Engine, Stack, StackOptions
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


def words_of(script: Iterable[Sentence]) -> tuple[str, ...]:
    """All words of a script."""
    return tuple(word for sentence in script for word in sentence.words)


def say(script: Iterable[Sentence]) -> bytes:
    """A script's sound, pauses included: mono, signed 16-bit little-endian, 16 000 Hz."""
    return b"".join(tone_speech([sentence.words], pause_s=sentence.pause_s) for sentence in script)


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
    recording = Recording(path=Path("tones"), pcm=say(script))
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
    words = words_of(script)
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
