"""A whole stack of a small assembly: connected as its templates say, watched, and ended with all its processes."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import urllib3
from websockets.asyncio.client import connect

from local.endpoints import Endpoints
from local.services.behaviour import ServiceTime, Step
from local.stack import Engine, PortBusyError, Stack, StackOptions
from local.state_directory import StateInUseError
from local.supervision import PROJECT_ROOT, ProcessFailedError
from local.template.assembly import TemplateError
from tests.local.platform_processes import aws_client, eventually, is_alive
from tests.local.small_assembly import write_assembly

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

_TALK = """
import json, os, boto3, from_layer

def table(): return boto3.resource("dynamodb").Table(os.environ["THINGS_TABLE_NAME"])

def lambda_handler(event, context):
    request = event["requestContext"]
    if "http" in request:
        thing_id = event.get("pathParameters", {}).get("thingId", "-")
        item = table().get_item(Key={"thingId": thing_id, "number": 0}).get("Item")
        return {"statusCode": 200, "body": json.dumps({"weight": str(item["weight"]) if item else None})}
    if request["routeKey"] == "$connect":
        return {"statusCode": 200}
    message = json.loads(event.get("body", "{}"))
    match message.get("do"):
        case "stream":
            boto3.client("kinesis").put_record(
                StreamName=os.environ["STREAM_NAME"], PartitionKey="p", Data=message["thingId"].encode())
        case "tell":
            endpoint = os.environ["WEBSOCKET_MANAGEMENT_ENDPOINT"]
            management = boto3.client("apigatewaymanagementapi", endpoint_url=endpoint)
            management.post_to_connection(ConnectionId=request["connectionId"], Data=b"told")
        case "clip":
            s3 = boto3.client("s3")
            s3.put_object(Bucket=os.environ["BUCKET_NAME"], Key="a clip.mp3", Body=b"mp3")
            url = s3.generate_presigned_url("get_object", {"Bucket": os.environ["BUCKET_NAME"], "Key": "a clip.mp3"})
            return {"statusCode": 200, "body": url}
    environment = {name: os.environ.get(name) for name in message.get("variables", [])}
    return {"statusCode": 200, "body": json.dumps({"environment": environment, "layer": from_layer.VALUE})}
"""

_ADMIT = """
def lambda_handler(event, context):
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": event["methodArn"]}
    return {"principalId": "p", "policyDocument": {"Statement": [statement]}, "context": {"role": "speaker"}}
"""

_CONSUME = """
import base64, os, boto3

def lambda_handler(event, context):
    table = boto3.resource("dynamodb").Table(os.environ["THINGS_TABLE_NAME"])
    for record in event["Records"]:
        thing_id = base64.b64decode(record["kinesis"]["data"]).decode()
        table.put_item(Item={"thingId": thing_id, "number": 0, "weight": 5})
