"""One whole broadcast over the network: a speaker, a listener for each language, and what came of it."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import aiohttp

from local.client.clips import ClipDownloader
from local.client.connection import ConnectionPolicy
from local.client.errors import ClientError
from local.client.http_api import HttpApi, Languages
from local.client.listener import Listener
from local.client.login import SpeakerLogin
from local.client.messages import ServerError, ServerMessage, Transcription
from local.client.outgoing import OutgoingChunks
from local.client.record import SourceCaption
from local.client.speaker import Speaker
from local.endpoints import Endpoints
from local.errors import UserError, WrongInputError
from local.report.broadcast import Broadcast
from local.report.files import clips_directory
from local.wav import Recording

_T = TypeVar("_T")

_END_TIMEOUT_S: Final = 60.0
"""From the speaker's ``sessionEnded`` to the listeners' and the last clip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastPlan:
    """What is to be broadcast.

    Attributes:
        target_languages: One listener for each.
        out: Where clips are saved.
        pace: Times real time; latencies mean something at 1 only.
        expressive: Whether voices follow how the speaker speaks.
        outgoing: The speaker's bookkeeping of its chunks, when it is not the usual one.
    """

    recording: Recording
    source_language: str
    target_languages: tuple[str, ...]
    out: Path
    pace: float = 1.0
    expressive: bool = True
    policy: ConnectionPolicy | None = None
    outgoing: OutgoingChunks | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A broadcast and what went wrong in it.

    Attributes:
        resent: Chunks sent more than once.
        notices: Codes of the errors that the server told the speaker.
        failure: What ended it early; everything up to then is in the broadcast.
    """

    session_id: str
    broadcast: Broadcast
    resent: int
    notices: tuple[str, ...]
    failure: UserError | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a broadcast stands: audio captured so far, and segments received by language."""

    session_id: str
    spoken_s: float
    received: dict[str, int]


def require_languages(languages: Languages, *, source: str, targets: Sequence[str]) -> None:
    """Check languages against the stage's offer.

    Raises:
        WrongInputError: One is not offered; the message says which are.
    """
    if not languages.has_source(source):
        offered = ", ".join(language.code for language in languages.sources)
        raise WrongInputError(f"{source!r} cannot be spoken here; what can: {offered}")
    missing = languages.missing_targets(targets)
    if missing:
        offered = ", ".join(language.code for language in languages.targets)
        raise WrongInputError(f"not offered to listeners: {', '.join(missing)}; offered: {offered}")


