"""The WebSocket API and its `@connections` API, over real sockets and functions."""

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from local.gateway.configuration import GatewayLimits
from local.gateway.connect_authorizer import allows
from tests.local.gateway_processes import Functions, Gateway, functions, gateway
from tests.local.platform_processes import aws_client, eventually


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Functions]:
    with functions(tmp_path_factory.mktemp("functions")) as running_functions:
        yield running_functions


@pytest.fixture(scope="module")
def served(behind: Functions) -> Iterator[Gateway]:
    with gateway(behind) as running_gateway:
        yield running_gateway


async def _ask(socket: ClientConnection, **message: Any) -> dict[str, Any]:
    await socket.send(json.dumps({"action": "ask", **message}))
    answer: dict[str, Any] = json.loads(await socket.recv())
    return answer


async def _connection_id(socket: ClientConnection) -> str:
    return str((await _ask(socket))["requestContext"]["connectionId"])


def _eventually_remembered(served: Gateway, kind: str, connection_id: str) -> Any:
    return eventually(lambda: served.remembered(kind, connection_id))


async def test_events_have_the_shape_of_awss(served: Gateway) -> None:
    async with connect(f"{served.websocket_url}?a=1&b=2&a=3", additional_headers={"X-Extra": "yes"}) as socket:
        message = await _ask(socket, more="text")
        context = message["requestContext"]
        connected = served.remembered("connect", context["connectionId"])

    assert connected is not None
    assert connected["queryStringParameters"] == {"a": "3", "b": "2"}
    assert connected["multiValueQueryStringParameters"] == {"a": ["1", "3"], "b": ["2"]}
    assert connected["headers"]["X-Extra"] == "yes"
    assert connected["multiValueHeaders"]["X-Extra"] == ["yes"]
    assert connected["isBase64Encoded"] is False
    assert connected["requestContext"]["routeKey"] == "$connect"
    assert connected["requestContext"]["eventType"] == "CONNECT"

    assert json.loads(message["body"]) == {"action": "ask", "more": "text"}
    assert message["isBase64Encoded"] is False
    assert (context["routeKey"], context["eventType"], context["messageDirection"]) == ("ask", "MESSAGE", "IN")
    assert (context["stage"], context["apiId"], context["identity"]["sourceIp"]) == ("dev", "api", "127.0.0.1")
    assert context["domainName"] == served.websocket_url.split("/")[2]
    assert re.fullmatch(r"[\w-]{15}=", context["connectionId"])
    assert context["connectedAt"] == connected["requestContext"]["connectedAt"] <= context["requestTimeEpoch"]
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", context["requestTime"])
    assert {"requestId", "extendedRequestId", "messageId"} <= set(context)

    disconnected = _eventually_remembered(served, "disconnect", context["connectionId"])["requestContext"]
    assert (disconnected["routeKey"], disconnected["eventType"]) == ("$disconnect", "DISCONNECT")
    assert disconnected["disconnectStatusCode"] == 1000
    assert disconnected["authorizer"] == context["authorizer"]


async def test_the_authorizers_event_and_context(served: Gateway) -> None:
    async with connect(f"{served.websocket_url}?who=me") as socket:
        authorizer = (await _ask(socket))["requestContext"]["authorizer"]
    asked = json.loads(authorizer["event"])
    assert asked["type"] == "REQUEST"
    assert asked["methodArn"] == "arn:aws:execute-api:us-east-1:123456789012:api/dev/$connect"
    assert asked["queryStringParameters"] == {"who": "me"}
    assert asked["requestContext"]["eventType"] == "CONNECT"
    assert authorizer["principalId"] == "u"
    assert (authorizer["role"], authorizer["cell"], authorizer["live"]) == ("speaker", "0", "true"), "all text"


async def test_without_a_query_there_are_no_query_members(served: Gateway) -> None:
    async with connect(served.websocket_url) as socket:
        connected = served.remembered("connect", await _connection_id(socket))
    assert connected is not None
    assert "queryStringParameters" not in connected


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("admit=unauthorized", 401),
        ("admit=deny", 403),
        ("admit=other", 403),
        ("admit=raise", 500),
        ("admit=malformed", 500),
        ("admit=nested", 500),
        ("admit=large", 500),
        ("connect=403", 403),
        ("connect=409", 409),
        ("connect=raise", 502),
        ("connect=nothing", 502),
    ],
)
async def test_refusals(served: Gateway, query: str, status: int) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        await connect(f"{served.websocket_url}?{query}").__aenter__()
    assert refusal.value.response.status_code == status
    assert "message" in json.loads(refusal.value.response.body or b"")


async def test_another_stage_is_refused(served: Gateway) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        await connect(served.websocket_url.replace("/dev", "/prod")).__aenter__()
    assert refusal.value.response.status_code == 403


