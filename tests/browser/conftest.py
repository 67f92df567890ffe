"""Real browsers on the production builds of both apps and the local stack."""

import os
import shutil
import wave
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Playwright, async_playwright

from local.endpoints import Endpoints
from local.gateway.configuration import GatewayLimits
from local.stack import Engine, Stack, StackOptions
from local.supervision import PROJECT_ROOT
from local.web_apps import WebApp
from tests.browser.hearing import WORKLET, Hearing
from tests.browser.network import Network
from tests.browser.pages import ListenerPage, SpeakerPage

APPS_DIR: Final = Path(os.environ.get("BABELCAST_APPS", PROJECT_ROOT / "frontend" / "apps"))
ASSEMBLY_DIR: Final = PROJECT_ROOT / "build" / "assembly"
CHROMIUM: Final = PROJECT_ROOT / "build" / ".chromium"
"""Has the path of the browser in it; `make build/.chromium` writes it."""

_CONNECTION_AGE_S: Final = 2 * 3600 - 500
"""Pages renew their connections 480 to 360 s before their two hours are over, so that here all do so before long."""

SEATS: Final = 12
"""Of each session."""

_QUIET: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Venue:
    """A stack, and browsers that meet it.

    Attributes:
        speaker_network: The speaker's.
        listener_network: Of listeners with a network of their own.
    """

    def __init__(self, playwright: Playwright, stack: Stack, apps: "Apps", directory: Path) -> None:
        self.stack = stack
        self.speaker_network = apps.speaker_network
        self.listener_network = apps.listener_network
        self._apps = apps
        self._playwright = playwright
        self._directory = directory
        self._audience: Browser | None = None
        self._executable = CHROMIUM.read_text().strip()

    @property
    def endpoints(self) -> Endpoints:
        return self.stack.endpoints

    @asynccontextmanager
    async def speaker(self, recording: Path, *, renews_soon: bool = False) -> AsyncIterator[SpeakerPage]:
        """A browser whose microphone begins to play a WAV, once, when the page opens it.

        Args:
            recording: Mono WAV.
            renews_soon: It opens a new connection after 20 s; otherwise at some time from then to two minutes later.
        """
        arguments = [
            *_QUIET,
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={recording}%noloop",
        ]
        browser = await self._playwright.chromium.launch(executable_path=self._executable, args=arguments)
        try:
            context = await browser.new_context(locale="en-GB", base_url=self._apps.speaker.origin)
            page = SpeakerPage(await context.new_page())
            if renews_soon:
                await page.renew_connections_soon()
            await page.page.goto("")
            yield page
        finally:
            await browser.close()

    @asynccontextmanager
    async def listener(
        self, *, locale: str = "en-GB", has_own_network: bool = False, renews_soon: bool = False
    ) -> AsyncIterator[ListenerPage]:
        """A page of its own; all listeners share one browser."""
        app = self._apps.rough_listener if has_own_network else self._apps.listener
        if self._audience is None:
            self._audience = await self._playwright.chromium.launch(executable_path=self._executable, args=list(_QUIET))
        context = await self._audience.new_context(locale=locale, base_url=app.origin)
        try:
            page = await _listener_page(context)
            if renews_soon:
                await page.renew_connections_soon()
            yield page
        finally:
            await context.close()

    def recording(self, name: str, pcm: bytes, rate_hz: int) -> Path:
        """A WAV of mono signed 16-bit PCM, with silence around it: time to begin, and an end that repeats unheard."""
        path = self._directory / f"{name}.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate_hz)
            file.writeframes(bytes(2 * rate_hz) + pcm + bytes(2 * 2 * rate_hz))
        return path

    async def close(self) -> None:
        if self._audience is not None:
            await self._audience.close()


async def _listener_page(context: BrowserContext) -> ListenerPage:
    page = await context.new_page()
    hearing = Hearing()
    await hearing.listen(page)
    return ListenerPage(page, hearing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Apps:
    """The apps' addresses: the listeners' twice, once with a network that can be taken away."""

    speaker: WebApp
    speaker_network: Network
    listener: WebApp
    rough_listener: WebApp
    listener_network: Network


@asynccontextmanager
async def open_venue(engine: Engine, directory: Path) -> AsyncIterator[Venue]:
    """A stack with apps and browsers."""
    for name in ("speaker", "listener"):
        shutil.copytree(APPS_DIR / name / "dist", directory / name)
    shutil.copy(WORKLET, directory / "listener")
    async with AsyncExitStack() as running:
        speaker, listener, rough_listener = [
            await running.enter_async_context(WebApp(directory / name, uses_microphone=name == "speaker"))
            for name in ("speaker", "listener", "listener")
        ]
        options = StackOptions(
            state_dir=directory / "state",
            assembly_dir=ASSEMBLY_DIR,
            engine=engine,
            allowed_origins=(speaker.origin, listener.origin, rough_listener.origin),
            listener_url=listener.origin,
            environment={"connection_handler": {"LISTENERS_PER_SESSION": str(SEATS)}},
            gateway_limits=GatewayLimits(connection_age_seconds=_CONNECTION_AGE_S),
        )
        stack = await running.enter_async_context(Stack(options))
        gateway = stack.endpoints.websocket_url
        speaker_network, listener_network = [await running.enter_async_context(Network(gateway)) for _ in range(2)]
        for app, url in (
            (speaker, speaker_network.url),
            (listener, gateway),
            (rough_listener, listener_network.url),
        ):
            await app.serve(replace(stack.endpoints, websocket_url=url), listener_url=listener.origin)
        apps = Apps(
            speaker=speaker,
            speaker_network=speaker_network,
            listener=listener,
            rough_listener=rough_listener,
            listener_network=listener_network,
        )
        venue = Venue(await running.enter_async_context(async_playwright()), stack, apps, directory)
        running.push_async_callback(venue.close)
        yield venue


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def venue(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Venue]:
    """Where tones are spoken."""
    async with open_venue(Engine.TONES, tmp_path_factory.mktemp("venue")) as opened:
        yield opened
