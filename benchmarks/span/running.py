"""A talk in real time through the local stack and, beside it, through the old design; a listener of each on Wi-Fi."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec

from benchmarks.latency.speech import Speech
from benchmarks.load.clients import LoadListener
from benchmarks.span.captions import Caption
from benchmarks.span.course import Course, Design
from benchmarks.span.old_process import Job
from benchmarks.span.playing import ArrivedClip, PlayedClip, Playing, play_as_app, words_by_ear
from benchmarks.span.talk import VOICE_WORD_MS
from benchmarks.span.wifi import ConnectionWay, Wifi, WifiProfile, WifiRelay
from local.broadcasting import unless_failing
from local.client.clips import ClipDownloader
from local.client.errors import ClipUnavailableError
from local.client.http_api import HttpApi
from local.client.listener import Listener
from local.client.login import SpeakerLogin
from local.client.messages import ServerMessage, TranslatedAudio
from local.client.record import HeardSegment
from local.client.speaker import Speaker
from local.errors import UserError
from local.process import SUPERVISOR_PID_VARIABLE
from local.services.profiles import Profile
from local.stack import Engine, Stack, StackOptions
from local.supervision import PROJECT_ROOT, SHARED_CODE

FUNCTION: Final = "audio_processor"
MESSAGE_BYTES: Final = 1_200
"""A clip's message, with a presigned address of 600 bytes."""
_ENDED_WITHIN_S: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanPlan:
    """What is given to whom.

    Attributes:
        languages: Listened to, the first one by the listener who is followed.
        offered: Languages of the session, which the old design makes all of.
        listeners: Of each language that is listened to.
        seed: Of the services' times and the listeners' Wi-Fi.
        assembly_dir: The stage's synthesized cloud assembly.
        directory: Receives clips, and the stack's logs.
    """

    languages: tuple[str, ...]
    offered: int
    listeners: int
    seed: int
    service_times: Profile
    wifi: WifiProfile
    assembly_dir: Path
    directory: Path

    def device_wifi(self) -> Wifi:
        """The followed listener's air; the same for both designs."""
        return Wifi(self.wifi, seed=self.seed)


async def run_in_real_time(plan: SpanPlan, talk: Speech) -> tuple[Course, Course]:
    """Babelcast's course and the old design's.

    Raises:
        UserError: The stack did not start or one of its processes died, or the talk could not be given to its end.
    """
    options = StackOptions(
        state_dir=plan.directory / "state",
        assembly_dir=plan.assembly_dir,
        engine=Engine.TONES,
        service_times=plan.service_times.times,
        service_seed=plan.seed,
        service_arguments=("--voice-word-ms", str(VOICE_WORD_MS)),
    )
    async with Stack(options) as stack:
        return await unless_failing(_run(plan, stack, talk), stack.wait())


async def _run(plan: SpanPlan, stack: Stack, talk: Speech) -> tuple[Course, Course]:
    async with AsyncExitStack() as exits:
        http = await exits.enter_async_context(aiohttp.ClientSession())
        login = SpeakerLogin(stack.endpoints)
        async with HttpApi(stack.endpoints.http_api_url) as api:
            created = await api.create_session(
                await login.access_token(), source_language="en", target_languages=plan.languages
            )
        url, session_id = stack.endpoints.websocket_url, created.session_id
        relay = await exits.enter_async_context(WifiRelay(plan.device_wifi()))
        captions: list[tuple[TranslatedAudio, float]] = []
        listener = Listener(
            websocket_url=await relay.via(url),
            session_id=session_id,
            language=plan.languages[0],
            downloader=_WifiDownloader(http, relay),
            clips_directory=plan.directory / "clips",
            on_message=lambda message: _note(captions, message),
        )
        await exits.enter_async_context(listener)
        for language in plan.languages:
            for _ in range(plan.listeners - (language == plan.languages[0])):
                other = LoadListener(http, url, session_id=session_id, language=language)
                await other.open()
                exits.push_async_callback(other.close)
        speaker = await exits.enter_async_context(
            Speaker(websocket_url=url, session_id=session_id, token=login.access_token)
        )
        old_relay = await exits.enter_async_context(WifiRelay(plan.device_wifi()))
        old = await exits.enter_async_context(_old_design(plan, stack, talk))
        began_at = asyncio.get_running_loop().time()
        old_listener = _OldListener(plan, _WifiDownloader(http, old_relay), began_at)
        _, old_course = await asyncio.gather(_speak(speaker, listener, talk), old_listener.follow(old, began_at))
        record, first_sample_at = listener.record(), speaker.first_sample_at or began_at
    epoch_s = (speaker.first_sample_epoch_ms or 0) / 1000
    arrived = [
        await asyncio.to_thread(_arrived, each, first_sample_at=first_sample_at, first_sample_epoch_s=epoch_s)
        for each in record.segments
        if each.was_promised_audio
    ]
    course = Course(
        design=Design.BABELCAST,
        arrived=tuple(arrived),
        playing=await asyncio.to_thread(play_as_app, arrived),
        captions=tuple(_caption(message, at - first_sample_at) for message, at in captions),
    )
    return course, old_course


async def _speak(speaker: Speaker, listener: Listener, talk: Speech) -> None:
    """Speak to the end, and wait until the listener knows of it and has every clip."""
    await speaker.speak(talk.pcm)
    await speaker.end_session()
    async with asyncio.timeout(_ENDED_WITHIN_S):
        await listener.wait_ended()