async def test_a_policy_with_wildcards_lets_in(served: Gateway) -> None:
    async with connect(f"{served.websocket_url}?admit=any"):
        pass


async def test_a_missing_identity_source_is_refused_without_asking(behind: Functions) -> None:
    with gateway(behind, identity_sources=("route.request.querystring.token",)) as strict:
        with pytest.raises(InvalidStatus) as refusal:
            await connect(f"{strict.websocket_url}?admit=raise").__aenter__()
        assert refusal.value.response.status_code == 401
        async with connect(f"{strict.websocket_url}?token=any"):
            pass


@pytest.mark.parametrize(
    "message", ["not JSON", '"text"', '{"action": "unknown"}', '{"action": 7}', '{"action": "$connect"}', "{}"]
)
async def test_messages_without_a_route_go_to_default(served: Gateway, message: str) -> None:
    async with connect(served.websocket_url) as socket:
        await socket.send(message)
        answer = json.loads(await socket.recv())
    assert (answer["requestContext"]["routeKey"], answer["body"]) == ("$default", message)


async def test_only_routes_with_a_response_answer(served: Gateway) -> None:
    async with connect(served.websocket_url) as socket:
        await socket.send('{"action": "tell"}')
        answer = await _ask(socket)
        assert answer["requestContext"]["routeKey"] == "ask"
        # Messages are not ordered; a second answer would come while this one waits.
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.recv(), 0.2)


@pytest.mark.parametrize("failure", ["raise", "nothing", "exit"])
@pytest.mark.parametrize("action", ["ask", "tell"])
async def test_a_failing_function_is_told_to_the_client(served: Gateway, action: str, failure: str) -> None:
    async with connect(served.websocket_url) as socket:
        connection_id = await _connection_id(socket)
        await socket.send(json.dumps({"action": action, "do": failure}))
        complaint = json.loads(await socket.recv())
    assert complaint["message"] == "Internal server error"
    assert complaint["connectionId"] == connection_id
    assert complaint["requestId"]


async def test_messages_run_beside_each_other(served: Gateway) -> None:
    gate = f"gate-{uuid4()}"
    async with connect(served.websocket_url) as socket:
        await socket.send(json.dumps({"action": "ask", "gate": gate, "number": 1}))
        await socket.send(json.dumps({"action": "ask", "number": 2}))
        second = json.loads(json.loads(await socket.recv())["body"])
        (served.events / gate).touch()
        first = json.loads(json.loads(await socket.recv())["body"])
    assert (first["number"], second["number"]) == (1, 2)


async def test_large_messages_come_through_in_frames(served: Gateway) -> None:
    text = "ä" * 15_000  # 30,000 bytes in each frame
    async with connect(served.websocket_url, max_size=None) as socket:
        await socket.send([text, text, text, text])
        assert json.loads(await socket.recv())["body"] == text * 4


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (["x" * (32 * 1024 + 1)], 1009),
        (["x" * 30_000] * 5, 1009),
        (b"\x00\x01", 1003),
        ([b"\x00", b"\x01"], 1003),
    ],
    ids=["frame", "message", "binary", "binary in frames"],
)
async def test_what_is_too_big_or_binary_ends_the_connection(served: Gateway, frames: Any, code: int) -> None:
    async with connect(served.websocket_url) as socket:
        connection_id = await _connection_id(socket)
        await socket.send(frames)
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == code
    context = _eventually_remembered(served, "disconnect", connection_id)["requestContext"]
    assert context["disconnectStatusCode"] == code


async def test_a_frame_may_have_32_kilobytes(served: Gateway) -> None:
    async with connect(served.websocket_url) as socket:
        await socket.send("x" * 32 * 1024)
        assert len(json.loads(await socket.recv())["body"]) == 32 * 1024


async def test_idle_connections_end(behind: Functions) -> None:
    with gateway(behind, limits=GatewayLimits(idle_seconds=0.5)) as impatient:
        async with connect(impatient.websocket_url) as socket:
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 1001


async def test_connections_end_after_their_longest_time(behind: Functions) -> None:
    with gateway(behind, limits=GatewayLimits(connection_age_seconds=7199)) as impatient:
        async with connect(impatient.websocket_url) as socket:

            async def talk_on() -> None:
                while True:
                    await _ask(socket)

            with pytest.raises(ConnectionClosed):
                await talk_on()
            assert socket.close_code == 1001


async def test_a_slow_function_is_given_up(behind: Functions) -> None:
    with gateway(behind, limits=GatewayLimits(websocket_integration_seconds=0.5)) as impatient:
        gate = f"gate-{uuid4()}"
        async with connect(impatient.websocket_url) as socket:
            answer = await _ask(socket, gate=gate)
            (impatient.events / gate).touch()
        assert answer["message"] == "Endpoint request timed out"


