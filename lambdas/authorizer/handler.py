"""``$connect``: speakers need a token of their own session, listeners a language that the session offers."""

from typing import Any

from babelcast import wiring
from babelcast.domain.connection import Role
from babelcast.domain.errors import BabelcastError, NotAuthenticatedError
from babelcast.observability import meter, observed
from babelcast.protocol.websocket_event import ConnectRequest, grant_policy, read_connect_request, refusal_policy


@observed
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer API Gateway's question with a policy; a missing or bad token is answered 401, anything else 403."""
    arn: str = event["methodArn"]
    try:
        request = read_connect_request(event)
        grant = wiring.run(_authorize(request))
    except NotAuthenticatedError:
        meter.count("ConnectionsRefused")
        # API Gateway answers 401 to this text, and to no other.
        raise Exception("Unauthorized") from None
    except BabelcastError as error:
        if error.retryable:
            raise
        meter.count("ConnectionsRefused")
        return refusal_policy(arn, error.code)
    return grant_policy(grant, arn)


async def _authorize(request: ConnectRequest) -> Any:
    authorize = wiring.authorizing()
    if request.role is Role.SPEAKER:
        return await authorize.speaker(request.session_id, request.token)
    return await authorize.listener(
        request.session_id, target_language=request.target_language, join_key=request.join_key
    )
