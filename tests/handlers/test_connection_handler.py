"""What clients may say and what comes of it."""

import json
import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from babelcast.domain.audio import AudioChunk
from babelcast.domain.stream_record import Control, ControlKind
from babelcast.protocol.audio_record import decode_record
from connection_handler.handler import lambda_handler
from disconnect_handler.handler import lambda_handler as disconnect
from tests import aws
from tests.aws_account import REGION
from tests.connections_server import ConnectionsServer
from tests.handlers.conftest import told, websocket_event

Message = dict[str, Any]


@pytest.fixture
def session_id(create: Callable[..., str]) -> str:
    return create("user-1")


def connect(session_id: str, **who: Any) -> None:
    assert lambda_handler(websocket_event("$connect", session_id=session_id, **who), None) == {"statusCode": 200}


def listen(session_id: str, connection: str = "listener=", language: str = "es") -> None:
    connect(session_id, connection=connection, role="listener", language=language)


def say(session_id: str, body: object = None, *, route: str | None = None, **who: Any) -> Message | None:
    """Send a message; the answer, however it comes."""
    action = route or (body["action"] if isinstance(body, dict) else "$default")
    connection = who.get("connection", "speaker=")
    before = len(told(connection))
    answer = lambda_handler(websocket_event(action, session_id=session_id, body=body, **who), None)
    assert answer["statusCode"] == 200
    if "body" in answer:
        message: Message = json.loads(answer["body"])
        return message
    after = told(connection)[before:]
    return after[0] if after else None


def audio_chunk(session_id: str, **changes: object) -> Message:
    return {
        "action": "audioChunk",
        "sessionId": session_id,
        "chunkIndex": 3,
        "sampleOffset": 12_000,
        "audioData": b64encode(b"\x01\x00" * 4000).decode(),
        "format": "pcm_s16le",
        "sampleRate": 16_000,
        "timestamp": 1_795_000_000_000,
        **changes,
    }


def test_a_chunk_is_acknowledged_once_it_is_in_the_stream(session_id: str) -> None:
    assert say(session_id, audio_chunk(session_id)) == {"type": "audioAck", "chunkIndex": 3}
    (record,) = aws.stream_records()
    assert record["PartitionKey"] == session_id
    assert decode_record(record["Data"]) == AudioChunk(
        chunk_index=3, sample_offset=12_000, captured_at_ms=1_795_000_000_000, pcm=b"\x01\x00" * 4000
    )


def test_the_way_of_audio_touches_no_table(session_id: str) -> None:
    dynamodb = boto3.client("dynamodb", region_name=REGION)
    for name in (aws.SESSIONS, aws.CONNECTIONS, aws.SEGMENTS):
        dynamodb.delete_table(TableName=name)
    answer = say(session_id, audio_chunk(session_id))
    assert answer is not None
    assert answer["type"] == "audioAck"


def test_a_chunk_the_stream_does_not_take_is_not_acknowledged(session_id: str) -> None:
    boto3.client("kinesis", region_name=REGION).delete_stream(StreamName=aws.STREAM)
    answer = say(session_id, audio_chunk(session_id))
    assert answer is not None
    assert (answer["type"], answer["code"], answer["retryable"]) == ("error", "STORAGE_UNAVAILABLE", True)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"audioData": "AAAA"}, "INVALID_AUDIO"),
        ({"audioData": b64encode(bytes(2 * 319)).decode()}, "INVALID_AUDIO"),
        ({"audioData": b64encode(bytes(2 * 8_001)).decode()}, "INVALID_AUDIO"),
        ({"sampleRate": 48_000}, "INVALID_AUDIO"),
        ({"chunkIndex": "3"}, "INVALID_MESSAGE"),
        ({"sessionId": "other-room-100"}, "NOT_ALLOWED"),
    ],
)
def test_bad_audio_is_refused_and_the_connection_stays(session_id: str, changes: Message, code: str) -> None:
    answer = say(session_id, audio_chunk(session_id, **changes))
    assert answer is not None
    assert (answer["type"], answer["code"], answer["action"]) == ("error", code, "audioChunk")
    assert aws.stream_records() == []


