"""Whole broadcasts against a small stage, and the commands that hold them."""

import asyncio
import io
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from rich.console import Console

from local.broadcasting import Broadcasting, BroadcastPlan, Outcome
from local.cli import main
from local.client.login import SpeakerLogin
from local.demo import find_faults, is_audible, parse_languages, show_numbers, show_segments
from local.errors import UserError, WrongInputError
from local.live import ListenOptions, SpeakOptions, listen_live, speak_live
from local.report.files import prepare_directory, write_report
from local.report.summary import summarise
from local.wav import Recording
from tests.local.small_gateway import HASTY
from tests.local.small_stage import SESSION_ID, SmallStage

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "speech-en.wav"
SPEECH = Recording(path=Path("speech.wav"), pcm=b"\x10\x27\xf0\xd8" * 8_000 * 3)
"""Three seconds."""
FAST = 20.0


@pytest.fixture
async def stage() -> AsyncIterator[SmallStage]:
    async with SmallStage() as small:
        yield small


def plan(out: Path, *languages: str, recording: Recording = SPEECH) -> BroadcastPlan:
    return BroadcastPlan(
        recording=recording, source_language="en", target_languages=languages, out=out, pace=FAST, policy=HASTY
    )


def paper() -> Console:
    return Console(file=io.StringIO(), width=200)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def names_in(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir() if not path.name.startswith(".")}


async def broadcast(stage: SmallStage, out: Path, *languages: str) -> Outcome:
    return await Broadcasting(stage.endpoints, plan(out, *languages)).run()


async def test_a_broadcast_leaves_its_report(stage: SmallStage, tmp_path: Path) -> None:
    prepare_directory(tmp_path)
    outcome = await broadcast(stage, tmp_path, "es", "fr")
    assert stage.audio == SPEECH.pcm
    summary = write_report(tmp_path, outcome.broadcast)
    assert find_faults(outcome, summary, SPEECH) == []
    report = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert (report["listeners"], report["lost"], report["duplicated"]) == (2, 0, 0)
    assert [segment["segment"] for segment in report["segments"]] == [0, 1, 2]
    for segment in report["segments"]:
        for language in ("es", "fr"):
            rendition = segment["languages"][language]
            assert rendition["latencyMs"] == rendition["playedAtMs"] - segment["spokenEndMs"]
            assert (tmp_path / rendition["audioPath"]).is_file()
    names = {
        "captions.source.vtt",
        "captions.es.vtt",
        "captions.fr.vtt",
        "audio.es.mp3",
        "audio.fr.mp3",
        "timeline.png",
    }
    assert names <= names_in(tmp_path)
    console = paper()
    show_segments(summary, console)
    show_numbers(summary, outcome, tmp_path, console)
    assert "texto 2" in written(console)
    assert "lost 0 · duplicated 0" in written(console)


async def test_what_one_listener_did_not_get_is_a_fault(stage: SmallStage, tmp_path: Path) -> None:
    stage.withheld.add((1, "fr"))
    outcome = await broadcast(stage, tmp_path, "es", "fr")
    summary = summarise(outcome.broadcast, tmp_path)
    assert summary.lost == 1
    assert find_faults(outcome, summary, SPEECH) == ["1 segments were lost"]


async def test_speech_in_which_nothing_is_recognised_is_a_fault_and_silence_is_not(
    stage: SmallStage, tmp_path: Path
) -> None:
    recording = Recording(path=Path("short.wav"), pcm=SPEECH.pcm[:16_000])
    outcome = await Broadcasting(stage.endpoints, plan(tmp_path, "es", recording=recording)).run()
    summary = summarise(outcome.broadcast, tmp_path)
    assert "nothing was recognised" in find_faults(outcome, summary, recording)[0]
    assert find_faults(outcome, summary, Recording(path=Path("silence.wav"), pcm=bytes(16_000))) == []


async def test_a_broadcast_that_is_ended_from_outside_keeps_what_was_heard(stage: SmallStage, tmp_path: Path) -> None:
    broadcasting = Broadcasting(stage.endpoints, plan(tmp_path, "es"))
    running = asyncio.create_task(broadcasting.run())
    await stage.until(lambda: 1 in stage.segments)
    await stage.end()
    outcome = await running
    assert outcome.failure is not None
    assert "the session has ended" in str(outcome.failure)
    assert len(outcome.broadcast.listeners[0].segments) >= 2


async def test_languages_are_checked_before_a_session_is_created(stage: SmallStage, tmp_path: Path) -> None:
    with pytest.raises(WrongInputError, match="not offered to listeners: xx; offered: es, fr"):
        await broadcast(stage, tmp_path, "es", "xx")
    assert stage.session == {}


