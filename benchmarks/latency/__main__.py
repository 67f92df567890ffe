"""How long a clause takes from the speaker's mouth to the listener, hop by hop, and whether that stays so.

Tone speech with the pauses of free speech goes through a whole local stack in real time, from the templates of the
stages that are asked for, behind services that take as long as a profile says. Every latency is measured from the
moment at which a clause's last word really ended. What of it is Babelcast's own, without the services' times, the
network and the chunk's length, is taken clause by clause (`overhead.py`).

    python -m benchmarks.latency --minutes 30 --stages prod,dev --out out/latency

Prints a table and writes `latency.json`, `latency.md` and `latency.png`. Exits with 1 if a word was lost or doubled.
"""

import argparse
import asyncio
import dataclasses
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final

import aiohttp
import msgspec

from benchmarks.latency.function_metrics import FunctionMetrics, read_metrics
from benchmarks.latency.measurement import Measurement, SegmentTimes, hop_times, segment_times
from benchmarks.latency.overhead import own_times_ms, storing_times_ms
from benchmarks.latency.percentiles import percentile
from benchmarks.latency.report import draw, table
from benchmarks.latency.speech import Speech, fluent_speech, natural_speech
from infrastructure.settings import STAGES
from local.broadcasting import Broadcasting, BroadcastPlan, Outcome
from local.report.summary import summarise
from local.services.profiles import Profile
from local.services.waits import Waits
from local.stack import Engine, Stack, StackOptions
from local.supervision import PROJECT_ROOT
from local.wav import Recording

_FUNCTION: Final = "audio_processor"
_SHARE_COMPARED: Final = 1 / 6
"""Drift: the last five minutes of thirty against the first five."""


class SpeechKind(StrEnum):
    """What is spoken."""

    NATURAL = "natural"
    FLUENT = "fluent"


_SPEAKERS: Final[dict[SpeechKind, Callable[..., Speech]]] = {
    SpeechKind.NATURAL: natural_speech,
    SpeechKind.FLUENT: fluent_speech,
}


async def measure(stage: str, speech: Speech, options: argparse.Namespace, directory: Path) -> Measurement:
    """Start a stack of a stage, broadcast, take the numbers.

    Raises:
        UserError: The stack does not start, or the broadcast could not be finished.
    """
    recording = Recording(path=Path("tones"), pcm=speech.pcm)
    plan = BroadcastPlan(recording=recording, source_language="en", target_languages=("es",), out=directory / "out")
    stack_options = StackOptions(
        state_dir=directory / "state",
        assembly_dir=options.assemblies / stage,
        engine=Engine.TONES,
        service_times=options.service_times.times,
        service_seed=options.seed,
    )
    async with Stack(stack_options) as stack:
        await _note_waits(stack)
        outcome = await Broadcasting(stack.endpoints, plan).run()
        streams = await _streams_opened(stack)
        waits = await _waits(stack)
    if outcome.failure is not None:
        raise outcome.failure
    metrics = await asyncio.to_thread(read_metrics, stack.logs_dir, _FUNCTION)
    measurement = _measurement(stage, speech, outcome, metrics, streams=streams, out=plan.out)
    own = own_times_ms(
        measurement.segments,
        waits,
        max_segment_s=measurement.max_segment_s,
        first_sample_epoch_ms=outcome.broadcast.first_sample_epoch_ms,
        storing_ms=storing_times_ms(
            stack_options.service_times, seed=stack_options.service_seed, clips=len(measurement.segments)
        ),
    )
    return dataclasses.replace(
        measurement,
        own_p50_ms=percentile(own, 50) if own else None,
        own_p95_ms=percentile(own, 95) if own else None,
    )


async def _note_waits(stack: Stack) -> None:
    async with aiohttp.ClientSession() as http, http.post(f"{stack.services_control_url}/waits") as response:
        response.raise_for_status()


async def _waits(stack: Stack) -> Waits:
    async with aiohttp.ClientSession() as http, http.get(f"{stack.services_control_url}/waits") as response:
        return msgspec.json.decode(await response.read(), type=Waits)


async def _streams_opened(stack: Stack) -> int:
    async with aiohttp.ClientSession() as http, http.get(f"{stack.services_control_url}/counters") as response:
        return int((await response.json())["transcribe"]["opened"])


