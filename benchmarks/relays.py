"""Relays on loopback between a client and its servers, for whatever lies between them."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

Pump = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]
"""Carries what one side sends to the other one until it ends."""


class Relays:
    """A relay for each address that a client uses. An async context manager; everything is closed at its end."""

    def __init__(self) -> None:
        self._servers: list[asyncio.Server] = []
        self._ports: dict[tuple[str, int], int] = {}
        self._relays: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._refuses = False
        """Whether new connections are reset."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.close()
        for relay in self._relays:
            relay.cancel()
        await asyncio.gather(*self._relays, return_exceptions=True)
        self._reset()

    async def _via(self, url: str, *, opening: Callable[[], Awaitable[object]], pump: Pump) -> str:
        """The same address by way of a relay, which is opened the first time.

        Args:
            url: Has a host and a port.
            opening: Waited for before each connection to the server.
            pump: Carries each direction.
        """
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        target = (parts.hostname, parts.port)
        if target not in self._ports:

            def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                if self._refuses:
                    writer.transport.abort()
                    return
                relay = asyncio.create_task(self._relay(reader, writer, target, opening, pump))
                self._relays.add(relay)
                relay.add_done_callback(self._relays.discard)

            server = await asyncio.start_server(accept, "127.0.0.1", 0)
            self._servers.append(server)
            self._ports[target] = server.sockets[0].getsockname()[1]
        return urlunsplit(parts._replace(netloc=f"127.0.0.1:{self._ports[target]}"))

    async def _relay(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        target: tuple[str, int],
        opening: Callable[[], Awaitable[object]],
        pump: Pump,
    ) -> None:
        self._writers.add(writer)
        far_writer: asyncio.StreamWriter | None = None
        try:
            await opening()
            far_reader, far_writer = await asyncio.open_connection(*target)
            self._writers.add(far_writer)
            await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
        except OSError:
            pass
        finally:
            for each in (writer, far_writer):
                if each is not None:
                    self._writers.discard(each)
                    each.transport.abort()

    def _reset(self) -> None:
        """Break whatever is open."""
        for writer in self._writers:
            writer.transport.abort()
