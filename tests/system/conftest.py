"""The whole system on this machine, from the synthesized templates; once with tones, for tests that must be exact."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import soundfile

from local.client.clips import ClipDownloader
from local.client.http_api import HttpApi
from local.client.listener import Listener
from local.client.login import SpeakerLogin
from local.client.messages import ServerMessage
from local.client.record import ListenerRecord
from local.client.speaker import Speaker
from local.engines.tone_hearing import decode_tones
from local.stack import Engine, Stack, StackOptions
from local.supervision import PROJECT_ROOT


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stage, synthesized from the sources as they are now."""
    directory = tmp_path_factory.mktemp("assembly")
    subprocess.run(
        [sys.executable, "-m", "infrastructure.app", "-c", "layers=none"],
        cwd=PROJECT_ROOT,
        env={**_environment(), "CDK_OUTDIR": str(directory)},
        check=True,
        capture_output=True,
    )
    return directory


def _environment() -> dict[str, str]:

    return dict(os.environ)


@dataclass
class Heard:
    """What one listener heard, by decoding the sound of every clip."""

    record: ListenerRecord

    @property
    def words(self) -> list[str]:
        return [word for clip in self.clips for word in decode_tones(*_pcm(clip))]

    @property
    def clips(self) -> list[Path]:
        clips = [each.clip for each in self.record.segments]
        assert None not in clips, "every segment has a clip"
        return [each for each in clips if each is not None]


def _pcm(clip: Path) -> tuple[bytes, int]:
    samples, rate_hz = soundfile.read(clip, dtype="int16")
    return samples.tobytes(), rate_hz


class System:
    """A running stack with what tests do to it."""

    def __init__(self, stack: Stack, directory: Path) -> None:
        self.stack = stack
        self.login = SpeakerLogin(stack.endpoints)
        self.seats: list[str] = []
        """The secrets of all listeners."""
        self._directory = directory
        self._listeners = 0

    async def create_session(self, *languages: str, join_key: str | None = None) -> str:
        async with HttpApi(self.stack.endpoints.http_api_url) as api:
            created = await api.create_session(
                await self.login.access_token(),
                source_language="en",
                target_languages=languages,
                join_key=join_key,
            )
            return created.session_id

    def speaker(self, session_id: str, heard: list[ServerMessage] | None = None) -> Speaker:
        return Speaker(
            websocket_url=self.stack.endpoints.websocket_url,
            session_id=session_id,
            token=self.login.access_token,
            on_message=None if heard is None else heard.append,
        )

    def listener(
        self, http: aiohttp.ClientSession, session_id: str, language: str, *, join_key: str | None = None
    ) -> Listener:
        self._listeners += 1
        clips = self._directory / f"{self._listeners}"
        clips.mkdir(parents=True)
        listener = Listener(
            websocket_url=self.stack.endpoints.websocket_url,
            session_id=session_id,
            language=language,
            downloader=ClipDownloader(http),
            clips_directory=clips,
            join_key=join_key,
        )
        self.seats.append(listener.seat)
        return listener

    async def broadcast(
        self,
        session_id: str,
        pcm: bytes,
        languages: Sequence[str],
        *,
        join_key: str | None = None,
        meanwhile: Any = None,
    ) -> list[Heard]:
        """Speak in real time to a listener for each language, and return what each heard."""
        async with aiohttp.ClientSession() as http:
            listeners = [self.listener(http, session_id, language, join_key=join_key) for language in languages]
            await asyncio.gather(*(each.__aenter__() for each in listeners))
            try:
                async with self.speaker(session_id) as speaker:
                    doing = asyncio.create_task(meanwhile(speaker)) if meanwhile is not None else None
                    await speaker.speak(pcm)
                    await speaker.end_session()
                    if doing is not None:
                        await doing
                async with asyncio.timeout(60):
                    await asyncio.gather(*(each.wait_ended() for each in listeners))
                return [Heard(each.record()) for each in listeners]
            finally:
                await asyncio.gather(*(each.__aexit__() for each in listeners))

    async def counters(self) -> dict[str, dict[str, int]]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.stack.services_control_url}/counters") as response,
        ):
            found: dict[str, dict[str, int]] = json.loads(await response.text())
            return found

    async def fault(self, **fault: object) -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.stack.services_control_url}/faults", json=fault) as response,
        ):
            response.raise_for_status()

    async def clear_faults(self) -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.delete(f"{self.stack.services_control_url}/faults") as response,
        ):
            response.raise_for_status()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def system(assembly: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    directory = tmp_path_factory.mktemp("stack")
    async with Stack(StackOptions(state_dir=directory / "state", assembly_dir=assembly, engine=Engine.TONES)) as stack:
        yield System(stack, directory / "clips")
