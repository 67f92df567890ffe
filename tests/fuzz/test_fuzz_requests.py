"""Whatever is in a request, an event or an invocation is read as it is meant or refused clearly."""

import contextlib
import json
from base64 import b64encode
from ipaddress import IPv6Address, ip_network
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from babelcast.domain.errors import BabelcastError, InvalidMessageError, UnsupportedLanguageError
from babelcast.domain.languages import LANGUAGES, LanguageOffer, language
from babelcast.domain.session import parse_session_id
from babelcast.domain.source_address import address_key
from babelcast.protocol.http_api import error_answer, read_create_session, read_user
from babelcast.protocol.notification_chunk import read_chunk, read_delivery
from babelcast.protocol.websocket_event import read_caller, read_connect_request
from tests.fuzz.answers import check_error, check_status
from tests.fuzz.campaign import fuzz
from tests.fuzz.mutations import mutated_json

LISTS = st.lists(st.sampled_from(("es", "fr", "uk", "zh-TW")), min_size=1, max_size=4)
CREATE_SESSION = st.fixed_dictionaries(
    {"sourceLanguage": st.sampled_from(("en", "es"))},
    optional={
        "targetLanguages": st.none() | LISTS,
        "joinKey": st.none() | st.text(min_size=4, max_size=64),
        "expressive": st.booleans(),
    },
)
EVENT_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
"""API Gateway's events are UTF-8: halves of characters do not occur in what it has parsed itself."""


@fuzz(cases=1_200)
@given(mutated_json(CREATE_SESSION), st.booleans())
@example('{"sourceLanguage":"en","x":' + "[" * 30_000 + "]" * 30_000 + "}", False)
@example('{"sourceLanguage":"\ud800"}', False)
@example('{"sourceLanguage":"' + "\U000e0001" * 500_000 + '"}', False)
def test_a_wish_for_a_session_is_read_or_refused(body: str, encoded: bool) -> None:
    event: dict[str, Any] = {"body": body}
    if encoded:
        event = {"body": b64encode(body.encode("utf-8", "surrogatepass")).decode(), "isBase64Encoded": True}
    try:
        wanted = read_create_session(event)
        offer = LanguageOffer.of(sources=("en",), targets=("es", "fr"))
        for each in wanted.target_languages or ():
            offer.require_target(each)
        offer.require_source(wanted.source_language)
    except BabelcastError as error:
        check_error(error)
        check_status(error_answer(error))


@fuzz(cases=200)
@given(st.text(max_size=30))
@example("/")
def test_a_body_whose_encoding_is_broken_is_refused(body: str) -> None:
    with contextlib.suppress(InvalidMessageError):
        read_create_session({"body": body, "isBase64Encoded": True})


@fuzz(cases=300)
@given(
    st.dictionaries(
        st.sampled_from(("sub", "token_use", "client_id", "username")) | EVENT_TEXT,
        st.sampled_from(("access", "id", "user-1", "")) | EVENT_TEXT,
        max_size=5,
    )
)
def test_only_access_tokens_of_somebody_name_a_user(claims: dict[str, str]) -> None:
    event = {"requestContext": {"authorizer": {"jwt": {"claims": claims}}}}
    try:
        user: str | None = read_user(event)
    except BabelcastError as error:
        check_error(error)
        user = None
    is_access = claims.get("token_use", "access") == "access"
    assert user == (claims.get("sub") if is_access else None)


@fuzz(cases=500)
@given(
    st.none()
    | st.dictionaries(
        st.sampled_from(("sessionId", "role", "targetLanguage", "token", "joinKey")) | EVENT_TEXT,
        st.sampled_from(("joyful-hope-911", "speaker", "listener", "es", "")) | EVENT_TEXT,
        max_size=7,
    ),
    EVENT_TEXT,
)
def test_a_query_asks_for_a_connection_or_is_refused(query: dict[str, str] | None, source_ip: str) -> None:
    event = {"queryStringParameters": query, "requestContext": {"identity": {"sourceIp": source_ip}}}
    try:
        request = read_connect_request(event)
    except BabelcastError as error:
        check_error(error)
    else:
        assert query is not None
        assert (request.session_id, request.role.value) == (query["sessionId"], query["role"])


