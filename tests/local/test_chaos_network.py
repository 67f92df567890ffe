"""A client's network that is cut: loudly, everything breaks at once; silently, everything waits."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from benchmarks.chaos.network import Network


@dataclass
class Echo:
    """A server that answers with what it is sent, by way of a network."""

    network: Network
    port: int
    closed: asyncio.Event
    writers: list[asyncio.StreamWriter]

    async def connect(self, *, downloads: bool = False) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        url = await self.network.via(f"http://127.0.0.1:{self.port}/path?query", downloads=downloads)
        assert url.endswith("/path?query")
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.split(":")[2].split("/")[0]))
        self.writers.append(writer)
        return reader, writer


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    closed = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(100):
                writer.write(piece)
        except ConnectionError:
            pass
        closed.set()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with Network() as network, asyncio.timeout(10):
        here = Echo(network, server.sockets[0].getsockname()[1], closed, [])
        yield here
        for writer in here.writers:
            writer.transport.abort()
    server.close()


async def test_what_is_sent_arrives(echo: Echo) -> None:
    reader, writer = await echo.connect()
    writer.write(b"hello")
    assert await reader.readexactly(5) == b"hello"
    writer.close()
    await echo.closed.wait()


async def test_a_loud_cut_breaks_what_is_open_and_refuses_what_comes(echo: Echo) -> None:
    reader, writer = await echo.connect()
    writer.write(b"hello")
    await reader.readexactly(5)
    cut = asyncio.create_task(echo.network.cut(60, silent=False))
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    await echo.closed.wait()
    refused, _ = await echo.connect()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await refused.readexactly(1)
    cut.cancel()
    await asyncio.gather(cut, return_exceptions=True)
    reader, writer = await echo.connect()
    writer.write(b"again")
    assert await reader.readexactly(5) == b"again"


async def test_a_weak_network_holds_downloads_back_first(echo: Echo) -> None:
    reader, writer = await echo.connect(downloads=True)
    cut = asyncio.create_task(echo.network.cut(60, silent=True, weak_s=30))
    await asyncio.sleep(0)
    writer.write(b"waits")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await reader.readexactly(1)
    cut.cancel()
    await asyncio.gather(cut, return_exceptions=True)
    assert await reader.readexactly(5) == b"waits"


async def test_in_a_silent_cut_everything_waits(echo: Echo) -> None:
    reader, writer = await echo.connect()
    writer.write(b"hello")
    await reader.readexactly(5)
    cut = asyncio.create_task(echo.network.cut(60, silent=True))
    await asyncio.sleep(0)
    writer.write(b"waits")
    new_reader, new_writer = await echo.connect()
    new_writer.write(b"too")
    leaving_reader, leaving_writer = await echo.connect()
    leaving_writer.transport.abort()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await reader.readexactly(1)
    assert not echo.closed.is_set(), "nobody is told"
    cut.cancel()
    await asyncio.gather(cut, return_exceptions=True)
    assert await reader.readexactly(5) == b"waits"
    assert await new_reader.readexactly(3) == b"too"
    del leaving_reader
