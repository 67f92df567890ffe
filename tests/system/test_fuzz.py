"""The running system answers whatever is sent to it, nothing of it dies, and the session is heard afterwards."""

import asyncio
import json
import random
import re
from collections.abc import Sequence
from typing import Any, Final

import aiohttp
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as hypothesis_seed
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from local.client.login import SpeakerLogin
from local.engines.tone_alphabet import WORDS, tone_speech
from tests.fuzz.answers import STATUSES, check_notice
from tests.fuzz.campaign import seed
from tests.fuzz.client_messages import valid_messages
from tests.fuzz.mutations import mutated_json
from tests.fuzz.test_fuzz_requests import CREATE_SESSION
from tests.system.conftest import System

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

FRAMES: Final = 280
REQUESTS: Final = 120
SENTENCES: Final = [WORDS[24:29], WORDS[29:34]]
HERE: Final = "the-session's-id"
_FRAMES_PER_CONNECTION: Final = 20
"""Below what one connection may say at once, so that none of them meets the limit."""
REQUESTED: Final = (
    ("POST", "/sessions"),
    ("POST", "/sessions"),
    ("GET", f"/sessions/{HERE}%00"),
    ("GET", "/sessions/" + "x" * 300),
    ("DELETE", "/sessions/..%2F"),
    ("GET", "/languages"),
    ("PATCH", f"/sessions/{HERE}"),
)
_MESSAGE_BYTES: Final = 128 * 1024
PASSWORD: Final = "Only-on-loopback-1"


