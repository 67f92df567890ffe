"""Nothing that was said, no token, no key and no signature is left in anything that is kept for operators.

What there is: the functions' logs, in which their metrics and the errors that Lambda reports of them are lines; the
logs, configurations and positions of everything around them; the failure queue; and the tables, of which only Segments
may hold text. The local gateway writes no access log; on AWS its format names nothing that a caller has sent (a test of
the template). There are no spans to search: X-Ray's are Lambda's own, by the function's name, and the product adds
none.
"""

import asyncio
import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping

import aiohttp
import pytest

from babelcast.domain.audio import AudioChunk
from babelcast.protocol.audio_record import encode_record
from local.client.speaker import Speaker
from local.engines.tone_alphabet import tone_speech
from local.fault_injection import FaultInjector
from local.provision import AwsServer
from local.supervision import PROJECT_ROOT
from tests.system.conftest import System

pytestmark = pytest.mark.slow

JOIN_KEY = "marmalade-7391"
SAID = "coffee eleven doctor teacher sister brother mother father mountain".split()
"""Words of the tone language that neither the product nor the local stack has anywhere else, and too long to stand in
an identifier by chance: one of them alone gives speech away."""
SENTENCES = [SAID[:5], SAID[5:], SAID[::2], SAID[1::2]]
SAID_NOWHERE = "persimmon"
"""In messages that are refused, where an error might quote it."""
TEXT_TABLE = "Segments"
_LOUD = slice(6_000, 6_060)
"""Bytes within the first chunk, and within a word."""


def secrets(pcm: bytes, token: str, seats: list[str]) -> dict[str, re.Pattern[str]]:
    """What must be nowhere, by a name that may be."""
    loud = pcm[_LOUD]
    # Wherever it begins in what is encoded, three bytes are four characters.
    encoded = [b64encode(loud[shift:30]).decode()[:24] for shift in range(3)]
    return {
        "speech": re.compile(rf"(?<![a-z])({'|'.join(SAID)})(?![a-z])", re.IGNORECASE),
        "audio": re.compile("|".join(map(re.escape, (*encoded, loud[:30].hex(), repr(loud[:30])[2:-1])))),
        "token": re.compile("|".join(map(re.escape, token.split(".")))),
        "join key": re.compile(re.escape(JOIN_KEY)),
        "seat": re.compile("|".join(map(re.escape, seats))),
        "signature": re.compile(r"X-Amz-Signature|X-Amz-Security-Token|Bearer ", re.IGNORECASE),
        "refused message": re.compile(SAID_NOWHERE),
    }


def kept(system: System) -> Iterator[tuple[str, str]]:
    """Everything that is kept, piece by piece, and where."""
    for path in sorted(system.stack.logs_dir.parent.rglob("*")):
        if path.is_file():
            yield from ((path.name, line) for line in path.read_text(errors="replace").splitlines())
    server = _server(system)
    sqs, dynamodb = server.client("sqs"), server.client("dynamodb")
    for url in sqs.list_queues()["QueueUrls"]:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", ()):
            yield "failure queue", json.dumps(message)
    for table in dynamodb.list_tables()["TableNames"]:
        if TEXT_TABLE not in table:
            for page in dynamodb.get_paginator("scan").paginate(TableName=table):
                yield from ((table, json.dumps(item, default=repr)) for item in page["Items"])


def found(pieces: list[tuple[str, str]], patterns: Mapping[str, re.Pattern[str]]) -> set[tuple[str, str]]:
    """What was found where. The finding itself is not shown: what tests print is kept, too."""
    return {(name, where) for name, each in patterns.items() for where, piece in pieces if each.search(piece)}


def _server(system: System) -> AwsServer:
    endpoints = system.stack.endpoints
    return AwsServer(endpoint_url=endpoints.aws_endpoint_url or "", region=endpoints.region)


@pytest.mark.parametrize(
    ("name", "leak"),
    [
        ("speech", '{"level": "INFO", "message": "heard mother"}'),
        ("speech", "KeyError: 'Mountain-es'"),
        ("audio", "{'Data': b'" + repr(bytes(range(60)))[2:-1] + "'}"),
        ("audio", b64encode(b"?" + bytes(range(60))).decode()),
        ("audio", b64encode(b"??" + bytes(range(60))).decode()),
        ("audio", b64encode(b"???" + bytes(range(60))).decode()),
        ("audio", "got " + bytes(range(60)).hex()),
        ("token", "aud=claims"),
        ("join key", f"joinKey={JOIN_KEY}"),
        ("seat", '{"limitKey": "seat#quiet-river-204#secret-of-a-listener"}'),
        ("signature", "https://clips/0.mp3?x-amz-signature=0123"),
        ("refused message", f"no such action: {SAID_NOWHERE}"),
    ],
)
def test_a_single_piece_would_be_found(name: str, leak: str) -> None:
    patterns = secrets(bytes(_LOUD.start) + bytes(range(60)), "header.claims.mac", ["a-secret", "secret-of-a-listener"])
    assert found([("function.log", leak)], patterns) == {(name, "function.log")}
    assert found([("function.log", '{"session_id": "quiet-river-204", "receivers": 3}')], patterns) == set()


def test_the_product_makes_no_spans() -> None:
    sources = [path for each in ("shared_layer", "lambdas") for path in (PROJECT_ROOT / each).rglob("*.py")]
    pins = [PROJECT_ROOT / "requirements" / f"{name}.txt" for name in ("layer", "signal-layer")]
    tracing = re.compile(r"xray|opentelemetry|\btracer\b", re.IGNORECASE)
    assert len(sources) > 50
    assert [path.name for path in (*sources, *pins) if tracing.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.asyncio(loop_scope="session")
async def test_nothing_private_is_kept_even_when_everything_fails(system: System) -> None:
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

    await _give_up(system, session_id, pcm[: _LOUD.stop])
    pieces = await asyncio.to_thread(lambda: list(kept(system)))
    assert any(session_id in piece for where, piece in pieces if where.endswith(".log")), "the session left its course"
    assert any('"failure"' in piece for _, piece in pieces)
    assert any("KinesisBatchInfo" in piece for where, piece in pieces if where == "failure queue")
    assert any("Sessions" in where for where, _ in pieces)
    assert any('"seat#' in piece for _, piece in pieces), "listeners have seats of their own"
    assert found(pieces, secrets(pcm, token, system.seats)) == set()


async def _give_up(system: System, session_id: str, pcm: bytes) -> None:
    """Let a record that holds speech fail until it is set aside in the failure queue."""
    server = _server(system)
    kinesis, sqs = server.client("kinesis"), server.client("sqs")
    chunk = AudioChunk(chunk_index=0, sample_offset=0, captured_at_ms=0, pcm=pcm)
    record = {"Data": encode_record(chunk), "PartitionKey": session_id}
    (queue,) = sqs.list_queues()["QueueUrls"]
    await asyncio.to_thread(kinesis.put_record, StreamName=kinesis.list_streams()["StreamNames"][0], **record)
    counted = {"QueueUrl": queue, "AttributeNames": ["ApproximateNumberOfMessages"]}
    async with asyncio.timeout(60), FaultInjector(system.stack) as faults:
        while (await asyncio.to_thread(sqs.get_queue_attributes, **counted))["Attributes"][
            "ApproximateNumberOfMessages"
        ] == "0":
            await faults.kill_environments("audio_processor")
            await asyncio.sleep(0.1)


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
        async with http.get(f"{url}/{session_id}", headers={"Join-Key": SAID_NOWHERE}) as answer:
            assert answer.status == 403
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
