"""HTTP API and login as the clients use them."""

import base64
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from local.client.errors import ConnectionNotAllowedError, HttpApiError, LoginFailedError, UnreachableError
from local.client.http_api import HttpApi
from local.client.login import SpeakerLogin
from local.endpoints import Endpoints

FACTS = {
    "sessionId": "joyful-hope-911",
    "state": "live",
    "sourceLanguage": "en",
    "targetLanguages": ["es", "fr"],
    "languages": [],
    "joinKeyRequired": True,
}


class Api:
    """An HTTP API whose answers a test sets; ``requests`` are method, path, authorization and body."""

    def __init__(self) -> None:
        self.answer: tuple[int, object] = (200, {})
        self.requests: list[tuple[str, str, str | None, str]] = []
        self.join_keys: list[str | None] = []

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.text()
        self.requests.append((request.method, request.path, request.headers.get("Authorization"), body))
        self.join_keys.append(request.headers.get("Join-Key"))
        status, answer = self.answer
        return web.json_response(answer, status=status) if answer is not None else web.Response(status=status)


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
async def url(api: Api) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", api.handle)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    yield str(server.make_url("/"))
    await server.close()


async def test_a_session_is_created_with_the_speakers_token(api: Api, url: str) -> None:
    api.answer = (201, {**FACTS, "webSocketUrl": "wss://x/dev", "listenerUrl": "https://y/?session=joyful-hope-911"})
    async with HttpApi(url) as http:
        created = await http.create_session("t0ken", source_language="en", target_languages=["es"], join_key="sesame")
    assert (created.session_id, created.websocket_url) == ("joyful-hope-911", "wss://x/dev")
    method, path, authorization, body = api.requests[0]
    assert (method, path, authorization) == ("POST", "/sessions", "Bearer t0ken")
    assert json.loads(body) == {"sourceLanguage": "en", "targetLanguages": ["es"], "joinKey": "sesame"}


async def test_what_is_not_chosen_is_not_sent(api: Api, url: str) -> None:
    api.answer = (201, {**FACTS, "webSocketUrl": "wss://x/dev", "listenerUrl": "https://y"})
    async with HttpApi(url) as http:
        await http.create_session("t0ken", source_language="en")
        await http.create_session("t0ken", source_language="en", expressive=False)
    assert [json.loads(request[3]) for request in api.requests] == [
        {"sourceLanguage": "en"},
        {"sourceLanguage": "en", "expressive": False},
    ]


async def test_a_session_is_ended(api: Api, url: str) -> None:
    api.answer = (204, None)
    async with HttpApi(url) as http:
        await http.end_session("t0ken", "joyful-hope-911")
    assert api.requests[0][:3] == ("DELETE", "/sessions/joyful-hope-911", "Bearer t0ken")


@pytest.mark.parametrize(
    ("answer", "code", "exit_status"),
    [
        ((404, {"code": "SESSION_NOT_FOUND", "message": "no such session"}), "SESSION_NOT_FOUND", 2),
        ((503, {"code": "AT_CAPACITY", "message": "full"}), "AT_CAPACITY", 1),
        ((401, {"message": "Unauthorized"}), "UNKNOWN", 1),
        ((500, None), "UNKNOWN", 1),
    ],
)
async def test_refusals_carry_their_code(
    api: Api, url: str, answer: tuple[int, object], code: str, exit_status: int
) -> None:
    api.answer = answer
    async with HttpApi(url) as http:
        with pytest.raises(HttpApiError) as error:
            await http.show_session("joyful-hope-911")
    assert (error.value.status, error.value.code, error.value.exit_status) == (answer[0], code, exit_status)
    assert "\n" not in str(error.value)


async def test_an_address_where_nobody_answers_is_named(unused_tcp_port: int) -> None:
    async with HttpApi(f"http://127.0.0.1:{unused_tcp_port}") as http:
        with pytest.raises(UnreachableError, match=str(unused_tcp_port)):
            await http.languages()


async def test_languages_are_read(api: Api, url: str) -> None:
    english = {"code": "en", "name": "English", "nativeName": "English", "spoken": True, "voices": ["Joanna"]}
    ukrainian = {"code": "uk", "name": "Ukrainian", "nativeName": "Українська", "spoken": False, "voices": []}
    api.answer = (200, {"sourceLanguages": [english], "targetLanguages": [english, ukrainian]})
    async with HttpApi(url) as http:
        languages = await http.languages()
    assert languages.has_source("en")
    assert not languages.has_source("uk")
    assert languages.missing_targets(["uk", "xx", "en", "yy"]) == ["xx", "yy"]
    assert [(each.code, each.spoken) for each in languages.targets] == [("en", True), ("uk", False)]


