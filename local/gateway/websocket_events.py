"""The events that a WebSocket API sends to functions.

Source: API Gateway developer guide, "Set up a WebSocket API" and recorded events of real APIs.
"""

import base64
import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from multidict import CIMultiDict, MultiDict


def new_connection_id() -> str:
    """An opaque id in API Gateway's form: 16 characters of URL-safe base64 that end in `=`."""
    return base64.urlsafe_b64encode(secrets.token_bytes(11)).decode()


def request_time(epoch_ms: int) -> str:
    """`16/Mar/2025:00:46:22 +0000`."""
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")


@dataclass(slots=True, kw_only=True)
class ConnectionFacts:
    """What is known of a connection for as long as it lasts.

    Attributes:
        headers, query: Of the request that opened it.
        authorizer: Principal and context from the authorizer; empty without one.
        connected_at_ms, last_active_at_ms: Epoch milliseconds.
    """

    api_id: str
    stage: str
    domain_name: str
    source_ip: str
    headers: CIMultiDict[str]
    query: MultiDict[str]
    connection_id: str = field(default_factory=new_connection_id)
    authorizer: Mapping[str, Any] = field(default_factory=dict)
    connected_at_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    last_active_at_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)

    @property
    def user_agent(self) -> str | None:
        """What the client calls itself."""
        return self.headers.get("User-Agent")

    def touch(self) -> None:
        """A message passed, in either direction."""
        self.last_active_at_ms = time.time_ns() // 1_000_000


def authorizer_event(connection: ConnectionFacts, *, method_arn: str) -> dict[str, Any]:
    """What the authorizer of `$connect` gets."""
    return {
        "type": "REQUEST",
        "methodArn": method_arn,
        **_request(connection),
        "stageVariables": {},
        "requestContext": _context(connection, route_key="$connect", event_type="CONNECT"),
    }


def connect_event(connection: ConnectionFacts) -> dict[str, Any]:
    """What the integration of `$connect` gets."""
    return {
        **_request(connection),
        "requestContext": _context(connection, route_key="$connect", event_type="CONNECT"),
        "isBase64Encoded": False,
    }


def message_event(connection: ConnectionFacts, *, route_key: str, body: str) -> dict[str, Any]:
    """What a message's integration gets."""
    context = _context(connection, route_key=route_key, event_type="MESSAGE")
    context["messageId"] = new_connection_id()
    return {"requestContext": context, "body": body, "isBase64Encoded": False}


def disconnect_event(connection: ConnectionFacts, *, status_code: int, reason: str) -> dict[str, Any]:
    """What the integration of `$disconnect` gets; code and reason are those of the closing handshake."""
    context = _context(connection, route_key="$disconnect", event_type="DISCONNECT")
    context["disconnectStatusCode"] = status_code
    context["disconnectReason"] = reason
    headers = {"Host": connection.domain_name, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""}
    return {
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "requestContext": context,
        "isBase64Encoded": False,
    }


def _context(connection: ConnectionFacts, *, route_key: str, event_type: str) -> dict[str, Any]:
    now_ms = time.time_ns() // 1_000_000
    identity = {"sourceIp": connection.source_ip}
    if connection.user_agent is not None:
        identity["userAgent"] = connection.user_agent
    request_id = str(uuid.uuid4())
    context: dict[str, Any] = {
        "routeKey": route_key,
        "eventType": event_type,
        "extendedRequestId": request_id,
        "requestTime": request_time(now_ms),
        "messageDirection": "IN",
        "stage": connection.stage,
        "connectedAt": connection.connected_at_ms,
        "requestTimeEpoch": now_ms,
        "identity": identity,
        "requestId": request_id,
        "domainName": connection.domain_name,
        "connectionId": connection.connection_id,
        "apiId": connection.api_id,
    }
    if connection.authorizer:
        context["authorizer"] = dict(connection.authorizer)
    return context


def _request(connection: ConnectionFacts) -> dict[str, Any]:
    """Headers and query; a request without a query has no query members at all."""
    headers, query = connection.headers, connection.query
    event: dict[str, Any] = {
        "headers": {name: headers.getall(name)[-1] for name in headers},
        "multiValueHeaders": {name: headers.getall(name) for name in headers},
    }
    if query:
        event["queryStringParameters"] = {name: query.getall(name)[-1] for name in query}
        event["multiValueQueryStringParameters"] = {name: query.getall(name) for name in query}
    return event
