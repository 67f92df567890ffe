"""The two apps as a person at the keyboard meets them."""

import base64
import json
import re
from collections.abc import Sequence
from typing import Final

from playwright.async_api import ConsoleMessage, Error, Locator, Page, WebSocket, expect

from local.endpoints import Endpoints
from tests.browser.hearing import Hearing
from tests.browser.network import Network

_NETWORK_ERRORS: Final = re.compile(
    r"Failed to load resource: net::ERR_(INTERNET_DISCONNECTED|NETWORK_CHANGED|CONNECTION_\w+)"
    r"|WebSocket connection to '\S+' failed"
)
"""What a browser itself says of a network that is away."""

PATIENCE_MS: Final = 30_000


class AppPage:
    """What both apps have.

    Attributes:
        problems: Console errors, uncaught exceptions and violations of the content security policy.
        has_bad_network: What the browser says of a network that is away is no problem then.
        connections: How many WebSockets it has opened.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems: list[str] = []
        self.has_bad_network = False
        self.connections = 0
        page.on("websocket", self._take_connection)
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._take_console)
        page.on("pageerror", self._take_exception)

    @property
    def state(self) -> Locator:
        """What the page says is going on: its `data-state`."""
        return self.page.locator("main")

    async def wait_for_state(self, *states: str, seconds: float = 30) -> None:
        """Wait until the page is in one of these states."""
        await expect(self.state).to_have_attribute("data-state", re.compile("|".join(states)), timeout=seconds * 1000)

    def forgive(self, words: str) -> None:
        """Take back the problems so far that have these words in them: they were asked for."""
        self.problems = [problem for problem in self.problems if words not in problem]

    async def lose_network(self, network: Network, *, silently: bool = False) -> None:
        """Neither the WebSocket nor anything else gets through."""
        self.has_bad_network = True
        network.cut(silently=silently)
        await self.page.context.set_offline(True)

    async def find_network(self, network: Network) -> None:
        """It is back."""
        network.restore()
        await self.page.context.set_offline(False)

    async def renew_connections_soon(self) -> None:
        """Of the times from which the page chooses at random it takes the earliest; to be called before it opens."""
        await self.page.add_init_script("Math.random = () => 0.999")

    def _take_connection(self, _socket: WebSocket) -> None:
        self.connections += 1

    def _take_console(self, message: ConsoleMessage) -> None:
        if message.type != "error" and "Content Security Policy" not in message.text:
            return
        if not (self.has_bad_network and _NETWORK_ERRORS.search(message.text)):
            self.problems.append(message.text)

    def _take_exception(self, error: Error) -> None:
        self.problems.append(f"{error.name}: {error.message}")


class SpeakerPage(AppPage):
    """The speaker's app. Its microphone begins to play when it is first opened."""

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self._sent: dict[int, bytes] = {}
        self._understood: dict[int, str] = {}
        page.on("websocket", self._listen_in)

    @property
    def sent(self) -> bytes:
        """The audio that the page has sent, without repetitions: mono, signed 16-bit little-endian, 16 000 Hz."""
        return b"".join(self._sent[offset] for offset in sorted(self._sent))

    @property
    def understood(self) -> list[str]:
        """The final captions that the page has been given, in order, each once."""
        return [self._understood[number] for number in sorted(self._understood)]

    async def start_speaking(self) -> None:
        """Allow the microphone and begin; before that the page has no right to open it."""
        await self.page.context.grant_permissions(["microphone"])
        await self.act("live")
        await self.wait_for_state("live")

    async def sign_in(self, endpoints: Endpoints) -> None:
        """With the demo account."""
        assert endpoints.speaker_email is not None
        assert endpoints.speaker_password is not None
        await self.wait_for_state("sign-in")
        await self.page.locator("input[name=email]").fill(endpoints.speaker_email)
        await self.page.locator("input[name=password]").fill(endpoints.speaker_password)
        await self.page.locator("button[type=submit]").click()
        await self.wait_for_state("start")

    async def create_session(self, *, join_key: str = "") -> str:
        """In every language; returns the id."""
        await self.page.locator("#join-key").fill(join_key)
        await self.page.locator("form.new-session button[type=submit]").click()
        await self.wait_for_state("standby", "live")
        session_id = await self.state.get_attribute("data-session")
        assert session_id is not None
        return session_id

    async def leave_sound_as_it_is(self) -> None:
        """Turn off what browsers do to voices; tones and recordings would suffer from it."""
        await self.page.locator("details summary").click()
        for box in await self.page.locator("details input[type=checkbox]").all():
            await box.set_checked(checked=False)

    async def act(self, action: str) -> None:
        """Press one of the large buttons: live, pause, mute, end."""
        await self.page.locator(f"[data-action={action}]").click()

    async def end(self, *, seconds: float = 60) -> None:
        """End the session, and wait until every listener has been told the last words."""
        await self.act("end")
        await self.act("confirm-end")
        await self.wait_for_state("ended", seconds=seconds)

    async def wait_for_waiting_seconds(self, seconds: int) -> None:
        """Wait until the page says that so many seconds of words wait to be sent."""
        pattern = re.compile(f"^({'|'.join(str(each) for each in range(seconds, 3 * seconds))})$")
        await expect(self.page.locator("[data-waiting]")).to_have_attribute(
            "data-waiting", pattern, timeout=3000 * seconds
        )

    async def captions(self) -> list[str]:
        """The final ones."""
        return await self.page.locator(".caption-lines [data-segment]").all_text_contents()

    async def wait_for_listeners(self, count: int) -> None:
        """Wait until the page says that so many listen."""
        await expect(self.page.locator("section.audience")).to_have_attribute(
            "data-listeners", str(count), timeout=PATIENCE_MS + 5_000
        )

    def _listen_in(self, socket: WebSocket) -> None:
        socket.on("framesent", self._take_sent)
        socket.on("framereceived", self._take_received)

    def _take_received(self, frame: str | bytes) -> None:
        message = json.loads(frame)
        if message.get("type") == "transcription" and message["isFinal"]:
            self._understood[message["sequenceNumber"]] = message["text"]

    def _take_sent(self, frame: str | bytes) -> None:
        message = json.loads(frame)
        if message.get("action") == "audioChunk":
            self._sent[message["sampleOffset"]] = base64.b64decode(message["audioData"])


