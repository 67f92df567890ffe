"""One client's way to the stack, which can be cut. A relay on loopback for each address that the client uses."""

import asyncio
import contextlib
import math
from functools import partial
from typing import Final

import aiohttp

from benchmarks.relays import Relays
from local.client.clips import ClipDownloader

_PIECE_BYTES: Final = 1 << 16


class Network(Relays):
    """Relays TCP connections. An async context manager; everything is closed at its end.

    A *loud* cut resets what is open and refuses what comes, as when a device loses its network and knows it. A
    *silent* one lets nothing through and tells nobody: what was sent waits, and arrives when the network is back, as
    in a tunnel.
    """

    def __init__(self) -> None:
        super().__init__()
        self._gates = {False: asyncio.Event(), True: asyncio.Event()}
        """By whether it is for downloads."""
        for gate in self._gates.values():
            gate.set()

    async def via(self, url: str, *, downloads: bool = False) -> str:
        """The same address by way of this network; the first time, a relay is opened for it.

        Args:
            url: Has a host and a port.
            downloads: Downloads stop first when the network grows weak.
        """
        gate = self._gates[downloads]
        return await self._via(url, opening=gate.wait, pump=partial(_pump, gate=gate))

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
