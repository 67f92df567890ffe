"""Who may do what: every action of the protocol, tried in both roles and in somebody else's session."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from babelcast.protocol.messages import CLIENT_MESSAGES
from connection_handler.handler import lambda_handler
from tests import aws
from tests.aws_account import REGION
from tests.handlers.conftest import told, websocket_event

GOLDEN = json.loads((Path(__file__).parent.parent / "contracts" / "client_messages.json").read_text())["valid"]

SPEAKERS = {
    "audioChunk", "pauseBroadcast", "resumeBroadcast", "muteBroadcast", "unmuteBroadcast", "setVolume", "endSession",
}  # fmt: skip
LISTENERS = {"changeLanguage", "pausePlayback", "resumePlayback", "resume", "playbackReport"}
BOTH = {"joinSession", "getSessionStatus", "heartbeat"}

WHO: dict[str, dict[str, Any]] = {
    "speaker": {"connection": "speaker=", "role": "speaker", "user": "user-1"},
    "listener": {"connection": "listener=", "role": "listener", "language": "es"},
}
REFUSED = [("listener", action) for action in sorted(SPEAKERS)] + [("speaker", action) for action in sorted(LISTENERS)]


@pytest.fixture
def room(create: Callable[..., str]) -> str:
    session_id = create("user-1", targetLanguages=["es", "fr"])
    for who in WHO.values():
        lambda_handler(websocket_event("$connect", session_id=session_id, **who), None)
    return session_id


def message(action: str, session_id: str) -> dict[str, Any]:
    body = dict(GOLDEN[action])
    return {**body, "sessionId": session_id} if "sessionId" in body else body


def say(action: str, session_id: str, *, names: str | None = None, **who: Any) -> dict[str, Any] | None:
    """Send an action's golden message; the answer, if it is an error."""
    before = len(told(who["connection"]))
    event = websocket_event(action, session_id=session_id, body=message(action, names or session_id), **who)
    answer = lambda_handler(event, None)
    assert answer["statusCode"] == 200
    answers = [json.loads(answer["body"])] if "body" in answer else told(who["connection"])[before:]
    return next((each for each in answers if each["type"] == "error"), None)


def everything() -> list[Any]:
    """All that is stored."""
    dynamodb = boto3.client("dynamodb", region_name=REGION)
    tables = (aws.SESSIONS, aws.CONNECTIONS, aws.SEGMENTS, aws.LIMITS)
    return [dynamodb.scan(TableName=name)["Items"] for name in tables] + [aws.stream_records()]


def test_every_action_belongs_to_somebody() -> None:
    assert SPEAKERS | LISTENERS | BOTH == CLIENT_MESSAGES.keys() == {each["action"] for each in GOLDEN.values()}


@pytest.mark.parametrize("role", WHO)
def test_each_role_may_do_what_is_its_own(role: str, room: str) -> None:
    own = SPEAKERS if role == "speaker" else LISTENERS
    for action in [*sorted(BOTH | own - {"endSession"}), *sorted(own & {"endSession"})]:
        assert say(action, room, **WHO[role]) is None, action


@pytest.mark.parametrize(("role", "action"), REFUSED)
def test_nothing_works_from_the_other_role(role: str, action: str, room: str) -> None:
    before = everything()
    error = say(action, room, **WHO[role])
    assert error is not None
    assert (error["code"], error["retryable"], error["action"]) == ("NOT_ALLOWED", False, action)
    assert everything() == before


@pytest.mark.parametrize("action", sorted(SPEAKERS - {"audioChunk"}))
def test_every_command_asks_whose_session_it_is(action: str, room: str) -> None:
    before = everything()
    error = say(action, room, connection="speaker=", role="speaker", user="user-2")
    assert error is not None
    assert (error["code"], error["action"]) == ("NOT_ALLOWED", action)
    assert everything() == before


def test_audio_for_a_session_that_is_not_the_connections_goes_nowhere(room: str, create: Callable[..., str]) -> None:
    other = create("user-2")
    before = everything()
    error = say("audioChunk", other, names=room, connection="other=", role="speaker", user="user-2")
    assert error is not None
    assert error["code"] == "NOT_ALLOWED"
    assert everything() == before
