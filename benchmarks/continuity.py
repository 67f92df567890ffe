"""What batches cost in words: the same speech heard in one stream, through Babelcast, and batch by batch.

    make bench-continuity
    PYTHONPATH=shared_layer/python .venv/bin/python -m benchmarks.continuity --help

A batching consumer that opens a recogniser for every batch cuts words where batches end. Babelcast keeps one recogniser
open per speaker. This measures both against the recogniser alone::

    one stream   ├────────────────────────────────────────────────┤   one recogniser hears the whole file
    Babelcast    speaker → … → audio_processor → … → captions          the whole local stack, in real time
    3 s batches  ├──────────┤├──────────┤├──────────┤├──────────┤    a recogniser for each 3 s, results put together

The speech is flite's, sentences with pauses of 0.15 to 0.35 s, so that most batches end inside a word. In Babelcast all
voices speak at the same time, each in a session of its own with one listener.

The recogniser is PocketSphinx, the local stand-in for Transcribe, with the same settings in every row. The numbers say
what cutting speech costs with this recogniser; they do not say how well Transcribe hears, or what cutting costs there.

Exits with 1 if Babelcast's word error rate over all voices is more than one point above one stream's.
"""

import argparse
import asyncio
import functools
import itertools
import json
import random
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jiwer
import numpy as np

from local.broadcasting import Broadcasting, BroadcastPlan, Outcome
from local.engines.recogniser_processes import ProcessRecogniser, pocketsphinx_recogniser
from local.engines.speech import (
    BYTES_PER_SAMPLE,
    EngineFailedError,
    FinalResult,
    ItemKind,
    RecogniserStream,
    Stability,
)
from local.errors import UserError
from local.report.files import prepare_directory
from local.report.summary import summarise
from local.stack import Stack, StackOptions
from local.supervision import PROJECT_ROOT
from local.wav import SAMPLE_RATE_HZ, load_recording
from scripts.make_samples import EDGE_SECONDS, Sample, read_sentences, room_noise, synthesise, words_of

ALLOWED_POINTS: Final = 1.0
"""Percentage points of word error rate by which Babelcast may be above one stream."""
BATCH_SECONDS: Final = (1, 2, 3)
VOICES: Final = ("slt", "rms", "awb", "kal16")
"""flite's 16 kHz voices. It takes another one for a name that it does not know."""
LISTENER_LANGUAGE: Final = "es"
STABILITY: Final = Stability.MEDIUM
"""What `audio_processor` asks of Transcribe."""
SHORTEST_PAUSE_SECONDS: Final = 0.15
LONGEST_PAUSE_SECONDS: Final = 0.35
DIRECTORY: Final = PROJECT_ROOT / "build" / "benchmarks"

