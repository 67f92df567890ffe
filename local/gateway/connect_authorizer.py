"""Whether the REQUEST authorizer of `$connect` lets a connection in."""

import fnmatch
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from local.gateway.configuration import GatewayConfiguration, RequestAuthorizer
from local.gateway.functions import FunctionInvoker, IntegrationError
from local.gateway.websocket_events import ConnectionFacts, authorizer_event


class ConnectionRefusedByGatewayError(Exception):
    """The handshake is answered with this status and no connection comes about."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


async def authorize(
    authorizer: RequestAuthorizer,
    connection: ConnectionFacts,
    *,
    configuration: GatewayConfiguration,
    invoker: FunctionInvoker,
) -> Mapping[str, Any]:
    """The authorizer's principal and context, for `requestContext.authorizer`.

    Raises:
        ConnectionRefusedByGatewayError: 401 when an identity source is missing or the function raises `Unauthorized`,
            403 when its policy does not allow the connection, 500 when it fails otherwise.
    """
    if not all(_has(connection, source) for source in authorizer.identity_sources):
        raise ConnectionRefusedByGatewayError(HTTPStatus.UNAUTHORIZED, "Unauthorized")
    arn = (
        f"arn:aws:execute-api:{configuration.region}:{configuration.account_id}:"
        f"{connection.api_id}/{connection.stage}/$connect"
    )
    try:
        result = await invoker.invoke(
            authorizer.function,
            authorizer_event(connection, method_arn=arn),
            within_seconds=configuration.limits.websocket_integration_seconds,
        )
    except IntegrationError as error:
        if error.error_message == "Unauthorized":
            raise ConnectionRefusedByGatewayError(HTTPStatus.UNAUTHORIZED, "Unauthorized") from error
        raise ConnectionRefusedByGatewayError(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal server error") from error
    if not _is_well_formed(result, max_bytes=configuration.limits.authorizer_result_bytes):
        raise ConnectionRefusedByGatewayError(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal server error")
    if not allows(result["policyDocument"], arn):
        raise ConnectionRefusedByGatewayError(HTTPStatus.FORBIDDEN, "Forbidden")
    context = {name: _as_text(value) for name, value in (result.get("context") or {}).items()}
    return {"principalId": result["principalId"], **context}


def allows(policy: Mapping[str, Any], resource_arn: str) -> bool:
    """Whether an IAM policy allows `execute-api:Invoke` on a resource: an Allow matches, and no Deny does."""
    effects = {
        statement.get("Effect")
        for statement in _as_list(policy.get("Statement"))
        if _matches(_as_list(statement.get("Action")), "execute-api:Invoke")
        and _matches(_as_list(statement.get("Resource")), resource_arn)
    }
    return "Allow" in effects and "Deny" not in effects


def _matches(patterns: list[Any], text: str) -> bool:
    # `[` is not special in a policy, but it is to fnmatch.
    return any(fnmatch.fnmatchcase(text.lower(), str(pattern).lower().replace("[", "[[]")) for pattern in patterns)


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _is_well_formed(result: Any, *, max_bytes: int) -> bool:
    return (
        isinstance(result, dict)
        and isinstance(result.get("principalId"), str)
        and isinstance(result.get("policyDocument"), dict)
        and isinstance(result.get("context") or {}, dict)
        and all(isinstance(value, str | int | float | bool) for value in (result.get("context") or {}).values())
        and len(json.dumps(result)) <= max_bytes
    )


def _as_text(value: str | float | bool) -> str:
    """Context values arrive as text, whatever the authorizer returned."""
    return value if isinstance(value, str) else json.dumps(value)


def _has(connection: ConnectionFacts, source: str) -> bool:
    kind, _, name = source.removeprefix("route.request.").partition(".")
    match kind:
        case "header":
            return bool(connection.headers.get(name))
        case "querystring":
            return bool(connection.query.get(name))
    return True