"""


def _assembly(directory: Path) -> Path:
    return write_assembly(directory, {"talk": _TALK, "admit": _ADMIT, "consume": _CONSUME})


def _options(directory: Path, **more: Any) -> StackOptions:
    if not (directory / "assembly").exists():
        _assembly(directory / "assembly")
    return StackOptions(state_dir=directory / "state", assembly_dir=directory / "assembly", engine=Engine.TONES, **more)


def _function_pids(stack: Stack) -> list[int]:
    listed = json.loads(_get(f"{stack.lambda_url}/environments"))
    return [environment["pid"] for environment in listed]


def _get(url: str) -> bytes:
    return bytes(urllib3.request("GET", url).data)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    directory = tmp_path_factory.mktemp("stack")
    options = _options(
        directory,
        environment={"talk": {"EXTRA": "1"}},
        allowed_origins=("http://localhost:9",),
        service_times={Step.POLLY: ServiceTime(median_ms=1)},
    )
    async with Stack(options) as running_stack:
        yield running_stack


async def _ask(stack: Stack, **message: Any) -> str:
    async with connect(stack.endpoints.websocket_url) as client:
        await client.send(json.dumps(message))
        return str(await client.recv())


async def test_what_is_written_for_clients(stack: Stack) -> None:
    state = stack.logs_dir.parent
    assert Endpoints.load(state / "stack.json") == stack.endpoints
    assert (state / "stack.json").stat().st_mode & 0o077 == 0
    assert stack.endpoints.stage == "dev"
    control = json.loads((state / "control.json").read_text())
    assert control["lambdaUrl"] == stack.lambda_url
    urls = [control[name] for name in ("awsControlUrl", "eventSourceControlUrl", "servicesControlUrl")]
    assert urls == [stack.aws_control_url, stack.event_source_control_url, stack.services_control_url]


async def test_functions_get_the_stacks_addresses(stack: Stack) -> None:
    names = ["WEBSOCKET_MANAGEMENT_ENDPOINT", "JWKS_URL", "SOURCE_LANGUAGES", "TOKEN_ISSUER", "EXTRA", "STAGE"]
    speech = ["AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING", "AWS_ENDPOINT_URL_TRANSLATE", "AWS_ENDPOINT_URL_POLLY"]
    answer = json.loads(await _ask(stack, variables=[*names, *speech, "SSL_CERT_FILE", "TARGET_LANGUAGES"]))
    environment = answer["environment"]
    assert environment["WEBSOCKET_MANAGEMENT_ENDPOINT"].startswith("http://127.0.0.1:")
    assert environment["WEBSOCKET_MANAGEMENT_ENDPOINT"].endswith("/dev")
    assert environment["JWKS_URL"].startswith(f"{stack.endpoints.aws_endpoint_url}/")
    assert environment["TOKEN_ISSUER"].startswith("https://cognito-idp.us-east-1.amazonaws.com/")
    assert (environment["SOURCE_LANGUAGES"], environment["EXTRA"], environment["STAGE"]) == ("en", "1", "dev")
    assert environment["TARGET_LANGUAGES"] is None, "the template does not have it"
    assert all("://" in environment[name] for name in speech)
    assert environment["SSL_CERT_FILE"] == str(stack.logs_dir.parent / "ca-bundle.pem")
    assert answer["layer"] == "from the layer"


async def test_from_a_message_through_the_stream_to_the_table_and_the_http_api(stack: Stack) -> None:
    await _ask(stack, do="stream", thingId="joyful-hope-911")
    url = f"{stack.endpoints.http_api_url}/things/joyful-hope-911"
    await asyncio.to_thread(eventually, lambda: json.loads(_get(url))["weight"] == "5")


async def test_functions_post_to_connections(stack: Stack) -> None:
    async with connect(stack.endpoints.websocket_url) as client:
        await client.send(json.dumps({"action": "tell", "do": "tell"}))
        assert await client.recv() == "told"


async def test_clips_are_fetched_with_presigned_urls(stack: Stack) -> None:
    url = await _ask(stack, do="clip")
    assert await asyncio.to_thread(_get, url) == b"mp3"


async def test_the_demo_account_can_create_things(stack: Stack) -> None:
    endpoints = stack.endpoints
    assert endpoints.aws_endpoint_url
    cognito = aws_client("cognito-idp", endpoints.aws_endpoint_url)
    login = await asyncio.to_thread(
        cognito.initiate_auth,
        ClientId=endpoints.user_pool_client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": endpoints.speaker_email, "PASSWORD": endpoints.speaker_password},
    )
    token = login["AuthenticationResult"]["AccessToken"]
    async with aiohttp.ClientSession() as session:
        url = f"{endpoints.http_api_url}/things"
        headers = {"Authorization": f"Bearer {token}", "Origin": "http://localhost:9"}
        async with session.post(url, headers=headers) as response:
            assert response.status == 200
            assert response.headers["Access-Control-Allow-Origin"] == "http://localhost:9"
        async with session.post(url) as response:
            assert response.status == 401


async def test_a_crash_is_named_and_nothing_remains(tmp_path: Path) -> None:
    async with Stack(_options(tmp_path)) as stack:
        function_pids = await asyncio.to_thread(_function_pids, stack)
        assert len(function_pids) == 3
        watching = asyncio.create_task(stack.wait())
        os.kill(stack.pids["gateway"], signal.SIGKILL)
        with pytest.raises(ProcessFailedError, match="gateway ended unexpectedly with status -9"):
            await watching
        pids = [*stack.pids.values(), *function_pids]
    assert [pid for pid in pids if is_alive(pid)] == []


_SUPERVISOR = """
import asyncio, json, sys
from pathlib import Path
from local.services.behaviour import ServiceTime, Step
from local.stack import Engine, Stack, StackOptions

async def main(directory):
    options = StackOptions(state_dir=directory / "state", assembly_dir=directory / "assembly", engine=Engine.TONES)
    async with Stack(options) as stack:
        print(json.dumps({"pids": list(stack.pids.values()), "lambda": stack.lambda_url}), flush=True)
        await stack.wait()

asyncio.run(main(Path(sys.argv[1])))
"""


async def test_nothing_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    _assembly(tmp_path / "assembly")
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _SUPERVISOR, str(tmp_path), stdout=asyncio.subprocess.PIPE, cwd=PROJECT_ROOT
    )
    assert supervisor.stdout is not None
    facts: Mapping[str, Any] = json.loads(await supervisor.stdout.readline())
    listed = json.loads(_get(f"{facts['lambda']}/environments"))
    assert {environment["state"] for environment in listed} == {"frozen"}
    supervisor.kill()
    await supervisor.wait()
    pids = [*facts["pids"], *(environment["pid"] for environment in listed)]
    await asyncio.to_thread(eventually, lambda: not [pid for pid in pids if is_alive(pid)])


async def test_a_busy_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortBusyError, match=f"port {port} for the WebSocket API is in use") as error:
            await Stack(_options(tmp_path, websocket_port=port)).__aenter__()
    assert error.value.port == port


async def test_a_state_directory_that_is_in_use(stack: Stack) -> None:
    directory = stack.logs_dir.parent.parent
    with pytest.raises(StateInUseError, match="already running"):
        await Stack(_options(directory)).__aenter__()
    assert (stack.logs_dir / "gateway.log").exists()


async def test_a_process_that_cannot_start_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailedError, match="services ended with status 2 before it was ready"):
        await Stack(_options(tmp_path, service_arguments=("--no-such-option",))).__aenter__()


async def test_a_directory_without_an_assembly(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="not a cloud assembly"):
        await Stack(StackOptions(state_dir=tmp_path, assembly_dir=tmp_path)).__aenter__()
