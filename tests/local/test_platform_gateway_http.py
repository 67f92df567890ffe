"""The HTTP API: payload format 2.0, JWT authorizer against the local Cognito, CORS."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiohttp
import jwt
import pytest
import urllib3
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from local.gateway.configuration import GatewayLimits, HttpRoute, JwtAuthorizer
from local.gateway.http_routing import HttpRoutes
from local.gateway.jwt_authorizer import InsufficientScopeError, InvalidTokenError, TokenVerifier
from tests.local.gateway_processes import Functions, Gateway, functions, gateway
from tests.local.platform_processes import REGION, aws_client, running

_http = urllib3.PoolManager()
_PASSWORD = "Correct-horse-7"


@dataclass(frozen=True, kw_only=True)
class Cognito:
    """A user pool in a running AWS server, with one account."""

    url: str
    pool_id: str
    client_id: str
    other_client_id: str

    def tokens(self, client_id: str) -> Mapping[str, str]:
        answer = aws_client("cognito-idp", self.url).initiate_auth(
            ClientId=client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "a@example.com", "PASSWORD": _PASSWORD},
        )
        tokens: Mapping[str, str] = answer["AuthenticationResult"]
        return tokens


@pytest.fixture(scope="module")
def cognito(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cognito]:
    with running("local.aws_server", log=tmp_path_factory.mktemp("aws") / "server.log") as ready:
        client = aws_client("cognito-idp", ready["url"])
        pool_id = client.create_user_pool(PoolName="speakers", UsernameAttributes=["email"])["UserPool"]["Id"]
        client_ids = [
            client.create_user_pool_client(
                UserPoolId=pool_id, ClientName=name, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
            )["UserPoolClient"]["ClientId"]
            for name in ("web", "other")
        ]
        client.admin_create_user(UserPoolId=pool_id, Username="a@example.com", MessageAction="SUPPRESS")
        client.admin_set_user_password(UserPoolId=pool_id, Username="a@example.com", Password=_PASSWORD, Permanent=True)
        yield Cognito(url=ready["url"], pool_id=pool_id, client_id=client_ids[0], other_client_id=client_ids[1])


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Functions]:
    with functions(tmp_path_factory.mktemp("functions")) as running_functions:
        yield running_functions


@pytest.fixture(scope="module")
def served(behind: Functions, cognito: Cognito) -> Iterator[Gateway]:
    authorizer = JwtAuthorizer(
        issuer=f"https://cognito-idp.{REGION}.amazonaws.com/{cognito.pool_id}", audience=[cognito.client_id]
    )
    keys = f"{cognito.url}/{cognito.pool_id}/.well-known/jwks.json"
    with gateway(behind, jwks_url=keys, jwt=authorizer) as running_gateway:
        yield running_gateway


def test_an_event_in_format_2(served: Gateway) -> None:
    answer = _http.request(
        "GET",
        f"{served.http_url}/things/joyful%20hope?a=1&b=2&a=3",
        headers={"Cookie": "x=1; y=2", "X-Extra": "yes", "User-Agent": "tester"},
    )
    assert answer.status == 201
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers.getlist("set-cookie") == ["a=1", "b=2"]
    event = answer.json()
    assert (event["version"], event["routeKey"]) == ("2.0", "GET /things/{thingId}")
    assert (event["rawPath"], event["rawQueryString"]) == ("/things/joyful%20hope", "a=1&b=2&a=3")
    assert event["pathParameters"] == {"thingId": "joyful hope"}
    assert event["queryStringParameters"] == {"a": "1,3", "b": "2"}
    assert event["headers"]["x-extra"] == "yes"
    assert "cookie" not in event["headers"]
    assert event["cookies"] == ["x=1", "y=2"]
    assert event["isBase64Encoded"] is False
    assert "body" not in event
    context = event["requestContext"]
    assert context["http"] == {
        "method": "GET",
        "path": "/things/joyful%20hope",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "tester",
    }
    assert (context["stage"], context["apiId"], context["routeKey"]) == ("$default", "http", event["routeKey"])
    assert "authorizer" not in context


def test_a_function_may_return_plain_json(served: Gateway) -> None:
    answer = _http.request("GET", f"{served.http_url}/things/1?do=plain")
    assert (answer.status, answer.json()) == (200, {"plain": True})


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/nowhere", 404, "Not Found"),
        ("DELETE", "/things/1", 404, "Not Found"),
        ("GET", "/things/1/2", 404, "Not Found"),
        ("GET", "/things/1?do=raise", 500, "Internal Server Error"),
        ("GET", "/broken", 500, "Internal Server Error"),
        ("POST", "/things", 401, "Unauthorized"),
    ],
)
def test_errors(served: Gateway, method: str, path: str, status: int, message: str) -> None:
    answer = _http.request(method, f"{served.http_url}{path}")
    assert (answer.status, answer.json()) == (status, {"message": message})


def test_a_slow_function_is_given_up(behind: Functions) -> None:
    with gateway(behind, limits=GatewayLimits(http_integration_seconds=0.3)) as impatient:
        answer = _http.request("GET", f"{impatient.http_url}/things/1?do=sleep")
    assert (answer.status, answer.json()) == (503, {"message": "Service Unavailable"})


@pytest.mark.parametrize("scheme", ["Bearer ", ""])
def test_a_token_of_the_user_pool_lets_in(served: Gateway, cognito: Cognito, scheme: str) -> None:
    token = cognito.tokens(cognito.client_id)["AccessToken"]
    answer = _http.request(
        "POST", f"{served.http_url}/things", body=b'{"a": "\xc3\xa4"}', headers={"Authorization": f"{scheme}{token}"}
    )
    assert answer.status == 201
    event = answer.json()
    assert event["body"] == '{"a": "ä"}'
    claims = event["requestContext"]["authorizer"]["jwt"]["claims"]
    assert claims["client_id"] == cognito.client_id
    assert claims["sub"]
    assert claims["exp"].isdigit(), "claims are text"


def test_an_id_token_is_for_the_client_by_its_audience(served: Gateway, cognito: Cognito) -> None:
    token = cognito.tokens(cognito.client_id)["IdToken"]
    answer = _http.request("POST", f"{served.http_url}/things", headers={"Authorization": token})
    assert answer.status == 201


def test_binary_bodies_arrive_as_base64(served: Gateway, cognito: Cognito) -> None:
    token = cognito.tokens(cognito.client_id)["AccessToken"]
    answer = _http.request("POST", f"{served.http_url}/things", body=b"\xff", headers={"Authorization": token})
    assert (answer.json()["body"], answer.json()["isBase64Encoded"]) == ("/w==", True)


def test_foreign_and_spoiled_tokens_are_refused(served: Gateway, cognito: Cognito) -> None:
    good = cognito.tokens(cognito.client_id)["AccessToken"]
    header, payload, signature = good.split(".")
    for token in (
        cognito.tokens(cognito.other_client_id)["AccessToken"],
        f"{header}.{payload}.{signature[:-8]}AAAAAAAA",
        f"{header}.{payload}",
        "nonsense",
        "",
    ):
        answer = _http.request("POST", f"{served.http_url}/things", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status, answer.json()) == (401, {"message": "Unauthorized"})


def test_preflights(served: Gateway) -> None:
    headers = {"Origin": "http://app", "Access-Control-Request-Method": "POST"}
    answer = _http.request("OPTIONS", f"{served.http_url}/things", headers=headers)
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "http://app"
    assert answer.headers["access-control-allow-methods"] == "GET,POST"
    assert answer.headers["access-control-allow-headers"] == "authorization,content-type"
    assert answer.headers["access-control-max-age"] == "60"

    foreign = _http.request("OPTIONS", f"{served.http_url}/things", headers={**headers, "Origin": "http://elsewhere"})
    assert foreign.status == 204
    assert not [name for name in foreign.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize(("path", "status"), [("/things/1", 201), ("/nowhere", 404)])
def test_answers_have_the_apis_cors_headers_and_not_the_functions(served: Gateway, path: str, status: int) -> None:
    answer = _http.request("GET", f"{served.http_url}{path}", headers={"Origin": "http://app"})
    assert answer.status == status
    assert answer.headers["access-control-allow-origin"] == "http://app"
    assert answer.headers["access-control-expose-headers"] == "x-extra"
    foreign = _http.request("GET", f"{served.http_url}{path}", headers={"Origin": "http://elsewhere"})
    assert "access-control-allow-origin" not in foreign.headers


# Tokens that a real user pool would not hand out


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """An issuer whose keys are published on loopback."""

    verifier: TokenVerifier
    key: RSAPrivateKey

    def token(self, *, key: RSAPrivateKey | None = None, kid: str = "k1", **claims: Any) -> str:
        now = int(time.time())
        payload = {"iss": "https://issuer", "client_id": "web", "exp": now + 60, "iat": now, **claims}
        payload = {name: value for name, value in payload.items() if value is not None}
        return jwt.encode(payload, key or self.key, algorithm="RS256", headers={"kid": kid})

    async def claims(self, token: str, *scopes: str) -> Mapping[str, Any]:
        authorizer = JwtAuthorizer(issuer="https://issuer", audience=["web", "app"])
        return await self.verifier.claims(f"Bearer {token}", authorizer=authorizer, scopes=scopes)


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    key = generate_private_key(65537, 2048)
    published = {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())), "kid": "k1"}

    async def keys(_request: web.Request) -> web.Response:
        return web.json_response({"keys": [published]})

    application = web.Application()
    application.router.add_get("/jwks.json", keys)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        port = runner.addresses[0][1]
        yield Issuer(verifier=TokenVerifier(session, f"http://127.0.0.1:{port}/jwks.json"), key=key)
    await runner.cleanup()


async def test_a_good_token(issuer: Issuer) -> None:
    assert (await issuer.claims(issuer.token(sub="me")))["sub"] == "me"
    assert await issuer.claims(issuer.token(client_id=None, aud=["x", "app"]))
    assert await issuer.claims(issuer.token(scope="read write"), "write", "admin")


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(time.time()) - 10},
        {"exp": None},
        {"nbf": int(time.time()) + 1000},
        {"iat": int(time.time()) + 1000},
        {"iss": "https://elsewhere"},
        {"iss": None},
        {"client_id": "other"},
        {"client_id": None},
        {"client_id": "web", "aud": "other"},
    ],
    ids="-".join,
)
async def test_a_bad_token(issuer: Issuer, claims: dict[str, Any]) -> None:
    with pytest.raises(InvalidTokenError):
        await issuer.claims(issuer.token(**claims))


async def test_a_token_signed_by_another_key(issuer: Issuer) -> None:
    with pytest.raises(InvalidTokenError):
        await issuer.claims(issuer.token(key=generate_private_key(65537, 2048)))
    with pytest.raises(InvalidTokenError, match="unknown key"):
        await issuer.claims(issuer.token(kid=str(uuid4())))


async def test_an_unsigned_token(issuer: Issuer) -> None:
    parts = ({"alg": "none", "kid": "k1"}, {"iss": "https://issuer", "client_id": "web", "exp": time.time() + 60})
    token = ".".join(urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    with pytest.raises(InvalidTokenError):
        await issuer.claims(f"{token}.")


async def test_missing_scopes(issuer: Issuer) -> None:
    with pytest.raises(InsufficientScopeError):
        await issuer.claims(issuer.token(scope="read"), "write")


@pytest.mark.parametrize(
    ("method", "path", "route_key", "parameters"),
    [
        ("GET", "/a/b", "GET /a/b", {}),
        ("GET", "/a/x", "GET /a/{name}", {"name": "x"}),
        ("PUT", "/a/x", "ANY /a/{name}", {"name": "x"}),
        ("GET", "/a/x/y", "GET /a/{rest+}", {"rest": "x/y"}),
        ("GET", "/a/x%2Fy", "GET /a/{name}", {"name": "x/y"}),
        ("POST", "/elsewhere", "$default", {}),
        ("GET", "/a.b", "$default", {}),
    ],
)
def test_routing(method: str, path: str, route_key: str, parameters: dict[str, str]) -> None:
    keys = ("GET /a/{rest+}", "ANY /a/{name}", "$default", "GET /a/{name}", "GET /a/b", "GET /axb")
    routes = HttpRoutes([HttpRoute(route_key=key, function="f") for key in keys])
    match = routes.match(method, path)
    assert match is not None
    assert (match.route.route_key, match.path_parameters) == (route_key, parameters)


def test_no_route() -> None:
    assert HttpRoutes([HttpRoute(route_key="GET /a", function="f")]).match("POST", "/a") is None