class ListenerPage(AppPage):
    """The listeners' app.

    Attributes:
        hearing: What it has played.
    """

    def __init__(self, page: Page, hearing: Hearing) -> None:
        super().__init__(page)
        self.hearing = hearing

    async def join(self, session_id: str, language: str, *, join_key: str = "") -> None:
        """Open the session's link, choose a language, listen."""
        await self.enter(session_id, language, join_key=join_key)
        await self.wait_for_state("waiting", "live", "paused", "muted", "away")

    async def enter(self, session_id: str, language: str, *, join_key: str = "") -> None:
        """The same without waiting for what comes of it."""
        await self.page.goto(f"?session={session_id}")
        await self.page.locator(f"label:has(input[value={language}])").click()
        if join_key:
            await self.page.locator("form input[maxlength]").fill(join_key)
        await self.page.locator(".join-actions button[type=submit]").click()

    async def open_dialog(self, name: str) -> None:
        """`language` or `settings`."""
        index = ("language", "settings").index(name)
        await self.page.locator("header button[aria-haspopup=dialog]").nth(index).click()
        await expect(self.page.locator("dialog")).to_be_visible()

    async def change_language(self, language: str) -> None:
        """Without leaving."""
        await self.open_dialog("language")
        await self.page.locator(f"dialog label:has(input[value={language}])").click()
        await expect(self.page.locator("dialog")).to_have_count(0)

    async def pause(self) -> None:
        """Stop listening for a while."""
        await self.page.get_by_role("button", name="Pause", exact=True).click()

    async def go_on(self) -> None:
        """Listen again."""
        await self.page.get_by_role("button", name="Go on listening", exact=True).click()

    async def wait_until_all_is_heard(self, *, seconds: float = 60) -> None:
        """Wait until the session is over and nothing is left to play."""
        await self.wait_for_state("ended", seconds=seconds)
        await expect(self.page.locator(".bottom-bar .ended")).to_be_visible(timeout=seconds * 1000)

    async def captions(self) -> list[str]:
        """The translated ones."""
        return await self.page.locator(".caption[data-status=translated] .translation").all_text_contents()

    async def reload(self) -> None:
        """Load the page again; the first touch brings the sound back."""
        await self.page.reload()
        await self.bring_sound_back()

    async def bring_sound_back(self) -> None:
        """Touch the page after it was loaded again."""
        await self.page.locator("button[data-sound=waiting]").click()
        await expect(self.state).to_have_attribute("data-sound", "running")

    async def wait_for_quiet(self) -> None:
        """Wait until no segment is being played."""
        await expect(self.page.locator(".caption[data-heard]")).to_have_count(0)

    async def shown_delay_s(self) -> float | None:
        """What the page says how far it is behind."""
        shown = self.page.locator(".delay[data-delay]")
        return float(await shown.get_attribute("data-delay") or "nan") if await shown.count() else None


def assert_no_problems(pages: Sequence[AppPage]) -> None:
    problems = [problem for page in pages for problem in page.problems]
    assert not problems, problems
