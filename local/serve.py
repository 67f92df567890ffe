"""``make run``: the whole system, kept up until it is told to stop."""

import asyncio

from rich.console import Console
from rich.text import Text

from local.process import until_terminated
from local.stack import Stack, StackOptions


async def serve(options: StackOptions, console: Console) -> None:
    """Start the stack, print where it is and how to log in, and keep it up until SIGINT or SIGTERM.

    Raises:
        UserError: A port is busy.
        ProcessFailedError: A process of the stack does not start, or dies.
    """
    console.print("starting the system")
    async with Stack(options) as stack:
        endpoints = stack.endpoints
        facts = {
            "HTTP API": endpoints.http_api_url,
            "WebSocket API": endpoints.websocket_url,
            "speaker's e-mail": endpoints.speaker_email,
            "and password": endpoints.speaker_password,
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
