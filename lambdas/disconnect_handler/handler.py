"""``$disconnect``: API Gateway's best effort to say that a connection is gone."""

from typing import Any

from babelcast import wiring
from babelcast.domain.caller import Caller
from babelcast.domain.errors import SessionNotFoundError
from babelcast.domain.session_step import SessionStep
from babelcast.observability import journal, meter, observed
from babelcast.protocol.websocket_event import read_caller


@observed
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Forget the connection and tell the speaker who is left."""
    caller = read_caller(event)
    wiring.run(_close(caller))
    meter.count("ConnectionsClosed")
    journal.note_caller(SessionStep.DISCONNECTED, caller)
    return {"statusCode": 200}


async def _close(caller: Caller) -> None:
    handling = wiring.disconnect_handling()
    try:
        await handling.close(caller)
        await handling.status.changed(caller.session_id)
    except SessionNotFoundError:
        # The session expired before its last connection.
        return
