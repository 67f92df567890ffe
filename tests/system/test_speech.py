"""Real speech through the real engines: recognised, translated, spoken, and measured where it is heard."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import jiwer
import numpy as np
import pytest
import pytest_asyncio
import soundfile
import soxr

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import Signal
from benchmarks.signal.damage import scaled
from benchmarks.signal.speech import utter
from benchmarks.signal.truth import loudness_lufs
from local.broadcasting import Broadcasting, BroadcastPlan
from local.report.files import prepare_directory, write_report
from local.stack import Engine, Stack, StackOptions
from local.supervision import PROJECT_ROOT
from local.wav import load_recording

pytestmark = pytest.mark.slow
on_one_stack = pytest.mark.asyncio(loop_scope="module")

SAMPLE = PROJECT_ROOT / "samples" / "speech-en.wav"


def normal(text: str) -> str:
    return " ".join(re.sub(r"[^a-z' ]", " ", text.lower()).split())


def word_error_rate(summary: Mapping[str, Any], text: Path) -> float:
    heard = " ".join(each["sourceText"] for each in summary["segments"])
    return float(jiwer.wer(normal(text.read_text()), normal(heard)))


def assert_recognisable_speech(clip: Path, text: str) -> None:
    """Loud enough, as long as its text takes to say, in a voice's frequencies, with the rhythm of syllables."""
    samples, rate_hz = soundfile.read(clip)
    assert rate_hz == 24_000
    assert samples.ndim == 1
    seconds = len(samples) / rate_hz
    # The local French voice says 24 characters a second in a short sentence, and may be asked to be a quarter quicker.
    assert 6 < len(text) / seconds < 36, f"{len(text)} characters in {seconds:.1f} s"
    assert 0.015 < float(np.sqrt(np.mean(samples**2))) < 0.5
    spectrum = np.abs(np.fft.rfft(samples)) ** 2
    frequencies = np.fft.rfftfreq(len(samples), 1 / rate_hz)
    assert spectrum[(frequencies > 100) & (frequencies < 5000)].sum() > 0.8 * spectrum.sum()
    frames = samples[: len(samples) // 240 * 240].reshape(-1, 240)
    envelope = np.sqrt((frames**2).mean(axis=1))
    rises = np.flatnonzero(np.diff((envelope > envelope.mean()).astype(int)) == 1)
    assert 1.5 < len(rises) / seconds < 15, f"{len(rises)} syllables in {seconds:.1f} s"


def assert_whole(summary: Mapping[str, Any], out: Path, languages: tuple[str, ...]) -> None:
    assert summary["lost"] == 0
    assert summary["duplicated"] == 0
    assert [each["segment"] for each in summary["segments"]] == list(range(len(summary["segments"])))
    for segment in summary["segments"]:
        assert segment["spokenEndMs"] < segment["committedAtMs"]
        assert tuple(segment["languages"]) == languages
        for rendition in segment["languages"].values():
            assert rendition["receivedAtMs"] <= rendition["playedAtMs"]
            assert rendition["latencyMs"] == rendition["playedAtMs"] - segment["spokenEndMs"]
            assert_recognisable_speech(out / rendition["audioPath"], rendition["text"])


def demo(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "local.cli", "demo", *arguments],
        cwd=PROJECT_ROOT,
        env={**os.environ, "PYTHONPATH": "shared_layer/python"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_the_demonstration(tmp_path: Path, assembly: Path) -> None:
    out = tmp_path / "out"
    done = demo("--audio", str(SAMPLE), "--out", str(out), "--assembly", str(assembly), "--state", str(tmp_path / "s"))
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads((out / "summary.json").read_text())
    assert word_error_rate(summary, SAMPLE.with_suffix(".txt")) <= 0.10
    assert_whole(summary, out, ("es", "fr", "ca"))
    assert summary["listeners"] == 3
    assert 0 < summary["latencyMs"]["p50"] <= summary["latencyMs"]["p95"]
    assert "biblioteca" in (out / "captions.es.vtt").read_text()
    assert "library" in (out / "captions.source.vtt").read_text()
    for language in ("es", "fr", "ca"):
        assert soundfile.info(out / f"audio.{language}.mp3").duration > 30
    assert (out / "timeline.png").read_bytes().startswith(b"\x89PNG")
    assert "lost 0" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--audio", "missing.wav"], 2, "missing.wav"),
        (["--audio", "pyproject.toml"], 2, "pyproject.toml"),
        (["--audio", str(SAMPLE), "--languages", "es,tlh"], 2, "tlh"),
        (["--audio", str(SAMPLE), "--languages", ""], 2, "languages"),
    ],
)
def test_wrong_input_gets_one_clear_line(arguments: list[str], status: int, words: str, tmp_path: Path) -> None:
    done = demo(*arguments, "--out", str(tmp_path / "out"))
    assert done.returncode == status
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


