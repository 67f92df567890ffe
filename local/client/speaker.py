"""The speaker: sends speech as a microphone would give it, and loses none of it."""

import asyncio
import contextlib
import itertools
import logging
import random
import time
from collections.abc import Awaitable, Callable
from typing import Final, Self
from urllib.parse import urlencode

from local.client.connection import Connection, ConnectionPolicy
from local.client.errors import BroadcastError, ClientError, ConnectionNotAllowedError
from local.client.messages import (
    AudioAck,
    AudioChunk,
    BroadcastState,
    ServerError,
    ServerMessage,
    SessionEnded,
    SessionJoined,
    write_action,
    write_audio_chunk,
    write_join,
)
from local.client.outgoing import OutgoingChunks

_LOG: Final = logging.getLogger(__name__)
SAMPLE_RATE_HZ: Final = 16_000
CHUNK_SAMPLES: Final = SAMPLE_RATE_HZ // 4
"""250 ms."""
MIN_CHUNK_SAMPLES: Final = SAMPLE_RATE_HZ // 50
"""20 ms; a shorter rest is sent together with the chunk before it."""
_STATE_TIMEOUT_S: Final = 5.0
_STATE_ATTEMPTS: Final = 3


def split_chunks(pcm: bytes) -> list[bytes]:
    """Cut mono 16-bit audio into chunks of 250 ms; the last one has 20 to 270 ms.

    Raises:
        ValueError: Half a sample, or less than 20 ms in all.
    """
    sample_count, half_sample = divmod(len(pcm), 2)
    if half_sample or sample_count < MIN_CHUNK_SAMPLES:
        raise ValueError("speech has whole 16-bit samples and at least 20 ms")
    edges = list(range(0, sample_count, CHUNK_SAMPLES))
    if len(edges) > 1 and sample_count - edges[-1] < MIN_CHUNK_SAMPLES:
        edges.pop()
    return [pcm[2 * start : 2 * end] for start, end in itertools.pairwise([*edges, sample_count])]


