"""What listeners report of their clips, and what comes of it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from connection_handler.handler import lambda_handler
from tests.handlers.conftest import told, websocket_event

Message = dict[str, Any]

MOST_CLIPS = 200
"""Source: docs/protocol.md, playbackReport."""


@pytest.fixture
def session_id(create: Callable[..., str]) -> str:
    return create("user-1")


def report(session_id: str, clips: list[Message], listener: str = "listener=") -> list[Message]:
    """Send a listener's report; the answers."""
    who: dict[str, Any] = {"connection": listener, "role": "listener", "language": "es"}
    lambda_handler(websocket_event("$connect", session_id=session_id, **who), None)
    before = len(told(listener))
    body = {"action": "playbackReport", "clips": clips}
    answer = lambda_handler(websocket_event("playbackReport", session_id=session_id, body=body, **who), None)
    assert answer["statusCode"] == 200
    return [json.loads(answer["body"])] if "body" in answer else told(listener)[before:]


def delay_ms(session_id: str) -> int | None:
    """What the speaker is told when they ask."""
    asked = {"action": "getSessionStatus"}
    answer = lambda_handler(websocket_event("getSessionStatus", session_id=session_id, body=asked), None)
    status: Message = json.loads(answer["body"]) if "body" in answer else told("speaker=")[-1]
    found: int | None = status["delayMs"]
    return found


def downloaded(capsys: pytest.CaptureFixture[str]) -> list[float]:
    """The values of the metric, in milliseconds."""
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    return [value for each in metrics for value in each.get("S3DownloadLatency", ())]


def test_a_report_is_counted_and_not_answered(session_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    clips = [
        {"sequenceNumber": 0, "receivedAt": 1, "downloadMs": 42},
        {"sequenceNumber": 1, "receivedAt": 2, "failed": True},
    ]
    assert report(session_id, clips) == []
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert any(each.get("S3DownloadLatency") == [42.0] for each in metrics)
    assert any(each.get("ClipDownloadFailures") == [1.0] for each in metrics)


def test_the_speaker_learns_how_late_the_listeners_hear(session_id: str) -> None:
    before = delay_ms(session_id)
    for listener, late_ms in (("l=", 2_400), ("m=", 9_000), ("n=", 2_600)):
        clips = [{"sequenceNumber": 0, "receivedAt": 1, "playedAt": 2, "delayMs": late_ms}]
        report(session_id, clips, listener)
    assert before is None
    assert delay_ms(session_id) == 2_600


def test_a_report_names_200_clips_at_most(session_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    clips = [{"sequenceNumber": number, "receivedAt": 1, "downloadMs": 42} for number in range(MOST_CLIPS + 1)]
    assert report(session_id, clips[:-1]) == []
    assert len(downloaded(capsys)) == MOST_CLIPS
    (refused,) = report(session_id, clips)
    assert (refused["type"], refused["code"], refused["action"]) == ("error", "INVALID_MESSAGE", "playbackReport")
    assert downloaded(capsys) == []
