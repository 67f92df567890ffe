"""`make verify` on the local stack: it passes what works and names the step that does not."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from local.client.login import SpeakerLogin
from local.engines.tone_alphabet import WORDS, tone_speech
from local.supervision import PROJECT_ROOT
from local.wav import Recording
from scripts.verification.evidence import Finding, Step
from scripts.verification.walk import Verdict, Verification, VerificationPlan
from tests.system.conftest import System

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

SENTENCES = [WORDS[3::11], WORDS[5::13]]
SENTENCES_WITHOUT_POLLY = [WORDS[4::11], WORDS[6::13]]
"""Said nowhere else: what was spoken before comes from the phrase cache, without Polly."""


async def verify(
    system: System,
    clips: Path,
    *languages: str,
    sentences: list[tuple[str, ...]] = SENTENCES,
    login: SpeakerLogin | None = None,
) -> Verdict:
    told: list[Finding] = []
    plan = VerificationPlan(
        recording=Recording(path=Path("tones.wav"), pcm=tone_speech(sentences)),
        source_language="en",
        languages=languages,
        clips=clips,
    )
    verdict = await Verification(system.stack.endpoints, login or system.login, plan, told.append).run()
    assert tuple(told) == verdict.findings, "every finding is told when it is made"
    return verdict


async def test_a_working_stage_passes_every_step(system: System, tmp_path: Path) -> None:
    verdict = await verify(system, tmp_path, "es", "fr")
    assert verdict.failed_steps == ()
    assert verdict.passed
    assert {finding.step for finding in verdict.findings} == set(Step)


async def test_a_failing_polly_is_named_by_the_clips_it_did_not_make(system: System, tmp_path: Path) -> None:
    await system.fault(service="polly", kind="refuse", language="es-ES")
    try:
        verdict = await verify(system, tmp_path, "es", "fr", sentences=SENTENCES_WITHOUT_POLLY)
    finally:
        await system.clear_faults()
    assert verdict.failed_steps == ("clips, es",), "the other language and the text are untouched"
    assert not verdict.passed


async def test_a_language_that_is_not_offered_fails_before_anything_is_created(system: System, tmp_path: Path) -> None:
    verdict = await verify(system, tmp_path, "es", "ja")
    assert verdict.failed_steps == (Step.LANGUAGES,)
    assert verdict.evidence is None
    assert not verdict.passed


async def test_no_listener_is_no_verification(system: System, tmp_path: Path) -> None:
    verdict = await verify(system, tmp_path)
    assert verdict.failed_steps == (Step.LANGUAGES,)
    assert not verdict.passed


async def test_a_wrong_password_is_named(system: System, tmp_path: Path) -> None:
    login = SpeakerLogin(system.stack.endpoints, email="speaker@example.com", password="Wrong-password-1")
    verdict = await verify(system, tmp_path, "es", login=login)
    assert verdict.failed_steps == (Step.SIGN_IN,)


def command(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "scripts.verify_pipeline", *arguments],
        cwd=PROJECT_ROOT,
        env={**os.environ, "PYTHONPATH": "shared_layer/python:lambdas:."},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


async def test_the_command_prints_a_line_for_each_step_and_a_verdict(system: System, tmp_path: Path) -> None:
    audio, stack = tmp_path / "tones.wav", tmp_path / "stack.json"
    with soundfile.SoundFile(audio, "w", samplerate=16_000, channels=1, subtype="PCM_16") as file:
        file.buffer_write(tone_speech(SENTENCES), dtype="int16")
    system.stack.endpoints.save(stack)
    arguments = ("--stack", str(stack), "--audio", str(audio))

    done = await asyncio.to_thread(command, *arguments, "--languages", "es,fr")
    assert done.returncode == 0, done.stdout + done.stderr
    for step in Step:
        assert f"ok      {step}" in done.stdout
    assert "end to end" in done.stdout
    assert done.stdout.rstrip().endswith("passed")

    done = await asyncio.to_thread(command, *arguments, "--languages", "ja")
    assert done.returncode == 1
    assert "session created               not reached" in done.stdout
    assert done.stdout.rstrip().endswith("FAILED: languages offered")


async def test_without_a_stage_it_starts_a_stack_of_its_own(assembly: Path, tmp_path: Path) -> None:
    """As `make verify` does: real speech, the real engines, and nothing left running."""
    samples, rate_hz = soundfile.read(PROJECT_ROOT / "samples" / "speech-en.wav", dtype="int16")
    audio = tmp_path / "speech.wav"
    soundfile.write(audio, samples[: 7 * rate_hz], rate_hz)

    done = await asyncio.to_thread(command, "--assembly", str(assembly), "--audio", str(audio))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("starting the local stack\nverifying stage dev: 7 s of speech")
    assert done.stdout.rstrip().endswith("passed")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--stage", "nowhere"], "there is no stage 'nowhere'"),
        (["--audio", "missing.wav"], "missing.wav does not exist"),
    ],
)
async def test_wrong_input_gets_one_clear_line(arguments: list[str], words: str) -> None:
    done = await asyncio.to_thread(command, *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
