"""The HTTP API: CORS, JWT authorizer, and Lambda proxy integrations with payload format 2.0."""

import base64
import json
import logging
import time
import uuid
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

from local.gateway.configuration import Cors, GatewayConfiguration
from local.gateway.functions import FunctionInvoker, IntegrationError, IntegrationTimeoutError
from local.gateway.http_routing import HttpRoutes, RouteMatch
from local.gateway.jwt_authorizer import InsufficientScopeError, InvalidTokenError, TokenVerifier
from local.gateway.websocket_events import request_time

_log = logging.getLogger(__name__)


def http_application(
    configuration: GatewayConfiguration, invoker: FunctionInvoker, verifier: TokenVerifier
) -> web.Application:
    """The web application that serves every method and path of the API."""
    application = web.Application(client_max_size=10 * 1024 * 1024)  # Source: HTTP API quotas, payload size
    application.router.add_route("*", "/{path:.*}", _HttpApi(configuration, invoker, verifier).handle)
    return application


class _HttpApi:
    def __init__(self, configuration: GatewayConfiguration, invoker: FunctionInvoker, verifier: TokenVerifier) -> None:
        self._configuration = configuration
        self._api = configuration.http
        self._routes = HttpRoutes(self._api.routes)
        self._invoker = invoker
        self._verifier = verifier

    async def handle(self, request: web.Request) -> web.Response:
        cors = self._api.cors
        origin = request.headers.get("Origin")
        if cors is not None and origin is not None and _is_preflight(request):
            return _preflight(cors, origin)
        response = await self._respond(request)
        if cors is not None:
            _replace_cors_headers(response, cors, origin)
        _log.info("%s %s: %d", request.method, request.path, response.status)
        return response

    async def _respond(self, request: web.Request) -> web.Response:
        matched = self._routes.match(request.method, request.rel_url.raw_path)
        if matched is None:
            return _message(404, "Not Found")
        try:
            claims = await self._claims(request, matched)
        except InvalidTokenError as error:
            return _message(401, "Unauthorized", {"www-authenticate": f'Bearer error="invalid_token" ({error})'})
        except InsufficientScopeError:
            return _message(403, "Forbidden", {"www-authenticate": 'Bearer error="insufficient_scope"'})
        event = await self._event(request, matched, claims)
        try:
            answer = await self._invoker.invoke(
                matched.route.function, event, within_seconds=self._configuration.limits.http_integration_seconds
            )
            return _integration_response(answer)
        except IntegrationTimeoutError:
            return _message(503, "Service Unavailable")
        except IntegrationError as error:
            _log.warning("route %s: %s", matched.route.route_key, error)
            return _message(500, "Internal Server Error")

    async def _claims(self, request: web.Request, matched: RouteMatch) -> Mapping[str, Any] | None:
        if matched.route.authorizer is None:
            return None
        return await self._verifier.claims(
            request.headers.get("Authorization"), authorizer=matched.route.authorizer, scopes=matched.route.scopes
        )

    async def _event(
        self, request: web.Request, matched: RouteMatch, claims: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        headers = {name.lower(): ",".join(request.headers.getall(name)) for name in request.headers}
        cookies = headers.pop("cookie", "")
        now_ms = time.time_ns() // 1_000_000
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": matched.route.route_key,
            "rawPath": request.rel_url.raw_path,
            "rawQueryString": request.rel_url.raw_query_string,
            "headers": headers,
            "requestContext": {
                "accountId": self._configuration.account_id,
                "apiId": self._api.api_id,
                "domainName": request.host,
                "domainPrefix": self._api.api_id,
                "http": {
                    "method": request.method,
                    "path": request.rel_url.raw_path,
                    "protocol": f"HTTP/{request.version.major}.{request.version.minor}",
                    "sourceIp": request.remote,
                    "userAgent": request.headers.get("User-Agent", ""),
                },
                "requestId": str(uuid.uuid4()),
                "routeKey": matched.route.route_key,
                "stage": self._api.stage,
                "time": request_time(now_ms),
                "timeEpoch": now_ms,
            },
            "isBase64Encoded": False,
        }
        if cookies:
            event["cookies"] = cookies.split("; ")
        query = request.rel_url.query
        if query:
            event["queryStringParameters"] = {name: ",".join(query.getall(name)) for name in query}
        if matched.path_parameters:
            event["pathParameters"] = dict(matched.path_parameters)
        if claims is not None:
            texts = {name: _claim_text(value) for name, value in claims.items()}
            event["requestContext"]["authorizer"] = {"jwt": {"claims": texts, "scopes": matched.route.scopes or None}}
        body = await request.read()
        if body:
            event.update(_body(body))
        return event


def _body(body: bytes) -> dict[str, Any]:
    try:
        return {"body": body.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def _claim_text(value: object) -> str:
    """Claims arrive as text: lists as `[a b]`."""
    if isinstance(value, list):
        return f"[{' '.join(str(item) for item in value)}]"
    return value if isinstance(value, str) else json.dumps(value)


def _integration_response(answer: Any) -> web.Response:
    """The client's answer: the function's own status, headers and body, or what it returned, as JSON.

    Raises:
        IntegrationError: The function's answer is not in the format.
    """
    if not isinstance(answer, dict) or "statusCode" not in answer:
        return web.json_response(answer)
    try:
        headers = CIMultiDict((name, str(value)) for name, value in (answer.get("headers") or {}).items())
        for cookie in answer.get("cookies") or ():
            headers.add("Set-Cookie", cookie)
        body = answer.get("body") or ""
        content = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
        headers.setdefault("Content-Type", "text/plain;charset=UTF-8")
        return web.Response(status=int(answer["statusCode"]), headers=headers, body=content)
    except (AttributeError, TypeError, ValueError) as error:
        raise IntegrationError(f"the answer is not in the format: {type(error).__name__}") from error


def _message(status: int, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response({"message": message}, status=status, headers=headers)


def _is_preflight(request: web.Request) -> bool:
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


def _preflight(cors: Cors, origin: str) -> web.Response:
    """API Gateway answers preflights itself; a foreign origin gets no CORS headers."""
    response = web.Response(status=204)
    if _replace_cors_headers(response, cors, origin):
        response.headers["Access-Control-Allow-Methods"] = ",".join(cors.allow_methods)
        response.headers["Access-Control-Allow-Headers"] = ",".join(cors.allow_headers)
        if cors.max_age_seconds is not None:
            response.headers["Access-Control-Max-Age"] = str(cors.max_age_seconds)
    return response


def _replace_cors_headers(response: web.Response, cors: Cors, origin: str | None) -> bool:
    """Put the configuration's headers in the place of the function's; whether the origin is allowed."""
    for name in [name for name in response.headers if name.lower().startswith("access-control-")]:
        del response.headers[name]
    if origin is None or not ("*" in cors.allow_origins or origin in cors.allow_origins):
        return False
    response.headers["Access-Control-Allow-Origin"] = "*" if "*" in cors.allow_origins else origin
    response.headers["Vary"] = "Origin"
    if cors.allow_credentials:
        response.headers["Access-Control-Allow-Credentials"] = "true"
    if cors.expose_headers:
        response.headers["Access-Control-Expose-Headers"] = ",".join(cors.expose_headers)
    return True
