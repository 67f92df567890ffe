"""Whatever a client says is a message of the protocol or a clear refusal."""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from babelcast.domain.errors import BabelcastError
from babelcast.domain.notices import ErrorNotice
from babelcast.protocol.messages import (
    CLIENT_MESSAGES,
    MAX_MESSAGE_BYTES,
    AudioChunkMessage,
    decode_message,
    encode_notice,
    peek_action,
)
from tests.fuzz.answers import check_error, check_notice
from tests.fuzz.campaign import fuzz
from tests.fuzz.client_messages import valid_messages
from tests.fuzz.mutations import mutated_json


@fuzz(cases=500)
@given(valid_messages())
def test_what_the_protocol_allows_is_understood(message: dict[str, Any]) -> None:
    found = decode_message(json.dumps(message))
    assert type(found) is CLIENT_MESSAGES[message["action"]]
    if isinstance(found, AudioChunkMessage):
        assert found.chunk().chunk_index == message["chunkIndex"]


@fuzz(cases=3_000)
@given(mutated_json(valid_messages()))
@example('{"action":"heartbeat","x":' + "[" * 30_000 + "]" * 30_000 + "}")
@example('{"action":"playbackReport","clips":' + '[{"a":' * 15_000)
@example('{"action":"heartbeat","x":"\ud800"}')
@example('{"action":"' + "x" * (MAX_MESSAGE_BYTES - 13) + '"}')
@example('{"action":"' + "\\u0001" * 21_000 + '"}')
def test_a_message_with_something_wrong_is_understood_or_refused(text: str) -> None:
    try:
        message = decode_message(text)
        if isinstance(message, AudioChunkMessage):
            message.chunk()
    except BabelcastError as error:
        check_error(error)
        notice = encode_notice(ErrorNotice.of(error, peek_action(text)))
        check_notice(json.loads(notice), len(notice))


@fuzz(cases=500)
@given(st.text() | st.text(alphabet='{}[]",:\\ \n01e-.tfnactionu', max_size=40))
def test_any_text_is_understood_or_refused(text: str) -> None:
    peek_action(text)
    try:
        decode_message(text)
    except BabelcastError as error:
        check_error(error)
