"""The golden files hold what goes over the wire; apps in other languages are tested against the same files."""

import contextlib
import json
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy import float64

from babelcast.domain.errors import BabelcastError, InvalidMessageError, PayloadTooLargeError
from babelcast.domain.notices import Notice, QualityWarning
from babelcast.domain.session import SessionId
from babelcast.domain.sound_issue import Finding, SoundIssue
from babelcast.protocol.audio_record import decode_record, encode_record
from babelcast.protocol.messages import (
    CLIENT_MESSAGES,
    MAX_MESSAGE_BYTES,
    AudioChunkMessage,
    decode_message,
    encode_notice,
    peek_action,
)
from tests.contracts.examples import NOTICES, RECORDS

HERE = Path(__file__).parent
CLIENT = json.loads((HERE / "client_messages.json").read_text())
SERVER = json.loads((HERE / "server_messages.json").read_text())
GOLDEN_RECORDS = json.loads((HERE / "audio_records.json").read_text())


@pytest.mark.parametrize("name", NOTICES)
def test_notices_are_written_as_the_golden_file_says(name: str) -> None:
    assert json.loads(encode_notice(NOTICES[name])) == SERVER[name]


def test_every_kind_of_notice_has_a_golden_message() -> None:

    assert {type(each) for each in NOTICES.values()} == set(get_args(Notice))


def test_everything_that_can_be_wrong_with_the_sound_has_a_golden_message() -> None:
    warnings = [each for each in NOTICES.values() if isinstance(each, QualityWarning) and not each.resolved]
    assert {each.issue for each in warnings} == set(SoundIssue)
    assert all(each.advice for each in warnings)


def test_a_value_is_told_as_it_was_measured_whatever_kind_of_float_it_is() -> None:
    finding = Finding(issue=SoundIssue.LOW_SNR, value=float64(7.349), resolved=False)
    told = json.loads(encode_notice(QualityWarning.of(SessionId("joyful-hope-911"), finding)))
    assert told["value"] == 7.3


@pytest.mark.parametrize("name", CLIENT["valid"])
def test_client_messages_are_understood(name: str) -> None:
    message = CLIENT["valid"][name]
    assert isinstance(decode_message(json.dumps(message)), CLIENT_MESSAGES[message["action"]])


def test_every_action_has_a_golden_message() -> None:
    assert {each["action"] for each in CLIENT["valid"].values()} == set(CLIENT_MESSAGES)


@pytest.mark.parametrize("case", CLIENT["refused"], ids=lambda case: case["text"][:60] or "empty")
def test_malformed_messages_are_refused_with_their_code(case: dict[str, str]) -> None:
    with pytest.raises(BabelcastError) as refusal:
        _understand(case["text"])
    assert refusal.value.code == case["code"]


def _understand(text: str) -> None:
    message = decode_message(text)
    assert isinstance(message, AudioChunkMessage)
    message.chunk()


def test_a_refusal_does_not_repeat_what_was_said() -> None:
    with pytest.raises(InvalidMessageError) as refusal:
        decode_message('{"action": "changeLanguage", "targetLanguage": ["very private words"]}')
    assert "private" not in refusal.value.message


def test_a_message_over_the_limit_is_refused() -> None:
    with pytest.raises(PayloadTooLargeError):
        decode_message(" " * (MAX_MESSAGE_BYTES + 1))


def test_the_refused_action_can_be_named() -> None:
    assert peek_action('{"action": "dance"}') == "dance"
    assert peek_action("nonsense") is None


def test_audio_arrives_as_it_was_sent() -> None:
    message = decode_message(json.dumps(CLIENT["valid"]["audioChunk"]))
    assert isinstance(message, AudioChunkMessage)
    chunk = message.chunk()
    assert (chunk.chunk_index, chunk.sample_offset, chunk.samples) == (7, 28_000, 320)
    assert chunk.pcm[:4] == bytes([0, 1, 2, 3])


@pytest.mark.parametrize("name", RECORDS)
def test_records_are_the_golden_bytes_both_ways(name: str) -> None:
    golden = bytes.fromhex(GOLDEN_RECORDS[name])
    assert encode_record(RECORDS[name]) == golden
    assert decode_record(golden) == RECORDS[name]


@given(st.binary(max_size=64))
def test_any_bytes_are_a_record_or_a_clear_refusal(data: bytes) -> None:
    with contextlib.suppress(BabelcastError):
        assert encode_record(decode_record(data)) == data


@given(st.text(max_size=200))
def test_any_text_is_a_message_or_a_clear_refusal(text: str) -> None:
    with contextlib.suppress(BabelcastError):
        decode_message(text)
