"""Whoever asks to be let in gets a policy or is unauthorized; nothing they send breaks the door."""

import itertools
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from authorizer.handler import lambda_handler
from tests import aws
from tests.aws_account import REGION
from tests.fuzz.answers import CODES
from tests.fuzz.campaign import fuzz
from tests.fuzz.mutations import mutated_json
from tests.fuzz.test_fuzz_requests import EVENT_TEXT
from tests.handlers.conftest import CLIENT_ID, ISSUER, Keys, authorizer_event

KNOWN = "this-session"
GOOD_TOKEN = "good"
"""These stand for what the strategies do not know."""

HEADER = st.fixed_dictionaries({"alg": st.sampled_from(("RS256", "HS256", "none")), "kid": st.just("pool-key")})
CLAIMS = st.fixed_dictionaries(
    {
        "sub": st.just("user-1"),
        "iss": st.just(ISSUER),
        "client_id": st.just(CLIENT_ID),
        "token_use": st.just("access"),
        "exp": st.just(2_000_000_000),
        "iat": st.just(1),
    }
)

_numbers = itertools.count()


def encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).rstrip(b"=").decode()


@st.composite
def made_up_tokens(draw: st.DrawFn) -> str:
    """Tokens with something wrong in their header or claims; what signs them is not the pool's key."""
    header = draw(mutated_json(HEADER) | HEADER.map(json.dumps))
    claims = draw(mutated_json(CLAIMS) | CLAIMS.map(json.dumps))
    signature = draw(st.sampled_from(("", "AAAA", "A" * 342, "é", "=")))
    dots = draw(st.sampled_from((".", ".", ".", "", "..")))
    return dots.join((encoded(header), encoded(claims), signature))


@pytest.fixture
def session_id(stage: None, create: Callable[..., str]) -> str:
    return create("user-1", joinKey="open-sesame")


def answer_to(session_id: str, keys: Keys, query: dict[str, str]) -> str:
    """The effect of the policy, or that the asker is unauthorized."""
    known = {KNOWN: session_id, GOOD_TOKEN: keys.token("user-1")}
    asked = {name: known.get(value, value) for name, value in query.items()}
    event = authorizer_event(source_ip=f"2001:db8:{next(_numbers):x}::1", **asked)
    try:
        answer = lambda_handler(event, None)
    except Exception as error:
        # API Gateway answers 401 to this text, and 500 to any other.
        if str(error) == "Unauthorized":
            return "Unauthorized"
        raise
    effect = str(answer["policyDocument"]["Statement"][0]["Effect"])
    context = answer["context"]
    assert all(isinstance(value, str) for value in context.values())
    if effect == "Deny":
        assert context["code"] in CODES - {"INTERNAL", "RATE_LIMITED"}
    return effect


def rest(session_id: str) -> None:
    """What the speaker's own attempts have used up comes back."""
    table = boto3.resource("dynamodb", region_name=REGION).Table(aws.LIMITS)
    table.delete_item(Key={"limitKey": "speaker-joins#user-1"})


@fuzz(cases=300)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "sessionId": st.sampled_from((KNOWN, KNOWN, "happy-cloud-999", "\0")) | EVENT_TEXT,
            "role": st.sampled_from(("speaker", "listener", "SPEAKER", "admin", "")),
            "token": st.just(GOOD_TOKEN) | made_up_tokens() | EVENT_TEXT,
            "targetLanguage": st.sampled_from(("es", "es", "ES", "en", "")) | EVENT_TEXT,
            "joinKey": st.sampled_from(("open-sesame", "open-sesame ", "")) | EVENT_TEXT,
            "methodArn": EVENT_TEXT,
        },
    )
)
def test_every_query_is_answered(session_id: str, keys: Keys, query: dict[str, str]) -> None:
    rest(session_id)
    effect = answer_to(session_id, keys, query)
    if effect == "Allow":
        assert query["sessionId"] == KNOWN
        speaker = query["role"] == "speaker" and query["token"] == GOOD_TOKEN
        listener = (query["role"], query.get("targetLanguage"), query.get("joinKey")) == (
            "listener",
            "es",
            "open-sesame",
        )
        assert speaker or listener


@fuzz(cases=300)
@given(made_up_tokens())
@example(".".join((encoded("[" * 5_000), encoded("{}"), "AAAA")))
@example(".".join((encoded('{"alg":"RS256","kid":"pool-key"}'), encoded('{"a":' * 5_000), "AAAA")))
def test_no_made_up_token_is_let_in_or_breaks_anything(session_id: str, keys: Keys, token: str) -> None:
    query = {"sessionId": KNOWN, "role": "speaker", "token": token}
    assert answer_to(session_id, keys, query) == "Unauthorized"


@fuzz(cases=100)
@given(mutated_json(CLAIMS))
def test_whatever_the_pool_signs_is_answered(session_id: str, keys: Keys, claims: str) -> None:
    try:
        found: Any = json.loads(claims)
    except (ValueError, RecursionError):
        return
    if not isinstance(found, dict):
        return
    try:
        token = keys.token(**found)
    except TypeError:
        # Not even the pool could sign that.
        return
    rest(session_id)
    query = {"sessionId": KNOWN, "role": "speaker", "token": token}
    if answer_to(session_id, keys, query) == "Allow":
        assert found.get("sub", "user-1") == "user-1"
        assert (found.get("iss", ISSUER), found.get("token_use", "access")) == (ISSUER, "access")
