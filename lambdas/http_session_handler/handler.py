"""The HTTP API: create, read and end sessions, list languages."""

from typing import Any

from babelcast import wiring
from babelcast.domain.errors import AtCapacityError, BabelcastError, RateLimitedError, SpeakerAtCapacityError
from babelcast.domain.session import parse_session_id
from babelcast.domain.session_step import SessionStep
from babelcast.observability import journal, log_failure, meter, observed
from babelcast.protocol.http_api import (
    LANGUAGES_MAX_AGE_S,
    answer,
    created_session,
    error_answer,
    language_list,
    public_session,
    read_address,
    read_create_session,
    read_join_key,
    read_user,
)


@observed
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer a request."""
    try:
        return wiring.run(_route(event))
    except BabelcastError as error:
        meter.count("HttpRequestsRefused")
        meter.count("SessionsRefusedAtCapacity", int(isinstance(error, AtCapacityError)))
        if isinstance(error, RateLimitedError | SpeakerAtCapacityError):
            meter.count("HttpRequestsLimited")
        elif error.retryable:
            # A request whose session id has no such form has not come this far.
            session_id = (event.get("pathParameters") or {}).get("sessionId")
            log_failure(error, route=event["routeKey"], session_id=session_id)
        return error_answer(error)


async def _route(event: dict[str, Any]) -> dict[str, Any]:
    handling = wiring.http_session_handling()
    route: str = event["routeKey"]
    if route == "GET /languages":
        offered = language_list(handling.offer.sources, handling.offer.targets)
        return answer(200, offered, max_age_s=LANGUAGES_MAX_AGE_S)
    if route == "POST /sessions":
        wanted = read_create_session(event)
        session = await handling.create(
            read_user(event),
            source_language=wanted.source_language,
            target_languages=wanted.target_languages,
            join_key=wanted.join_key,
            expressive=wanted.expressive,
        )
        meter.count("SessionsCreated")
        journal.note(
            SessionStep.CREATED, session.session_id, cell=session.cell, languages=len(session.target_languages)
        )
        urls = {"websocket_url": handling.websocket_url, "listener_url": handling.listener_url}
        return answer(201, created_session(session, **urls))
    session_id = parse_session_id(event["pathParameters"]["sessionId"])
    if route == "GET /sessions/{sessionId}":
        shown = await handling.show(session_id, read_address(event), join_key=read_join_key(event))
        return answer(200, public_session(shown))
    await handling.end(session_id, read_user(event))
    journal.note(SessionStep.ENDING, session_id)
    return answer(204)
