"""A WebSocket server that answers as API Gateway and the functions behind it do, and fails when a test says so."""

import asyncio
import base64
import json
import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any, Self

from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.test_utils import TestServer

from local.client.backoff import Backoff
from local.client.connection import ConnectionPolicy

HASTY = ConnectionPolicy(
    open_timeout_s=5.0,
    join_timeout_s=5.0,
    join_again_s=0.2,
    give_up_s=5.0,
    heartbeat_s=60.0,
    backoff=Backoff(floor_s=0.01, ceiling_s=0.05),
)
"""For tests: the same policy, with less patience."""


class Client:
    """One client's connection, seen from the server."""

    def __init__(self, query: dict[str, str], socket: web.WebSocketResponse) -> None:
        self.query = query
        self.socket = socket
        self.messages: list[dict[str, Any]] = []

    async def tell(self, **message: object) -> None:
        if not self.socket.closed:
            await self.socket.send_str(json.dumps(message))

    @property
    def actions(self) -> list[str]:
        return [str(message["action"]) for message in self.messages]


class SmallGateway:
    """One session, its segments and its clips."""

    def __init__(self) -> None:
        self.refusals: deque[int] = deque()
        """Statuses with which the next handshakes are answered."""
        self.unanswered_joins = 0
        self.most_replayed = 200
        """How many of the next ``joinSession`` get no answer."""
        self.failed_joins: list[dict[str, object]] = []
        """What the next ones are answered with instead."""
        self.answers: dict[int, deque[dict[str, object] | None]] = defaultdict(deque)
        """What a chunk is answered with instead of its acknowledgement, attempt by attempt; None is silence."""
        self.next_number = 0
        self.clients: list[Client] = []
        self.chunks: dict[int, bytes] = {}
        self.arrivals: list[tuple[int, float]] = []
        """Every ``audioChunk``'s index, in the order of arrival, with the time."""
        self.segments: dict[int, dict[str, object]] = {}
        self.clip_answers: dict[str, deque[tuple[int, bytes]]] = defaultdict(deque)
        self.clip_requests: list[str] = []
        self.states = {"pauseBroadcast": "paused", "muteBroadcast": "muted"}
        self._happened = asyncio.Event()
        app = web.Application()
        self.add_routes(app)
        self._server = TestServer(app, host="127.0.0.1")

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/dev", self._connect)
        app.router.add_get("/clips/{name}", self._clip)

    async def __aenter__(self) -> Self:
        await self._server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self.clients:
            await client.socket.close()
        await self._server.close()

    @property
    def websocket_url(self) -> str:
        return str(self._server.make_url("/dev")).replace("http", "ws", 1)

    def clip_url(self, name: str) -> str:
        return str(self._server.make_url(f"/clips/{name}"))

    @property
    def audio(self) -> bytes:
        """What the speaker said, in the order of its offsets."""
        return b"".join(self.chunks[offset] for offset in sorted(self.chunks))

    def messages(self, action: str) -> list[dict[str, Any]]:
        return [message for client in self.clients for message in client.messages if message["action"] == action]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that clients do."""
        async with asyncio.timeout(20):
            while not condition():
                self._happened.clear()
                await self._happened.wait()

    async def publish(self, number: int, *, url: str | None = None, to: set[str] | None = None) -> None:
        """Commit a segment and tell the listeners, or only those of some languages."""
        self.segments[number] = self._segment(number, url)
        for client in self.clients:
            if client.query["role"] == "listener" and (to is None or client.query["targetLanguage"] in to):
                await self.tell_segment(client, number, replayed=False)

    async def tell_segment(self, client: Client, number: int, *, replayed: bool) -> None:
        await client.tell(**self.segments[number], targetLanguage=client.query["targetLanguage"], replayed=replayed)

    async def tell_all(self, **message: object) -> None:
        for client in self.clients:
            await client.tell(**message)

    async def end(self) -> None:
        await self.tell_all(type="sessionEnded", sessionId="joyful-hope-911", reason="ended")
        self.refusals.extend([403] * 100)

    def _segment(self, number: int, url: str | None) -> dict[str, object]:
        return {
            "type": "translatedAudio",
            "sessionId": "joyful-hope-911",
            "sequenceNumber": number,
            "url": url,
            "duration": 1.0 if url else 0.0,
            "timestamp": time.time_ns() // 1_000_000,
            "spokenAt": time.time_ns() // 1_000_000 - 1_000,
            "text": f"texto {number}",
            "sourceText": f"text {number}",
            "spokenStartMs": number * 2_000,
            "spokenEndMs": number * 2_000 + 1_500,
            "translated": True,
        }

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        if self.refusals:
            return web.Response(status=self.refusals.popleft())
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        client = Client(dict(request.query), socket)
        self.clients.append(client)
        self._happened.set()
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                await socket.close(code=WSCloseCode.UNSUPPORTED_DATA)
                break
            message = json.loads(frame.data)
            client.messages.append(message)
            await self._answer(client, message)
            self._happened.set()
        self._happened.set()
        return socket

    async def _answer(self, client: Client, message: dict[str, Any]) -> None:
        match message["action"]:
            case "joinSession":
                await self._join(client, message)
            case "audioChunk":
                await self.take_chunk(client, message)
            case "resume":
                await self._replay(client, message["lastSequenceNumber"])
            case "endSession":
                await self.end()
            case "pauseBroadcast" | "resumeBroadcast" | "muteBroadcast" | "unmuteBroadcast" | "setVolume":
                state = self.states.get(message["action"], "live")
                await self.tell_all(type="broadcastState", sessionId="joyful-hope-911", state=state, volume=1.0)

    async def _join(self, client: Client, message: dict[str, Any]) -> None:
        if self.unanswered_joins:
            self.unanswered_joins -= 1
            return
        if self.failed_joins:
            await client.tell(**self.failed_joins.pop(0))
            return
        now_ms = time.time_ns() // 1_000_000
        await client.tell(
            type="sessionJoined",
            sessionId=client.query["sessionId"],
            role=client.query["role"],
            sourceLanguage="en",
            targetLanguage=client.query.get("targetLanguage"),
            state="live",
            volume=1.0,
            nextSequenceNumber=max([self.next_number - 1, *self.segments]) + 1,
            nextSampleOffset=0 if client.query["role"] == "speaker" else None,
            connectionExpiresAt=now_ms + 7_200_000,
            serverTime=now_ms,
        )
        if "lastSequenceNumber" in message:
            await self._replay(client, message["lastSequenceNumber"])

    async def take_chunk(self, client: Client, message: dict[str, Any]) -> None:
        index = message["chunkIndex"]
        self.arrivals.append((index, time.monotonic()))
        if self.answers[index]:
            answer = self.answers[index].popleft()
            if answer is not None:
                await client.tell(**answer)
            return
        self.chunks[message["sampleOffset"]] = base64.b64decode(message["audioData"])
        await client.tell(type="audioAck", chunkIndex=index)

    async def _replay(self, client: Client, last_number: int) -> None:
        missed = [number for number in sorted(self.segments) if number > last_number]
        again = missed[-self.most_replayed :]
        if len(again) < len(missed):
            await client.tell(
                type="segmentsLeftOut",
                sessionId=client.query["sessionId"],
                firstSequenceNumber=missed[0],
                lastSequenceNumber=again[0] - 1,
                spokenStartMs=missed[0] * 1_000,
                spokenEndMs=again[0] * 1_000,
            )
        for number in again:
            await self.tell_segment(client, number, replayed=True)

    async def _clip(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.clip_requests.append(name)
        self._happened.set()
        answers = self.clip_answers[name]
        status, body = answers.popleft() if len(answers) > 1 else answers[0]
        return web.Response(status=status, body=body)