def test_a_listener_cannot_speak(session_id: str) -> None:
    listen(session_id)
    who: Message = {"connection": "listener=", "role": "listener", "language": "es"}
    for body in (
        audio_chunk(session_id),
        {"action": "pauseBroadcast"},
        {"action": "endSession"},
        {"action": "setVolume", "volume": 0.1},
    ):
        answer = say(session_id, body, **who)
        assert answer is not None
        assert (answer["code"], answer["action"]) == ("NOT_ALLOWED", body["action"])
    assert aws.stream_records() == []


def test_a_speaker_cannot_listen(session_id: str) -> None:
    connect(session_id)
    for body in (
        {"action": "changeLanguage", "targetLanguage": "es"},
        {"action": "pausePlayback"},
        {"action": "resume", "lastSequenceNumber": 0},
    ):
        answer = say(session_id, body)
        assert answer is not None
        assert answer["code"] == "NOT_ALLOWED"


@pytest.mark.parametrize(
    ("raw", "code"), [("hello", "INVALID_MESSAGE"), ('{"action":"dance"}', "UNKNOWN_ACTION"), ("", "INVALID_MESSAGE")]
)
def test_what_nobody_understands_is_answered_with_an_error(session_id: str, raw: str, code: str) -> None:
    answer = lambda_handler(websocket_event("$default", session_id=session_id, raw=raw), None)
    assert json.loads(answer["body"])["code"] == code


def test_joining_tells_where_things_stand(session_id: str) -> None:
    listen(session_id)
    answer = say(session_id, {"action": "joinSession"}, connection="listener=", role="listener", language="es")
    assert answer is not None
    assert answer["type"] == "sessionJoined"
    assert (answer["role"], answer["targetLanguage"], answer["state"]) == ("listener", "es", "live")
    assert answer["nextSequenceNumber"] == 0
    assert answer["nextSampleOffset"] is None
    assert answer["connectionExpiresAt"] - answer["serverTime"] == pytest.approx(7_200_000, abs=60_000)


def test_a_speaker_who_starts_anew_goes_on_behind_everything_said_before(session_id: str) -> None:
    connect(session_id)
    first = say(session_id, {"action": "joinSession"})
    assert first is not None
    assert first["nextSampleOffset"] == 0
    table = boto3.resource("dynamodb", region_name=REGION).Table(aws.SESSIONS)
    table.update_item(
        Key={"sessionId": session_id},
        UpdateExpression="SET createdAt = createdAt - :minute, #cursor.committedSample = :sample",
        ExpressionAttributeNames={"#cursor": "cursor"},
        ExpressionAttributeValues={":minute": 60_000, ":sample": 16_000},
    )
    again = say(session_id, {"action": "joinSession"})
    assert again is not None
    assert 60 * 16_000 <= again["nextSampleOffset"] < 120 * 16_000


def test_joining_again_changes_nothing(session_id: str) -> None:
    listen(session_id)
    for _ in range(2):
        say(session_id, {"action": "joinSession"}, connection="listener=", role="listener", language="es")
    status = say(session_id, {"action": "getSessionStatus"})
    assert status is not None
    assert status["listenersByLanguage"] == {"es": 1}


def test_the_speaker_learns_of_listeners(session_id: str) -> None:
    connect(session_id)
    listen(session_id)
    say(session_id, {"action": "joinSession"}, connection="listener=", role="listener", language="es")
    (status,) = [each for each in told("speaker=") if each["type"] == "sessionStatus"]
    assert (status["listenerCount"], status["listenersByLanguage"]) == (1, {"es": 1})


def test_controls_change_the_state_tell_everybody_and_lie_in_the_stream(session_id: str) -> None:
    connect(session_id)
    listen(session_id)
    for action, state in (
        ("pauseBroadcast", "paused"),
        ("resumeBroadcast", "live"),
        ("muteBroadcast", "muted"),
        ("unmuteBroadcast", "live"),
    ):
        say(session_id, {"action": action})
        assert told("listener=")[-1] == told("speaker=")[-1]
        assert (told("listener=")[-1]["type"], told("listener=")[-1]["state"]) == ("broadcastState", state)
    payloads = [decode_record(each["Data"]) for each in aws.stream_records()]
    assert [each.kind for each in payloads if isinstance(each, Control)] == [
        ControlKind.PAUSE,
        ControlKind.RESUME,
        ControlKind.PAUSE,
        ControlKind.RESUME,
    ]