class Speaker:
    """A speaker's app without a microphone.

    ``async with`` connects and joins. A chunk is sent when its last sample would have been captured, is kept until the
    server acknowledges it, and is sent again after a reconnection, an error or a time-out.
    """

    def __init__(
        self,
        *,
        websocket_url: str,
        session_id: str,
        token: Callable[[], Awaitable[str]],
        on_message: Callable[[ServerMessage], None] | None = None,
        policy: ConnectionPolicy | None = None,
        outgoing: OutgoingChunks | None = None,
        chance: random.Random | None = None,
    ) -> None:
        """Prepare a speaker.

        Args:
            websocket_url: The WebSocket API with its stage, without a query.
            session_id: A session that the token's owner has created.
            token: Gives a Cognito access token that is still valid; asked for each connection.
            on_message: Called with each message of the server, captions and warnings among them.
            policy: Patience of the connection.
            outgoing: Bookkeeping of the chunks.
            chance: Source of the jitter.
        """
        self._websocket_url = websocket_url
        self._session_id = session_id
        self._token = token
        self._on_message = on_message
        self._chance = chance or random.Random()
        self._outgoing = OutgoingChunks() if outgoing is None else outgoing
        self._connection = Connection(
            url=self._url, join=lambda: write_join(None), handle=self._handle, policy=policy, chance=self._chance
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()
        self._wake = asyncio.Event()
        self._running = asyncio.Event()
        self._running.set()
        self._failure: ClientError | None = None
        self._ended: SessionEnded | None = None
        self._ending = False
        self._muted = False
        self._states_told = 0
        self._next_index = 0
        self._next_sample = 0
        self._first_sample = 0
        self.first_sample_at: float | None = None
        """When the first sample was captured, on the monotonic clock; None before `speak`."""
        self.first_sample_epoch_ms: int | None = None
        """The same moment on the wall clock."""
        self.joined: SessionJoined | None = None
        """The latest answer to joining."""

    @property
    def reconnections(self) -> int:
        """How often the connection was opened again."""
        return max(0, self._connection.opened - 1)

    @property
    def unacknowledged(self) -> int:
        """Chunks that the server has not acknowledged yet."""
        return len(self._outgoing)

    @property
    def resent(self) -> int:
        """How often a chunk was sent again."""
        return self._outgoing.resent

    @property
    def sent_seconds(self) -> float:
        """Audio captured so far."""
        return (self._next_sample - self._first_sample) / SAMPLE_RATE_HZ

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._stay_connected()), asyncio.create_task(self._send_chunks())]
        try:
            await self._until(lambda: self.joined is not None)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connection.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def speak(self, pcm: bytes, *, pace: float = 1.0) -> None:
        """Speak: returns when the server has acknowledged all of it.

        Args:
            pcm: Mono, signed 16-bit little-endian, 16 000 Hz, at least 20 ms.
            pace: Times real time; 1 for anything that is to be measured. The server drops what lies more than 10 s
                further on than the session is old.

        Raises:
            BroadcastError: The server refuses the audio, or has not taken it in time.
            ClientError: The connection is refused or lost for good.
        """
        loop = asyncio.get_running_loop()
        clock = loop.time()
        if self.first_sample_at is None:
            self.first_sample_at, self.first_sample_epoch_ms = time.monotonic(), time.time_ns() // 1_000_000
        for piece in split_chunks(pcm):
            captured_at_ms = time.time_ns() // 1_000_000
            clock += len(piece) / 2 / SAMPLE_RATE_HZ / pace
            await asyncio.sleep(clock - loop.time())
            if not self._running.is_set():
                await self._running.wait()
                clock = loop.time()
            self._raise_failure()
            self._capture(piece, captured_at_ms)
        await self.wait_acknowledged()

    async def wait_acknowledged(self, *, stall_s: float = 60.0) -> None:
        """Wait until every chunk is acknowledged.

        Raises:
            BroadcastError: No acknowledgement for ``stall_s``, or chunks were given up.
        """
        while self._outgoing:
            left = len(self._outgoing)
            try:
                async with asyncio.timeout(stall_s):
                    await self._until(lambda: len(self._outgoing) < left)  # noqa: B023 - awaited in the same round
            except TimeoutError:
                raise BroadcastError(f"the server has not acknowledged {left} chunks for {stall_s:.0f} s") from None
        if self._outgoing.given_up:
            raise BroadcastError(f"{self._outgoing.given_up} chunks were dropped: the connection was away for too long")

    async def pause(self) -> None:
        """Stop capturing and, when what was captured is safe, tell the listeners."""
        self._running.clear()
        await self.wait_acknowledged()
        await self._change_state("pauseBroadcast")

    async def resume(self) -> None:
        """Go on after `pause`."""
        await self._change_state("resumeBroadcast")
        self._running.set()

    async def mute(self) -> None:
        """Capture silence from now on and tell the listeners."""
        self._muted = True
        await self._change_state("muteBroadcast")

    async def unmute(self) -> None:
        """Capture sound again."""
        await self._change_state("unmuteBroadcast")
        self._muted = False

    async def set_volume(self, volume: float) -> None:
        """Set the gain that the listeners apply, 0.0–1.0."""
        await self._change_state("setVolume", volume=volume)

    async def ask_status(self) -> None:
        """Ask for a ``sessionStatus`` message."""
        await self._control("getSessionStatus")

    async def end_session(self, *, timeout_s: float = 120.0) -> SessionEnded:
        """End the session and wait until the last words have been delivered.

        Raises:
            BroadcastError: The session has not ended in time.
        """
        self._ending = True
        await self._control("endSession")
        try:
            async with asyncio.timeout(timeout_s):
                await self._until(lambda: self._ended is not None)
        except TimeoutError:
            raise BroadcastError(f"the session has not ended within {timeout_s:.0f} s") from None
        assert self._ended is not None
        return self._ended

    async def drop_connection(self) -> None:
        """Lose the network: the connection breaks and is opened again."""
        await self._connection.drop()

    def wake(self) -> None:
        """The device says that the network is back."""
        self._connection.wake()

    async def _url(self) -> str:
        query = {"sessionId": self._session_id, "role": "speaker", "token": await self._token()}
        return f"{self._websocket_url}?{urlencode(query)}"

    def _capture(self, piece: bytes, captured_at_ms: int) -> None:
        self._outgoing.add(
            AudioChunk(
                index=self._next_index,
                sample_offset=self._next_sample,
                pcm=bytes(len(piece)) if self._muted else piece,
                captured_at_ms=captured_at_ms,
            )
        )
        self._next_index += 1
        self._next_sample += len(piece) // 2
        self._wake.set()

    async def _control(self, action: str, **fields: object) -> None:
        """Send an action as soon as there is a connection."""
        while not await self._connection.send(write_action(action, **fields)):
            opened = self._connection.opened
            await self._until(lambda: self._connection.opened > opened)  # noqa: B023 - awaited in the same round

    async def _change_state(self, action: str, **fields: object) -> None:
        """Send an action until the listeners are told of it: messages sent at once may be handled in another order.

        Raises:
            BroadcastError: The state has not changed after several attempts.
        """
        told = self._states_told
        for _ in range(_STATE_ATTEMPTS):
            await self._control(action, **fields)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_STATE_TIMEOUT_S):
                    await self._until(lambda: self._states_told > told)
                return
        raise BroadcastError(f"the server has not carried out {action}")

    async def _stay_connected(self) -> None:
        try:
            await self._connection.run()
        except ConnectionNotAllowedError as error:
            if self._ending:
                self._take_end(SessionEnded(reason="ended while disconnected"))
            else:
                self._failure = error
        except ClientError as error:
            self._failure = error
        finally:
            self._changed.set()

    async def _send_chunks(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            if self._connection.is_joined:
                for chunk in self._outgoing.due(loop.time()):
                    if not await self._connection.send(write_audio_chunk(self._session_id, chunk)):
                        break
                    self._outgoing.mark_sent(chunk.index, loop.time())
            due_at = self._outgoing.next_due_at()
            timeout_s = max(0.05, due_at - loop.time()) if due_at is not None and self._connection.is_joined else None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._wake.wait()

    def _handle(self, message: ServerMessage) -> None:
        match message:
            case AudioAck():
                self._outgoing.acknowledge(message.chunk_index)
                self._wake.set()
            case SessionJoined():
                self._rejoin(message)
            case SessionEnded():
                self._take_end(message)
            case BroadcastState():
                self._states_told += 1
            case ServerError():
                self._take_error(message)
            case _:
                pass
        self._changed.set()
        if self._on_message is not None:
            self._on_message(message)

    def _rejoin(self, message: SessionJoined) -> None:
        self.joined = message
        if self._next_index == 0 and message.next_sample_offset is not None:
            # Somebody has spoken in this session before; positions go on behind them.
            self._next_sample = self._first_sample = message.next_sample_offset
        self._outgoing.send_all_again()
        self._wake.set()
        if self._ending and self._ended is None:
            self._tasks.append(asyncio.create_task(self._control("endSession")))

    def _take_end(self, message: SessionEnded) -> None:
        self._ended = message
        self._connection.finish()
        if not self._ending:
            self._failure = BroadcastError(f"the session has ended: {message.reason}")

    def _take_error(self, error: ServerError) -> None:
        """A chunk that was refused for now is sent again; what is refused for good ends the broadcast."""
        if error.code == "SESSION_ENDED" and self._ending:
            self._take_end(SessionEnded(reason="already ended"))
        elif error.code == "RATE_LIMITED" and error.action == "audioChunk":
            self._outgoing.hold_until(asyncio.get_running_loop().time() + self._chance.uniform(0.5, 1.0))
            self._wake.set()
        elif error.retryable and (error.action == "audioChunk" or (error.action is None and error.code == "INTERNAL")):
            self._outgoing.send_again_at(asyncio.get_running_loop().time() + self._chance.uniform(0.5, 1.0))
            self._wake.set()
        elif error.action in {"audioChunk", "joinSession", "endSession"} and not error.retryable:
            self._failure = BroadcastError(f"the server refused {error.action} with {error.code}: {error.message}")

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    async def _until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition that only the handling of messages changes; a failure is raised."""
        while not condition():
            self._raise_failure()
            self._changed.clear()
            await self._changed.wait()
