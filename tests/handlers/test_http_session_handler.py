"""The HTTP API's contract."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from babelcast.domain.session import parse_session_id
from babelcast.domain.stream_record import Control, ControlKind
from babelcast.protocol.audio_record import decode_record
from http_session_handler.handler import lambda_handler
from tests import aws
from tests.handlers.conftest import http_event

pytestmark = pytest.mark.usefixtures("stage")


def call(route: str, **arguments: Any) -> tuple[int, Any]:
    answer = lambda_handler(http_event(route, **arguments), None)
    return answer["statusCode"], json.loads(answer["body"]) if "body" in answer else None


def test_a_speaker_creates_a_session() -> None:
    status, body = call("POST /sessions", body={"sourceLanguage": "en", "targetLanguages": ["es", "fr"]}, user="u")
    assert status == 201
    session_id = parse_session_id(body["sessionId"])
    assert body["targetLanguages"] == ["es", "fr"]
    assert body["state"] == "live"
    assert not body["joinKeyRequired"]
    assert body["webSocketUrl"].startswith("wss://")
    assert body["listenerUrl"] == f"https://babelcast.example/listen?session={session_id}"


@pytest.mark.parametrize(
    ("wish", "expressive"), [({}, True), ({"expressive": True}, True), ({"expressive": False}, False)]
)
def test_voices_are_expressive_unless_the_speaker_refuses(wish: dict[str, bool], expressive: bool) -> None:
    status, body = call("POST /sessions", body={"sourceLanguage": "en", **wish}, user="u")
    assert (status, body["expressive"]) == (201, expressive)
    table = boto3.resource("dynamodb").Table(aws.SESSIONS)
    assert table.get_item(Key={"sessionId": body["sessionId"]})["Item"]["expressive"] is expressive


def test_without_target_languages_all_but_the_source_are_offered() -> None:
    _, body = call("POST /sessions", body={"sourceLanguage": "en"}, user="u")
    assert body["targetLanguages"] == ["es", "fr", "uk"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "INVALID_MESSAGE"),
        ("{", "INVALID_MESSAGE"),
        ("{}", "INVALID_MESSAGE"),
        ('{"sourceLanguage": 5}', "INVALID_MESSAGE"),
        ('{"sourceLanguage": "en", "targetLanguages": []}', "INVALID_MESSAGE"),
        ('{"sourceLanguage": "en", "joinKey": "abc"}', "INVALID_MESSAGE"),
        ('{"sourceLanguage": "en", "expressive": "no"}', "INVALID_MESSAGE"),
        ('{"sourceLanguage": "en", "expressive": 0}', "INVALID_MESSAGE"),
        ('{"sourceLanguage": "en", "expressive": null}', "INVALID_MESSAGE"),
        ('{"sourceLanguage": "fr"}', "UNSUPPORTED_LANGUAGE"),
        ('{"sourceLanguage": "en", "targetLanguages": ["tlh"]}', "UNSUPPORTED_LANGUAGE"),
    ],
)
def test_a_bad_request_is_refused_with_its_code(body: str, code: str) -> None:
    status, answer = call("POST /sessions", raw=body, user="u")
    assert (status, answer["code"]) == (400, code)


def test_creating_needs_a_user() -> None:
    assert call("POST /sessions", body={"sourceLanguage": "en"})[0] == 401


@pytest.mark.parametrize(("token_use", "status"), [("access", 201), ("id", 401)])
def test_only_access_tokens_create_sessions(token_use: str, status: int) -> None:
    event = http_event("POST /sessions", body={"sourceLanguage": "en"}, user="u")
    event["requestContext"]["authorizer"]["jwt"]["claims"]["token_use"] = token_use
    assert lambda_handler(event, None)["statusCode"] == status


def test_anyone_may_read_the_public_facts(create: Callable[..., str]) -> None:
    session_id = create(joinKey="secret-key")
    status, body = call("GET /sessions/{sessionId}", session_id=session_id)
    assert status == 200
    languages = body.pop("languages")
    assert body == {
        "sessionId": session_id,
        "state": "live",
        "sourceLanguage": "en",
        "targetLanguages": ["es", "fr", "uk"],
        "joinKeyRequired": True,
    }
    assert [each["code"] for each in languages] == ["en", "es", "fr", "uk"], "a page needs to ask for nothing more"
    assert languages[1] == {
        "code": "es",
        "name": "Spanish",
        "nativeName": "Español",
        "spoken": True,
        "voices": ["Lucia"],
        "rightToLeft": False,
    }


@pytest.mark.parametrize(
    ("held", "shown", "answer"),
    [
        ("open sesame & ключ", "open%20sesame%20%26%20%D0%BA%D0%BB%D1%8E%D1%87", (200, None)),
        ("open-sesame", "open-door", (403, "NOT_ALLOWED")),
        ("open-sesame", "", (403, "NOT_ALLOWED")),
        ("open-sesame", "%ff%E0", (403, "NOT_ALLOWED")),
        ("open-sesame", "clé", (400, "INVALID_MESSAGE")),
        (None, "open-door", (200, None)),
    ],
)
def test_a_page_learns_here_whether_its_join_key_fits(
    create: Callable[..., str], held: str | None, shown: str, answer: tuple[int, str | None]
) -> None:
    session_id = create(**({"joinKey": held} if held else {}))
    status, body = call("GET /sessions/{sessionId}", session_id=session_id, join_key=shown)
    assert (status, body.get("code")) == answer


def test_browsers_keep_the_languages_for_a_while_and_sessions_never(create: Callable[..., str]) -> None:
    languages = lambda_handler(http_event("GET /languages"), None)["headers"]
    assert (languages["cache-control"], languages["vary"]) == ("max-age=300", "origin")
    session = lambda_handler(http_event("GET /sessions/{sessionId}", session_id=create()), None)["headers"]
    assert session["cache-control"] == "no-store"


def test_an_unknown_or_malformed_session_is_told_apart() -> None:
    assert call("GET /sessions/{sessionId}", session_id="happy-cloud-999")[0] == 404
    assert call("GET /sessions/{sessionId}", session_id="../etc")[0] == 400


def test_the_owner_ends_a_session_in_order_with_the_audio(create: Callable[..., str]) -> None:
    session_id = create("user-1")
    assert call("DELETE /sessions/{sessionId}", session_id=session_id, user="user-1") == (204, None)
    assert call("GET /sessions/{sessionId}", session_id=session_id)[1]["state"] == "ended"
    (record,) = aws.stream_records()
    payload = decode_record(record["Data"])
    assert isinstance(payload, Control)
    assert payload.kind is ControlKind.END
    assert call("DELETE /sessions/{sessionId}", session_id=session_id, user="user-1")[0] == 409


def test_a_stranger_who_ends_sessions_does_not_learn_which_there_are(create: Callable[..., str]) -> None:
    ended, live = create("user-1"), create("user-1")
    call("DELETE /sessions/{sessionId}", session_id=ended, user="user-1")
    tried = [
        lambda_handler(http_event("DELETE /sessions/{sessionId}", session_id=each, user="stranger"), None)
        for each in ("happy-cloud-999", live, ended)
    ]
    assert tried == [tried[0]] * 3
    assert (tried[0]["statusCode"], json.loads(tried[0]["body"])["code"]) == (404, "SESSION_NOT_FOUND")
    assert call("GET /sessions/{sessionId}", session_id=live)[1]["state"] == "live"
    assert call("DELETE /sessions/{sessionId}", session_id=live, user="user-1") == (204, None)


def test_a_full_cell_refuses_until_a_session_ends(
    create: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    first, _ = create(), create()
    status, body = call("POST /sessions", body={"sourceLanguage": "en"}, user="u")
    assert (status, body["code"], body["retryable"]) == (503, "AT_CAPACITY", True)
    assert '"SessionsRefusedAtCapacity":[1.0]' in capsys.readouterr().out
    call("DELETE /sessions/{sessionId}", session_id=first, user="user-1")
    create()


def test_the_languages_on_offer_are_listed_with_their_names() -> None:
    status, body = call("GET /languages")
    assert status == 200
    assert [each["code"] for each in body["sourceLanguages"]] == ["en", "es"]
    spanish, ukrainian = body["targetLanguages"][1], body["targetLanguages"][3]
    assert (spanish["nativeName"], spanish["spoken"], spanish["voices"]) == ("Español", True, ["Lucia"])
    assert (ukrainian["code"], ukrainian["spoken"], ukrainian["voices"]) == ("uk", False, [])
