"""Speaking into a session and listening to one, from the command line."""

import asyncio
import contextlib
import shlex
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.text import Text

from local.broadcasting import require_languages
from local.client.clips import ClipDownloader
from local.client.errors import ConnectionNotAllowedError
from local.client.http_api import HttpApi
from local.client.listener import Listener
from local.client.login import SpeakerLogin
from local.client.messages import (
    BroadcastState,
    QualityWarning,
    ServerError,
    ServerMessage,
    SessionStatus,
    Transcription,
    TranslatedAudio,
)
from local.client.record import ListenerRecord
from local.client.speaker import Speaker
from local.endpoints import Endpoints
from local.errors import WrongInputError
from local.process import until_terminated
from local.report.broadcast import Broadcast
from local.report.files import clips_directory, prepare_directory, write_listening
from local.wav import load_recording


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakOptions:
    """What to say and where.

    Attributes:
        session_id: Where; without one a session is created, with the source language and expressive or not.
        listeners: So many are waited for.
    """

    file: Path
    session_id: str | None
    source_language: str
    listeners: int
    expressive: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenOptions:
    """What to listen to; captions and sound are written to ``out``."""

    session_id: str
    language: str
    join_key: str | None
    out: Path


async def speak_live(endpoints: Endpoints, login: SpeakerLogin, options: SpeakOptions, console: Console) -> None:
    """Speak a recording, show its captions, and end the session.

    Raises:
        UserError: The file, the language or the session is wrong, or the broadcast failed.
    """
    recording = load_recording(options.file)
    async with HttpApi(endpoints.http_api_url) as api:
        session_id = options.session_id
        if session_id is None:
            require_languages(await api.languages(), source=options.source_language, targets=())
            created = await api.create_session(
                await login.access_token(), source_language=options.source_language, expressive=options.expressive
            )
            session_id = created.session_id
            console.print(Text(f"session {session_id}"))
            command = f"python -m local.cli listen {shlex.quote(session_id)} --language es --save out/heard"
            console.print(Text(f"listen with: {command}"), soft_wrap=True)
        else:
            await api.show_session(session_id)
        heard_by = asyncio.Event()

        def show(message: ServerMessage) -> None:
            if isinstance(message, SessionStatus) and message.listener_count >= options.listeners:
                heard_by.set()
            _show_to_speaker(message, console)

        speaker = Speaker(
            websocket_url=endpoints.websocket_url, session_id=session_id, token=login.access_token, on_message=show
        )
        async with _explained(api, session_id, language=None), speaker:
            if options.listeners:
                console.print(f"waiting for {options.listeners} listeners")
                await speaker.ask_status()
                await heard_by.wait()
            await speaker.speak(recording.pcm)
            ended = await speaker.end_session()
    console.print(Text(f"session {session_id} has ended: {ended.reason}"))


async def listen_live(endpoints: Endpoints, options: ListenOptions, console: Console) -> None:
    """Listen until the session ends, or until SIGINT or SIGTERM; then write what was heard.

    Raises:
        UserError: The session, the language or the join key is wrong, or the connection was lost for good.
    """
    async with HttpApi(endpoints.http_api_url) as api, aiohttp.ClientSession() as http:
        facts = await api.show_session(options.session_id)
        if facts.get("state") == "ended":
            raise WrongInputError(f"session {options.session_id} has ended")
        prepare_directory(options.out)
        listener = Listener(
            websocket_url=endpoints.websocket_url,
            session_id=options.session_id,
            language=options.language,
            join_key=options.join_key,
            downloader=ClipDownloader(http),
            clips_directory=clips_directory(options.out, options.language),
            on_message=lambda message: _show_to_listener(message, console),
        )
        loop = asyncio.get_running_loop()
        async with (
            _explained(api, options.session_id, language=options.language, join_key=options.join_key),
            listener,
        ):
            stopping = asyncio.create_task(until_terminated())
            ending = asyncio.create_task(listener.wait_ended())
            try:
                await asyncio.wait({stopping, ending}, return_when=asyncio.FIRST_COMPLETED)
                if not stopping.done():
                    ending.result()
            finally:
                stopping.cancel()
                ending.cancel()
                await asyncio.gather(stopping, ending, return_exceptions=True)
                record = listener.record(until=loop.time() if stopping.done() and not ending.done() else float("inf"))
                await asyncio.to_thread(_save, record, options)
    console.print(Text(f"{len(record.segments)} segments, {record.skipped} left out; written to {options.out}"))


def _save(record: ListenerRecord, options: ListenOptions) -> None:
    """Captions and sound, from the moment of joining on."""
    broadcast = Broadcast(
        audio_path=options.session_id,
        audio_duration_ms=0,
        source_language=record.source_language,
        first_sample_at=record.joined_at,
        first_sample_epoch_ms=0,
        captions=record.captions,
        listeners=(record,),
    )
    write_listening(options.out, broadcast, record)


def _show_to_speaker(message: ServerMessage, console: Console) -> None:
    match message:
        case Transcription(is_final=True):
            console.print(Text(message.text))
        case SessionStatus():
            console.print(Text(f"{message.listener_count} listeners", style="dim"))
        case QualityWarning():
            style = "green" if message.resolved else "yellow"
            console.print(Text(f"{message.issue}: {message.advice}", style=style))
        case ServerError():
            console.print(Text(f"{message.code}: {message.message}", style="yellow"))
        case _:
            pass


def _show_to_listener(message: ServerMessage, console: Console) -> None:
    match message:
        case TranslatedAudio():
            console.print(Text(message.text))
        case BroadcastState():
            console.print(Text(f"the broadcast is {message.state}", style="dim"))
        case ServerError():
            console.print(Text(f"{message.code}: {message.message}", style="yellow"))
        case _:
            pass


@contextlib.asynccontextmanager
async def _explained(
    api: HttpApi, session_id: str, *, language: str | None, join_key: str | None = None
) -> AsyncIterator[None]:
    """Says why a connection is refused: the WebSocket API does not."""
    try:
        yield
    except ConnectionNotAllowedError as refusal:
        if language is None:
            raise WrongInputError(f"session {session_id} is not yours, or has ended") from None
        why = await api.explain_refusal(session_id, refusal, language=language, join_key=join_key)
        raise WrongInputError(why) from None