async def test_a_recording_is_spoken_and_listened_to_from_the_command_line(stage: SmallStage, tmp_path: Path) -> None:
    out = tmp_path / "heard"
    speaking, listening = paper(), paper()
    login = SpeakerLogin(stage.endpoints)
    options = SpeakOptions(file=short_sample(tmp_path), session_id=None, source_language="en", listeners=1)
    speaker = asyncio.create_task(speak_live(stage.endpoints, login, options, speaking))
    await stage.until(lambda: len(stage.messages("getSessionStatus")) == 1)
    listener = asyncio.create_task(listen_live(stage.endpoints, to_es(out), listening))
    await stage.until(lambda: len(stage.messages("joinSession")) == 2)
    for resolved, advice in ((False, "Turn it down."), (True, "This is better now.")):
        await stage.tell_all(type="qualityWarning", issue="clipping", value=0.1, advice=advice, resolved=resolved)
    await stage.tell_all(
        type="sessionStatus", listenerCount=1, listenersByLanguage={"es": 1}, durationMs=1, state="live"
    )
    await asyncio.gather(speaker, listener)
    assert f"session {SESSION_ID}" in written(speaking)
    told = ["clipping: Turn it down.", "clipping: This is better now."]
    assert [line for line in written(speaking).splitlines() if line.startswith("clipping")] == told
    assert "text 0" in written(speaking)
    assert "texto 0" in written(listening)
    assert names_in(out) == {"audio.es.mp3", "captions.es.vtt", "clips"}
    assert (out / "captions.es.vtt").read_text(encoding="utf-8").count("texto") == len(stage.segments)


@pytest.mark.parametrize(
    ("command", "expressive"),
    [
        ("sessions create", True),
        ("sessions create --expressive", True),
        ("sessions create --no-expressive", False),
        ("speak --no-expressive", False),
    ],
)
async def test_voices_are_expressive_unless_the_command_says_no(
    stage: SmallStage, tmp_path: Path, command: str, expressive: bool
) -> None:
    addresses = tmp_path / "stack.json"
    stage.endpoints.save(addresses)
    file = [str(short_sample(tmp_path))] if command.startswith("speak") else []
    assert await asyncio.to_thread(main, [*command.split(), *file, "--stack", str(addresses)]) == 0
    assert stage.session["expressive"] is expressive


async def test_interrupting_a_listener_writes_what_was_heard(stage: SmallStage, tmp_path: Path) -> None:
    stage.session = {"sessionId": SESSION_ID, "state": "live", "targetLanguages": ["es"]}
    console = paper()
    listener = asyncio.create_task(listen_live(stage.endpoints, to_es(tmp_path), console))
    await stage.until(lambda: len(stage.messages("joinSession")) == 1)
    await stage.publish(0, url=stage.clip_url("clip.mp3"))
    await stage.until(lambda: len(stage.clip_requests) == 1)
    os.kill(os.getpid(), signal.SIGINT)
    await listener
    assert "texto 0" in (tmp_path / "captions.es.vtt").read_text(encoding="utf-8")
    assert (tmp_path / "audio.es.mp3").is_file()


async def test_an_unknown_session_is_told_in_one_line(stage: SmallStage, tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        await listen_live(stage.endpoints, to_es(tmp_path), paper())
    assert error.value.exit_status == 2
    assert "SESSION_NOT_FOUND" in str(error.value)


async def test_a_refused_listener_learns_why(stage: SmallStage, tmp_path: Path) -> None:
    stage.session = {"sessionId": SESSION_ID, "state": "live", "targetLanguages": ["fr"]}
    stage.refusals.append(403)
    with pytest.raises(WrongInputError, match="not translated into 'es'; it offers fr"):
        await listen_live(stage.endpoints, to_es(tmp_path), paper())


def to_es(out: Path) -> ListenOptions:
    return ListenOptions(session_id=SESSION_ID, language="es", join_key=None, out=out)


def short_sample(directory: Path) -> Path:
    """The sample's first two seconds."""
    path = directory / "short.wav"
    path.write_bytes(SAMPLE.read_bytes()[: 44 + 2 * 32_000])
    return path


@pytest.mark.parametrize("text", ["", "es,", "es,,fr", "Spanish", "es fr", "e", "es,es"])
def test_languages_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(WrongInputError):
        parse_languages(text)


def test_languages_are_codes_separated_by_commas() -> None:
    assert parse_languages("es, pt-BR,zh") == ("es", "pt-BR", "zh")


def test_a_quiet_room_is_not_speech() -> None:
    assert is_audible(SPEECH)
    assert not is_audible(Recording(path=Path("room.wav"), pcm=b"\x03\x00\xfd\xff" * 8_000))
