"""The `@connections` API, through which functions reach open connections: `/{stage}/@connections/{id}`."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from aiohttp import web

from local.gateway.configuration import GatewayConfiguration
from local.gateway.control import GatewayFaults
from local.gateway.websocket_api import ConnectionGoneError, WebSocketGateway

_log = logging.getLogger(__name__)


def connections_application(
    configuration: GatewayConfiguration, gateway: WebSocketGateway, faults: GatewayFaults
) -> web.Application:
    """The web application; errors carry `x-amzn-ErrorType`, by which SDKs tell them apart."""
    # More than the limit is read, so that the answer is the API's and not the web server's.
    application = web.Application(client_max_size=64 * configuration.limits.message_bytes)
    api = _ConnectionsApi(gateway, faults, max_bytes=configuration.limits.message_bytes)
    path = f"/{configuration.websocket.stage}/@connections/{{connection_id}}"
    application.add_routes(
        [
            web.post(path, _typed_errors(api.post, faults)),
            web.get(path, _typed_errors(api.get, faults), allow_head=False),
            web.delete(path, _typed_errors(api.delete, faults)),
        ]
    )
    return application


class _ConnectionsApi:
    def __init__(self, gateway: WebSocketGateway, faults: GatewayFaults, *, max_bytes: int) -> None:
        self._gateway = gateway
        self._faults = faults
        self._max_bytes = max_bytes

    async def post(self, request: web.Request) -> web.Response:
        body = await request.read()
        if len(body) > self._max_bytes:
            return _error(413, "PayloadTooLargeException", f"more than {self._max_bytes} bytes")
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return _error(400, "BadRequestException", "not UTF-8")
        connection_id = request.match_info["connection_id"]
        await asyncio.sleep(self._faults.hangs_for(self._gateway.facts(connection_id).query))
        await self._gateway.send(connection_id, text)
        return web.Response()

    async def get(self, request: web.Request) -> web.Response:
        facts = self._gateway.facts(request.match_info["connection_id"])
        return web.json_response(
            {
                "connectedAt": _iso(facts.connected_at_ms),
                "identity": {"sourceIp": facts.source_ip, "userAgent": facts.user_agent or ""},
                "lastActiveAt": _iso(facts.last_active_at_ms),
            }
        )

    async def delete(self, request: web.Request) -> web.Response:
        await self._gateway.close(request.match_info["connection_id"])
        return web.Response(status=204)


def _typed_errors(
    handler: Callable[[web.Request], Awaitable[web.Response]], faults: GatewayFaults
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        if faults.throttles_connections:
            await request.read()
            return _error(429, "LimitExceededException", "Too Many Requests")
        try:
            return await handler(request)
        except ConnectionGoneError:
            _log.info("%s to gone connection %s", request.method, request.match_info["connection_id"])
            return _error(410, "GoneException", "Gone")

    return handle


def _error(status: int, error_type: str, message: str) -> web.Response:
    return web.Response(
        status=status,
        text=json.dumps({"message": message}),
        content_type="application/json",
        headers={"x-amzn-ErrorType": error_type},
    )


def _iso(epoch_ms: int) -> str:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
