"""What a listener's messages cost in languages that are made: no more than one, and none for long after they left."""

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from babelcast import wiring
from babelcast.domain.session import SessionId
from connection_handler.handler import lambda_handler
from disconnect_handler.handler import lambda_handler as disconnect
from tests.handlers.conftest import websocket_event

LISTENER: dict[str, Any] = {"connection": "listener=", "role": "listener", "language": "es"}
STAYED_MS = 10_000


@pytest.fixture
def session_id(create: Callable[..., str]) -> str:
    return create("user-1")


@pytest.fixture
def connected_at() -> int:
    return int(time.time() * 1000) - STAYED_MS


def wanted(session_id: str, *, in_ms: int = 0) -> set[str]:
    connections = wiring.connection_handling().connections
    audience = wiring.run(connections.audience(SessionId(session_id)))
    return set(audience.wanted_languages(now_ms=wiring.now_ms() + in_ms))


def say(session_id: str, action: str, **fields: str) -> None:
    event = websocket_event(action, session_id=session_id, body={"action": action, **fields}, **LISTENER)
    assert lambda_handler(event, None) == {"statusCode": 200}


def test_a_listener_who_tries_every_language_wakes_one(session_id: str, connected_at: int) -> None:
    lambda_handler(websocket_event("$connect", session_id=session_id, connected_at=connected_at, **LISTENER), None)
    for language in ("es", "fr", "uk", "fr"):
        say(session_id, "changeLanguage", targetLanguage=language)
        say(session_id, "pausePlayback")
    assert wanted(session_id) == {"fr"}
    assert wanted(session_id, in_ms=61_000) == set()
    say(session_id, "resumePlayback")
    assert wanted(session_id, in_ms=61_000) == {"fr"}


def test_a_pause_that_is_told_again_keeps_no_language_awake(
    session_id: str, connected_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lambda_handler(websocket_event("$connect", session_id=session_id, connected_at=connected_at, **LISTENER), None)
    say(session_id, "pausePlayback")
    later = SimpleNamespace(time_ns=lambda: time.time_ns() + 50 * 10**9, monotonic=time.monotonic)
    monkeypatch.setattr(wiring, "time", later)
    say(session_id, "pausePlayback")
    assert wanted(session_id) == {"es"}
    assert wanted(session_id, in_ms=11_000) == set()
    say(session_id, "resumePlayback")
    say(session_id, "pausePlayback")
    assert wanted(session_id, in_ms=11_000) == {"es"}


def test_a_lost_listeners_language_is_kept_by_how_long_they_were_there(session_id: str, connected_at: int) -> None:
    lambda_handler(websocket_event("$connect", session_id=session_id, connected_at=connected_at, **LISTENER), None)
    disconnect(websocket_event("$disconnect", session_id=session_id, connected_at=connected_at, **LISTENER), None)
    assert wanted(session_id, in_ms=2 * STAYED_MS) == {"es"}
    assert wanted(session_id, in_ms=3 * STAYED_MS + 10_000) == set()