CONTEXT = {
    "sessionId": "joyful-hope-911",
    "role": "listener",
    "cell": "0",
    "sourceLanguage": "en",
    "targetLanguage": "es",
    "userId": "",
}


@fuzz(cases=500)
@given(
    st.sampled_from(sorted(CONTEXT)),
    st.none() | st.sampled_from(("", "speaker", "-1", "0x1", "9" * 5_000, "١")) | EVENT_TEXT,
    st.integers(0, 2**53) | st.sampled_from(("0", "now", "")),
)
@example("cell", "9" * 5_000, 0)
def test_a_caller_is_who_the_authorizer_says_or_nobody(name: str, value: str | None, connected_at: int | str) -> None:
    context: dict[str, str] = {**CONTEXT, name: value or ""}
    if value is None:
        del context[name]
    event = {"requestContext": {"connectionId": "c=", "connectedAt": connected_at, "authorizer": context}}
    try:
        caller = read_caller(event)
    except BabelcastError as error:
        check_error(error)
    else:
        assert (caller.session_id, caller.grant.role.value) == (context["sessionId"], context["role"])


@fuzz(cases=400)
@given(
    mutated_json(
        st.fixed_dictionaries({"receivers": st.lists(st.text(max_size=5), max_size=3), "message": st.text(max_size=20)})
    ),
    mutated_json(
        st.fixed_dictionaries(
            {name: st.lists(st.text(max_size=5), max_size=3) for name in ("gone", "refused", "late", "failed")}
        )
    ),
)
@example("{}", '{"errorMessage": "Task timed out", "errorType": "Sandbox.Timedout"}')
@example("{}", "[" * 30_000)
def test_chunks_of_notifications_and_their_answers_are_read_or_refused(chunk: str, answer: str) -> None:
    with contextlib.suppress(InvalidMessageError):
        read_delivery(answer.encode("utf-8", "surrogatepass"))
    try:
        event = json.loads(chunk)
    except (ValueError, RecursionError):
        # Lambda hands on nothing that is no JSON.
        return
    with contextlib.suppress(InvalidMessageError):
        read_chunk(event)


@fuzz(cases=400)
@given(
    st.from_regex(r"[a-z]{0,13}-[a-z]{1,13}-[0-9]{2,4}\n?", fullmatch=True)
    | st.text(max_size=30)
    | st.text(alphabet="a-b1-É٣\n", max_size=12)
)
@example("joyful-hope-911\n")
@example("joyful-hope-٩١١")
def test_a_session_id_is_plain_or_refused(text: str) -> None:
    try:
        found = parse_session_id(text)
    except BabelcastError as error:
        check_error(error)
    else:
        words = found.split("-")
        assert found == text
        assert found.isascii()
        assert [len(words), words[2].isdigit(), len(words[2])] == [3, True, 3]


@fuzz(cases=300)
@given(st.sampled_from(sorted(LANGUAGES)) | st.text(max_size=8), st.sampled_from(sorted(LANGUAGES)))
def test_a_language_is_in_the_table_or_refused(code: str, other: str) -> None:
    if code in LANGUAGES:
        assert language(code).code == code
        assert LanguageOffer.of(sources=(), targets=(code,)).require_target(code) == code
    else:
        with pytest.raises(UnsupportedLanguageError):
            language(code)
    assume(code != other)
    with pytest.raises(UnsupportedLanguageError):
        LanguageOffer.of(sources=(), targets=(other,)).require_target(code)


@fuzz(cases=300)
@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1), EVENT_TEXT)
@example(IPv6Address("::ffff:192.0.2.1"), 7, "::1%eth0")
def test_an_address_has_a_key_and_a_household_has_one(address: IPv6Address, host: int, text: str) -> None:
    assert len(address_key(text)) == 32
    household = ip_network((int(address), 64), strict=False)
    neighbour = household[host]
    assume(address.ipv4_mapped is None)
    assume(neighbour.version == 6 and IPv6Address(neighbour).ipv4_mapped is None)
    assert address_key(str(address)) == address_key(neighbour.exploded) == address_key(str(neighbour).upper())
    assert address_key(str(address)) != address_key(str(address)[:-1] + "g")
