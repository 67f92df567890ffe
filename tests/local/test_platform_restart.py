"""A process of a running stack is killed and started again: what is durable on AWS is still there."""

import asyncio
import json
import os
import signal
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from local.event_source.configuration import MappingOverrides
from local.fault_injection import FaultInjector
from local.services.behaviour import Service
from local.stack import Engine, Stack, StackOptions
from local.supervision import ProcessFailedError
from tests.local.platform_processes import aws_client, eventually, is_alive
from tests.local.small_assembly import write_assembly

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

_TALK = """
import json, os, time, boto3

def lambda_handler(event, context):
    request = event.get("requestContext", {})
    if request.get("routeKey") == "$connect":
        return {"statusCode": 200}
    message = json.loads(event.get("body") or "{}")
    if message.get("do") == "sleep":
        open(os.environ["SLEEPING"], "w").close()
        time.sleep(15)
    if message.get("do") == "addresses":
        return {"statusCode": 200, "body": json.dumps(dict(os.environ))}
    if message.get("do") == "tell":
        management = boto3.client(
            "apigatewaymanagementapi", endpoint_url=os.environ["WEBSOCKET_MANAGEMENT_ENDPOINT"],
            config=boto3.session.Config(retries={"total_max_attempts": 1}))
        try:
            management.post_to_connection(ConnectionId=message["to"], Data=b"told")
        except Exception as error:
            return {"statusCode": 200, "body": error.response["Error"]["Code"]}
    return {"statusCode": 200, "body": request.get("connectionId", "http")}
"""

_ADMIT = """
def lambda_handler(event, context):
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": event["methodArn"]}
    return {"principalId": "p", "policyDocument": {"Statement": [statement]}}
"""

_CONSUME = """
import base64, json, os, time

def lambda_handler(event, context):
    texts = [base64.b64decode(record["kinesis"]["data"]).decode() for record in event["Records"]]
    with open(os.environ["RECEIVED"], "a") as file:
        file.write(json.dumps(texts) + "\\n")
    if "slow" in texts:
        time.sleep(1.5)
"""


class Restartable:
    """A small stack whose parts are seen from outside."""

    def __init__(self, stack: Stack, faults: FaultInjector, directory: Path) -> None:
        self.stack = stack
        self.faults = faults
        self.directory = directory
        assert stack.endpoints.aws_endpoint_url is not None
        self._kinesis = aws_client("kinesis", stack.endpoints.aws_endpoint_url)
        (self._stream_name,) = self._kinesis.list_streams()["StreamNames"]

    async def restart(self, process: str) -> None:
        before = self.stack.pids[process]
        await self.stack.restart(process)
        assert not is_alive(before)
        assert is_alive(self.stack.pids[process])
        control = json.loads((self.stack.logs_dir.parent / "control.json").read_text())
        assert control["pids"][process] == self.stack.pids[process]

    async def ask(self, **message: Any) -> str:
        async with connect(self.stack.endpoints.websocket_url) as client:
            await client.send(json.dumps(message))
            return str(await client.recv())

    async def get_thing(self) -> int:
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"{self.stack.endpoints.http_api_url}/things/a") as response,
        ):
            return response.status

    def put(self, *texts: str) -> None:
        for text in texts:
            self._kinesis.put_record(StreamName=self._stream_name, PartitionKey="p", Data=text.encode())

    def received(self) -> list[str]:
        file = self.directory / "received"
        lines = file.read_text().splitlines() if file.exists() else []
        return [text for line in lines for text in json.loads(line)]

    async def until_received(self, text: str, *, times: int = 1) -> None:
        await asyncio.to_thread(eventually, lambda: self.received().count(text) >= times)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Restartable]:
    directory = tmp_path_factory.mktemp("restartable")
    options = StackOptions(
        state_dir=directory / "state",
        assembly_dir=write_assembly(directory / "assembly", {"talk": _TALK, "admit": _ADMIT, "consume": _CONSUME}),
        engine=Engine.TONES,
        environment={
            "consume": {"RECEIVED": str(directory / "received")},
            "talk": {"SLEEPING": str(directory / "sleeping")},
        },
        event_source_overrides=MappingOverrides(batching_window_seconds=0, enhanced_fan_out=True),
    )
    async with Stack(options) as stack, FaultInjector(stack) as faults:
        watching = asyncio.create_task(stack.wait())
        yield Restartable(stack, faults, directory)
        assert not watching.done(), "a process that is started again has not failed"
        watching.cancel()
        os.kill(stack.pids["gateway"], signal.SIGKILL)
        with pytest.raises(ProcessFailedError, match="gateway ended unexpectedly"):
            await stack.wait()