class Broadcasting:
    """Holds a broadcast; `progress` may be read while it runs."""

    def __init__(self, endpoints: Endpoints, plan: BroadcastPlan) -> None:
        self._endpoints = endpoints
        self._plan = plan
        self._session_id = ""
        self._speaker: Speaker | None = None
        self._listeners: dict[str, Listener] = {}
        self._captions: dict[int, SourceCaption] = {}
        self._notices: list[str] = []

    @property
    def progress(self) -> Progress:
        """Where it stands."""
        return Progress(
            session_id=self._session_id,
            spoken_s=self._speaker.sent_seconds if self._speaker else 0.0,
            received={language: listener.received for language, listener in self._listeners.items()},
        )

    async def run(self, on_start: Callable[[str], None] | None = None) -> Outcome:
        """Create a session, speak into it in real time, end it and collect what the listeners heard.

        Args:
            on_start: Called with the session's id when everybody is connected.

        Raises:
            WrongInputError: A language is not offered.
            ClientError: It could not begin.
        """
        endpoints, plan = self._endpoints, self._plan
        login = SpeakerLogin(endpoints)
        async with AsyncExitStack() as stack:
            api = await stack.enter_async_context(HttpApi(endpoints.http_api_url))
            require_languages(await api.languages(), source=plan.source_language, targets=plan.target_languages)
            created = await api.create_session(
                await login.access_token(),
                source_language=plan.source_language,
                target_languages=plan.target_languages,
                expressive=plan.expressive,
            )
            self._session_id = created.session_id
            http = await stack.enter_async_context(aiohttp.ClientSession())
            self._listeners = {language: self._listener(http, language) for language in plan.target_languages}
            await _enter_all(stack, self._listeners.values())
            self._speaker = await stack.enter_async_context(self._new_speaker(login))
            if on_start is not None:
                on_start(created.session_id)
            failure = await self._speak(self._speaker)
            return self._outcome(self._speaker, failure)

    async def _speak(self, speaker: Speaker) -> UserError | None:
        try:
            await speaker.speak(self._plan.recording.pcm, pace=self._plan.pace)
            await speaker.end_session()
            async with asyncio.timeout(_END_TIMEOUT_S):
                await asyncio.gather(*(listener.wait_ended() for listener in self._listeners.values()))
        except TimeoutError:
            late = [language for language, listener in self._listeners.items() if not listener.has_ended]
            return ClientError(f"not told that the session ended: the listeners of {', '.join(late)}")
        except UserError as error:
            return error
        return None

    def _outcome(self, speaker: Speaker, failure: UserError | None) -> Outcome:
        recording = self._plan.recording
        return Outcome(
            session_id=self._session_id,
            broadcast=Broadcast(
                audio_path=str(recording.path),
                audio_duration_ms=recording.duration_ms,
                source_language=self._plan.source_language,
                first_sample_at=speaker.first_sample_at or 0.0,
                first_sample_epoch_ms=speaker.first_sample_epoch_ms or 0,
                captions=tuple(self._captions[number] for number in sorted(self._captions)),
                listeners=tuple(listener.record() for listener in self._listeners.values()),
            ),
            resent=speaker.resent,
            notices=tuple(self._notices),
            failure=failure,
        )

    def _new_speaker(self, login: SpeakerLogin) -> Speaker:
        return Speaker(
            websocket_url=self._endpoints.websocket_url,
            session_id=self._session_id,
            token=login.access_token,
            on_message=self._note,
            policy=self._plan.policy,
            outgoing=self._plan.outgoing,
        )

    def _listener(self, http: aiohttp.ClientSession, language: str) -> Listener:
        return Listener(
            websocket_url=self._endpoints.websocket_url,
            session_id=self._session_id,
            language=language,
            downloader=ClipDownloader(http),
            clips_directory=clips_directory(self._plan.out, language),
            policy=self._plan.policy,
        )

    def _note(self, message: ServerMessage) -> None:
        if isinstance(message, Transcription) and message.is_final and message.sequence_number is not None:
            number = message.sequence_number
            caption = SourceCaption(number=number, text=message.text, received_at=asyncio.get_running_loop().time())
            self._captions.setdefault(number, caption)
        elif isinstance(message, ServerError):
            self._notices.append(message.code)


async def _enter_all(stack: AsyncExitStack, listeners: Iterable[Listener]) -> None:
    """Connect listeners side by side; the first failure is raised when none is on its way any more."""
    entering = (stack.enter_async_context(listener) for listener in listeners)
    for entered in await asyncio.gather(*entering, return_exceptions=True):
        if isinstance(entered, BaseException):
            raise entered


async def unless_failing(work: Coroutine[None, None, _T], watch: Coroutine[None, None, None]) -> _T:
    """Do something, given up as soon as what it needs fails.

    Args:
        work: What to do.
        watch: Raises when what is needed has failed, and waits otherwise, as `Stack.wait` does.
    """
    working, watching = asyncio.create_task(work), asyncio.create_task(watch)
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            watching.result()
        return await working
    finally:
        working.cancel()
        watching.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)


async def report_progress(
    broadcasting: Broadcasting, show: Callable[[Progress], None], *, interval_s: float = 0.2
) -> None:
    """Show the progress regularly until cancelled, and once more then."""
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            show(broadcasting.progress)
            await asyncio.sleep(interval_s)
    show(broadcasting.progress)
