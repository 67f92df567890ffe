"""API Gateway's WebSocket events: the authorizer's question and answer, and the caller of every later event.

An authorizer's context holds only strings, numbers and booleans, and API Gateway hands all of them on as strings.
"""

from dataclasses import dataclass
from typing import Any

from babelcast.domain.caller import Caller, Grant
from babelcast.domain.connection import ConnectionId, Role
from babelcast.domain.errors import InvalidMessageError
from babelcast.domain.languages import LanguageCode
from babelcast.domain.session import SessionId, UserId
from babelcast.domain.source_address import AddressKey, address_key

Event = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectRequest:
    """What a client asks for in the query of its URL."""

    session_id: str
    role: Role
    target_language: str | None
    token: str | None
    join_key: str | None
    address: AddressKey


def read_connect_request(event: Event) -> ConnectRequest:
    """The query of ``$connect``.

    Raises:
        InvalidMessageError: No session or no such role.
    """
    query: dict[str, str] = event.get("queryStringParameters") or {}
    if not query.get("sessionId"):
        raise InvalidMessageError("sessionId is missing")
    try:
        role = Role(query.get("role", ""))
    except ValueError:
        raise InvalidMessageError("role is speaker or listener") from None
    return ConnectRequest(
        session_id=query["sessionId"],
        role=role,
        target_language=query.get("targetLanguage") or None,
        token=query.get("token") or None,
        join_key=query.get("joinKey") or None,
        address=address_key(event["requestContext"]["identity"]["sourceIp"]),
    )


def grant_policy(grant: Grant, method_arn: str) -> Event:
    """The authorizer's answer when the connection is allowed."""
    return _policy(
        "Allow",
        method_arn,
        {
            "sessionId": grant.session_id,
            "role": grant.role.value,
            "cell": str(grant.cell),
            "sourceLanguage": grant.source_language,
            "targetLanguage": grant.target_language or "",
            "userId": grant.user_id or "",
        },
    )


def refusal_policy(method_arn: str, code: str) -> Event:
    """The authorizer's answer when it is not (API Gateway answers 403)."""
    return _policy("Deny", method_arn, {"code": code})


def _policy(effect: str, method_arn: str, context: dict[str, str]) -> Event:
    return {
        "principalId": context.get("userId") or "anonymous",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": effect, "Resource": method_arn}],
        },
        "context": context,
    }


def read_caller(event: Event) -> Caller:
    """Who sends an event.

    Raises:
        InvalidMessageError: The connection did not pass our authorizer.
    """
    request = event["requestContext"]
    context = request.get("authorizer") or {}
    try:
        return Caller(
            connection_id=ConnectionId(request["connectionId"]),
            connected_at_ms=int(request["connectedAt"]),
            grant=Grant(
                session_id=SessionId(context["sessionId"]),
                role=Role(context["role"]),
                cell=int(context["cell"]),
                source_language=LanguageCode(context["sourceLanguage"]),
                target_language=LanguageCode(context["targetLanguage"]) if context["targetLanguage"] else None,
                user_id=UserId(context["userId"]) if context["userId"] else None,
            ),
        )
    except (KeyError, ValueError) as error:
        raise InvalidMessageError("the connection was not authorized by this application") from error
