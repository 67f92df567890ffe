"""One client's WebSocket, opened again whenever it breaks and replaced before it grows too old."""

import asyncio
import contextlib
import itertools
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException

from local.client.backoff import Backoff
from local.client.errors import ConnectionNotAllowedError, MalformedMessageError, UnreachableError
from local.client.messages import (
    ConnectionRefreshRequired,
    ServerError,
    ServerMessage,
    SessionJoined,
    parse_message,
    write_action,
)

_LOG: Final = logging.getLogger(__name__)
_REFUSALS: Final = frozenset({401, 403})
_TRANSIENT: Final = frozenset({"INTERNAL", "STORAGE_UNAVAILABLE"})
"""Failures that may be over in a moment; a server that has no room, or is asked too often, is not pressed."""
_MAX_MESSAGE_BYTES: Final = 128 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionPolicy:
    """Patience of a connection, in seconds.

    Attributes:
        open_timeout_s: For the handshake, in which functions may start cold; API Gateway gives them 29 s.
        join_timeout_s: From the first ``joinSession`` to ``sessionJoined``.
        join_again_s: ``joinSession`` is idempotent and is repeated this often until it is answered; sooner when it has
            failed.
        give_up_s: An address that has not answered for so long is given up.
        heartbeat_s: Between heartbeats; the server closes what is idle for 10 min.
        ping_s: Between WebSocket pings, and the wait for their answer: a dead network is noticed after twice this.
    """

    open_timeout_s: float = 29.0
    join_timeout_s: float = 30.0
    join_again_s: float = 8.0
    give_up_s: float = 120.0
    heartbeat_s: float = 120.0
    ping_s: float = 15.0
    backoff: Backoff = field(default_factory=Backoff)


@dataclass(slots=True, kw_only=True)
class _Socket:
    """An open WebSocket and the task that reads it."""

    websocket: ClientConnection
    joined: asyncio.Event = field(default_factory=asyncio.Event)
    join_failed: asyncio.Event = field(default_factory=asyncio.Event)
    refresh: asyncio.Event = field(default_factory=asyncio.Event)
    reading: asyncio.Task[None] | None = None

    async def close(self) -> None:
        await self.websocket.close()
        if self.reading is not None:
            await asyncio.gather(self.reading, return_exceptions=True)