def _note(captions: list[tuple[TranslatedAudio, float]], message: ServerMessage) -> None:
    if isinstance(message, TranslatedAudio):
        captions.append((message, asyncio.get_running_loop().time()))


def _caption(message: TranslatedAudio, shown_at: float) -> Caption:
    stretch_s = (message.spoken_start_ms / 1000, message.spoken_end_ms / 1000)
    return Caption(number=message.sequence_number, shown_at=shown_at, text=message.text, spoken_s=stretch_s)


def _arrived(segment: HeardSegment, *, first_sample_at: float, first_sample_epoch_s: float) -> ArrivedClip:
    told_at = segment.received_at - first_sample_at
    return ArrivedClip(
        number=segment.number,
        spoken_s=(segment.spoken_start_ms / 1000, segment.spoken_end_ms / 1000),
        told_at=told_at,
        ready_at=None if segment.clip is None else told_at + (segment.download_ms or 0) / 1000,
        committed_at=segment.committed_at_epoch_ms / 1000 - first_sample_epoch_s,
        duration_s=segment.duration_s,
        words=() if segment.clip is None else words_by_ear(segment.clip.read_bytes()),
    )


class _WifiDownloader(ClipDownloader):
    """Downloads over a device's air."""

    def __init__(self, http: aiohttp.ClientSession, relay: WifiRelay) -> None:
        super().__init__(http)
        self._relay = relay

    async def fetch(self, url: str) -> bytes:
        """See `ClipDownloader`."""
        return await super().fetch(await self._relay.via(url))


@asynccontextmanager
async def _old_design(plan: SpanPlan, stack: Stack, talk: Speech) -> AsyncIterator[asyncio.subprocess.Process]:
    """The old design's process, which waits for its job."""
    environment = {
        **os.environ,
        **stack.environment_of(FUNCTION),
        "AWS_REGION": stack.endpoints.region,
        "AWS_DEFAULT_REGION": stack.endpoints.region,
        "PYTHONPATH": str(SHARED_CODE),
        SUPERVISOR_PID_VARIABLE: str(os.getpid()),
    }
    pcm = plan.directory / "talk.pcm"
    await asyncio.to_thread(pcm.write_bytes, talk.pcm)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.span.old_process",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=PROJECT_ROOT,
        env=environment,
    )
    try:
        if not await _read_line(process):
            raise UserError("the old design's process did not start")
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _read_line(process: asyncio.subprocess.Process) -> Any:
    assert process.stdout is not None
    line = await process.stdout.readline()
    return json.loads(line) if line else None


class _OldListener:
    """Plays each clip when it has been loaded, and loads the next one when it has ended."""

    def __init__(self, plan: SpanPlan, downloader: ClipDownloader, began_at: float) -> None:
        self._plan = plan
        self._downloader = downloader
        self._began_at = began_at
        self._way = ConnectionWay(plan.device_wifi())
        self._there: asyncio.Queue[tuple[dict[str, Any], float] | None] = asyncio.Queue()

    async def follow(self, process: asyncio.subprocess.Process, began_at: float) -> Course:
        """Listen to the process until it has said everything and all of it was heard."""
        assert process.stdin is not None
        plan = self._plan
        job = Job(
            pcm=str(plan.directory / "talk.pcm"),
            first_sample_at=began_at,
            listened=plan.languages,
            offered=plan.offered,
            listeners=plan.listeners,
        )
        process.stdin.write(msgspec.json.encode(job) + b"\n")
        playing = asyncio.create_task(self._play())
        lost = 0
        try:
            while line := await _read_line(process):
                if "counts" in line:
                    lost = int(line["counts"]["lost"])
                    break
                self._there.put_nowait((line, self._way.there_at(line["at"], MESSAGE_BYTES)))
            else:
                raise UserError("the old design's process has died")
            self._there.put_nowait(None)
            arrived, played, captions = await playing
        finally:
            playing.cancel()
        return Course(
            design=Design.OLD,
            arrived=tuple(arrived),
            playing=Playing(clips=tuple(played)),
            captions=tuple(captions),
            lost_batches=lost,
        )

    async def _play(self) -> tuple[list[ArrivedClip], list[PlayedClip], list[Caption]]:
        arrived: list[ArrivedClip] = []
        played: list[PlayedClip] = []
        captions: list[Caption] = []
        while (each := await self._there.get()) is not None:
            told, there_at = each
            stretch_s = (told["spoken_s"][0], told["spoken_s"][1])
            captions.append(Caption(number=told["number"], shown_at=there_at, text=told["text"], spoken_s=stretch_s))
            await asyncio.sleep(max(0.0, there_at - self._now()))
            try:
                mp3 = await self._downloader.fetch(told["url"])
            except ClipUnavailableError:
                continue
            clip = ArrivedClip(
                number=told["number"],
                spoken_s=stretch_s,
                told_at=there_at,
                ready_at=self._now(),
                committed_at=told["at"],
                duration_s=told["duration_s"],
                words=await asyncio.to_thread(words_by_ear, mp3),
            )
            arrived.append(clip)
            played.append(PlayedClip(clip=clip, started_at=clip.ready_at or 0.0))
            await asyncio.sleep(max(0.0, played[-1].ended_at - self._now()))
        return arrived, played, captions

    def _now(self) -> float:
        return asyncio.get_running_loop().time() - self._began_at