ONE_STREAM: Final = "one stream"
BABELCAST: Final = "Babelcast"
SENTENCES: Final = Path(__file__).with_suffix(".txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One way of hearing, compared with what was said, in words.

    Attributes:
        cuts: Ends of batches inside a word, and all of them inside the file; None where there are no batches.
    """

    heard: str
    spoken: int
    substituted: int
    lost: int
    inserted: int
    cuts: tuple[int, int] | None

    @property
    def word_error_rate_percent(self) -> float:
        """Substituted, lost and inserted words of 100 that were spoken."""
        return 100 * (self.substituted + self.lost + self.inserted) / self.spoken


def write_speech(seconds: float, voices: Sequence[str], directory: Path) -> dict[str, Path]:
    """Write the same sentences in each voice, at least ``seconds`` of each, as WAV with the text beside it.

    Raises:
        FileNotFoundError: flite is not installed.
    """
    chance = random.Random(7)
    spoken = functools.cache(synthesise)
    script: list[str] = []
    pauses = [room_noise(EDGE_SECONDS, chance)]
    lengths = dict.fromkeys(voices, len(pauses[0]))
    for sentence in _endless_script():
        script.append(sentence)
        pauses.append(room_noise(chance.uniform(SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS), chance))
        for voice in voices:
            lengths[voice] += len(spoken(sentence, voice)) + len(pauses[-1])
        if min(lengths.values()) >= seconds * SAMPLE_RATE_HZ:
            break
    pauses[-1] = room_noise(EDGE_SECONDS, chance)
    paths = {}
    for voice in voices:
        pieces = [pauses[0]]
        for sentence, pause in zip(script, pauses[1:], strict=True):
            pieces += [spoken(sentence, voice), pause]
        paths[voice] = directory / f"continuity-{voice}.wav"
        Sample(pcm=np.concatenate(pieces), sentences=tuple(script)).save(paths[voice])
    return paths


def _endless_script() -> Iterator[str]:
    """All sentences in their order, then again and again, each time in another order."""
    chance = random.Random(5)
    order = list(read_sentences(SENTENCES))
    while True:
        yield from order
        chance.shuffle(order)


async def hear_in_one_stream(recogniser: ProcessRecogniser, pcm: bytes) -> list[FinalResult]:
    """One fresh recogniser stream on the audio, faster than real time; its final results.

    Raises:
        EngineFailedError: The recogniser broke.
    """
    stream = await recogniser.open_stream(STABILITY)
    reading = asyncio.create_task(_final_results(stream))
    try:
        await stream.feed(pcm)
        await stream.end()
        return await reading
    finally:
        reading.cancel()
        await stream.close()


async def _final_results(stream: RecogniserStream) -> list[FinalResult]:
    return [result async for result in stream.results() if isinstance(result, FinalResult)]


async def hear_in_batches(recogniser: ProcessRecogniser, pcm: bytes, batch_seconds: int) -> list[FinalResult]:
    """A fresh stream for every batch, one batch after the other; their final results put together.

    Raises:
        EngineFailedError: The recogniser broke.
    """
    step = batch_seconds * SAMPLE_RATE_HZ * BYTES_PER_SAMPLE
    batches = [pcm[start : start + step] for start in range(0, len(pcm), step)]
    return [result for batch in batches for result in await hear_in_one_stream(recogniser, batch)]


def count_cuts(results: Sequence[FinalResult], pcm: bytes, batch_seconds: int) -> tuple[int, int]:
    """How many ends of batches are inside one of these results' words, and how many inside the audio."""
    words = [item for result in results for item in result.items if item.kind is ItemKind.WORD]
    duration_s = len(pcm) / BYTES_PER_SAMPLE / SAMPLE_RATE_HZ
    ends = list(itertools.takewhile(lambda end: end < duration_s, itertools.count(batch_seconds, batch_seconds)))
    return sum(any(word.start < end < word.end for word in words) for end in ends), len(ends)


def compare(said: str, heard: Iterable[str], cuts: tuple[int, int] | None = None) -> Row:
    """A row from the texts of results or captions, in their order, regardless of case and punctuation."""
    text = " ".join(heard)
    words = jiwer.process_words(words_of(said), words_of(text))
    return Row(
        heard=text,
        spoken=words.hits + words.substitutions + words.deletions,
        substituted=words.substitutions,
        lost=words.deletions,
        inserted=words.insertions,
        cuts=cuts,
    )


async def hear_alone(recogniser: ProcessRecogniser, pcm: bytes, said: str) -> dict[str, Row]:
    """The rows without Babelcast."""
    whole = await hear_in_one_stream(recogniser, pcm)
    rows = {ONE_STREAM: compare(said, (result.text for result in whole))}
    for seconds in BATCH_SECONDS:
        results = await hear_in_batches(recogniser, pcm, seconds)
        cuts = count_cuts(whole, pcm, seconds)
        rows[f"{seconds} s batches"] = compare(said, (result.text for result in results), cuts)
    return rows


async def broadcast(paths: Mapping[str, Path], assembly_dir: Path) -> dict[str, Outcome]:
    """All voices at the same time through one local stack in real time, each in a session with one listener.

    Raises:
        UserError: The stack did not start, or a broadcast did not come to its end.
    """
    async with Stack(StackOptions(state_dir=DIRECTORY / "stack", assembly_dir=assembly_dir)) as stack:
        broadcastings = []
        for voice, path in paths.items():
            out = DIRECTORY / f"heard-{voice}"
            await asyncio.to_thread(prepare_directory, out)
            plan = BroadcastPlan(
                recording=load_recording(path), source_language="en", target_languages=(LISTENER_LANGUAGE,), out=out
            )
            broadcastings.append(Broadcasting(stack.endpoints, plan))
        running = asyncio.create_task(_run_all(broadcastings))
        watching = asyncio.create_task(stack.wait())
        try:
            await asyncio.wait({running, watching}, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                watching.result()
            outcomes = await running
        finally:
            running.cancel()
            watching.cancel()
            await asyncio.gather(running, watching, return_exceptions=True)
    for outcome in outcomes:
        if outcome.failure is not None:
            raise outcome.failure
    return dict(zip(paths, outcomes, strict=True))


async def _run_all(broadcastings: Sequence[Broadcasting]) -> list[Outcome]:
    return await asyncio.gather(*(each.run() for each in broadcastings))


def describe_broadcast(outcome: Outcome, out: Path) -> dict[str, Any]:
    """What happened in a broadcast besides its words."""
    summary = summarise(outcome.broadcast, out)
    return {
        "segments": len(summary.segments),
        "lost": summary.lost,
        "duplicated": summary.duplicated,
        "latencyMs": {"p50": summary.latency_p50_ms, "p95": summary.latency_p95_ms},
        "resentChunks": outcome.resent,
        "notices": list(outcome.notices),
    }


async def measure(seconds: float, voices: Sequence[str], assembly_dir: Path) -> dict[str, Any]:
    """Everything that is reported, as written by ``--out``.

    Raises:
        FileNotFoundError: flite is not installed.
        UserError: The stack did not start, or a broadcast did not come to its end.
        EngineFailedError: The recogniser broke.
    """
    paths = await asyncio.to_thread(write_speech, seconds, voices, DIRECTORY)
    recordings = {voice: load_recording(path) for voice, path in paths.items()}
    said = {voice: path.with_suffix(".txt").read_text(encoding="utf-8") for voice, path in paths.items()}
    outcomes = await broadcast(paths, assembly_dir)
    recogniser = await pocketsphinx_recogniser()
    try:
        alone = await asyncio.gather(*(hear_alone(recogniser, recordings[voice].pcm, said[voice]) for voice in voices))
    finally:
        await recogniser.close()
    tables: dict[str, dict[str, Row]] = {}
    for voice, rows in zip(voices, alone, strict=True):
        captions = (caption.text for caption in outcomes[voice].broadcast.captions)
        tables[voice] = {ONE_STREAM: rows.pop(ONE_STREAM), BABELCAST: compare(said[voice], captions), **rows}
    overall = {name: add([table[name] for table in tables.values()]) for name in tables[voices[0]]}
    above = overall[BABELCAST].word_error_rate_percent - overall[ONE_STREAM].word_error_rate_percent
    return {
        "recogniser": "PocketSphinx (local)",
        "voices": {
            voice: {
                "seconds": recordings[voice].duration_ms / 1000,
                "said": " ".join(said[voice].split()),
                "rows": {name: {**_row_json(row), "heard": row.heard} for name, row in tables[voice].items()},
                "broadcast": describe_broadcast(outcomes[voice], DIRECTORY / f"heard-{voice}"),
            }
            for voice in voices
        },
        "overall": {name: _row_json(row) for name, row in overall.items()},
        "pointsAboveOneStream": round(above, 2),
        "allowedPoints": ALLOWED_POINTS,
        "passed": above <= ALLOWED_POINTS,
    }


def add(rows: Sequence[Row]) -> Row:
    """The same way of hearing over several voices."""
    cuts = [row.cuts for row in rows if row.cuts is not None]
    return Row(
        heard=" ".join(row.heard for row in rows),
        spoken=sum(row.spoken for row in rows),
        substituted=sum(row.substituted for row in rows),
        lost=sum(row.lost for row in rows),
        inserted=sum(row.inserted for row in rows),
        cuts=(sum(inside for inside, _ in cuts), sum(ends for _, ends in cuts)) if cuts else None,
    )


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "wordErrorRatePercent": round(row.word_error_rate_percent, 2),
        "spoken": row.spoken,
        "substituted": row.substituted,
        "lost": row.lost,
        "inserted": row.inserted,
        "cuts": None if row.cuts is None else {"insideWords": row.cuts[0], "ends": row.cuts[1]},
    }


DEFINITIONS: Final = f"""\
rows
  one stream    the whole file, heard by one stream of the local recogniser (PocketSphinx)
  Babelcast     final source captions that the speaker got from the whole local stack in real time, all voices at once
  N s batches   each N s piece of the file, heard by a stream of its own of the same recogniser; results put together
columns
  error rate    word error rate (jiwer): substituted, lost and inserted words of 100 spoken; case and marks do not count
  substituted   words heard as another word
  lost          words spoken and not heard
  inserted      words heard and not spoken
  cuts          ends of batches inside a word (by one stream's times of the words), of all ends inside the file
passes if Babelcast's error rate over all voices is at most {ALLOWED_POINTS:g} point above one stream's"""


def show(report: Mapping[str, Any]) -> None:
    """Print the tables."""
    print(DEFINITIONS)
    for voice, of_voice in report["voices"].items():
        told = of_voice["broadcast"]
        print(f"\nvoice {voice}, {of_voice['seconds']:.0f} s, {of_voice['rows'][ONE_STREAM]['spoken']} words")
        _show_rows(of_voice["rows"])
        print(
            f"Babelcast's broadcast: {told['segments']} segments, {told['lost']} lost, "
            f"{told['duplicated']} duplicated, {told['resentChunks']} chunks sent again, "
            f"notices: {', '.join(told['notices']) or 'none'}"
        )
    print(f"\nall voices, {report['overall'][ONE_STREAM]['spoken']} words")
    _show_rows(report["overall"])
    verdict = "passed" if report["passed"] else "FAILED"
    print(f"\n{verdict}: Babelcast is {report['pointsAboveOneStream']:+.2f} points from one stream")


def _show_rows(rows: Mapping[str, Mapping[str, Any]]) -> None:
    print(f"{'':<12}{'error rate':>12}{'substituted':>13}{'lost':>6}{'inserted':>10}{'cuts':>12}")
    for name, row in rows.items():
        cuts = "–" if row["cuts"] is None else f"{row['cuts']['insideWords']} of {row['cuts']['ends']}"
        print(
            f"{name:<12}{row['wordErrorRatePercent']:>10.1f} %{row['substituted']:>13}{row['lost']:>6}"
            f"{row['inserted']:>10}{cuts:>12}"
        )


def _seconds(text: str) -> int:
    if not text.isdecimal() or not 10 <= int(text) <= 3600:
        raise argparse.ArgumentTypeError("a whole number from 10 to 3600")
    return int(text)


def _voices(text: str) -> tuple[str, ...]:
    voices = tuple(text.split(","))
    wrong = [voice for voice in voices if voice not in VOICES]
    if wrong or len(set(voices)) < len(voices):
        raise argparse.ArgumentTypeError(f"voices are different ones of {', '.join(VOICES)}, separated by commas")
    return voices


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=_seconds, default=60, help="speech in each voice, at least (default: 60)")
    parser.add_argument("--voices", type=_voices, default=("slt", "rms"), help="flite's voices (default: slt,rms)")
    parser.add_argument("--out", type=Path, metavar="JSON", help="write the numbers and the texts there, too")
    parser.add_argument(
        "--assembly",
        type=Path,
        metavar="DIR",
        default=PROJECT_ROOT / "build" / "assembly",
        help="the synthesized templates (default: build/assembly, made by make setup)",
    )
    options = parser.parse_args(arguments)
    try:
        report = asyncio.run(measure(options.seconds, options.voices, options.assembly))
        if options.out is not None:
            options.out.parent.mkdir(parents=True, exist_ok=True)
            options.out.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except UserError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    except (EngineFailedError, OSError) as error:
        is_flite = isinstance(error, FileNotFoundError) and error.filename == "flite"
        print("flite is not installed" if is_flite else error, file=sys.stderr)
        return 1
    show(report)
    return 0 if report["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
