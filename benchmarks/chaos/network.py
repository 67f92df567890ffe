"""One client's way to the stack, which can be cut. A relay on loopback for each address that the client uses."""

import asyncio
import contextlib
import math
from types import TracebackType
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import aiohttp

from local.client.clips import ClipDownloader

_PIECE_BYTES: Final = 1 << 16


class Network:
    """Relays TCP connections. An async context manager; everything is closed at its end.

    A *loud* cut resets what is open and refuses what comes, as when a device loses its network and knows it. A
    *silent* one lets nothing through and tells nobody: what was sent waits, and arrives when the network is back, as
    in a tunnel.
    """

    def __init__(self) -> None:
        self._servers: list[asyncio.Server] = []
        self._routes: dict[tuple[str, int], int] = {}
        self._relays: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._gates = {False: asyncio.Event(), True: asyncio.Event()}
        """By whether it is for downloads."""
        for gate in self._gates.values():
            gate.set()
        self._refuses = False

    async def __aenter__(self) -> "Network":
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

    async def via(self, url: str, *, downloads: bool = False) -> str:
        """The same address by way of this network; the first time, a relay is opened for it.

        Args:
            url: Has a host and a port.
            downloads: Downloads stop first when the network grows weak.
        """
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        target = (parts.hostname, parts.port)
        if target not in self._routes:
            server = await asyncio.start_server(
                lambda reader, writer: self._accept(reader, writer, target, self._gates[downloads]), "127.0.0.1", 0
            )
            self._servers.append(server)
            self._routes[target] = server.sockets[0].getsockname()[1]
        return urlunsplit(parts._replace(netloc=f"127.0.0.1:{self._routes[target]}"))

    async def cut(self, seconds: float, *, silent: bool, weak_s: float = 0.0) -> None:
        """Let nothing through for so long; cuts of one network do not overlap.

        Args:
            seconds: In all.
            silent: See the class.
            weak_s: Of them, at first only downloads hang: messages still come, the clips that they promise do not.
        """
        try:
            self._gates[True].clear()
            await asyncio.sleep(weak_s)
            self._gates[False].clear()
            self._refuses = not silent
            if not silent:
                self._reset()
            await asyncio.sleep(seconds - weak_s)
        finally:
            self._refuses = False
            for gate in self._gates.values():
                gate.set()

    def _reset(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: tuple[str, int], gate: asyncio.Event
    ) -> None:
        if self._refuses:
            writer.transport.abort()
            return
        relay = asyncio.create_task(self._relay(reader, writer, target, gate))
        self._relays.add(relay)
        relay.add_done_callback(self._relays.discard)

    async def _relay(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: tuple[str, int], gate: asyncio.Event
    ) -> None:
        self._writers.add(writer)
        far_writer: asyncio.StreamWriter | None = None
        try:
            await gate.wait()
            far_reader, far_writer = await asyncio.open_connection(*target)
            self._writers.add(far_writer)
            await asyncio.gather(_pump(reader, far_writer, gate), _pump(far_reader, writer, gate))
        except OSError:
            pass
        finally:
            for each in (writer, far_writer):
                if each is not None:
                    self._writers.discard(each)
                    each.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gate: asyncio.Event) -> None:
    """Until the one side closes, or breaks; the other one learns of it when the network lets it."""
    while piece := await _read(reader):
        await gate.wait()
        writer.write(piece)
        await writer.drain()
    await gate.wait()
    writer.write_eof()


async def _read(reader: asyncio.StreamReader) -> bytes:
    """What has come; empty at the end, whichever way it came."""
    with contextlib.suppress(OSError):
        return await reader.read(_PIECE_BYTES)
    return b""


class NetworkDownloader(ClipDownloader):
    """Downloads by way of a network that may be cut, until it is back."""

    def __init__(self, http: aiohttp.ClientSession, network: Network) -> None:
        super().__init__(http, give_up_s=math.inf)
        self._network = network

    async def fetch(self, url: str) -> bytes:
        """See `ClipDownloader`."""
        return await super().fetch(await self._network.via(url, downloads=True))
