"""Which tokens are believed, and what it costs to find out."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from babelcast.adapters.cognito import CognitoTokenVerifier
from babelcast.domain.errors import NotAuthenticatedError, StorageUnavailableError

ISSUER = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_pool"
CLIENT = "speakers"


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    """One key pair for each name."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Pool:
    """Publishes keys, counts who looks, and can be out of order."""

    def __init__(self) -> None:
        self.published = ["first"]
        self.status = 200
        self.looks = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Jwks, self))
        self.url = f"http://127.0.0.1:{self._server.server_port}/.well-known/jwks.json"
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def document(self) -> bytes:
        keys = [
            {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key(name).public_key())), "kid": name, "alg": "RS256"}
            for name in self.published
        ]
        return json.dumps({"keys": keys}).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Jwks(BaseHTTPRequestHandler):
    def __init__(self, pool: Pool, *arguments: Any) -> None:
        self._pool = pool
        super().__init__(*arguments)

    def do_GET(self) -> None:
        self._pool.looks += 1
        self.send_response(self._pool.status)
        self.end_headers()
        self.wfile.write(self._pool.document())

    def log_message(self, *_: Any) -> None:
        return


class Verifier:
    """The verifier under test with a clock for the age of its keys."""

    def __init__(self, pool: Pool) -> None:
        self.now_s = 5_000.0
        self._verifier = CognitoTokenVerifier(
            issuer=ISSUER, client_id=CLIENT, jwks_url=pool.url, monotonic_s=lambda: self.now_s
        )

    async def accepts(self, token: str) -> bool:
        try:
            user_id = await self._verifier.verify(token)
        except NotAuthenticatedError:
            return False
        assert user_id == "ada", "a token of nobody's was accepted"
        return True


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool()
    yield pool
    pool.close()


@pytest.fixture
def verifier(pool: Pool) -> Verifier:
    return Verifier(pool)


def claims(**changes: object) -> dict[str, object]:
    """Of a good token, with changes; times are seconds from now, and None leaves a claim out."""
    now = int(time.time())
    given = {
        "sub": "ada", "iss": ISSUER, "client_id": CLIENT, "token_use": "access", "iat": 0, "exp": 3600, **changes,
    }  # fmt: skip
    return {
        name: now + value if name in ("iat", "exp", "nbf") and isinstance(value, int) else value
        for name, value in given.items()
        if value is not None
    }


def token(signed_by: str = "first", *, kid: str | None = None, **changes: object) -> str:
    return jwt.encode(claims(**changes), key(signed_by), algorithm="RS256", headers={"kid": kid or signed_by})


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def handmade(header: dict[str, str], secret: bytes | None) -> str:
    """A token that no library would make: its header says how it is to be verified."""
    parts = [_base64url(json.dumps(part).encode()) for part in (header, claims())]
    signature = hmac.digest(secret, ".".join(parts).encode(), hashlib.sha256) if secret is not None else b""
    return ".".join([*parts, _base64url(signature)])


async def test_a_good_token_is_believed_and_the_keys_are_fetched_once(verifier: Verifier, pool: Pool) -> None:
    assert all([await verifier.accepts(token()) for _ in range(5)])
    assert pool.looks == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://elsewhere.example"},
        {"client_id": "another-application"},
        {"token_use": "id"},
        {"sub": ""},
        *({name: None} for name in ("sub", "iss", "client_id", "token_use", "iat", "exp")),
        {"exp": -65},
        {"iat": 65},
        {"nbf": 65},
    ],
    ids=str,
)
async def test_a_token_of_others_or_of_another_time_is_not(verifier: Verifier, changes: dict[str, Any]) -> None:
    assert await verifier.accepts(token())
    assert not await verifier.accepts(token(**changes))


@pytest.mark.parametrize("changes", [{"exp": -50}, {"iat": 50}, {"nbf": 50}], ids=str)
async def test_clocks_may_differ_by_a_minute(verifier: Verifier, changes: dict[str, Any]) -> None:
    assert await verifier.accepts(token(**changes))


async def test_a_signature_by_another_key_under_a_known_name_is_refused(verifier: Verifier) -> None:
    assert not await verifier.accepts(token("forger", kid="first"))
    assert not await verifier.accepts(token()[:-8] + "AAAAAAAA")
    assert not await verifier.accepts("nonsense")


async def test_a_token_does_not_choose_how_it_is_verified(verifier: Verifier, pool: Pool) -> None:
    public = key("first").public_key()
    secrets = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        pool.document(),
        b"",
    ]
    for secret in secrets:
        assert not await verifier.accepts(handmade({"alg": "HS256", "typ": "JWT", "kid": "first"}, secret))
    for algorithm in ("none", "None", "NONE", ""):
        assert not await verifier.accepts(handmade({"alg": algorithm, "typ": "JWT", "kid": "first"}, None))
    rs512 = jwt.encode(claims(), key("first"), algorithm="RS512", headers={"kid": "first"})
    assert not await verifier.accepts(rs512)
    assert pool.looks == 0, "such tokens are not even looked into"


async def test_a_rotated_key_is_found_within_a_minute(verifier: Verifier, pool: Pool) -> None:
    assert await verifier.accepts(token())
    pool.published = ["first", "second"]
    verifier.now_s += 60
    assert await verifier.accepts(token("second"))
    assert await verifier.accepts(token())
    assert pool.looks == 2


async def test_made_up_keys_cost_one_look_a_minute(verifier: Verifier, pool: Pool) -> None:
    assert await verifier.accepts(token())
    for number in range(30):
        verifier.now_s += 6
        assert not await verifier.accepts(token("forger", kid=f"made-up-{number}"))
    assert pool.looks == 1 + 3
    assert await verifier.accepts(token())


async def test_a_withdrawn_key_is_forgotten(verifier: Verifier, pool: Pool) -> None:
    assert await verifier.accepts(token())
    pool.published = ["second"]
    verifier.now_s += 3600
    assert not await verifier.accepts(token())


async def test_while_the_pool_is_away_known_keys_are_good_and_others_undecided(verifier: Verifier, pool: Pool) -> None:
    pool.status = 503
    with pytest.raises(StorageUnavailableError):
        await verifier.accepts(token())
    pool.status = 200
    verifier.now_s += 2
    assert await verifier.accepts(token())
    pool.status = 503
    for _ in range(3):
        verifier.now_s += 3600
        assert await verifier.accepts(token())
    with pytest.raises(StorageUnavailableError):
        await verifier.accepts(token("second"))
    pool.status, pool.published = 200, ["second"]
    verifier.now_s += 60
    assert await verifier.accepts(token("second"))