class Connection:
    """Keeps one client connected and joined until it is closed, refused or out of patience.

    After ``connectionRefreshRequired`` a second socket is opened and joined before the first is closed; meanwhile
    messages of both are handled, so a message may come twice.
    """

    def __init__(
        self,
        *,
        url: Callable[[], Awaitable[str]],
        join: Callable[[], str],
        handle: Callable[[ServerMessage], None],
        policy: ConnectionPolicy | None = None,
        chance: random.Random | None = None,
    ) -> None:
        """Prepare; nothing is opened before `run`.

        Args:
            url: The address with its query, made anew for each attempt (tokens expire).
            join: The ``joinSession`` message for the next socket.
            handle: Called with every message, in order; must not block.
            policy: Patience.
            chance: Source of the jitter.
        """
        self._url = url
        self._join = join
        self._handle = handle
        self._policy = policy or ConnectionPolicy()
        self._chance = chance or random.Random()
        self._active: _Socket | None = None
        self._awake = asyncio.Event()
        self._closing = False
        self.opened = 0
        """Sockets that were joined so far; reconnects and refreshes are those after the first."""
        self.malformed = 0
        """Messages that were not what the protocol says, and were left out."""

    @property
    def is_joined(self) -> bool:
        """Whether messages can be sent now."""
        return self._active is not None

    async def send(self, text: str) -> bool:
        """Send a message on the joined socket; False when there is none or it breaks."""
        socket = self._active
        if socket is None:
            return False
        try:
            await socket.websocket.send(text)
        except WebSocketException:
            return False
        return True

    def finish(self) -> None:
        """Do not open another socket: `run` returns when the current one is closed."""
        self._closing = True

    async def close(self) -> None:
        """Close for good; `run` returns."""
        self._closing = True
        if self._active is not None:
            await self._active.close()

    async def drop(self) -> None:
        """Break the current socket without a closing handshake, as a lost network does; it is opened again."""
        if self._active is not None:
            self._active.websocket.transport.abort()

    def wake(self) -> None:
        """The device says that the network is back: try at once what waits for another attempt."""
        self._awake.set()

    async def run(self) -> None:
        """Stay connected until `close`.

        Raises:
            ConnectionNotAllowedError: The server refused the connection.
            UnreachableError: The address has not answered for ``give_up_s``.
        """
        heartbeat = asyncio.create_task(self._beat())
        aging: _Socket | None = None
        try:
            while not self._closing:
                socket = await self._open_patiently()
                if aging is not None:
                    await aging.close()
                aging = await self._until_lost_or_aging(socket)
        finally:
            heartbeat.cancel()
            self._active = None
            if aging is not None:
                await aging.close()

    async def _open_patiently(self) -> _Socket:
        loop = asyncio.get_running_loop()
        gives_up_at = loop.time() + self._policy.give_up_s
        attempt = 0
        while True:
            try:
                return await self._open()
            except InvalidStatus as error:
                if error.response.status_code in _REFUSALS:
                    raise ConnectionNotAllowedError(error.response.status_code) from None
                _LOG.info("handshake answered with status %s", error.response.status_code)
            except (OSError, TimeoutError, InvalidHandshake, WebSocketException) as error:
                _LOG.info("cannot connect: %s", type(error).__name__)
            attempt += 1
            delay_s = self._policy.backoff.delay_s(attempt, self._chance)
            if loop.time() + delay_s > gives_up_at:
                raise UnreachableError(f"the WebSocket API has not answered for {self._policy.give_up_s:.0f} s")
            self._awake.clear()
            await _first_of(self._awake.wait(), timeout_s=delay_s)

    async def _open(self) -> _Socket:
        """Connect, read in the background, and join."""
        websocket = await connect(
            await self._url(),
            open_timeout=self._policy.open_timeout_s,
            close_timeout=2.0,
            ping_interval=self._policy.ping_s,
            ping_timeout=self._policy.ping_s,
            max_size=_MAX_MESSAGE_BYTES,
            compression=None,
            proxy=None,
        )
        socket = _Socket(websocket=websocket)
        socket.reading = asyncio.create_task(self._read(socket))
        try:
            await self._join_socket(socket)
        except BaseException:
            await socket.close()
            raise
        return socket

    async def _join_socket(self, socket: _Socket) -> None:
        async with asyncio.timeout(self._policy.join_timeout_s):
            for attempt in itertools.count(1):
                socket.join_failed.clear()
                await socket.websocket.send(self._join())
                await _first_of(
                    socket.joined.wait(),
                    socket.join_failed.wait(),
                    _finished(socket),
                    timeout_s=self._policy.join_again_s,
                )
                if socket.joined.is_set():
                    return
                if socket.reading is not None and socket.reading.done():
                    raise ConnectionResetError("closed before joining")
                if socket.join_failed.is_set():
                    delay_s = self._policy.backoff.delay_s(attempt, self._chance)
                    await _first_of(socket.joined.wait(), _finished(socket), timeout_s=delay_s)

    async def _until_lost_or_aging(self, socket: _Socket) -> _Socket | None:
        """The socket itself when it is to be replaced while it still works."""
        await _first_of(socket.refresh.wait(), _finished(socket))
        if socket.refresh.is_set() and not self._closing and socket.reading and not socket.reading.done():
            return socket
        self._active = None
        await socket.close()
        if socket.reading is not None:
            socket.reading.result()
        return None

    async def _read(self, socket: _Socket) -> None:
        with contextlib.suppress(WebSocketException):
            async for text in socket.websocket:
                message = self._parse(text)
                if isinstance(message, SessionJoined):
                    self._take_over(socket, message)
                elif isinstance(message, ConnectionRefreshRequired):
                    socket.refresh.set()
                elif message is not None:
                    if isinstance(message, ServerError) and message.code in _TRANSIENT:
                        socket.join_failed.set()
                    self._handle(message)

    def _take_over(self, socket: _Socket, message: SessionJoined) -> None:
        """Use a socket from its first ``sessionJoined`` on; ``joinSession`` may have been answered more than once."""
        if socket.joined.is_set():
            return
        socket.joined.set()
        self._active = socket
        self.opened += 1
        self._handle(message)

    def _parse(self, text: str | bytes) -> ServerMessage | None:
        try:
            if isinstance(text, bytes):
                raise MalformedMessageError("a message is binary")
            return parse_message(text)
        except MalformedMessageError as error:
            self.malformed += 1
            _LOG.warning("malformed message: %s", error)
            return None

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._policy.heartbeat_s)
            await self.send(write_action("heartbeat"))


async def _finished(socket: _Socket) -> None:
    if socket.reading is not None:
        await asyncio.wait({socket.reading})


async def _first_of(*waits: Awaitable[object], timeout_s: float | None = None) -> None:
    """Wait until one of them is done, or the time is up, and cancel the others."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