def test_a_control_that_does_not_fit_is_refused(session_id: str) -> None:
    say(session_id, {"action": "muteBroadcast"})
    answer = say(session_id, {"action": "resumeBroadcast"})
    assert answer is not None
    assert answer["code"] == "NOT_ALLOWED"


def test_the_volume_reaches_the_listeners(session_id: str) -> None:
    listen(session_id)
    say(session_id, {"action": "setVolume", "volume": 0.4})
    assert told("listener=")[-1]["volume"] == 0.4


def test_the_end_is_a_record_and_comes_once(session_id: str) -> None:
    connect(session_id)
    assert say(session_id, {"action": "endSession"}) is None
    answer = say(session_id, {"action": "endSession"})
    assert answer is not None
    assert answer["code"] == "SESSION_ENDED"
    (record,) = aws.stream_records()
    assert decode_record(record["Data"]).kind is ControlKind.END  # type: ignore[union-attr]


def test_a_listener_changes_language_and_rests(session_id: str) -> None:
    listen(session_id)
    who: Message = {"connection": "listener=", "role": "listener", "language": "es"}
    say(session_id, {"action": "changeLanguage", "targetLanguage": "fr"}, **who)
    say(session_id, {"action": "pausePlayback"}, **who)
    table = boto3.resource("dynamodb", region_name=REGION).Table(aws.CONNECTIONS)
    item = table.get_item(Key={"connectionId": "listener="})["Item"]
    assert (item["targetLanguage"], item["listening"]) == ("fr", False)
    say(session_id, {"action": "resumePlayback"}, **who)
    assert table.get_item(Key={"connectionId": "listener="})["Item"]["listening"] is True
    refused = say(session_id, {"action": "changeLanguage", "targetLanguage": "tlh"}, **who)
    assert refused is not None
    assert refused["code"] == "UNSUPPORTED_LANGUAGE"


def test_a_heartbeat_is_quiet_until_the_connection_grows_old(session_id: str) -> None:
    assert say(session_id, {"action": "heartbeat"}) is None
    old = int(time.time() * 1000) - 111 * 60_000
    answer = say(session_id, {"action": "heartbeat"}, connected_at=old)
    assert answer == {"type": "connectionRefreshRequired", "expiresAt": old + 7_200_000}


def test_a_hole_is_filled_with_fresh_urls(session_id: str) -> None:
    listen(session_id)
    table = boto3.resource("dynamodb", region_name=REGION).Table(aws.SEGMENTS)
    for number in range(3):
        key = f"sessions/{session_id}/translated/es/{number:08d}.mp3"
        languages = {"es": {"text": f"texto {number}", "clipKey": key, "duration": 1, "translated": True}}
        table.put_item(
            Item={
                "sessionId": session_id,
                "segment": number,
                "sourceText": f"text {number}",
                "startSample": 0,
                "endSample": 16_000,
                "spokenAt": 4,
                "committedAt": 5,
                "delivered": True,
                "languages": languages,
                "expiresAt": 2_000_000_000,
            }
        )
    who: Message = {"connection": "listener=", "role": "listener", "language": "es"}
    say(session_id, {"action": "resume", "lastSequenceNumber": 0}, **who)
    missed = sorted(told("listener="), key=lambda each: each["sequenceNumber"])
    assert [(each["sequenceNumber"], each["text"], each["replayed"]) for each in missed] == [
        (1, "texto 1", True),
        (2, "texto 2", True),
    ]
    assert "X-Amz-Expires=600" in missed[0]["url"]
    say(session_id, {"action": "joinSession", "lastSequenceNumber": 1}, **who)
    assert [each["type"] for each in told("listener=")[2:]] == ["sessionJoined", "translatedAudio"]


def test_somebody_who_comes_late_reads_what_was_just_said(session_id: str) -> None:
    test_a_hole_is_filled_with_fresh_urls(session_id)
    table = boto3.resource("dynamodb", region_name=REGION).Table(aws.SESSIONS)
    table.update_item(
        Key={"sessionId": session_id},
        UpdateExpression="SET #cursor.nextSegment = :three",
        ExpressionAttributeNames={"#cursor": "cursor"},
        ExpressionAttributeValues={":three": 3},
    )
    listen(session_id, "late=")
    say(session_id, {"action": "joinSession"}, connection="late=", role="listener", language="es")
    joined, *captions = told("late=")
    assert joined["nextSequenceNumber"] == 3
    assert [(each["type"], each["text"], each["sequenceNumber"]) for each in captions] == [
        ("transcription", f"text {number}", number) for number in range(3)
    ]