async def test_posting_to_a_connection(served: Gateway) -> None:
    client = aws_client("apigatewaymanagementapi", served.connections_url)
    async with connect(served.websocket_url) as socket:
        connection_id = await _connection_id(socket)
        await asyncio.to_thread(client.post_to_connection, ConnectionId=connection_id, Data='{"ä": 1}'.encode())
        assert await socket.recv() == '{"ä": 1}'
        large = "ä" * 64 * 1024
        await asyncio.to_thread(client.post_to_connection, ConnectionId=connection_id, Data=large.encode())
        assert await socket.recv() == large
        with pytest.raises(ClientError) as refusal:
            await asyncio.to_thread(client.post_to_connection, ConnectionId=connection_id, Data=b"x" * (128 * 1024 + 1))
    assert refusal.value.response["Error"]["Code"] == "PayloadTooLargeException"
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


async def test_a_posted_message_comes_in_frames_of_32_kilobytes(served: Gateway) -> None:
    client = aws_client("apigatewaymanagementapi", served.connections_url)
    async with connect(served.websocket_url, max_size=(None, 32 * 1024)) as socket:
        connection_id = await _connection_id(socket)
        await asyncio.to_thread(client.post_to_connection, ConnectionId=connection_id, Data=b"x" * 100_000)
        assert await socket.recv() == "x" * 100_000


async def test_gone_connections(served: Gateway) -> None:
    client = aws_client("apigatewaymanagementapi", served.connections_url)
    async with connect(served.websocket_url) as socket:
        connection_id = await _connection_id(socket)
    _eventually_remembered(served, "disconnect", connection_id)
    for call in (
        lambda: client.post_to_connection(ConnectionId=connection_id, Data=b"late"),
        lambda: client.get_connection(ConnectionId="never-was="),
        lambda: client.delete_connection(ConnectionId=connection_id),
    ):
        with pytest.raises(client.exceptions.GoneException) as refusal:
            await asyncio.to_thread(call)
        assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 410
        assert refusal.value.response["ResponseMetadata"]["HTTPHeaders"]["x-amzn-errortype"] == "GoneException"


async def test_asking_about_and_closing_a_connection(served: Gateway) -> None:
    client = aws_client("apigatewaymanagementapi", served.connections_url)
    async with connect(served.websocket_url, user_agent_header="tester") as socket:
        connection_id = await _connection_id(socket)
        facts = await asyncio.to_thread(client.get_connection, ConnectionId=connection_id)
        assert facts["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "tester"}
        assert facts["ConnectedAt"] <= facts["LastActiveAt"]
        await asyncio.to_thread(client.delete_connection, ConnectionId=connection_id)
        with pytest.raises(ConnectionClosed):
            await socket.recv()


async def test_a_connection_is_not_open_before_connect_has_returned(served: Gateway) -> None:
    client = aws_client("apigatewaymanagementapi", served.connections_url)
    gate = f"gate-{uuid4()}"
    before = set(served.events.glob("connect-*"))
    connecting = asyncio.create_task(connect(f"{served.websocket_url}?gate={gate}").__aenter__())
    new = await asyncio.to_thread(eventually, lambda: set(served.events.glob("connect-*.json")) - before)
    connection_id = new.pop().stem.removeprefix("connect-")
    with pytest.raises(client.exceptions.GoneException):
        await asyncio.to_thread(client.post_to_connection, ConnectionId=connection_id, Data=b"early")
    assert not connecting.done()
    (served.events / gate).touch()
    socket = await connecting
    await asyncio.to_thread(client.post_to_connection, ConnectionId=connection_id, Data=b"now")
    assert await socket.recv() == "now"
    await socket.close()


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([], False),
        ([("Allow", "execute-api:Invoke", "arn:api/dev/$connect")], True),
        ([("Allow", "execute-api:*", "arn:api/*")], True),
        ([("Allow", ["s3:GetObject", "*"], ["arn:none", "arn:api/???/$connect"])], True),
        ([("Allow", "s3:*", "*")], False),
        ([("Allow", "execute-api:Invoke", "arn:api/prod/*")], False),
        ([("Allow", "*", "*"), ("Deny", "*", "*")], False),
        ([("Allow", "*", "*"), ("Deny", "*", "arn:other")], True),
    ],
)
def test_policies(statements: list[tuple[str, Any, Any]], allowed: bool) -> None:
    policy = {
        "Statement": [{"Effect": effect, "Action": action, "Resource": arn} for effect, action, arn in statements]
    }
    assert allows(policy, "arn:api/dev/$connect") is allowed
