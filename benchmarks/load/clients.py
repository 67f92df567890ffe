"""Clients as lean as they can be: what they send is made before, and what they are told is noted and judged later.

They do less than an app: nothing is sent again, nothing is played, and a broken connection stays broken. So whatever
the stack refuses or drops is seen as it is.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from benchmarks.load.speech import CHUNK_S, Programme
from local.client.messages import write_action, write_join

_OPEN_S: Final = 29.0
_CLOSE_S: Final = 5.0
_MAX_MESSAGE_BYTES: Final = 128 * 1024


class LoadClient:
    """A WebSocket that has joined its session.

    Attributes:
        errors: Codes that it was answered with; ``CLOSED`` when the connection ended by itself.
        ended: Set when it was told of the session's end.
    """

    def __init__(self, http: aiohttp.ClientSession, websocket_url: str, **query: str) -> None:
        self._http = http
        self._url = URL(f"{websocket_url}?{urlencode(query)}", encoded=True)
        self._joined = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._closing = False
        self.errors: Counter[str] = Counter()
        self.ended = asyncio.Event()
        self._readers: dict[str, Callable[[dict[str, Any], float], None]] = {
            "sessionJoined": lambda _message, _at: self._joined.set(),
            "sessionEnded": lambda _message, _at: self.ended.set(),
            "error": self._note_error,
        }

    async def open(self) -> None:
        """Connect and join.

        Raises:
            aiohttp.ClientError: Refused or unreachable.
            TimeoutError: No answer.
        """
        async with asyncio.timeout(_OPEN_S):
            self._socket = await self._http.ws_connect(
                self._url, max_msg_size=_MAX_MESSAGE_BYTES, timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_S)
            )
        self._reading = asyncio.create_task(self._read(self._socket))
        await self._socket.send_str(write_join(None))
        async with asyncio.timeout(_OPEN_S):
            await self._joined.wait()

    async def close(self) -> None:
        """Leave."""
        self._closing = True
        if self._socket is not None:
            await self._socket.close()
        if self._reading is not None:
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _send(self, text: str) -> None:
        if self._socket is not None and not self._socket.closed:
            await self._socket.send_str(text)

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in socket:
            if frame.type is not aiohttp.WSMsgType.TEXT:
                continue
            at, message = time.monotonic(), json.loads(frame.data)
            # API Gateway's own complaints have no type.
            reader = self._readers.get(message.get("type", "error"))
            if reader is not None:
                reader(message, at)
        if not self._closing and not self.ended.is_set():
            self.errors["CLOSED"] += 1

    def _note_error(self, message: dict[str, Any], _at: float) -> None:
        self.errors[str(message.get("code", message.get("message")))] += 1


@dataclass(slots=True, kw_only=True)
class ChunkRecord:
    """What became of a speaker's chunks; times are monotonic seconds.

    Attributes:
        sent_at: By the chunk's number.
        acknowledged_at: The same; the first acknowledgement counts.
        late_s: How much later than captured each was sent, which is the load generator's own lag.
    """

    sent_at: list[float] = field(default_factory=list)
    acknowledged_at: dict[int, float] = field(default_factory=dict)
    late_s: list[float] = field(default_factory=list)

    def acknowledgement_ms(self) -> list[float]:
        """How long each acknowledged chunk took."""
        return [
            (self.acknowledged_at[index] - sent_at) * 1000
            for index, sent_at in enumerate(self.sent_at)
            if index in self.acknowledged_at
        ]

    @property
    def unacknowledged(self) -> int:
        """Chunks of which the stack has said nothing."""
        return len(self.sent_at) - len(self.acknowledged_at)


class LoadSpeaker(LoadClient):
    """Speaks in real time.

    Attributes:
        captions: Final texts in the source language, by their number.
        began_at: When the first sample was captured.
    """

    def __init__(
        self, http: aiohttp.ClientSession, websocket_url: str, *, session_id: str, token: str, programme: Programme
    ) -> None:
        super().__init__(http, websocket_url, sessionId=session_id, role="speaker", token=token)
        self.session_id = session_id
        self.programme = programme
        self.chunks = ChunkRecord()
        self.captions: dict[int, str] = {}
        self.began_at = 0.0
        self._readers |= {"audioAck": self._note_acknowledgement, "transcription": self._note_caption}

    async def speak(self, rounds: int) -> None:
        """Speak so many rounds of the programme."""
        loop = asyncio.get_running_loop()
        self.began_at = began_at = loop.time()
        for index in range(rounds * len(self.programme.chunks)):
            due_at = began_at + (index + 1) * CHUNK_S
            await asyncio.sleep(due_at - loop.time())
            now = loop.time()
            self.chunks.late_s.append(now - due_at)
            self.chunks.sent_at.append(now)
            await self._send(self.programme.message(self.session_id, index, round((time.time() - CHUNK_S) * 1000)))

    async def wait_acknowledged(self, timeout_s: float) -> None:
        """Wait until every chunk is acknowledged, and not longer than that."""
        gives_up_at = time.monotonic() + timeout_s
        while self.chunks.unacknowledged and time.monotonic() < gives_up_at:  # noqa: ASYNC110  a moment's wait at the end
            await asyncio.sleep(0.05)

    async def end_session(self) -> None:
        """Ask for the session's end."""
        await self._send(write_action("endSession"))

    def _note_acknowledgement(self, message: dict[str, Any], at: float) -> None:
        self.chunks.acknowledged_at.setdefault(message["chunkIndex"], at)

    def _note_caption(self, message: dict[str, Any], _at: float) -> None:
        if message["isFinal"] and message["sequenceNumber"] is not None:
            self.captions.setdefault(message["sequenceNumber"], message["text"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A segment as a listener was told of it.

    Attributes:
        at: Monotonic seconds.
        spoken_end_ms: Where its speech ended, since the session's first sample.
    """

    at: float
    text: str
    spoken_end_ms: int


class LoadListener(LoadClient):
    """Notes when it was told of each segment.

    Attributes:
        notices: By segment number; the first counts.
        clips_failed: Clips that could not be fetched.
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        websocket_url: str,
        *,
        session_id: str,
        language: str,
        fetches_clips: bool = False,
    ) -> None:
        super().__init__(http, websocket_url, sessionId=session_id, role="listener", targetLanguage=language)
        self.language = language
        self.notices: dict[int, Notice] = {}
        self.clips_failed = 0
        self._fetches_clips = fetches_clips
        self._fetching: set[asyncio.Task[None]] = set()
        self._readers["translatedAudio"] = self._note_segment

    async def clips_fetched(self) -> None:
        """Wait for the clips that are on their way."""
        await asyncio.gather(*self._fetching)

    def _note_segment(self, message: dict[str, Any], at: float) -> None:
        number = message["sequenceNumber"]
        if number in self.notices:
            return
        url = message["url"]
        self.notices[number] = Notice(at=at, text=message["text"], spoken_end_ms=message["spokenEndMs"])
        if self._fetches_clips and url is not None:
            task = asyncio.create_task(self._fetch(url))
            self._fetching.add(task)
            task.add_done_callback(self._fetching.discard)

    async def _fetch(self, url: str) -> None:
        try:
            async with self._http.get(URL(url, encoded=True)) as response:
                clip = await response.read()
                self.clips_failed += response.status != 200 or not clip
        except aiohttp.ClientError:
            self.clips_failed += 1
