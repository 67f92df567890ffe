"""Small web servers of the local processes: where they listen, and how they read what they are told."""

from contextlib import AsyncExitStack
from typing import Any, TypeVar

import msgspec
from aiohttp import web

_LOOPBACK = "127.0.0.1"
_T = TypeVar("_T")


async def serve_on_loopback(exit_stack: AsyncExitStack, app: web.Application, *, port: int = 0) -> str:
    """Serve an application on this machine alone, until the exit stack is closed.

    Args:
        exit_stack: Closing it ends the server.
        app: What is served.
        port: 0 takes a free one.

    Returns:
        Its URL, without a trailing slash.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    exit_stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, _LOOPBACK, port).start()
    address: Any = runner.addresses[0]
    return f"http://{_LOOPBACK}:{address[1]}"


async def read_json(request: web.Request, kind: type[_T]) -> _T:
    """A request's body as a value of a type.

    Raises:
        HTTPBadRequest: It is something else; the answer says what is wrong.
    """
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except msgspec.MsgspecError as error:
        raise web.HTTPBadRequest(text=str(error)) from None
