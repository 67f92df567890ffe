"""Transcribe Streaming's transport: HTTP/2 over TLS, many streams per connection, flow control both ways."""

import asyncio
import contextlib
import json
import ssl
import uuid
from typing import Final

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes

from local.engines.speech import Recogniser
from local.services.behaviour import Behaviour
from local.services.transcription import (
    ServiceError,
    StreamBrokenError,
    StreamRequest,
    TranscribeLimits,
    Transcription,
)

_PATH: Final = "/stream-transcription"
_RESET_INTERNAL_ERROR: Final = 2  # Source: RFC 9113, error codes
_WINDOW_BYTES: Final = 1 << 20


async def serve_transcribe(
    *,
    port: int,
    tls: ssl.SSLContext,
    recogniser: Recogniser,
    behaviour: Behaviour,
    limits: TranscribeLimits,
) -> asyncio.Server:
    """Serve on loopback; port 0 takes a free one. Closing the server ends its connections."""
    loop = asyncio.get_running_loop()

    def protocol() -> asyncio.Protocol:
        return _Http2Connection(recogniser, behaviour, limits)

    return await loop.create_server(protocol, "127.0.0.1", port, ssl=tls)


class _Exchange:
    """A request on its stream of the connection."""

    def __init__(self) -> None:
        self.transcription: Transcription | None = None
        self.early: list[bytes] = []
        self.ended_early = False
        self.may_send = asyncio.Event()
        self.task: asyncio.Task[None] | None = None


class _Http2Connection(asyncio.Protocol):
    def __init__(self, recogniser: Recogniser, behaviour: Behaviour, limits: TranscribeLimits) -> None:
        self._recogniser = recogniser
        self._behaviour = behaviour
        self._limits = limits
        self._http2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._exchanges: dict[int, _Exchange] = {}
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._http2.initiate_connection()
        self._http2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: _WINDOW_BYTES})
        self._http2.increment_flow_control_window(_WINDOW_BYTES)
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  the base class's name
        self._transport = None
        for exchange in self._exchanges.values():
            if exchange.task is not None:
                exchange.task.cancel()

    def data_received(self, data: bytes) -> None:
        try:
            events = self._http2.receive_data(data)
        except ProtocolError:
            self._flush()
            if self._transport is not None:
                self._transport.close()
            return
        for event in events:
            self._handle(event)
        self._flush()

    def _handle(self, event: Event) -> None:
        match event:
            case RequestReceived():
                self._start(event)
            case DataReceived():
                self._http2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                self._take_data(self._exchanges.get(event.stream_id), event.data)
            case StreamEnded():
                self._take_end(self._exchanges.get(event.stream_id))
            case StreamReset():
                exchange = self._exchanges.get(event.stream_id)
                if exchange is not None and exchange.task is not None:
                    exchange.task.cancel()
            case WindowUpdated():
                for each in self._exchanges.values():
                    each.may_send.set()
            case ConnectionTerminated():
                if self._transport is not None:
                    self._transport.close()

    def _start(self, request: RequestReceived) -> None:
        assert request.stream_id is not None
        exchange = self._exchanges[request.stream_id] = _Exchange()
        exchange.task = asyncio.get_running_loop().create_task(self._answer(request, exchange))

    @staticmethod
    def _take_data(exchange: _Exchange | None, data: bytes) -> None:
        if exchange is None:
            return
        if exchange.transcription is None:
            exchange.early.append(data)
        else:
            exchange.transcription.receive(data)

    @staticmethod
    def _take_end(exchange: _Exchange | None) -> None:
        if exchange is None:
            return
        if exchange.transcription is None:
            exchange.ended_early = True
        else:
            exchange.transcription.end_of_body()

    async def _answer(self, request: RequestReceived, exchange: _Exchange) -> None:
        stream_id = request.stream_id
        assert stream_id is not None
        headers = {str(name): str(value) for name, value in request.headers or ()}
        try:
            if headers.get(":path") != _PATH or headers.get(":method") != "POST":
                raise ServiceError("UnknownOperationException", "no such operation here", status=404)
            wanted = StreamRequest.read(headers, self._recogniser.languages)
            transcription = await Transcription.open(wanted, self._recogniser, self._behaviour, self._limits)
            self._begin(exchange, transcription)
            self._send_headers(stream_id, wanted)
            async for event in transcription.events():
                await self._send(stream_id, exchange, event)
            self._end(stream_id)
        except ServiceError as error:
            self._refuse(stream_id, error)
        except StreamBrokenError:
            with contextlib.suppress(ProtocolError):
                self._http2.reset_stream(stream_id, _RESET_INTERNAL_ERROR)
            self._flush()
        finally:
            del self._exchanges[stream_id]

    @staticmethod
    def _begin(exchange: _Exchange, transcription: Transcription) -> None:
        exchange.transcription = transcription
        for data in exchange.early:
            transcription.receive(data)
        exchange.early.clear()
        if exchange.ended_early:
            transcription.end_of_body()

    def _send_headers(self, stream_id: int, wanted: StreamRequest) -> None:
        self._http2.send_headers(
            stream_id,
            [
                (":status", "200"),
                ("content-type", "application/vnd.amazon.eventstream"),
                ("x-amzn-request-id", str(uuid.uuid4())),
                ("x-amzn-transcribe-session-id", wanted.session_id),
                ("x-amzn-transcribe-language-code", wanted.language),
                ("x-amzn-transcribe-sample-rate", "16000"),
                ("x-amzn-transcribe-media-encoding", "pcm"),
            ],
        )
        self._flush()

    def _refuse(self, stream_id: int, error: ServiceError) -> None:
        body = json.dumps({"Message": str(error)}).encode()
        with contextlib.suppress(ProtocolError):
            self._http2.send_headers(
                stream_id,
                [
                    (":status", str(error.status)),
                    ("content-type", "application/json"),
                    ("x-amzn-errortype", error.code),
                    ("content-length", str(len(body))),
                ],
            )
            self._http2.send_data(stream_id, body, end_stream=True)
        self._flush()

    async def _send(self, stream_id: int, exchange: _Exchange, data: bytes) -> None:
        while data:
            exchange.may_send.clear()
            try:
                room = min(
                    self._http2.local_flow_control_window(stream_id), self._http2.max_outbound_frame_size, len(data)
                )
                if room > 0:
                    self._http2.send_data(stream_id, data[:room])
                    data = data[room:]
            except ProtocolError:
                return
            self._flush()
            if data and room <= 0:
                await exchange.may_send.wait()

    def _end(self, stream_id: int) -> None:
        with contextlib.suppress(ProtocolError):
            self._http2.end_stream(stream_id)
        self._flush()

    def _flush(self) -> None:
        data = self._http2.data_to_send()
        if data and self._transport is not None:
            self._transport.write(data)
