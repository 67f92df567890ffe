"""``make run``: the whole system with its apps, kept up until it is told to stop."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from local.process import until_terminated
from local.stack import Stack, StackOptions
from local.supervision import PROJECT_ROOT
from local.web_apps import WebApp

APPS_DIR: Final = PROJECT_ROOT / "frontend" / "apps"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppPorts:
    """Where the apps are served; 0 takes a free port."""

    speaker: int = 0
    listener: int = 0


async def serve(options: StackOptions, console: Console, ports: AppPorts, *, apps_dir: Path = APPS_DIR) -> None:
    """Start the stack and the apps, print where they are and how to log in, and keep them up until SIGINT or SIGTERM.

    Raises:
        UserError: A port is busy, or an app has not been built.
        ProcessFailedError: A process of the stack does not start, or dies.
    """
    console.print("starting the system")
    async with AsyncExitStack() as running:
        speaker = await running.enter_async_context(
            WebApp(apps_dir / "speaker" / "dist", port=ports.speaker, uses_microphone=True)
        )
        listener = await running.enter_async_context(WebApp(apps_dir / "listener" / "dist", port=ports.listener))
        origins = (speaker.origin, listener.origin)
        options = replace(options, allowed_origins=origins, listener_url=listener.origin)
        stack = await running.enter_async_context(Stack(options))
        for app in (speaker, listener):
            await app.serve(stack.endpoints, listener_url=listener.origin)
        endpoints = stack.endpoints
        facts = {
            "speaker's app": speaker.origin,
            "listeners' app": listener.origin,
            "speaker's e-mail": endpoints.speaker_email,
            "and password": endpoints.speaker_password,
            "HTTP API": endpoints.http_api_url,
            "WebSocket API": endpoints.websocket_url,
            "logs": stack.logs_dir,
        }
        for name, value in facts.items():
            console.print(Text(f"{name:18}{value}"), soft_wrap=True)
        console.print("Ctrl-C stops it")
        ending = asyncio.create_task(until_terminated())
        watching = asyncio.create_task(stack.wait())
        try:
            await asyncio.wait({ending, watching}, return_when=asyncio.FIRST_COMPLETED)
            if not ending.done():
                watching.result()
        finally:
            ending.cancel()
            watching.cancel()
            await asyncio.gather(ending, watching, return_exceptions=True)
