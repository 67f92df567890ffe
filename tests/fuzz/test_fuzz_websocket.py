"""Whatever speakers and listeners say on the WebSocket, in whatever order, is answered; the session works on."""

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from babelcast.protocol.messages import CLIENT_MESSAGES, MAX_MESSAGE_BYTES
from connection_handler.handler import lambda_handler
from disconnect_handler.handler import lambda_handler as disconnect
from tests.fuzz.answers import check_notice
from tests.fuzz.campaign import fuzz
from tests.fuzz.client_messages import valid_messages
from tests.fuzz.mutations import mutated_json
from tests.handlers.conftest import told, websocket_event

pytestmark = pytest.mark.slow

HERE = "the-session's-id"
"""Stands for the session's id, which the strategies do not know."""

ROUTES = frozenset(CLIENT_MESSAGES)


class FuzzedRoom:
    """A session in which every case has a connection of its own, so that no limit hides what is behind it."""

    def __init__(self, create: Callable[..., str]) -> None:
        self._create = create
        self._numbers = itertools.count()
        self.session_id = create("user-1")

    def case(self, role: str, text: str, *, connected: bool) -> None:
        """Say something, as API Gateway would hand it on, and look at all that comes of it."""
        who: dict[str, Any] = {
            "connection": f"case-{next(self._numbers)}=",
            "role": role,
            "language": "es" if role == "listener" else "",
        }
        if connected:
            self.call("$connect", **who)
        self._say(text.replace(HERE, self.session_id), **who)
        if connected:
            assert disconnect(websocket_event("$disconnect", session_id=self.session_id, **who), None) == {
                "statusCode": 200
            }

    def _say(self, text: str, **who: Any) -> None:
        route = _route(text)
        self.call(route, raw=text, **who)
        if route == "endSession":
            # Whether or not it was ended: the next case finds one that is not.
            self.session_id = self._create("user-1")

    def call(self, route: str, **event: Any) -> list[dict[str, Any]]:
        """The handler's messages to one connection; its answer comes first."""
        before = len(told(event["connection"]))
        answer = lambda_handler(websocket_event(route, session_id=self.session_id, **event), None)
        assert answer["statusCode"] == 200
        notices = told(event["connection"])[before:]
        if "body" in answer:
            assert route in {"audioChunk", "$default"}, "only these routes have a response"
            notices = [json.loads(answer["body"]), *notices]
        for each in notices:
            check_notice(each, len(json.dumps(each, ensure_ascii=False).encode()))
        return notices

    def works(self) -> None:
        """A speaker and a listener find everything as if nothing had happened."""
        for role, language in (("speaker", ""), ("listener", "es")):
            who = {"connection": f"{role}-after=", "role": role, "language": language}
            self.call("$connect", **who)
            joined = self.call("joinSession", body={"action": "joinSession"}, **who)
            assert joined[0]["type"] == "sessionJoined"
        chunk = {
            "action": "audioChunk", "sessionId": self.session_id, "chunkIndex": 0, "sampleOffset": 0,
            "audioData": "AAAA" * 400, "format": "pcm_s16le", "sampleRate": 16_000, "timestamp": 0,
        }  # fmt: skip
        acknowledged = self.call("audioChunk", body=chunk, connection="speaker-after=")
        assert acknowledged == [{"type": "audioAck", "chunkIndex": 0}]


def _route(text: str) -> str:
    """As API Gateway selects it."""
    try:
        action = json.loads(text)["action"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return "$default"
    return action if isinstance(action, str) and action in ROUTES else "$default"


@pytest.fixture
def room(stage: None, create: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> Iterator[FuzzedRoom]:
    for name in ("SESSIONS_PER_CELL", "SESSIONS_PER_SPEAKER", "SESSION_CREATIONS_PER_HOUR", "LISTENERS_PER_SESSION"):
        monkeypatch.setenv(name, "100000")
    room = FuzzedRoom(create)
    yield room
    room.works()


ROLES = st.sampled_from(("speaker", "listener"))
VALID = valid_messages(session_id=HERE)


@fuzz(cases=700)
@given(ROLES, mutated_json(VALID), st.booleans())
@example("speaker", '{"action":"setVolume","volume":1e-200}', True)
@example("speaker", '{"action":"heartbeat","x":' + "[" * 30_000, True)
@example("listener", '{"action":"' + "x" * (MAX_MESSAGE_BYTES - 20) + '"}', True)
@example("listener", '{"action":"joinSession","lastSequenceNumber":4294967295}', False)
def test_a_message_with_something_wrong_is_answered(room: FuzzedRoom, role: str, text: str, connected: bool) -> None:
    room.case(role, text, connected=connected)


@fuzz(cases=250)
@given(ROLES, VALID, st.booleans())
def test_everything_may_be_said_by_everybody_at_any_time(
    room: FuzzedRoom, role: str, message: dict[str, Any], connected: bool
) -> None:
    room.case(role, json.dumps(message), connected=connected)