def drawn(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """So many cases, the same in every run unless another seed is asked for; see `tests.fuzz.campaign`."""
    found: list[Any] = []

    @hypothesis_seed(seed() or 0)
    @settings(
        max_examples=count,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    @given(strategy)
    def collect(case: Any) -> None:
        found.append(case)

    collect()
    return found


FUZZED_FRAMES = mutated_json(valid_messages(session_id=HERE)) | valid_messages(session_id=HERE).filter(
    lambda message: message["action"] != "endSession"
).map(json.dumps)
FORBIDDEN_FRAMES: Final = (b"", b"\0", b'{"action":"heartbeat"}', bytes(40_000), "x" * 140_000)
"""API Gateway closes the connection at these."""

ENDLESS_FRAMES: Final = tuple(f'{{"action":"heartbeat","x":{"[" * depth}' for depth in (1_000, 30_000, 120_000))


async def test_whatever_is_sent_is_answered_and_the_session_is_heard_afterwards(system: System) -> None:
    session_id = await system.create_session("es", "fr")
    before = await _state(system)
    frames: list[str | bytes] = [_frame(each, session_id) for each in drawn(FUZZED_FRAMES, FRAMES)]
    await _converse(system, session_id, [*frames, *FORBIDDEN_FRAMES])
    await _refuse_endless(system, session_id)
    await _ask(system, session_id, drawn(mutated_json(CREATE_SESSION) | CREATE_SESSION.map(json.dumps), REQUESTS))
    await _go_on(system, session_id)
    (heard,) = await system.broadcast(session_id, tone_speech(SENTENCES), ["es"])
    assert heard.words == [word for sentence in SENTENCES for word in sentence]
    assert await _state(system) == before, "no process has died, and no invocation has failed"


def _frame(case: str, session_id: str) -> str:
    # A WebSocket's text is UTF-8; a client cannot send half a character.
    text = case.replace(HERE, session_id).encode("utf-8", "replace").decode()
    # Sound where the speech at the end will lie would be heard instead of it.
    text = re.sub(r'"sampleOffset": (?=[0-9]{5,8}[,}])', '"sampleOffset": 9000000', text)
    # The session is to be heard at the end.
    return re.sub(r'"action": "endSession"(?=[,}])', '"action": "endSession "', text)


async def _go_on(system: System, session_id: str) -> None:
    """Undo what a speaker may have asked for: a pause or a closed microphone."""
    async with connect(await _url(system, session_id, "speaker"), compression=None) as socket:
        for action in ("unmuteBroadcast", "resumeBroadcast", "unmuteBroadcast"):
            await socket.send(json.dumps({"action": action}))
            async with asyncio.timeout(20):
                async for text in socket:
                    notice = json.loads(text)
                    if notice["type"] == "broadcastState" or notice.get("action") == action:
                        break


async def _refuse_endless(system: System, session_id: str) -> None:
    """What is opened and never closed is refused like any other nonsense, not left unanswered."""
    async with connect(await _url(system, session_id, "listener"), compression=None) as socket:
        for frame in ENDLESS_FRAMES:
            await socket.send(_fragments(frame))
            async with asyncio.timeout(20):
                async for text in socket:
                    notice = json.loads(text)
                    if notice["type"] == "error":
                        assert notice["code"] == "INVALID_MESSAGE"
                        break


async def _converse(system: System, session_id: str, frames: Sequence[str | bytes]) -> None:
    """Send the frames on one connection after the other, now as speaker, now as listener, joined or not."""
    chance = random.Random(seed() or 0)
    chance.shuffle(mixed := list(frames))
    for number, start in enumerate(range(0, len(mixed), _FRAMES_PER_CONNECTION)):
        role = ("speaker", "listener")[number % 2]
        url = await _url(system, session_id, role)
        pending: Sequence[str | bytes] = mixed[start : start + _FRAMES_PER_CONNECTION]
        if number % 3:
            pending = ['{"action":"joinSession"}', *pending]
        while pending:
            async with connect(url, compression=None, max_size=None) as socket:
                pending = await _send(socket, pending)


async def _send(socket: ClientConnection, frames: Sequence[str | bytes]) -> Sequence[str | bytes]:
    """Send until the connection is closed, which binary and oversized messages do; returns what is left."""
    for index, frame in enumerate(frames):
        try:
            await socket.send(_fragments(frame))
        except ConnectionClosed:
            return frames[index:]
        if isinstance(frame, bytes) or len(frame.encode()) > _MESSAGE_BYTES:
            await _answers(socket, until_closed=True)
            return frames[index + 1 :]
    await socket.send('{"action":"getSessionStatus"}')
    await _answers(socket)
    return ()


def _fragments(frame: str | bytes) -> Any:
    if isinstance(frame, bytes) or len(frame) < 8_000:
        return frame
    return [frame[start : start + 8_000] for start in range(0, len(frame), 8_000)]


async def _answers(socket: ClientConnection, *, until_closed: bool = False) -> None:
    """Look at everything that comes until the question at the end is answered, or the connection is closed."""
    try:
        async with asyncio.timeout(20):
            async for text in socket:
                notice = json.loads(text)
                check_notice(notice, len(str(text).encode()))
                if notice["type"] == "sessionStatus" and not until_closed:
                    return
    except ConnectionClosed:
        pass
    assert until_closed, "the connection was closed although it was asked for nothing forbidden"


async def _url(system: System, session_id: str, role: str) -> str:
    url = f"{system.stack.endpoints.websocket_url}?sessionId={session_id}&role={role}"
    return url + ("&targetLanguage=es" if role == "listener" else f"&token={await system.login.access_token()}")


async def _ask(system: System, session_id: str, bodies: Sequence[str]) -> None:
    """HTTP requests with odd bodies, paths and tokens; none may be answered with 5xx, nor end the session."""
    await system.stack.create_speaker("fuzz@babelcast.example", PASSWORD)
    login = SpeakerLogin(system.stack.endpoints, email="fuzz@babelcast.example", password=PASSWORD)
    token = await login.access_token()
    base = system.stack.endpoints.http_api_url
    async with aiohttp.ClientSession() as http:
        for number, body in enumerate(bodies):
            method, path = REQUESTED[number % len(REQUESTED)]
            bearer = (token, token[:-4] + "AAAA", "", "é")[number % 4]
            content = body.encode("utf-8", "surrogatepass" if number % 5 == 0 else "replace")
            headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
            async with http.request(
                method, base + path.replace(HERE, session_id), data=content, headers=headers
            ) as answer:
                assert answer.status in STATUSES | {200, 201}, (method, path, answer.status)
                if answer.status == 201:
                    created = (await answer.json())["sessionId"]
                    ending = http.delete(f"{base}/sessions/{created}", headers={"Authorization": f"Bearer {token}"})
                    async with ending as ended:
                        assert ended.status == 204


async def _state(system: System) -> dict[str, Any]:
    """Who is running, how often a function has failed, and whether a process has lost an exception."""
    async with aiohttp.ClientSession(raise_for_status=True) as http:
        functions = await (await http.get(f"{system.stack.lambda_url}/functions")).json()
    lost = sum(path.read_text(errors="replace").count("Traceback") for path in system.stack.logs_dir.glob("*.log"))
    failed = {name: each["errors"] for name, each in functions.items()}
    return {"processes": dict(system.stack.pids), "failed": failed, "lost": lost}
