"""PocketSphinx in processes of its own: the model is loaded once, and every stream is a fork that shares it.

::

    services ──unix socket──► model process (loads the model, accepts)
        │                          └ fork per connection
        └── one connection per stream ──► stream process (decodes)

A frame is a kind (1 byte), a length (4 bytes, big-endian) and a body.

=====  ===========  ==========================================================
kind   from, to     body
=====  ===========  ==========================================================
``O``  to stream    open; the stability's name, or empty
``A``  to stream    audio
``E``  to stream    no more audio
``R``  from stream  results, pickled (both ends are this code)
``F``  from stream  finished: no more results
=====  ===========  ==========================================================
"""

import asyncio
import contextlib
import os
import pickle
import signal
import socket
import struct
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from local.engines.speech import EngineFailedError, Result, Stability, StreamDecoder
from local.process import READY_PREFIX, SUPERVISOR_PID_VARIABLE, announce_ready, end_with_parent

_HEADER: Final = struct.Struct(">cI")
_START_SECONDS: Final = 20.0
_BACKLOG: Final = 64

LANGUAGES: Final = frozenset({"en-US"})
"""Transcribe's codes of what the model hears."""


async def pocketsphinx_recogniser() -> "ProcessRecogniser":
    """Start the model process and wait until it has loaded the model.

    Raises:
        EngineFailedError: It did not start.
    """
    name = f"babelcast-recogniser-{uuid.uuid4().hex}"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        name,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, SUPERVISOR_PID_VARIABLE: str(os.getpid())},
    )
    recogniser = ProcessRecogniser(process, name)
    try:
        await recogniser.wait_ready()
    except BaseException:
        await recogniser.close()
        raise
    return recogniser


class ProcessRecogniser:
    """A `Recogniser`; see the module."""

    def __init__(self, process: asyncio.subprocess.Process, name: str) -> None:
        self._process = process
        self._name = name

    @property
    def languages(self) -> frozenset[str]:
        """What it hears."""
        return LANGUAGES

    async def wait_ready(self) -> None:
        """Return when the model is loaded.

        Raises:
            EngineFailedError: The process ended, or took too long.
        """
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(_START_SECONDS):
                line = await self._process.stdout.readline()
        except TimeoutError:
            line = b""
        if not line.startswith(READY_PREFIX.encode()):
            raise EngineFailedError("the recogniser's model process did not start")

    async def open_stream(self, stability: Stability | None) -> "ProcessStream":
        """See `Recogniser`."""
        try:
            reader, writer = await asyncio.open_unix_connection(_address(self._name))
        except OSError as error:
            raise EngineFailedError("the recogniser's model process is gone") from error
        stream = ProcessStream(reader, writer)
        await stream.open(stability)
        return stream

    async def close(self) -> None:
        """End the model process; open streams end with their connections."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


class ProcessStream:
    """A `RecogniserStream`: a connection to a process that decodes this stream alone."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def open(self, stability: Stability | None) -> None:
        """Tell the process what is wanted."""
        await self._send(b"O", (stability or "").encode())

    async def feed(self, pcm: bytes) -> None:
        """See `RecogniserStream`."""
        await self._send(b"A", pcm)

    async def end(self) -> None:
        """See `RecogniserStream`."""
        await self._send(b"E", b"")

    async def results(self) -> AsyncIterator[Result]:
        """See `RecogniserStream`."""
        while True:
            try:
                kind, length = _HEADER.unpack(await self._reader.readexactly(_HEADER.size))
                body = await self._reader.readexactly(length)
            except (asyncio.IncompleteReadError, OSError) as error:
                raise EngineFailedError("the recogniser's stream process is gone") from error
            if kind == b"F":
                return
            for result in pickle.loads(body):
                yield result

    async def close(self) -> None:
        """See `RecogniserStream`."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _send(self, kind: bytes, body: bytes) -> None:
        try:
            self._writer.write(_HEADER.pack(kind, len(body)) + body)
            await self._writer.drain()
        except OSError as error:
            raise EngineFailedError("the recogniser's stream process is gone") from error


def _address(name: str) -> str:
    """In Linux's abstract namespace: it vanishes with the process, whatever way that ends."""
    return f"\0{name}"


def _serve_model(name: str) -> None:
    """The model process: load, then fork for every connection."""
    from local.engines.pocketsphinx import PocketSphinxModel

    end_with_parent(signal.SIGKILL)
    model = PocketSphinxModel()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(_address(name))
        listener.listen(_BACKLOG)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        announce_ready({"socket": name})
        while True:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                # The decoder forks as well, and waits for its children.
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                with connection:
                    _serve_stream(model.open_stream, connection)
                os._exit(0)
            connection.close()


def _serve_stream(open_stream: Callable[[Stability | None], StreamDecoder], connection: socket.socket) -> None:
    """A stream process: decode what comes until the other side ends or leaves."""
    # The model process is this one's parent; the services' end shows as the connection's end.
    decoder: StreamDecoder | None = None
    with contextlib.suppress(OSError, EOFError):
        while True:
            kind, body = _receive(connection)
            if kind == b"O":
                decoder = open_stream(Stability(body.decode()) if body else None)
                continue
            assert decoder is not None
            if kind == b"E":
                _reply(connection, decoder.finish())
                connection.sendall(_HEADER.pack(b"F", 0))
                return
            _reply(connection, decoder.accept(body))


def _reply(connection: socket.socket, results: Sequence[Result]) -> None:
    if results:
        body = pickle.dumps(list(results))
        connection.sendall(_HEADER.pack(b"R", len(body)) + body)


def _receive(connection: socket.socket) -> tuple[bytes, bytes]:
    kind, length = _HEADER.unpack(_receive_exactly(connection, _HEADER.size))
    return kind, _receive_exactly(connection, length)


def _receive_exactly(connection: socket.socket, length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        piece = connection.recv(length - len(data))
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)


if __name__ == "__main__":
    _serve_model(sys.argv[1])
