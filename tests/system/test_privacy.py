"""Nothing that was said, no token, no key and no signature is left in anything that is kept for operators."""

import asyncio
import itertools
import json
import re
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from local.client.speaker import Speaker
from local.engines.tone_alphabet import WORDS, tone_speech
from local.fault_injection import FaultInjector
from tests.system.conftest import System

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

JOIN_KEY = "marmalade-7391"
SENTENCES = [WORDS[48:53], WORDS[53:58], WORDS[33:38], WORDS[60:64]]
SAID_NOWHERE = "persimmon"
"""In messages that are refused, where an error might quote it."""


def secrets(pcm: bytes, token: str) -> dict[str, re.Pattern[str]]:
    """What must be nowhere, by a name that may be."""
    pairs = {rf"{one}\.? {other}" for sentence in SENTENCES for one, other in itertools.pairwise(sentence)}
    word = "|".join(word for sentence in SENTENCES for word in sentence)
    return {
        "speech": re.compile("|".join(sorted(pairs)), re.IGNORECASE),
        "translated speech": re.compile(rf"\b({word})-(es|fr)\b"),
        "audio": re.compile(re.escape(b64encode(pcm[6_000:6_030]).decode())),
        "token": re.compile("|".join(map(re.escape, token.split(".")))),
        "join key": re.compile(re.escape(JOIN_KEY)),
        "signature": re.compile(r"X-Amz-Signature|X-Amz-Security-Token|Bearer ", re.IGNORECASE),
        "refused message": re.compile(SAID_NOWHERE),
    }


def kept(logs: Path) -> Iterator[tuple[str, str]]:
    """Everything that was logged, with the metrics, line by line."""
    for path in sorted(logs.rglob("*.log")):
        for line in path.read_text(errors="replace").splitlines():
            yield path.name, line


async def test_nothing_private_is_logged_even_when_everything_fails(system: System) -> None:
    session_id = await system.create_session("es", "fr", join_key=JOIN_KEY)
    pcm, token = tone_speech(SENTENCES), await system.login.access_token()
    await _ask_wrongly(system, session_id, token)

    async def hurt(speaker: Speaker) -> None:
        await system.fault(service="translate", kind="throttle", times=2)
        await system.fault(service="polly", kind="refuse", times=2)
        await _spoken(speaker, 3)
        await system.fault(service="transcribe", kind="break", times=1)
        await _spoken(speaker, 5)
        async with FaultInjector(system.stack) as faults:
            await faults.kill_environments("audio_processor")
        async with aiohttp.ClientSession(raise_for_status=True) as http:
            refused = {"operation": "PutRecord", "seconds": 2}
            await http.post(f"{system.stack.aws_control_url}/faults", json=refused)

    try:
        await system.broadcast(session_id, pcm, ["es", "fr"], join_key=JOIN_KEY, meanwhile=hurt)
    finally:
        await system.clear_faults()

    lines = list(kept(system.stack.logs_dir))
    assert any(session_id in line for _, line in lines), "the session has left its course behind"
    assert any('"failure"' in line for _, line in lines)
    for name, pattern in secrets(pcm, token).items():
        # The finding itself is not shown: what tests print is kept, too.
        assert {file for file, line in lines if pattern.search(line)} == set(), name


async def _spoken(speaker: Speaker, seconds: float) -> None:
    async with asyncio.timeout(60):
        while speaker.sent_seconds < seconds:
            await asyncio.sleep(0.05)


async def _ask_wrongly(system: System, session_id: str, token: str) -> None:
    """Requests and messages that are refused, each with something that must not be quoted."""
    async with aiohttp.ClientSession() as http:
        url = f"{system.stack.endpoints.http_api_url}/sessions"
        wrong = {"sourceLanguage": SAID_NOWHERE, "targetLanguages": [SAID_NOWHERE], "joinKey": SAID_NOWHERE}
        async with http.post(url, json=wrong, headers={"Authorization": f"Bearer {token}"}) as answer:
            assert answer.status == 400
        query = f"sessionId={session_id}&role=speaker&token={token}"
        async with http.ws_connect(f"{system.stack.endpoints.websocket_url}?{query}") as socket:
            for text in (
                f'{{"action": "{SAID_NOWHERE}"}}',
                f'{{"action": "audioChunk", "sessionId": "{SAID_NOWHERE}"}}',
                f'{{"action": "setVolume", "volume": "{SAID_NOWHERE}"}}',
                f"{SAID_NOWHERE} is no JSON",
            ):
                await socket.send_str(text)
                message = json.loads((await socket.receive(timeout=20)).data)
                assert message["type"] == "error"