@pytest.mark.parametrize(
    ("answer", "listener", "reason"),
    [
        ((404, {"code": "SESSION_NOT_FOUND", "message": "no such session"}), ("es", None), "no such session"),
        ((200, {**FACTS, "state": "ended"}), ("es", None), "has ended"),
        ((200, FACTS), ("de", None), "not translated into 'de'; it offers es, fr"),
        ((200, FACTS), ("es", None), "needs a join key"),
        ((403, {"code": "NOT_ALLOWED", "message": "the join key is wrong"}), ("es", "ключ"), "the join key is wrong"),
        ((200, FACTS), ("es", "sesame"), "status 403"),
        ((200, {**FACTS, "joinKeyRequired": False}), ("es", None), "status 403"),
    ],
)
async def test_a_refused_connection_is_explained(
    api: Api, url: str, answer: tuple[int, object], listener: tuple[str, str | None], reason: str
) -> None:
    api.answer = answer
    language, join_key = listener
    refusal = ConnectionNotAllowedError(403)
    async with HttpApi(url) as http:
        explained = await http.explain_refusal("joyful-hope-911", refusal, language=language, join_key=join_key)
    assert reason in explained
    assert api.join_keys == [None if join_key is None else quote(join_key)]


async def test_a_join_key_is_checked_with_the_session(api: Api, url: str) -> None:
    async with HttpApi(url) as http:
        await http.show_session("joyful-hope-911")
        await http.show_session("joyful-hope-911", join_key="a & ключ")
    assert api.join_keys == [None, "a%20%26%20%D0%BA%D0%BB%D1%8E%D1%87"]


def access_token(lives_s: float) -> str:
    parts = [{"alg": "RS256"}, {"sub": "u", "exp": int(time.time() + lives_s)}]
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + ".x"


def login(url: str, **account: str) -> SpeakerLogin:
    endpoints = Endpoints(
        stage="dev",
        region="eu-west-1",
        http_api_url=url,
        websocket_url="ws://x/dev",
        user_pool_id="eu-west-1_pool",
        user_pool_client_id="client",
        aws_endpoint_url=url,
        speaker_email=account.get("email"),
        speaker_password=account.get("password"),
    )
    return SpeakerLogin(endpoints)


def authenticated(token: str) -> dict[str, Any]:
    return {"AuthenticationResult": {"AccessToken": token, "ExpiresIn": 3600}}


async def test_a_login_is_used_until_it_nears_its_end(api: Api, url: str) -> None:
    token = access_token(3600)
    api.answer = (200, authenticated(token))
    account = login(url, email="speaker@example.org", password="Passw0rd!")
    assert [await account.access_token() for _ in range(3)] == [token] * 3
    assert len(api.requests) == 1
    sent = json.loads(api.requests[0][3])
    assert sent["AuthFlow"] == "USER_PASSWORD_AUTH"
    assert sent["ClientId"] == "client"
    assert sent["AuthParameters"] == {"USERNAME": "speaker@example.org", "PASSWORD": "Passw0rd!"}


async def test_a_token_that_nears_its_end_is_replaced(api: Api, url: str) -> None:
    account = login(url, email="speaker@example.org", password="Passw0rd!")
    api.answer = (200, authenticated(access_token(60)))
    await account.access_token()
    renewed = access_token(3600)
    api.answer = (200, authenticated(renewed))
    assert await account.access_token() == renewed


@pytest.mark.parametrize("code", ["NotAuthorizedException", "UserNotFoundException"])
async def test_a_wrong_account_is_refused_in_one_line(api: Api, url: str, code: str) -> None:
    api.answer = (400, {"__type": code, "message": "no"})
    with pytest.raises(LoginFailedError, match="does not accept"):
        await login(url, email="speaker@example.org", password="wrong").access_token()


async def test_a_challenge_is_not_a_login(api: Api, url: str) -> None:
    api.answer = (200, {"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "x" * 30, "ChallengeParameters": {}})
    with pytest.raises(LoginFailedError, match="NEW_PASSWORD_REQUIRED"):
        await login(url, email="speaker@example.org", password="Passw0rd!").access_token()


def test_a_stage_without_a_demo_account_needs_one() -> None:
    with pytest.raises(LoginFailedError, match="no demo account"):
        login("http://127.0.0.1:1")
