"""Whatever is asked of the HTTP API is answered with what the protocol says, and the session is not hurt."""

import itertools
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from http_session_handler.handler import lambda_handler
from tests.fuzz.answers import CODES, STATUSES
from tests.fuzz.campaign import fuzz
from tests.fuzz.mutations import mutated_json
from tests.fuzz.test_fuzz_requests import CREATE_SESSION, EVENT_TEXT
from tests.handlers.conftest import http_event

SUCCESSES = {
    "POST /sessions": 201,
    "GET /sessions/{sessionId}": 200,
    "DELETE /sessions/{sessionId}": 204,
    "GET /languages": 200,
}
KNOWN = "this-session"
"""Stands for the id of a session that there is."""

_numbers = itertools.count()


@pytest.fixture
def session_id(stage: None, create: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("SESSIONS_PER_CELL", "SESSIONS_PER_SPEAKER"):
        monkeypatch.setenv(name, "100000")
    return create("user-1", joinKey="open-sesame")


@fuzz(cases=450)
@given(
    st.sampled_from(["POST /sessions", *SUCCESSES]),
    st.sampled_from((KNOWN, KNOWN.upper(), "happy-cloud-999", "", "..")) | EVENT_TEXT,
    mutated_json(CREATE_SESSION) | CREATE_SESSION.map(json.dumps) | st.none(),
    st.tuples(
        st.none()
        | st.fixed_dictionaries(
            {}, optional={"sub": EVENT_TEXT | st.just("user-2"), "token_use": st.sampled_from(("access", "id", ""))}
        ),
        st.none() | EVENT_TEXT | EVENT_TEXT.map(quote),
    ),
)
@example("POST /sessions", "", '{"sourceLanguage":"en","x":' + "[" * 30_000, ({"sub": "user-2"}, None))
@example("GET /sessions/{sessionId}", "\0", None, (None, None))
@example("GET /sessions/{sessionId}", KNOWN, None, (None, "\udc80"))
def test_every_request_is_answered(
    session_id: str, route: str, path_id: str, body: str | None, headers: tuple[dict[str, str] | None, str | None]
) -> None:
    claims, join_key = headers
    number = next(_numbers)
    address = f"2001:db8:{number:x}::1"
    event = http_event(
        route, session_id=path_id.replace(KNOWN, session_id), raw=body, source_ip=address, join_key=join_key
    )
    event["pathParameters"] = {"sessionId": path_id.replace(KNOWN, session_id)}
    if claims is not None:
        if "sub" in claims:
            # A user for each case: none has created too many sessions.
            claims = {**claims, "sub": f"{claims['sub']}-{number}"}
        event["requestContext"]["authorizer"] = {"jwt": {"claims": claims, "scopes": None}}
    answer = lambda_handler(event, None)
    _check(route, answer)
    shown = lambda_handler(http_event("GET /sessions/{sessionId}", session_id=session_id, source_ip=address), None)
    assert json.loads(shown["body"])["state"] == "live", "nobody but its speaker ends a session"


def _check(route: str, answer: dict[str, Any]) -> None:
    if answer["statusCode"] == SUCCESSES[route]:
        assert ("body" in answer) == (route != "DELETE /sessions/{sessionId}")
        return
    assert answer["statusCode"] in STATUSES
    refusal = json.loads(answer["body"])
    assert set(refusal) == {"code", "message", "retryable"}
    assert refusal["code"] in CODES - {"INTERNAL"}
    assert len(answer["body"]) < 2_000
