"""What the event source's batching costs in latency, and what it saves in invocations.

For each way of reading the audio stream, the local stack is started anew, with the tone language behind services that
take as long as a profile says. The same speech is spoken in real time to one listener each time. Printed is the time
from the end of a clause in the speaker's mouth until the listener is told of its clip, and until the clip is played.

    python -m benchmarks.latency.batch_window --out out/bench-window.json
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.latency.function_metrics import read_metrics
from benchmarks.latency.percentiles import percentile
from benchmarks.latency.speech import natural_speech
from local.broadcasting import Broadcasting, BroadcastPlan
from local.event_source.configuration import MappingOverrides
from local.report.broadcast import Broadcast
from local.report.summary import summarise
from local.services.profiles import Profile
from local.stack import Engine, Stack, StackOptions
from local.supervision import PROJECT_ROOT
from local.wav import Recording

_FUNCTION: Final = "audio_processor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A way of reading the stream.

    Attributes:
        environment: Settings of `audio_processor` that go with it.
    """

    name: str
    overrides: MappingOverrides
    environment: Mapping[str, str] = field(default_factory=dict)


VARIANTS: Final = (
    *(
        Variant(
            name=f"polled, window {window_s} s",
            overrides=MappingOverrides(batching_window_seconds=window_s, enhanced_fan_out=False),
        )
        for window_s in (0, 1, 2, 3)
    ),
    Variant(
        name="fan-out, window 0 s",
        overrides=MappingOverrides(batching_window_seconds=0, enhanced_fan_out=True),
        # Pushed audio comes at once and is not kept waiting, as in the stage that has it.
        environment={"RESULT_WAIT_MS": "150", "PENDING_RESULT_WAIT_MS": "150"},
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One variant in numbers.

    Attributes:
        variant: Its name.
        segments: Clauses that were heard.
        notified_p50_ms, notified_p95_ms: End of the clause until the listener has the clip's address.
        played_p50_ms, played_p95_ms: End of the clause until the clip begins to sound.
        invocations_per_minute: Of `audio_processor`, while there was audio.
        busy_percent: Of that time, how much `audio_processor` was running and is paid for.
        faults: Clauses lost or heard twice; anything but 0 makes the latencies worthless.
    """

    variant: str
    segments: int
    notified_p50_ms: int
    notified_p95_ms: int
    played_p50_ms: int
    played_p95_ms: int
    invocations_per_minute: float
    busy_percent: float
    faults: int


async def measure(variant: Variant, recording: Recording, options: argparse.Namespace, directory: Path) -> Measurement:
    """Start a stack, broadcast the speech, take the numbers.

    Raises:
        UserError: The stack does not start, or the broadcast could not be finished.
    """
    out = directory / "out"
    plan = BroadcastPlan(recording=recording, source_language="en", target_languages=(options.language,), out=out)
    stack_options = StackOptions(
        state_dir=directory / "state",
        assembly_dir=options.assembly,
        engine=Engine.TONES,
        service_times=options.service_times.times,
        service_seed=options.seed,
        event_source_overrides=variant.overrides,
        environment={_FUNCTION: variant.environment},
    )
    clock = asyncio.get_running_loop()
    async with Stack(stack_options) as stack:
        began_at = clock.time()

        def begin(_session_id: str) -> None:
            nonlocal began_at
            began_at = clock.time()

        outcome = await Broadcasting(stack.endpoints, plan).run(begin)
        minutes = (clock.time() - began_at) / 60
    if outcome.failure is not None:
        raise outcome.failure
    durations_ms = (await asyncio.to_thread(read_metrics, stack.logs_dir, _FUNCTION)).invocations_ms
    return _measurement(variant, outcome.broadcast, durations_ms, minutes=minutes, out=out)


def _measurement(
    variant: Variant, broadcast: Broadcast, durations_ms: Sequence[float], *, minutes: float, out: Path
) -> Measurement:
    (listener,) = broadcast.listeners
    heard = [(each, each.played_at) for each in listener.segments if each.played_at is not None]
    notified = [broadcast.since_start_ms(each.received_at) - each.spoken_end_ms for each, _ in heard]
    played = [broadcast.since_start_ms(played_at) - each.spoken_end_ms for each, played_at in heard]
    summary = summarise(broadcast, out)
    return Measurement(
        variant=variant.name,
        segments=len(heard),
        notified_p50_ms=percentile(notified, 50),
        notified_p95_ms=percentile(notified, 95),
        played_p50_ms=percentile(played, 50),
        played_p95_ms=percentile(played, 95),
        invocations_per_minute=round(len(durations_ms) / minutes, 1),
        busy_percent=round(sum(durations_ms) / (minutes * 60_000) * 100, 1),
        faults=summary.lost + summary.duplicated,
    )


def table(measurements: Sequence[Measurement]) -> str:
    """The measurements as a Markdown table."""
    headings = ("event source", "clauses", "notified p50", "p95", "played p50", "p95")
    rows: list[tuple[str, ...]] = [
        (*headings, "invocations/min", "running", "lost or doubled"),
        ("---",) * (len(headings) + 3),
    ]
    rows += [
        (
            each.variant,
            str(each.segments),
            *(
                f"{latency_ms / 1000:.2f} s"
                for latency_ms in (
                    each.notified_p50_ms,
                    each.notified_p95_ms,
                    each.played_p50_ms,
                    each.played_p95_ms,
                )
            ),
            f"{each.invocations_per_minute:.0f}",
            f"{each.busy_percent:.0f} %",
            str(each.faults),
        )
        for each in measurements
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


async def run(options: argparse.Namespace) -> list[Measurement]:
    """Every variant, one after the other."""
    recording = Recording(path=Path("tones"), pcm=natural_speech(options.seconds, seed=options.seed).pcm)
    measurements = []
    with tempfile.TemporaryDirectory(prefix="babelcast-latency-") as directory:
        for number, variant in enumerate(VARIANTS):
            sys.stderr.write(f"{variant.name}: {recording.duration_ms / 1000:.0f} s of speech\n")
            measurements.append(await measure(variant, recording, options, Path(directory) / str(number)))
    return measurements


def _report(options: argparse.Namespace, measurements: Sequence[Measurement]) -> dict[str, Any]:
    return {
        "seconds": options.seconds,
        "seed": options.seed,
        "serviceTimes": options.service_times,
        "language": options.language,
        "measurements": [asdict(each) for each in measurements],
    }


def main() -> int:
    """Run the command line; 1 when something was lost or doubled."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.latency.batch_window",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seconds", type=float, default=90.0, help="of speech for each variant (90)")
    parser.add_argument("--seed", type=int, default=1, help="of the speech and of the service times (1)")
    parser.add_argument("--language", default="es", metavar="CODE", help="that the listener hears (es)")
    parser.add_argument(
        "--service-times",
        type=Profile,
        choices=tuple(Profile),
        default=Profile.AWS,
        help="how slow the services are (aws)",
    )
    parser.add_argument(
        "--assembly", type=Path, default=PROJECT_ROOT / "build" / "assembly", metavar="DIR", help="the templates"
    )
    parser.add_argument("--out", type=Path, metavar="JSON", help="receives the numbers too")
    options = parser.parse_args()
    measurements = asyncio.run(run(options))
    print(table(measurements))
    if options.out is not None:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(_report(options, measurements), indent=2) + "\n")
    return 1 if any(each.faults for each in measurements) else 0


if __name__ == "__main__":
    sys.exit(main())
