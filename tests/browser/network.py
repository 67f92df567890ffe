"""A network between pages and the gateway that can be taken away."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class Network:
    """Passes on what comes to a port of its own. An async context manager.

    While it is cut, new connections are refused. Those that were open are reset, as by a router that restarts; cut
    silently, they stay open for ever and nothing comes through any more, as for a phone that has changed its cell.
    """

    def __init__(self, url: str) -> None:
        """Prepare.

        Args:
            url: Where the connections go.
        """
        self._upstream = urlsplit(url)
        self._is_cut = False
        self._pumps: set[asyncio.Task[None]] = set()
        self._open: list[asyncio.StreamWriter] = []
        self._silenced: list[asyncio.StreamWriter] = []

    @property
    def url(self) -> str:
        """The address to use in place of the upstream's."""
        return self._upstream._replace(netloc=f"127.0.0.1:{self._port}").geturl()

    def cut(self, *, silently: bool = False) -> None:
        """Take it away."""
        self._is_cut = True
        for pump in self._pumps:
            pump.cancel()
        if silently:
            self._silenced += self._open
        else:
            for writer in self._open:
                writer.transport.abort()
        self._open = []

    def restore(self) -> None:
        """Let new connections through."""
        self._is_cut = False

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._server.close()
        self.cut()
        for writer in self._silenced:
            writer.transport.abort()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        assert self._upstream.hostname is not None
        there, back = await asyncio.open_connection(self._upstream.hostname, self._upstream.port)
        self._open += [writer, back]
        for source, sink in ((reader, back), (there, writer)):
            pump = asyncio.create_task(_pump(source, sink))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()
        sink.close()
