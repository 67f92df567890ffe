"""Who is let in."""

import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from authorizer.handler import lambda_handler
from babelcast.domain.errors import StorageUnavailableError
from babelcast.observability import InvocationFailedError, logger
from http_session_handler.handler import lambda_handler as http_handler
from tests.handlers.conftest import ISSUER, Keys, authorizer_event, http_event


def effect(**query: str) -> str:
    answer = lambda_handler(authorizer_event(**query), None)
    return str(answer["policyDocument"]["Statement"][0]["Effect"])


def context(**query: str) -> dict[str, Any]:
    answer = lambda_handler(authorizer_event(**query), None)
    assert answer["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    found: dict[str, Any] = answer["context"]
    return found


def test_the_owner_may_speak(create: Callable[..., str], keys: Keys) -> None:
    session_id = create("user-1")
    assert context(sessionId=session_id, role="speaker", token=keys.token("user-1")) == {
        "sessionId": session_id,
        "role": "speaker",
        "cell": "0",
        "sourceLanguage": "en",
        "targetLanguage": "",
        "userId": "user-1",
    }


def test_somebody_else_may_not(create: Callable[..., str], keys: Keys) -> None:
    assert effect(sessionId=create("user-1"), role="speaker", token=keys.token("user-2")) == "Deny"


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1},
        {"iss": "https://elsewhere.example"},
        {"client_id": "another-application"},
        {"token_use": "id"},
        {"sub": None},
    ],
)
def test_a_token_that_is_not_ours_is_unauthorized(
    create: Callable[..., str], keys: Keys, claims: dict[str, Any]
) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        effect(sessionId=create(), role="speaker", token=keys.token(**claims))


def test_a_forged_signature_is_unauthorized(create: Callable[..., str], keys: Keys) -> None:
    session_id = create()
    for token in (keys.token(foreign=True), "nonsense", keys.token()[:-4] + "AAAA"):
        with pytest.raises(Exception, match=r"^Unauthorized$"):
            effect(sessionId=session_id, role="speaker", token=token)


def test_a_public_key_is_no_shared_secret(create: Callable[..., str]) -> None:

    token = jwt.encode({"sub": "user-1", "iss": ISSUER}, "x" * 32, algorithm="HS256", headers={"kid": "pool-key"})
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        effect(sessionId=create(), role="speaker", token=token)


def test_a_speaker_without_a_token_is_unauthorized(create: Callable[..., str]) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        effect(sessionId=create(), role="speaker")


def test_listeners_are_anonymous_and_a_stale_token_does_not_matter(create: Callable[..., str]) -> None:
    session_id = create()
    for extra in ({}, {"token": "stale"}):
        found = context(sessionId=session_id, role="listener", targetLanguage="es", **extra)
        assert (found["role"], found["targetLanguage"], found["userId"]) == ("listener", "es", "")


@pytest.mark.parametrize("language", [None, "tlh", "en"])
def test_a_language_the_session_does_not_offer_is_refused(create: Callable[..., str], language: str | None) -> None:
    query = {"targetLanguage": language} if language else {}
    assert effect(sessionId=create(), role="listener", **query) == "Deny"


def test_the_join_key_opens_the_room(create: Callable[..., str]) -> None:
    session_id = create(joinKey="open-sesame")
    query = {"sessionId": session_id, "role": "listener", "targetLanguage": "es"}
    assert effect(**query) == "Deny"
    assert effect(**query, joinKey="open sesame") == "Deny"
    assert effect(**query, joinKey="open-sesame") == "Allow"


def test_ended_unknown_and_malformed_sessions_are_refused(create: Callable[..., str], keys: Keys) -> None:
    session_id = create("user-1")
    http_handler(http_event("DELETE /sessions/{sessionId}", session_id=session_id, user="user-1"), None)
    for each in (session_id, "happy-cloud-999", "x' OR 1=1"):
        assert effect(sessionId=each, role="speaker", token=keys.token("user-1")) == "Deny"
    for each in ("happy-cloud-999", "x' OR 1=1"):
        assert effect(sessionId=each, role="listener", targetLanguage="es") == "Deny"


def test_listeners_may_fetch_the_last_words_for_ten_minutes(
    create: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = create("user-1")
    http_handler(http_event("DELETE /sessions/{sessionId}", session_id=session_id, user="user-1"), None)
    assert effect(sessionId=session_id, role="listener", targetLanguage="es") == "Allow"
    later_ns = time.time_ns() + 601 * 10**9
    monkeypatch.setattr(time, "time_ns", lambda: later_ns)
    assert effect(sessionId=session_id, role="listener", targetLanguage="es") == "Deny"


@pytest.mark.usefixtures("stage")
def test_a_connection_without_session_or_role_is_refused() -> None:
    assert effect() == "Deny"
    assert effect(sessionId="happy-cloud-999", role="admin") == "Deny"


def test_join_keys_are_compared_in_constant_time(create: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, str]] = []
    constant_time = hmac.compare_digest

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return constant_time(one, other)

    session_id = create(joinKey="open-sesame")
    monkeypatch.setattr(hmac, "compare_digest", compare)
    effect(sessionId=session_id, role="listener", targetLanguage="es", joinKey="open-sesam")
    (hashes,) = compared
    assert [len(each) for each in hashes] == [64, 64]


def test_a_store_that_fails_is_logged_with_the_session_and_lambda_is_told_no_more_than_its_type(
    create: Callable[..., str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    session_id = create()

    async def fails(*_: Any, **__: Any) -> Any:
        raise StorageUnavailableError("the table of somebody's words")

    monkeypatch.setattr("authorizer.handler._authorize", fails)
    with pytest.raises(InvocationFailedError, match=r"^StorageUnavailableError$"):
        effect(sessionId=session_id, role="listener", targetLanguage="es")

    (failure,) = [record for record in caplog.records if record.message == "failure"]
    line = json.loads(logger.registered_formatter.format(failure))
    assert (line["error"], line["code"]) == ("StorageUnavailableError", StorageUnavailableError.code)
    assert line["session_id"] == session_id
    assert "somebody" not in json.dumps(line)
