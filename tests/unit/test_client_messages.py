"""The clients' reading of the protocol, against the golden messages and the server's own parser."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babelcast.domain.seat import seat_key
from babelcast.protocol import messages as server
from local.client import messages as client
from local.client.errors import MalformedMessageError
from local.client.server_clock import clock_offset_ms

GOLDEN: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "contracts" / "server_messages.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", GOLDEN)
def test_every_golden_message_is_read_with_all_its_values(name: str) -> None:
    golden = GOLDEN[name]
    message = client.parse_message(json.dumps(golden))
    assert message is not None
    kind = type(message).__name__
    assert {"error": "ServerError"}.get(golden["type"], golden["type"]).lower() == kind.lower()
    for field in message.__dataclass_fields__:
        first, *rest = field.split("_")
        assert getattr(message, field) == golden[first + "".join(word.capitalize() for word in rest)]


def test_the_gateways_own_internal_error_may_be_tried_again() -> None:
    answer = {"message": "Internal server error", "connectionId": "abc=", "requestId": "xyz="}
    message = client.parse_message(json.dumps(answer))
    assert isinstance(message, client.ServerError)
    assert (message.code, message.retryable, message.action) == ("INTERNAL", True, None)


def test_an_unknown_type_is_ignored() -> None:
    assert client.parse_message('{"type": "confetti", "colour": "green"}') is None


def test_unknown_fields_are_ignored() -> None:
    assert client.parse_message('{"type": "audioAck", "chunkIndex": 4, "new": []}') == client.AudioAck(chunk_index=4)


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "[]", "{}", '{"type": "audioAck"}', '{"type": "audioAck", "chunkIndex": true}',
     '{"type": "audioAck", "chunkIndex": "4"}', '{"type": "sessionEnded", "reason": 3}', '{"message": "why"}'],
)  # fmt: skip
def test_what_is_not_of_the_protocol_is_told_apart(text: str) -> None:
    with pytest.raises(MalformedMessageError):
        client.parse_message(text)


def test_a_warning_about_the_sound_is_read() -> None:
    wrong = {"type": "qualityWarning", "issue": "clipping", "value": 0.4, "advice": "step back"}
    warning = client.QualityWarning(issue="clipping", value=0.4, advice="step back", resolved=False)
    assert client.parse_message(json.dumps(wrong)) == warning
    assert client.parse_message(json.dumps({**wrong, "resolved": True})) == replace(warning, resolved=True)
    with pytest.raises(MalformedMessageError):
        client.parse_message(json.dumps({**wrong, "resolved": "yes"}))


@given(st.binary(min_size=640, max_size=16_000).filter(lambda pcm: len(pcm) % 2 == 0), st.integers(0, 10_000))
def test_the_server_understands_a_chunk_as_it_was_captured(pcm: bytes, index: int) -> None:
    chunk = client.AudioChunk(index=index, sample_offset=index * 4_000, pcm=pcm, captured_at_ms=1_795_000_000_123)
    message = server.decode_message(client.write_audio_chunk("joyful-hope-911", chunk))
    assert isinstance(message, server.AudioChunkMessage)
    understood = message.chunk()
    assert (understood.chunk_index, understood.sample_offset, understood.pcm) == (index, index * 4_000, pcm)
    assert understood.captured_at_ms == 1_795_000_000_123


def test_the_server_understands_joining_and_asking_again() -> None:
    first = server.decode_message(client.write_join(None))
    again = server.decode_message(client.write_join(-1, seat="q3v0Zb-7yNn1u_5kXo2LrA"))
    hole = server.decode_message(client.write_action("resume", lastSequenceNumber=11))
    assert isinstance(first, server.JoinSession)
    assert first.last_sequence_number is None
    assert first.seat_key() is None
    assert isinstance(again, server.JoinSession)
    assert again.last_sequence_number == -1
    assert again.seat_key() == seat_key("q3v0Zb-7yNn1u_5kXo2LrA")
    assert isinstance(hole, server.Resume)
    assert hole.last_sequence_number == 11


PLAIN_ACTIONS = "pauseBroadcast resumeBroadcast muteBroadcast unmuteBroadcast endSession getSessionStatus heartbeat"


@pytest.mark.parametrize("action", PLAIN_ACTIONS.split())
def test_the_server_understands_plain_actions(action: str) -> None:
    assert action == server.decode_message(client.write_action(action)).ACTION


def test_the_server_understands_a_playback_report() -> None:
    received_at = 1_795_000_000_000
    played = client.ClipReport(
        sequence_number=3,
        received_at=received_at,
        played_at=received_at + 200,
        download_ms=45,
        delay_ms=2_400,
        failed=False,
        skipped=False,
    )
    failed = client.ClipReport(
        sequence_number=4,
        received_at=received_at,
        played_at=None,
        download_ms=None,
        delay_ms=None,
        failed=True,
        skipped=False,
    )
    report = server.decode_message(client.write_playback_report([played, failed]))
    assert isinstance(report, server.PlaybackReport)
    assert [(clip.sequence_number, clip.download_ms, clip.delay_ms, clip.failed) for clip in report.clips] == [
        (3, 45, 2_400, False),
        (4, None, None, True),
    ]


@pytest.mark.parametrize(
    ("server_time", "offset"),
    [(1_000, 0), (1_500, 0), (3_000, 0), (3_001, 1), (63_000, 60_000), (999, -1), (0, -1_000)],
)
def test_clocks_differ_only_by_what_is_proven(server_time: int, offset: int) -> None:
    assert clock_offset_ms(server_time_ms=server_time, asked_at_ms=1_000, answered_at_ms=3_000) == offset
