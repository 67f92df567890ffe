"""What an operator can read afterwards about one session, function by function."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from local.engines.tone_alphabet import WORDS, tone_speech
from tests.system.conftest import System

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


def _lines(logs: Path, session_id: str) -> Mapping[str, Sequence[dict[str, Any]]]:
    """The structured lines that name the session, by function, whatever cell it is in."""
    found = defaultdict(list)
    for path in sorted((logs / "functions").glob("*.log")):
        for line in path.read_text().splitlines():
            if f'"session_id":"{session_id}"' in line.replace(" ", ""):
                fields = json.loads(line)
                found[fields["service"]].append(fields)
    return found


async def test_a_session_can_be_followed_over_all_functions(system: System) -> None:
    session_id = await system.create_session("es")
    await system.broadcast(session_id, tone_speech([WORDS[:5], WORDS[5:9]]), ["es"])
    async with asyncio.timeout(20):
        while len((lines := _lines(system.stack.logs_dir, session_id)).get("disconnect_handler", ())) < 2:
            await asyncio.sleep(0.1)

    steps = {function: [line["message"] for line in own] for function, own in lines.items()}
    assert steps["http_session_handler"] == ["session created"]
    assert steps["authorizer"] == ["connection granted"] * 2
    assert steps["disconnect_handler"] == ["disconnected"] * 2
    assert steps["connection_handler"].count("connected") == 2
    actions = {line.get("action") for line in lines["connection_handler"]}
    assert {"joinSession", "endSession"} <= actions
    assert not actions & {"audioChunk", "heartbeat"}, "what comes several times a second says nothing"

    heard = lines["audio_processor"]
    told = [line for line in heard if line["message"] == "segment told"]
    committed = [line["segment"] for line in heard if line["message"] == "segment committed"]
    assert committed == [line["segment"] for line in told] == list(range(len(committed)))
    assert committed
    assert all(line["receivers"] == 2 and line["unreached"] == 0 and line["delay_ms"] > 0 for line in told)
    assert steps["audio_processor"][0] == "recogniser opened"
    assert steps["audio_processor"][-1] == "session ended"
