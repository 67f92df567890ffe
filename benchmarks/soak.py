"""Minutes of tone speech through the whole stack while its parts are being hurt; every word is followed by its sound.

    python benchmarks/soak.py --minutes 10 --kills 20 --breaks 20

At random moments the execution environment of the audio processor is killed, and the recogniser breaks a stream.
Afterwards each listener's clips are decoded again into words and compared with what was spoken.

lost      words that were spoken and not heard
extra     words that were heard and not spoken at that place, repeated ones included
cut       words that were heard broken
streams   recogniser streams opened: 1 without faults
latency   end of a segment in the speaker's mouth to the start of its clip at the listener

Exits with 1 if a word was lost, extra or cut.
"""

import argparse
import asyncio
import difflib
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import aiohttp
import soundfile

from local.broadcasting import Broadcasting, BroadcastPlan, Outcome
from local.engines.tone_alphabet import WORDS, tone_speech
from local.engines.tone_hearing import BROKEN_MARK, decode_tones
from local.report.files import prepare_directory, write_report
from local.stack import Engine, Stack, StackOptions
from local.wav import SAMPLE_RATE_HZ, load_recording

LANGUAGES: Final = ("es", "fr", "ca")
_PAUSE_S: Final = 1.0
_WORD_S: Final = 0.26
_MARGIN_S: Final = 3.0
"""No fault so close to the beginning or the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of the words at one listener."""

    language: str
    words: int
    lost: int
    extra: int
    cut: int
    clips_skipped: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--kills", type=int, default=20, help="environments of the audio processor killed")
    parser.add_argument("--breaks", type=int, default=20, help="recogniser streams broken")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--assembly", type=Path, default=Path("build/assembly"))
    parser.add_argument("--out", type=Path, help="write the numbers as JSON")
    options = parser.parse_args(arguments)
    with TemporaryDirectory() as directory:
        return asyncio.run(_soak(options, Path(directory)))


def make_script(minutes: float, rng: random.Random) -> list[list[str]]:
    """Sentences of 2 to 14 random words that take so long to say."""
    sentences: list[list[str]] = []
    seconds = 0.0
    while seconds < minutes * 60:
        sentences.append(rng.choices(WORDS, k=rng.randint(2, 14)))
        seconds += len(sentences[-1]) * _WORD_S + _PAUSE_S
    return sentences


async def _soak(options: argparse.Namespace, directory: Path) -> int:
    rng = random.Random(options.seed)
    sentences = make_script(options.minutes, rng)
    wav, out = directory / "speech.wav", directory / "out"
    pcm = tone_speech(sentences, pause_s=_PAUSE_S)
    soundfile.write(wav, memoryview(pcm).cast("h"), SAMPLE_RATE_HZ, subtype="PCM_16")
    recording = load_recording(wav)
    prepare_directory(out)
    stack_options = StackOptions(
        state_dir=directory / "state", assembly_dir=options.assembly, engine=Engine.TONES, max_environments=8
    )
    async with Stack(stack_options) as stack:
        plan = BroadcastPlan(recording=recording, source_language="en", target_languages=LANGUAGES, out=out)
        broadcasting = Broadcasting(stack.endpoints, plan)
        hurting = asyncio.create_task(
            _hurt(stack, rng, recording.duration_ms / 1000, kills=options.kills, breaks=options.breaks)
        )
        try:
            outcome = await broadcasting.run()
        finally:
            hurting.cancel()
        streams = await _streams_opened(stack)
    summary = await asyncio.to_thread(write_report, out, outcome.broadcast)
    spoken = [word for sentence in sentences for word in sentence]
    verdicts = [_judge(outcome, language, spoken) for language in LANGUAGES]
    numbers = {
        "minutes": round(recording.duration_ms / 60_000, 1),
        "kills": options.kills,
        "breaks": options.breaks,
        "segments": len(summary.segments),
        "streams": streams,
        "latencyMs": {"p50": summary.latency_p50_ms, "p95": summary.latency_p95_ms},
        "listeners": [asdict(each) for each in verdicts],
    }
    print(json.dumps(numbers, indent=2))
    if options.out is not None:
        options.out.write_text(json.dumps(numbers, indent=2) + "\n")
    if outcome.failure is not None:
        print(f"failed: {outcome.failure}", file=sys.stderr)
    return int(outcome.failure is not None or any(each.lost or each.extra or each.cut for each in verdicts))


async def _hurt(stack: Stack, rng: random.Random, seconds: float, *, kills: int, breaks: int) -> None:
    """The faults, spread at random over the speech."""
    faults = ["kill"] * kills + ["break"] * breaks
    rng.shuffle(faults)
    moments = sorted(rng.uniform(_MARGIN_S, max(_MARGIN_S, seconds - _MARGIN_S)) for _ in faults)
    started = asyncio.get_running_loop().time()
    async with aiohttp.ClientSession() as http:
        for moment, fault in zip(moments, faults, strict=True):
            await asyncio.sleep(started + moment - asyncio.get_running_loop().time())
            if fault == "break":
                body = {"service": "transcribe", "kind": "break", "times": 1}
                async with http.post(f"{stack.services_control_url}/faults", json=body):
                    continue
            async with http.get(f"{stack.lambda_url}/environments") as response:
                environments = await response.json()
            for each in environments:
                if each["function"].startswith("audio_processor"):
                    async with http.delete(f"{stack.lambda_url}/environments/{each['id']}"):
                        pass


async def _streams_opened(stack: Stack) -> int:
    async with aiohttp.ClientSession() as http, http.get(f"{stack.services_control_url}/counters") as response:
        counters = await response.json()
        return int(counters["transcribe"]["opened"])


def _judge(outcome: Outcome, language: str, spoken: Sequence[str]) -> Verdict:
    record = outcome.broadcast.listener_of(language)
    heard: list[str] = []
    for segment in record.segments:
        if segment.clip is not None:
            samples, rate_hz = soundfile.read(segment.clip, dtype="int16")
            heard.extend(decode_tones(samples.tobytes(), rate_hz))
    cut = sum(BROKEN_MARK in word for word in heard)
    whole = [word for word in heard if BROKEN_MARK not in word]
    lost = extra = 0
    for kind, first, last, start, end in difflib.SequenceMatcher(a=spoken, b=whole, autojunk=False).get_opcodes():
        if kind != "equal":
            lost += last - first
            extra += end - start
    return Verdict(language=language, words=len(spoken), lost=lost, extra=extra, cut=cut, clips_skipped=record.skipped)


if __name__ == "__main__":
    sys.exit(main())