def test_a_language_nobody_heard_at_the_time_is_replayed_as_untranslated_text(session_id: str) -> None:
    test_a_hole_is_filled_with_fresh_urls(session_id)
    listen(session_id, "french=", "fr")
    say(
        session_id,
        {"action": "resume", "lastSequenceNumber": 1},
        connection="french=",
        role="listener",
        language="fr",
    )
    (missed,) = told("french=")
    assert (missed["text"], missed["url"], missed["translated"]) == ("text 2", None, False)


def test_a_lost_speaker_leaves_a_record_and_a_replaced_one_does_not(session_id: str) -> None:
    for connection in ("old=", "new="):
        connect(session_id, connection=connection)
        say(session_id, {"action": "joinSession"}, connection=connection)
    disconnect(websocket_event("$disconnect", session_id=session_id, connection="old="), None)
    assert aws.stream_records() == []
    disconnect(websocket_event("$disconnect", session_id=session_id, connection="new="), None)
    (record,) = aws.stream_records()
    assert decode_record(record["Data"]).kind is ControlKind.LOST  # type: ignore[union-attr]


def test_listeners_see_whether_the_speaker_is_there(session_id: str) -> None:
    who: Message = {"connection": "listener=", "role": "listener", "language": "es"}
    listen(session_id)
    before = say(session_id, {"action": "joinSession"}, **who)
    connect(session_id)
    say(session_id, {"action": "joinSession"})
    say(session_id, {"action": "joinSession"})
    came = told("listener=")[1:]
    disconnect(websocket_event("$disconnect", session_id=session_id), None)
    after = say(session_id, {"action": "joinSession"}, **who)
    assert [before and before["speakerConnected"], after and after["speakerConnected"]] == [False, False]
    # Who joins again may do so because the first time failed half-way.
    assert [(each["type"], each["speakerConnected"]) for each in came] == [("broadcastState", True)] * 2


def test_whoever_comes_back_after_the_last_word_is_told_that_it_is_over(session_id: str) -> None:
    who: Message = {"connection": "listener=", "role": "listener", "language": "es"}
    listen(session_id)
    boto3.client("dynamodb", region_name=REGION).update_item(
        TableName=aws.SESSIONS,
        Key={"sessionId": {"S": session_id}},
        UpdateExpression="SET #cursor.closed = :yes",
        ExpressionAttributeNames={"#cursor": "cursor"},
        ExpressionAttributeValues={":yes": {"BOOL": True}},
    )
    say(session_id, {"action": "joinSession", "lastSequenceNumber": 3}, **who)
    assert [each["type"] for each in told("listener=")] == ["sessionJoined", "sessionEnded"]


def test_a_listener_that_leaves_is_no_longer_counted(session_id: str) -> None:
    listen(session_id)
    disconnect(
        websocket_event("$disconnect", session_id=session_id, connection="listener=", role="listener", language="es"),
        None,
    )
    status = say(session_id, {"action": "getSessionStatus"})
    assert status is not None
    assert status["listenerCount"] == 0


def test_no_speech_token_or_key_is_logged(
    session_id: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    say(session_id, audio_chunk(session_id, audioData="c2VjcmV0IHNwZWVjaA=="))
    say(session_id, {"action": "changeLanguage", "targetLanguage": "secret speech"})
    boto3.client("kinesis", region_name=REGION).delete_stream(StreamName=aws.STREAM)
    say(session_id, audio_chunk(session_id))
    logged = "".join(str(vars(record)) for record in caplog.records) + capsys.readouterr().out
    assert "STORAGE_UNAVAILABLE" in logged
    for text in ("secret", "c2Vj", "AQAB"):
        assert text not in logged


def test_a_dead_listener_is_forgotten(session_id: str, gateway: ConnectionsServer) -> None:
    listen(session_id)
    gateway.answers["listener="].append(410)
    say(session_id, {"action": "pauseBroadcast"})
    table = boto3.resource("dynamodb", region_name=REGION).Table(aws.CONNECTIONS)
    assert "Item" not in table.get_item(Key={"connectionId": "listener="})
