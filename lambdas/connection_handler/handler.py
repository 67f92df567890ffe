"""``$connect`` and every message of a client."""

from typing import Any, Final

from babelcast import wiring
from babelcast.domain.caller import Caller
from babelcast.domain.errors import BabelcastError, RoomFullError
from babelcast.domain.notices import ErrorNotice, Notice
from babelcast.domain.session_step import SessionStep
from babelcast.observability import journal, observed
from babelcast.protocol.messages import encode_notice, peek_action
from babelcast.protocol.websocket_event import read_caller
from connection_handler.actions import carry_out
from connection_handler.refusals import note_refusal

_ANSWERED_ROUTES: Final = frozenset({"audioChunk", "$default"})
"""Routes with a route response: the answer goes back with the invocation, without a call of its own."""

_ROUTINE_ROUTES: Final = frozenset({"audioChunk", "heartbeat", "getSessionStatus", "playbackReport"})
"""Several a minute from everybody: carried out, they tell nothing of a session's course."""


@observed
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Store a new connection, or carry out a message and answer it."""
    caller = read_caller(event)
    route: str = event["requestContext"]["routeKey"]
    if route == "$connect":
        return wiring.run(_connect(caller))
    return wiring.run(_message(caller, route, event.get("body") or ""))


async def _connect(caller: Caller) -> dict[str, Any]:
    try:
        await wiring.connection_handling().open(caller.connection())
        journal.note_caller(SessionStep.CONNECTED, caller)
    except RoomFullError:
        # A refusal could not say why; the answer to joinSession does.
        pass
    return {"statusCode": 200}


async def _message(caller: Caller, route: str, body: str) -> dict[str, Any]:
    handling = wiring.connection_handling()
    try:
        answer = await carry_out(handling, caller, body)
        if route not in _ROUTINE_ROUTES:
            journal.note_caller(SessionStep.MESSAGE_CARRIED_OUT, caller, action=route)
    except BabelcastError as error:
        note_refusal(caller, route, error)
        answer = ErrorNotice.of(error, peek_action(body))
    return await _answer(handling, caller, route, answer)


async def _answer(
    handling: wiring.ConnectionHandling, caller: Caller, route: str, answer: Notice | None
) -> dict[str, Any]:
    if answer is None:
        return {"statusCode": 200}
    if route in _ANSWERED_ROUTES:
        return {"statusCode": 200, "body": encode_notice(answer).decode()}
    await handling.broadcast((caller.connection(),), answer)
    return {"statusCode": 200}
