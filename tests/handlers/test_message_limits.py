"""What one connection may send, and how much sound one session, as they notice it."""

import json
import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from moto.core.exceptions import JsonRESTError
from moto.kinesis.models import KinesisBackend

from babelcast import wiring
from babelcast.domain.limits import MESSAGES, REPLAYS
from connection_handler.handler import lambda_handler
from tests import aws
from tests.aws_account import REGION
from tests.handlers.conftest import told, websocket_event

Answer = dict[str, Any]
LISTENER: Answer = {"connection": "a=", "role": "listener", "language": "es"}


def metric(name: str, output: str) -> float:
    lines = [json.loads(line) for line in output.splitlines() if '"_aws"' in line]
    return float(sum(line[name][0] for line in lines if name in line))


class HeldClock:
    """The monotonic clock of the handlers, which moves when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 1_000.0
        monkeypatch.setattr(wiring, "time", self)

    def monotonic(self) -> float:
        return self.now_s

    def time_ns(self) -> int:
        return time.time_ns()


@pytest.fixture
def clock(stage: None, monkeypatch: pytest.MonkeyPatch) -> HeldClock:
    return HeldClock(monkeypatch)


@pytest.fixture
def session_id(clock: HeldClock, create: Callable[..., str]) -> str:
    return create()


def send(route: str, session_id: str, body: object = None, *, raw: str | None = None, **who: Any) -> list[Answer]:
    """Send something; what is told in answer."""
    connection = who.get("connection", "speaker=")
    before = len(told(connection))
    answer = lambda_handler(websocket_event(route, session_id=session_id, body=body, raw=raw, **who), None)
    return [json.loads(answer["body"])] if "body" in answer else told(connection)[before:]


def chunk(session_id: str, index: int = 0, **changes: object) -> Answer:
    """Half a second."""
    return {
        "action": "audioChunk",
        "sessionId": session_id,
        "chunkIndex": index,
        "sampleOffset": index * 8_000,
        "audioData": b64encode(bytes(16_000)).decode(),
        "format": "pcm_s16le",
        "sampleRate": 16_000,
        "timestamp": 1_795_000_000_000,
        **changes,
    }


def speak(session_id: str, index: int, **who: Any) -> Answer:
    (answer,) = send("audioChunk", session_id, chunk(session_id, index), **who)
    return answer


def codes(answers: list[Answer]) -> list[str]:
    return [each["code"] for each in answers]


def test_audio_beyond_what_can_have_been_spoken_is_not_taken_and_may_come_again(
    session_id: str, clock: HeldClock, capsys: pytest.CaptureFixture[str]
) -> None:
    assert all(speak(session_id, index)["type"] == "audioAck" for index in range(120))
    refused = speak(session_id, 120)
    assert (refused["code"], refused["retryable"], refused["action"]) == ("RATE_LIMITED", True, "audioChunk")
    assert len(aws.stream_records()) == 120
    clock.now_s += 0.4
    assert speak(session_id, 120) == {"type": "audioAck", "chunkIndex": 120}
    output = capsys.readouterr().out
    assert metric("AudioChunksLimited", output) == 1
    assert metric("MessagesFailed", output) == 0, "nothing of ours has failed"


def test_chunks_that_are_not_taken_use_up_nothing(session_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise JsonRESTError("ValidationException", "out of order")

    with monkeypatch.context() as outage:
        outage.setattr(KinesisBackend, "put_record", refuse)
        assert {speak(session_id, 0)["code"] for _ in range(150)} == {"STORAGE_UNAVAILABLE"}
    assert [speak(session_id, index)["type"] for index in range(121)] == ["audioAck"] * 120 + ["error"]


def test_a_speaker_on_many_connections_may_send_no_more_sound(session_id: str, create: Callable[..., str]) -> None:
    sent = [speak(session_id, index, connection=f"{index % 10}=") for index in range(130)]
    assert [each["type"] for each in sent] == ["audioAck"] * 120 + ["error"] * 10
    assert speak(create(), 0, connection="other=")["type"] == "audioAck"


def test_a_connection_that_sends_too_much_is_told_so(session_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    beat = {"action": "heartbeat"}
    answers = [send("heartbeat", session_id, beat, **LISTENER) for _ in range(60)]
    assert answers[:40] == [[]] * 40
    (refused,) = answers[-1]
    assert (refused["code"], refused["retryable"], refused["action"]) == ("RATE_LIMITED", True, "heartbeat")
    assert codes(send("$default", session_id, raw="{", **LISTENER)) == ["RATE_LIMITED"]
    assert send("heartbeat", session_id, beat, **{**LISTENER, "connection": "b="}) == []
    assert metric("MessagesLimited", capsys.readouterr().out) == 21


REFUSED: dict[str, tuple[str | Answer, Answer, str]] = {
    "nonsense": ("{", {}, "INVALID_MESSAGE"),
    "a field of another type": ({"chunkIndex": "3"}, {}, "INVALID_MESSAGE"),
    "no base64": ({"audioData": "%%%"}, {}, "INVALID_AUDIO"),
    "too short": ({"audioData": "AAAA"}, {}, "INVALID_AUDIO"),
    "another session's": ({"sessionId": "other-room-100"}, {}, "NOT_ALLOWED"),
    "a listener's": ({}, LISTENER, "NOT_ALLOWED"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_chunks_that_are_none_to_be_heard_count_as_messages(
    session_id: str, clock: HeldClock, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    changes, who, code = REFUSED[what]
    raw = changes if isinstance(changes, str) else json.dumps(chunk(session_id, **changes))
    answers = [send("audioChunk", session_id, raw=raw, **who) for _ in range(50)]
    assert [codes(each) for each in answers] == [[code]] * 40 + [["RATE_LIMITED"]] * 10
    assert codes(send("heartbeat", session_id, {"action": "heartbeat"}, **who)) == ["RATE_LIMITED"]
    clock.now_s += 0.25
    assert codes(send("audioChunk", session_id, raw=raw, **who)) == [code]
    assert metric("MessagesLimited", capsys.readouterr().out) == 11
    assert aws.stream_records() == []


def test_chunks_to_be_heard_are_no_messages_even_if_they_come_too_fast_or_are_not_taken(session_id: str) -> None:
    for index in range(200):
        speak(session_id, index)
    boto3.client("kinesis", region_name=REGION).delete_stream(StreamName=aws.STREAM)
    beats = [send("heartbeat", session_id, {"action": "heartbeat"}) for _ in range(41)]
    assert beats[:40] == [[]] * 40
    assert codes(beats[40]) == ["RATE_LIMITED"]
    # Both buckets are empty, and sound is still told why it is not taken: it may come again.
    assert speak(session_id, 200)["retryable"]


def test_a_message_on_the_route_of_the_chunks_is_a_message(session_id: str) -> None:
    # Of two fields of one name, API Gateway may see another than we do.
    raw = '{"action":"audioChunk","action":"getSessionStatus"}'
    answers = [send("audioChunk", session_id, raw=raw, **LISTENER) for _ in range(41)]
    assert codes(answers[40]) == ["RATE_LIMITED"]
    assert all(each[0]["type"] == "sessionStatus" for each in answers[:40])


@pytest.mark.parametrize("action", ["resume", "joinSession"])
def test_what_was_missed_is_asked_for_at_a_reconnect_and_not_without_end(
    session_id: str, clock: HeldClock, action: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lambda_handler(websocket_event("$connect", session_id=session_id, **LISTENER), None)

    def ask(count: int) -> list[str]:
        answers = (
            send(action, session_id, {"action": action, "lastSequenceNumber": -1}, **LISTENER) for _ in range(count)
        )
        return [each["code"] for told in answers for each in told if each["type"] == "error"]

    assert (MESSAGES.burst, REPLAYS.burst) == (40, 20)
    assert ask(22) == ["RATE_LIMITED"] * 2
    assert metric("MessagesLimited", capsys.readouterr().out) == 2
    clock.now_s += 6
    assert ask(4) == ["RATE_LIMITED"]
    # Everything else goes on, and a new connection has a bucket of its own.
    assert send("heartbeat", session_id, {"action": "heartbeat"}, **LISTENER) == []
    again = {**LISTENER, "connection": "again="}
    joined, *_ = send("joinSession", session_id, {"action": "joinSession", "lastSequenceNumber": 3}, **again)
    assert joined["type"] == "sessionJoined"