@dataclass
class SpeechSystem:
    stack: Stack
    variants: Path
    out: Path

    async def broadcast(self, name: str, *languages: str, expressive: bool = True) -> tuple[dict[str, Any], Path]:
        """Broadcast a variant of the sample; its summary as written, and where."""
        out = self.out / (name if expressive else f"{name}-plain")
        await asyncio.to_thread(prepare_directory, out)
        plan = BroadcastPlan(
            recording=load_recording(self.variants / f"{name}.wav"),
            source_language="en",
            target_languages=languages,
            out=out,
            expressive=expressive,
        )
        outcome = await Broadcasting(self.stack.endpoints, plan).run()
        assert outcome.failure is None
        await asyncio.to_thread(write_report, out, outcome.broadcast)
        return json.loads((out / "summary.json").read_text()), out


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def speech(assembly: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SpeechSystem]:
    directory = tmp_path_factory.mktemp("speech")
    variants = directory / "variants"
    await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "scripts/make_samples.py", "--variants", str(variants)],
        cwd=PROJECT_ROOT,
        check=True,
        capture_output=True,
    )
    options = StackOptions(state_dir=directory / "state", assembly_dir=assembly, engine=Engine.SPEECH)
    async with Stack(options) as stack:
        yield SpeechSystem(stack, variants, directory / "out")


@on_one_stack
async def test_another_voice_another_format_and_silence_at_the_same_time(speech: SpeechSystem) -> None:
    """Three rooms at once: an unknown voice, 44.1 kHz stereo, and half a minute of silence in the middle."""
    (voice, voice_out), (stereo, stereo_out), (gap, gap_out) = await asyncio.gather(
        speech.broadcast("speech-en-rms", "es", "it"),
        speech.broadcast("speech-en-44100-stereo", "pt", "gl"),
        speech.broadcast("speech-en-silence-30s", "ca"),
    )
    assert_whole(voice, voice_out, ("es", "it"))
    assert_whole(stereo, stereo_out, ("pt", "gl"))
    assert_whole(gap, gap_out, ("ca",))
    for name, summary in (("rms", voice), ("44100-stereo", stereo), ("silence-30s", gap)):
        assert word_error_rate(summary, speech.variants / f"speech-en-{name}.txt") <= 0.10
    ends = [each["spokenEndMs"] for each in gap["segments"]]
    starts = [each["spokenStartMs"] for each in gap["segments"]]
    longest = max(after - before for before, after in zip(ends, starts[1:], strict=False))
    assert longest > 29_000, "nothing is heard in the silence"


@on_one_stack
async def test_silence_costs_no_model_call(speech: SpeechSystem) -> None:
    counted = await _counters(speech.stack)
    out = speech.out / "silence"
    await asyncio.to_thread(prepare_directory, out)
    silent = speech.variants / "silence.wav"
    soundfile.write(silent, np.zeros(16_000 * 12, dtype=np.int16), 16_000)
    summary, _ = await speech.broadcast("silence", "es")
    assert summary["segments"] == []
    after = await _counters(speech.stack)
    assert after["translate"] == counted["translate"]
    assert after["polly"] == counted["polly"]