def _measurement(
    stage: str, speech: Speech, outcome: Outcome, metrics: FunctionMetrics, *, streams: int, out: Path
) -> Measurement:
    broadcast = outcome.broadcast
    segments, wrong_words = segment_times(broadcast, speech.words)
    summary = summarise(broadcast, out)
    minutes = broadcast.audio_duration_ms / 60_000
    notified = [each.notified_ms for each in segments]
    played = [each.played_ms for each in segments if each.played_ms is not None]
    words = [delay for each in segments for delay in each.word_delays_ms]
    return Measurement(
        stage=stage,
        minutes=round(minutes, 1),
        max_segment_s=STAGES[stage].max_segment_s,
        clauses=len(segments),
        notified_p50_ms=percentile(notified, 50),
        notified_p95_ms=percentile(notified, 95),
        played_p50_ms=percentile(played, 50),
        played_p95_ms=percentile(played, 95),
        drift_ms=_drift_ms(segments, broadcast.audio_duration_ms),
        word_p50_ms=percentile(words, 50),
        word_max_ms=round(max(words, default=0)),
        streams=streams,
        drafts_begun=metrics.counts["DraftsBegun"],
        drafts_used=metrics.counts["DraftsUsed"],
        invocations_per_minute=round(len(metrics.invocations_ms) / minutes, 1),
        busy_percent=round(sum(metrics.invocations_ms) / (minutes * 60_000) * 100, 1),
        faults=wrong_words + summary.lost + summary.duplicated,
        hops=hop_times(segments, metrics),
        segments=segments,
    )


def _drift_ms(segments: Sequence[SegmentTimes], duration_ms: int) -> int:
    compared_ms = duration_ms * _SHARE_COMPARED
    first = [each.notified_ms for each in segments if each.spoken_end_ms <= compared_ms]
    last = [each.notified_ms for each in segments if each.spoken_end_ms > duration_ms - compared_ms]
    return percentile(last, 50) - percentile(first, 50)


async def run(options: argparse.Namespace) -> tuple[Measurement, ...]:
    """The stages, side by side: each has a stack of its own."""
    speech = _SPEAKERS[options.speech](options.minutes * 60, seed=options.seed)
    with tempfile.TemporaryDirectory(prefix="babelcast-latency-") as directory:
        return tuple(
            await asyncio.gather(
                *(measure(stage, speech, options, Path(directory) / stage) for stage in options.stages)
            )
        )


def _write(directory: Path, measurements: Sequence[Measurement], title: str) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    numbers = [
        {key: value for key, value in dataclasses.asdict(each).items() if key != "segments"} for each in measurements
    ]
    (directory / "latency.json").write_text(json.dumps(numbers, indent=2) + "\n")
    (directory / "latency.md").write_text(f"# {title}\n\n{table(measurements)}\n")
    draw(directory / "latency.png", measurements, title)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.latency",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--minutes", type=float, default=30.0, help="of speech (30)")
    parser.add_argument("--speech", type=SpeechKind, choices=tuple(SpeechKind), default=SpeechKind.NATURAL)
    parser.add_argument("--seed", type=int, default=1, help="of the speech and of the service times (1)")
    parser.add_argument(
        "--stages", type=lambda text: tuple(text.split(",")), default=("prod", "dev"), help="side by side (prod,dev)"
    )
    parser.add_argument(
        "--service-times", type=Profile, choices=tuple(Profile), default=Profile.AWS, help="of the services (aws)"
    )
    parser.add_argument(
        "--assemblies",
        type=Path,
        default=PROJECT_ROOT / "build" / "stages",
        metavar="DIR",
        help="a directory of templates for each stage",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="receives the numbers, the table and the picture")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 1 when a word was lost, doubled or wrong."""
    options = _options(arguments)
    measurements = asyncio.run(run(options))
    print(table(measurements))
    if options.out is not None:
        title = f"{options.minutes:g} minutes of {options.speech} tone speech, service times: {options.service_times}"
        _write(options.out, measurements, title)
    return int(any(each.faults for each in measurements))


if __name__ == "__main__":
    sys.exit(main())
