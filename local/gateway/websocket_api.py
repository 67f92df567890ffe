"""The WebSocket API: handshakes through `$connect`, messages to their routes, `$disconnect` at the end."""

import asyncio
import contextlib
import http
import json
import logging
import time
import uuid
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from multidict import CIMultiDict, MultiDict
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.http11 import Request, Response

from local.gateway.configuration import GatewayConfiguration, WebSocketRoute
from local.gateway.connect_authorizer import ConnectionRefusedByGatewayError, authorize
from local.gateway.functions import FunctionInvoker, IntegrationError, IntegrationTimeoutError
from local.gateway.websocket_events import ConnectionFacts, connect_event, disconnect_event, message_event

_log = logging.getLogger(__name__)
_DEFAULT: Final = "$default"


class ConnectionGoneError(Exception):
    """There is no open connection of that id."""


class ClientSocket(ServerConnection):
    """A client's connection, with what the gateway knows of it once it is accepted."""

    facts: ConnectionFacts


class WebSocketGateway:
    """Serves one WebSocket API and knows its open connections."""

    def __init__(self, configuration: GatewayConfiguration, invoker: FunctionInvoker) -> None:
        self._configuration = configuration
        self._api = configuration.websocket
        self._limits = configuration.limits
        self._invoker = invoker
        self._routes: Mapping[str, WebSocketRoute] = {route.route_key: route for route in self._api.routes}
        self._selection = self._api.selection_expression.removeprefix("$request.body.").split(".")
        self._open: dict[str, ClientSocket] = {}
        self._messages: set[asyncio.Task[None]] = set()

    def listen(self, port: int) -> Server:
        """The server, to be entered as a context manager, on a port of 127.0.0.1 (0 takes a free one)."""
        return serve(
            self._converse,
            "127.0.0.1",
            port,
            create_connection=ClientSocket,
            process_request=self._handshake,
            compression=None,
            server_header=None,
            open_timeout=3 * self._limits.websocket_integration_seconds,
            ping_interval=None,
            close_timeout=2,
            max_size=(self._limits.message_bytes, self._limits.frame_bytes),
            logger=logging.getLogger("websockets"),
        )

    # The connections API's side

    def facts(self, connection_id: str) -> ConnectionFacts:
        """What is known of an open connection.

        Raises:
            ConnectionGoneError: It is not open: not yet, or no more.
        """
        return self._socket(connection_id).facts

    async def send(self, connection_id: str, text: str) -> None:
        """Send a message to a client, in frames that are not too big.

        Raises:
            ConnectionGoneError: It is not open, or does not read.
        """
        socket = self._socket(connection_id)
        try:
            async with asyncio.timeout(self._limits.send_seconds):
                await socket.send(_frames(text, self._limits.frame_bytes))
        except TimeoutError:
            socket.transport.abort()
            raise ConnectionGoneError(connection_id) from None
        except ConnectionClosed:
            raise ConnectionGoneError(connection_id) from None
        socket.facts.touch()

    async def close(self, connection_id: str) -> None:
        """Close a connection as its backend asked.

        Raises:
            ConnectionGoneError: It is not open.
        """
        await self._socket(connection_id).close(CloseCode.NORMAL_CLOSURE)

    def _socket(self, connection_id: str) -> ClientSocket:
        try:
            return self._open[connection_id]
        except KeyError:
            raise ConnectionGoneError(connection_id) from None

    # The handshake

    async def _handshake(self, socket: ServerConnection, request: Request) -> Response | None:
        """Refuse the connection with an HTTP response, or accept it with None."""
        assert isinstance(socket, ClientSocket)
        url = urlsplit(request.path)
        facts = ConnectionFacts(
            api_id=self._api.api_id,
            stage=self._api.stage,
            domain_name=request.headers.get("Host", ""),
            source_ip=socket.remote_address[0],
            headers=CIMultiDict(request.headers.raw_items()),
            query=MultiDict(parse_qsl(url.query, keep_blank_values=True)),
            connected_at_ms=round((time.time() - self._limits.connection_age_seconds) * 1000),
        )
        try:
            await self._admit(facts, path=url.path)
        except ConnectionRefusedByGatewayError as refusal:
            _log.info("connection %s refused with %d", facts.connection_id, refusal.status)
            return _refusal(socket, refusal, facts)
        socket.facts = facts
        return None

    async def _admit(self, facts: ConnectionFacts, *, path: str) -> None:
        if path.strip("/") != self._api.stage:
            raise ConnectionRefusedByGatewayError(http.HTTPStatus.FORBIDDEN, "Forbidden")
        if self._api.authorizer is not None:
            facts.authorizer = await authorize(
                self._api.authorizer, facts, configuration=self._configuration, invoker=self._invoker
            )
        route = self._routes.get("$connect")
        if route is None:
            return
        try:
            answer = await self._invoke(route, connect_event(facts))
        except IntegrationTimeoutError as error:
            raise ConnectionRefusedByGatewayError(
                http.HTTPStatus.GATEWAY_TIMEOUT, "Endpoint request timed out"
            ) from error
        except IntegrationError as error:
            raise ConnectionRefusedByGatewayError(http.HTTPStatus.BAD_GATEWAY, "Internal server error") from error
        status = answer["statusCode"]
        if not 200 <= status < 300:
            raise ConnectionRefusedByGatewayError(_http_status(status), str(answer.get("body") or "Forbidden"))

    # The conversation

    async def _converse(self, socket: ServerConnection) -> None:
        assert isinstance(socket, ClientSocket)
        facts = socket.facts
        facts.touch()
        self._open[facts.connection_id] = socket
        _log.info("connection %s open", facts.connection_id)
        limits = asyncio.create_task(self._close_when_due(socket))
        try:
            async for message in socket:
                facts.touch()
                if isinstance(message, bytes):
                    await socket.close(CloseCode.UNSUPPORTED_DATA, "Binary messages are not supported")
                    break
                self._start_route(facts, message)
        except ConnectionClosed:
            pass
        finally:
            limits.cancel()
            del self._open[facts.connection_id]
            await self._disconnected(socket)

    def _start_route(self, facts: ConnectionFacts, message: str) -> None:
        """Messages run beside each other: API Gateway gives no order."""
        task = asyncio.create_task(self._route(facts, message))
        self._messages.add(task)
        task.add_done_callback(self._messages.discard)

    async def _route(self, facts: ConnectionFacts, message: str) -> None:
        route = self._routes.get(self._route_key(message)) or self._routes.get(_DEFAULT)
        if route is None:
            await self._answer(facts, _complaint("Forbidden", facts, request_id=str(uuid.uuid4())))
            return
        event = message_event(facts, route_key=route.route_key, body=message)
        request_id = event["requestContext"]["requestId"]
        try:
            answer = await self._invoke(route, event)
        except IntegrationTimeoutError:
            await self._answer(facts, _complaint("Endpoint request timed out", facts, request_id=request_id))
        except IntegrationError as error:
            _log.warning("connection %s route %s: %s", facts.connection_id, route.route_key, error)
            await self._answer(facts, _complaint("Internal server error", facts, request_id=request_id))
        else:
            if route.answers and answer.get("body"):
                await self._answer(facts, str(answer["body"]))

    def _route_key(self, message: str) -> str:
        """The value of the selection expression, `$default` for a message that has none."""
        try:
            value: object = json.loads(message)
        except (ValueError, RecursionError):
            return _DEFAULT
        for name in self._selection:
            value = value.get(name) if isinstance(value, dict) else None
        return value if isinstance(value, str) and not value.startswith("$") else _DEFAULT

    async def _invoke(self, route: WebSocketRoute, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """The function's answer, which has a status code as a proxy integration's answer must."""
        answer = await self._invoker.invoke(
            route.function, event, within_seconds=self._limits.websocket_integration_seconds
        )
        if not isinstance(answer, dict) or not isinstance(answer.get("statusCode"), int):
            raise IntegrationError(f"{route.function} did not answer with a statusCode")
        return answer

    async def _answer(self, facts: ConnectionFacts, text: str) -> None:
        with contextlib.suppress(ConnectionGoneError):
            await self.send(facts.connection_id, text)

    async def _close_when_due(self, socket: ClientSocket) -> None:
        facts = socket.facts
        expires_at = facts.connected_at_ms / 1000 + self._limits.connection_seconds
        while True:
            idle_at = facts.last_active_at_ms / 1000 + self._limits.idle_seconds
            remaining = min(expires_at, idle_at) - time.time()
            if remaining <= 0:
                await socket.close(CloseCode.GOING_AWAY, "Going away")
                return
            await asyncio.sleep(remaining)

    async def _disconnected(self, socket: ClientSocket) -> None:
        facts = socket.facts
        code, reason = _closing(socket)
        _log.info("connection %s closed with %d", facts.connection_id, code)
        route = self._routes.get("$disconnect")
        if route is None:
            return
        try:
            await self._invoke(route, disconnect_event(facts, status_code=code, reason=reason))
        except IntegrationError as error:
            _log.warning("connection %s route $disconnect: %s", facts.connection_id, error)


def _closing(socket: ClientSocket) -> tuple[int, str]:
    """Code and reason of whichever side closed the connection first; 1006 when neither did."""
    protocol = socket.protocol
    first = protocol.close_rcvd if protocol.close_rcvd_then_sent else protocol.close_sent or protocol.close_rcvd
    return (first.code, first.reason) if first else (CloseCode.ABNORMAL_CLOSURE, "")


def _frames(text: str, frame_bytes: int) -> str | list[str]:
    """The message whole, or in parts that are no bigger than a frame may be (a character has at most 4 bytes)."""
    if len(text.encode()) <= frame_bytes:
        return text
    step = frame_bytes // 4
    return [text[start : start + step] for start in range(0, len(text), step)]


def _complaint(message: str, facts: ConnectionFacts, *, request_id: str) -> str:
    return json.dumps({"message": message, "connectionId": facts.connection_id, "requestId": request_id})


def _refusal(socket: ServerConnection, refusal: ConnectionRefusedByGatewayError, facts: ConnectionFacts) -> Response:
    response = socket.respond(refusal.status, _complaint(refusal.message, facts, request_id=str(uuid.uuid4())))
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = "application/json"
    return response


def _http_status(status: int) -> http.HTTPStatus:
    try:
        return http.HTTPStatus(status)
    except ValueError:
        return http.HTTPStatus.BAD_GATEWAY
