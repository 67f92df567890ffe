"""Every way to hurt a running stack, seen from outside: what happens is what was asked for, and it passes."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from botocore.exceptions import ClientError

from babelcast.adapters.transcribe import TranscribeStream, TranscribeTranscriber
from babelcast.domain.errors import TranscriptionUnavailableError
from babelcast.domain.languages import language
from local.event_source.configuration import MappingOverrides
from local.fault_injection import FaultInjector
from local.stack import Engine, Stack, StackOptions
from tests.local.platform_processes import aws_client, eventually, is_alive
from tests.local.small_assembly import write_assembly

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

_TALK = """
import os

def lambda_handler(event, context):
    return {"pid": os.getpid(), "environment": dict(os.environ)}
"""

_ADMIT = "def lambda_handler(event, context): return {}"

_CONSUME = """
import base64, json, os

def lambda_handler(event, context):
    texts = [base64.b64decode(record["kinesis"]["data"]).decode() for record in event["Records"]]
    with open(os.environ["RECEIVED"], "a") as file:
        file.write(json.dumps(texts) + "\\n")
"""


@dataclass
class Hurtable:
    """A small stack, a way to hurt it, and its parts as seen from outside."""

    stack: Stack
    faults: FaultInjector
    received_file: Path

    def __post_init__(self) -> None:
        self._functions = aws_client("lambda", self.stack.lambda_url)
        assert self.stack.endpoints.aws_endpoint_url is not None
        self.kinesis = aws_client("kinesis", self.stack.endpoints.aws_endpoint_url)
        (self.stream_name,) = self.kinesis.list_streams()["StreamNames"]

    async def talk(self) -> dict[str, Any]:
        answer = await asyncio.to_thread(self._functions.invoke, FunctionName="talk")
        told: dict[str, Any] = json.loads(answer["Payload"].read())
        return told

    def put(self, text: str) -> None:
        self.kinesis.put_record(StreamName=self.stream_name, PartitionKey="p", Data=text.encode())

    def received(self) -> list[list[str]]:
        lines = self.received_file.read_text().splitlines() if self.received_file.exists() else []
        return [json.loads(line) for line in lines]

    async def until_received(self, last: str, *, times: int = 1) -> None:
        await asyncio.to_thread(
            eventually, lambda: [text for batch in self.received() for text in batch].count(last) == times
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hurtable(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hurtable]:
    directory = tmp_path_factory.mktemp("hurtable")
    received_file = directory / "received"
    options = StackOptions(
        state_dir=directory / "state",
        assembly_dir=write_assembly(directory / "assembly", {"talk": _TALK, "admit": _ADMIT, "consume": _CONSUME}),
        engine=Engine.TONES,
        environment={"consume": {"RECEIVED": str(received_file)}},
        event_source_overrides=MappingOverrides(batching_window_seconds=0, enhanced_fan_out=True),
    )
    async with Stack(options) as stack, FaultInjector(stack) as faults:
        yield Hurtable(stack, faults, received_file)


async def test_every_environment_of_a_function_is_killed(hurtable: Hurtable) -> None:
    pid = (await hurtable.talk())["pid"]
    assert await hurtable.faults.kill_environments("tal") == 1
    assert not is_alive(pid)
    assert (await hurtable.talk())["pid"] != pid
    assert await hurtable.faults.kill_environments("nobody") == 0


async def test_an_environment_rests_for_some_invocations(hurtable: Hurtable) -> None:
    first = (await hurtable.talk())["pid"]
    await hurtable.faults.rest_environment("talk", invocations=2)
    pids = [(await hurtable.talk())["pid"] for _ in range(4)]
    assert pids[0] == pids[1] != first
    assert pids[2:] == [first, first]


async def test_what_cannot_rest_is_refused(hurtable: Hurtable) -> None:
    with pytest.raises(LookupError, match="nobody"):
        await hurtable.faults.rest_environment("nobody", invocations=1)
    with pytest.raises(aiohttp.ClientResponseError):
        await hurtable.faults.rest_environment("talk", invocations=0)


async def test_a_batch_is_delivered_twice(hurtable: Hurtable) -> None:
    await hurtable.faults.deliver_twice()
    hurtable.put("twice")
    await hurtable.until_received("twice", times=2)
    hurtable.put("once")
    await hurtable.until_received("once")
    assert hurtable.received()[-3:] == [["twice"], ["twice"], ["once"]]


async def test_reads_fail_for_a_while(hurtable: Hurtable) -> None:
    iterator = hurtable.kinesis.get_shard_iterator(
        StreamName=hurtable.stream_name, ShardId="shardId-000000000000", ShardIteratorType="LATEST"
    )["ShardIterator"]
    await hurtable.faults.fail_reads(0.5)
    with pytest.raises(ClientError, match="InternalFailureException"):
        hurtable.kinesis.get_records(ShardIterator=iterator)
    hurtable.put("delayed")
    await hurtable.until_received("delayed")
    assert "cannot read" in (hurtable.stack.logs_dir / "event_source.log").read_text()


async def _drain(stream: TranscribeStream) -> None:
    while not stream.is_finished:
        await stream.next_result(1.0)


async def test_an_open_recogniser_stream_breaks(hurtable: Hurtable, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = (await hurtable.talk())["environment"]
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, environment[name])
    opened = await hurtable.faults.streams_opened()
    await hurtable.faults.break_recognisers()
    transcriber = TranscribeTranscriber(
        region=environment["AWS_REGION"], endpoint_url=environment["AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING"]
    )
    stream = await transcriber.open(language("en"), origin_sample=0)
    await stream.send(bytes(8_000))
    async with asyncio.timeout(20):
        with pytest.raises(TranscriptionUnavailableError):
            await _drain(stream)
    assert await hurtable.faults.streams_opened() == opened + 1
