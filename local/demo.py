"""``make demo``: the whole system on this machine, one broadcast in real time, its results in a directory."""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from local.broadcasting import Broadcasting, BroadcastPlan, Outcome, report_progress
from local.broadcasting import Progress as BroadcastProgress
from local.errors import WrongInputError
from local.report.files import prepare_directory, write_report
from local.report.summary import Summary
from local.services.profiles import Profile
from local.stack import TARGET_LANGUAGES, Engine, Stack, StackOptions
from local.wav import SAMPLE_RATE_HZ, Recording, load_recording

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
_AUDIBLE_LEVEL_DB: Final = -45.0
"""Below this, relative to full scale, a room is taken to be silent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What to demonstrate, and where the stack finds its parts."""

    audio: Path
    languages: str
    out: Path
    source_language: str
    engine: Engine
    service_times: Profile
    state_dir: Path
    assembly_dir: Path


def parse_languages(text: str) -> tuple[str, ...]:
    """Language codes separated by commas.

    Raises:
        WrongInputError: None, one that is no language code, or one twice.
    """
    codes = tuple(code.strip() for code in text.split(","))
    wrong = [code for code in codes if not _LANGUAGE.fullmatch(code)]
    if wrong:
        raise WrongInputError(f"languages are codes separated by commas, such as es,fr,ca; {wrong[0]!r} is none")
    if len(set(codes)) < len(codes):
        raise WrongInputError(f"a language is listed twice: {text}")
    return codes


def is_audible(recording: Recording) -> bool:
    """Whether any 100 ms of a recording are louder than a silent room."""
    samples = np.frombuffer(recording.pcm, dtype="<i2").astype(np.float64) / 32768
    block = SAMPLE_RATE_HZ // 10
    blocks = np.pad(samples, (0, -len(samples) % block)).reshape(-1, block)
    loudest = float(np.sqrt((blocks**2).mean(axis=1)).max())
    return loudest > 10 ** (_AUDIBLE_LEVEL_DB / 20)


async def run_demo(options: DemoOptions, console: Console) -> int:
    """Run the demonstration; 0 when everything that was said was heard once, 1 otherwise.

    Raises:
        UserError: It cannot be run: wrong input, a busy port, a part that does not start.
    """
    languages = parse_languages(options.languages)
    unknown = [language for language in languages if language not in TARGET_LANGUAGES]
    if unknown and options.engine is Engine.SPEECH:
        raise WrongInputError(f"not offered here: {', '.join(unknown)}; offered: {', '.join(TARGET_LANGUAGES)}")
    recording = load_recording(options.audio)
    prepare_directory(options.out, keep=options.audio)
    console.print("starting the system")
    stack_options = StackOptions(
        state_dir=options.state_dir,
        assembly_dir=options.assembly_dir,
        engine=options.engine,
        service_times=options.service_times.times,
    )
    async with Stack(stack_options) as stack:
        plan = BroadcastPlan(
            recording=recording,
            source_language=options.source_language,
            target_languages=languages,
            out=options.out,
        )
        outcome = await _broadcast(stack, Broadcasting(stack.endpoints, plan), recording, console)
    summary = await asyncio.to_thread(write_report, options.out, outcome.broadcast)
    show_segments(summary, console)
    faults = find_faults(outcome, summary, recording)
    show_numbers(summary, outcome, options.out, console)
    for fault in faults:
        console.print(Text(fault, style="bold red"))
    return 1 if faults else 0


async def _broadcast(stack: Stack, broadcasting: Broadcasting, recording: Recording, console: Console) -> Outcome:
    """The broadcast, given up as soon as a process of the stack dies."""
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"), console=console
    ) as bar:
        task = bar.add_task("connecting", total=recording.duration_ms / 1000, state="")

        def show(progress: BroadcastProgress) -> None:
            received = "  ".join(f"{language} {count}" for language, count in progress.received.items())
            bar.update(
                task,
                completed=progress.spoken_s,
                state=f"{progress.spoken_s:.0f} of {recording.duration_ms / 1000:.0f} s   segments  {received}",
            )

        def start(session_id: str) -> None:
            bar.update(task, description=f"session {session_id}")

        showing = asyncio.create_task(report_progress(broadcasting, show))
        running = asyncio.create_task(broadcasting.run(start))
        watching = asyncio.create_task(stack.wait())
        try:
            await asyncio.wait({running, watching}, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                watching.result()
            return await running
        finally:
            for each in (showing, running, watching):
                each.cancel()
            await asyncio.gather(showing, running, watching, return_exceptions=True)


def find_faults(outcome: Outcome, summary: Summary, recording: Recording) -> list[str]:
    """Why the demonstration has failed, one line each; empty when it has not."""
    faults = []
    if outcome.failure is not None:
        faults.append(str(outcome.failure))
    if summary.lost:
        faults.append(f"{summary.lost} segments were lost")
    if summary.duplicated:
        faults.append(f"{summary.duplicated} segments were heard twice")
    if is_audible(recording):
        if not summary.segments:
            faults.append("nothing was recognised although the recording is not silent")
        elif not any(rendition.audio_path for each in summary.segments for rendition in each.languages.values()):
            faults.append("nothing was heard: no listener got a clip")
    return faults


def show_segments(summary: Summary, console: Console) -> None:
    """A table of the segments: source text, translations, latency."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, justify in (("#", "right"), ("spoken, s", "right"), ("", "left"), ("text", "left")):
        table.add_column(heading, justify=justify, no_wrap=heading != "text")  # type: ignore[arg-type]
    table.add_column("latency, s", justify="right", no_wrap=True)
    for segment in summary.segments:
        spoken = ""
        if segment.spoken_start_ms is not None and segment.spoken_end_ms is not None:
            spoken = f"{segment.spoken_start_ms / 1000:.1f}–{segment.spoken_end_ms / 1000:.1f}"
        table.add_row(str(segment.number), spoken, summary.source_language, Text(segment.source_text), "")
        for language, rendition in segment.languages.items():
            latency = "–" if rendition.latency_ms is None else f"{rendition.latency_ms / 1000:.2f}"
            table.add_row("", "", language, Text(rendition.text, style="cyan"), latency)
    console.print(table)


def show_numbers(summary: Summary, outcome: Outcome, out: Path, console: Console) -> None:
    """The numbers of the whole broadcast and where its files are."""
    facts = [f"{len(summary.segments)} segments", f"{summary.listeners} listeners"]
    if summary.latency_p50_ms is not None and summary.latency_p95_ms is not None:
        facts.append(f"latency p50 {summary.latency_p50_ms / 1000:.2f} s, p95 {summary.latency_p95_ms / 1000:.2f} s")
    facts += [f"lost {summary.lost}", f"duplicated {summary.duplicated}"]
    if summary.redelivered:
        facts.append(f"delivered again and dropped {summary.redelivered}")
    if outcome.resent:
        facts.append(f"chunks sent again {outcome.resent}")
    if outcome.notices:
        facts.append(f"notices {', '.join(outcome.notices)}")
    console.print(Text(" · ".join(facts), style="bold"), soft_wrap=True)
    console.print(Text(f"results in {out}"))