async def test_the_gateway_loses_its_connections_and_nothing_else(here: Restartable) -> None:
    async with connect(here.stack.endpoints.websocket_url) as client:
        await client.send("{}")
        connection_id = str(await client.recv())
        await here.restart("gateway")
        with pytest.raises(ConnectionClosed):
            await client.recv()
    assert await here.ask(do="tell", to=connection_id) == "GoneException"
    assert await here.get_thing() == 200


async def test_the_event_source_goes_on_where_it_was(here: Restartable) -> None:
    here.put("first")
    await here.until_received("first")
    here.put("slow")
    await here.until_received("slow")
    restarting = asyncio.create_task(here.restart("event_source"))
    here.put("meanwhile")
    await restarting
    here.put("afterwards")
    await here.until_received("afterwards")
    received = here.received()
    assert received.count("first") == 1, "what was over is not delivered again"
    assert received.count("slow") == 2, "what was on its way is"
    assert list(dict.fromkeys(received)) == ["first", "slow", "meanwhile", "afterwards"]


async def test_functions_survive_and_invocations_under_way_fail(here: Restartable) -> None:
    async with connect(here.stack.endpoints.websocket_url) as client:
        await client.send(json.dumps({"do": "sleep"}))
        await asyncio.to_thread(eventually, (here.directory / "sleeping").exists)
        here.put("before")
        await here.until_received("before")
        await here.restart("lambda_runtime")
        assert json.loads(await client.recv())["message"] == "Internal server error"
        await client.send("{}")
        assert await client.recv(), "the connection is still open"
    here.put("after")
    await here.until_received("after")
    assert await here.get_thing() == 200


async def test_nothing_can_be_invoked_while_lambda_is_away(here: Restartable) -> None:
    os.kill(here.stack.pids["lambda_runtime"], signal.SIGSTOP)
    restarting = asyncio.create_task(here.restart("lambda_runtime"))
    statuses = set()
    while not restarting.done():
        statuses.add(await here.get_thing())
    await restarting
    assert 500 in statuses
    assert await here.get_thing() == 200


async def test_the_speech_services_keep_their_addresses_and_their_authority(here: Restartable) -> None:
    state = here.stack.logs_dir.parent
    talk = json.loads(await here.ask(do="addresses"))
    authority = (state / "ca.pem").read_text()
    await here.faults.throttle_service(Service.POLLY, 60)
    await here.restart("services")
    assert (state / "ca.pem").read_text() == authority
    assert (state / "ca.key").stat().st_mode & 0o077 == 0
    url = talk["AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING"]
    trusting = ssl.create_default_context(cafile=str(state / "ca-bundle.pem"))
    trusting.set_alpn_protocols(["h2"])
    _, writer = await asyncio.open_connection("localhost", int(url.rpartition(":")[2]), ssl=trusting)
    writer.close()
    polly = aws_client("polly", talk["AWS_ENDPOINT_URL_POLLY"])
    spoken = await asyncio.to_thread(polly.synthesize_speech, Text="river-es", OutputFormat="mp3", VoiceId="Lucia")
    assert spoken["AudioStream"].read(), "faults die with the process"


async def test_messages_to_connections_are_throttled_for_a_while(here: Restartable) -> None:
    async with connect(here.stack.endpoints.websocket_url) as client:
        await client.send("{}")
        own = str(await client.recv())
        await here.faults.throttle_connections(1.0)
        await client.send(json.dumps({"do": "tell", "to": own}))
        assert await client.recv() == "LimitExceededException"

        async def told() -> bool:
            await client.send(json.dumps({"do": "tell", "to": own}))
            return await client.recv() == "told"

        async with asyncio.timeout(10):
            while not await told():
                pass


async def test_data_stores_are_never_started_again(here: Restartable) -> None:
    for process in ("aws_server", "nobody"):
        with pytest.raises(ValueError, match="cannot be started again"):
            await here.stack.restart(process)
