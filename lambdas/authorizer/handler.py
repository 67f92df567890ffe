"""``$connect``: speakers need a token of their own session, listeners a language that the session offers."""

from typing import Any

from babelcast import wiring
from babelcast.domain.connection import Role
from babelcast.domain.errors import BabelcastError, LimitReachedError, NotAuthenticatedError
from babelcast.domain.session import SessionId, parse_session_id
from babelcast.domain.session_step import SessionStep
from babelcast.observability import give_up, journal, meter, observed
from babelcast.protocol.websocket_event import ConnectRequest, grant_policy, read_connect_request, refusal_policy


@observed
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer API Gateway's question with a policy; a missing or bad token is answered 401, anything else 403."""
    arn: str = event["methodArn"]
    try:
        request = read_connect_request(event)
    except BabelcastError as error:
        meter.count("ConnectionsRefused")
        return refusal_policy(arn, error.code)
    try:
        grant = wiring.run(_authorize(request))
    except NotAuthenticatedError as error:
        _note_refusal(request, error)
        # API Gateway answers 401 to this text, and to no other.
        raise Exception("Unauthorized") from None
    except BabelcastError as error:
        if error.retryable and not isinstance(error, LimitReachedError):
            give_up(error, session_id=_known_id(request))
        _note_refusal(request, error)
        return refusal_policy(arn, error.code)
    journal.note(SessionStep.CONNECTION_GRANTED, grant.session_id, role=grant.role)
    return grant_policy(grant, arn)


def _note_refusal(request: ConnectRequest, error: BabelcastError) -> None:
    meter.count("ConnectionsRefused")
    if (session_id := _known_id(request)) is not None:
        journal.note(SessionStep.CONNECTION_REFUSED, session_id, role=request.role, code=error.code)


def _known_id(request: ConnectRequest) -> SessionId | None:
    """The session's id, if it has the form of one; nothing else that a stranger sends is logged."""
    try:
        return parse_session_id(request.session_id)
    except BabelcastError:
        return None


async def _authorize(request: ConnectRequest) -> Any:
    authorize = wiring.authorizing()
    if request.role is Role.SPEAKER:
        return await authorize.speaker(request.session_id, request.token)
    return await authorize.listener(
        request.session_id,
        address=request.address,
        target_language=request.target_language,
        join_key=request.join_key,
    )