@on_one_stack
async def test_two_minutes_stay_whole(speech: SpeechSystem) -> None:
    summary, out = await speech.broadcast("speech-en-2min", "es", "fr")
    assert word_error_rate(summary, speech.variants / "speech-en-2min.txt") <= 0.10
    assert summary["audio"]["durationMs"] > 100_000
    received = [each for segment in summary["segments"] for each in segment["languages"].values()]
    assert all(each["audioPath"] for each in received)
    for segment in summary["segments"]:
        for rendition in segment["languages"].values():
            assert_recognisable_speech(out / rendition["audioPath"], rendition["text"])
    assert summary["duplicated"] == 0
    assert [each["segment"] for each in summary["segments"]] == list(range(len(summary["segments"])))


LOUD, QUIET = "loud and fast", "quiet and slow"
GAIN_DB = {LOUD: 4.0, QUIET: -8.0}
STRETCH = {LOUD: 0.85, QUIET: 1.35}


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text as it sounds, at `SAMPLE_RATE_HZ`."""

    text: str
    samples: Signal

    @classmethod
    def of_clip(cls, path: Path, text: str) -> "Spoken":
        samples, rate_hz = soundfile.read(path)
        return cls(text, soxr.resample(samples, rate_hz, SAMPLE_RATE_HZ))


def said(sentences: list[str], manner: str) -> list[Spoken]:
    return [
        Spoken(each, scaled(utter("slt", each, stretch=STRETCH[manner]).samples, GAIN_DB[manner])) for each in sentences
    ]


def differences(passages: Mapping[str, list[Spoken]]) -> tuple[float, float]:
    """How much louder (LU) and how many times faster the loud and fast passage is, as measured."""
    loudness, pace = {}, {}
    for manner, spoken in passages.items():
        samples = np.concatenate([each.samples for each in spoken])
        loudness[manner] = loudness_lufs(samples)
        pace[manner] = sum(len(each.text) for each in spoken) / len(samples)
    return loudness[LOUD] - loudness[QUIET], pace[LOUD] / pace[QUIET]


@on_one_stack
async def test_a_loud_and_fast_passage_and_a_quiet_and_slow_one_are_heard_as_such(speech: SpeechSystem) -> None:
    """At least a third of the source's differences, besides what voices have that only keep up with the speaker."""
    sentences = SAMPLE.with_suffix(".txt").read_text().splitlines()[:8]
    source = {LOUD: said(sentences[:4], LOUD), QUIET: said(sentences[4:], QUIET)}
    pause = np.zeros(SAMPLE_RATE_HZ // 2)
    sounds = {manner: [part for each in spoken for part in (each.samples, pause)] for manner, spoken in source.items()}
    sound = np.concatenate([*sounds[LOUD], *sounds[QUIET]])
    await asyncio.to_thread(soundfile.write, speech.variants / "passages.wav", sound, SAMPLE_RATE_HZ)
    loud_ends_ms = sum(map(len, sounds[LOUD])) * 1000 / SAMPLE_RATE_HZ
    broadcasts = await asyncio.gather(
        speech.broadcast("passages", "es", "fr"), speech.broadcast("passages", "es", "fr", expressive=False)
    )
    louder_lu, times_faster = differences(source)
    for language in ("es", "fr"):
        heard = []
        for summary, out in broadcasts:
            passages: dict[str, list[Spoken]] = {LOUD: [], QUIET: []}
            for segment in summary["segments"]:
                rendition = segment["languages"][language]
                manner = LOUD if segment["spokenEndMs"] <= loud_ends_ms else QUIET
                passages[manner].append(Spoken.of_clip(out / rendition["audioPath"], rendition["text"]))
            heard.append(differences(passages))
        (followed_lu, followed_times), (plain_lu, plain_times) = heard
        assert followed_lu - plain_lu >= louder_lu / 3
        assert followed_times / plain_times >= times_faster ** (1 / 3)


async def _counters(stack: Stack) -> dict[str, dict[str, int]]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{stack.services_control_url}/counters") as response,
    ):
        found: dict[str, dict[str, int]] = await response.json()
        return found
