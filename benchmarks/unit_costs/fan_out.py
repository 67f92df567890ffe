"""Ways to post one message to many connections, side by side: what each costs the processor for a listener.

All sign every post (version 4), keep their connections, and have 64 posts under way at most. Babelcast alone also tries
again, gives everybody a deadline and keeps those apart who hang.

boto3 in threads     what the SDK offers: `post_to_connection` in a pool of threads
Babelcast            `ApiGatewayConnections`, as it is
urllib3              threads; botocore's HTTP session, signed by botocore's signer
urllib3, kept key    the same; the day's signing key is derived once, and a message hashed once
aiohttp              one event loop; botocore's signer
aiohttp, kept key    the same with the kept key
awscrt               AWS's C runtime: HTTP/1.1 and signatures of its own
awscrt, kept key     its HTTP with the kept key
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from typing import Any, Final
from urllib.parse import quote, urlsplit

import aiohttp
import boto3
from awscrt import auth, http
from awscrt.io import ClientTlsContext, TlsContextOptions
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.httpsession import URLLib3Session

from babelcast.adapters.api_gateway import ApiGatewayConnections
from babelcast.domain.connection import ConnectionId
from babelcast.domain.delivery import Delivery
from babelcast.protocol.messages import encode_notice
from benchmarks.unit_costs.kept_key import KeptKey
from benchmarks.unit_costs.measured import Cost, Prepare, repeat
from benchmarks.unit_costs.room import clip_notice, hall, new_session

BASELINE: Final = "boto3 in threads"
PRODUCT: Final = "Babelcast"
_AT_ONCE: Final = 64
_LISTENERS: Final = 200
_REGION: Final = "us-east-1"

Post = Callable[[Sequence[ConnectionId], bytes], Awaitable[None]]
"""Posts a message to all; each has answered 200 when it returns."""

Sign = Callable[[str, bytes], Mapping[str, str]]
"""The headers that sign a post to a URL."""


def compare_clients(repeats: int) -> dict[str, Cost]:
    """What each client takes for a listener, in turn within this process."""
    url = os.environ["WEBSOCKET_MANAGEMENT_ENDPOINT"]
    loop = asyncio.new_event_loop()
    session_id = new_session().session_id
    listeners = [each.connection_id for each in hall(session_id, _LISTENERS)]
    message = encode_notice(clip_notice(session_id, 1))

    def preparing(post: Post) -> Prepare:
        def work() -> int:
            loop.run_until_complete(post(listeners, message))
            return len(listeners)

        return lambda: work

    async def make() -> dict[str, Post]:
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=_AT_ONCE))
        credentials: Any = boto3.Session().get_credentials().get_frozen_credentials()  # type: ignore[union-attr]
        signer = SigV4Auth(credentials, "execute-api", _REGION)
        kept_key = KeptKey(credentials, "execute-api", _REGION)
        return {
            BASELINE: _boto3_in_threads(url),
            PRODUCT: _product(url),
            "urllib3": _urllib3(url, partial(_signed_by_botocore, signer)),
            "urllib3, kept key": _urllib3(url, kept_key.sign),
            "aiohttp": _aiohttp(session, url, partial(_signed_by_botocore, signer)),
            "aiohttp, kept key": _aiohttp(session, url, kept_key.sign),
            "awscrt": _awscrt(url, _CrtSigner(credentials).sign),
            "awscrt, kept key": _awscrt(url, partial(_add_headers, kept_key)),
        }

    clients = loop.run_until_complete(make())
    return repeat({name: preparing(post) for name, post in clients.items()}, repeats)


def _target(url: str, connection_id: ConnectionId) -> str:
    return f"{url}/@connections/{quote(connection_id, safe='')}"


def _signed_by_botocore(signer: Any, url: str, message: bytes) -> Mapping[str, str]:
    request = AWSRequest(method="POST", url=url, data=message)
    signer.add_auth(request)
    return dict(request.headers.items())


def _in_threads(post_one: Callable[[ConnectionId, bytes], None]) -> Post:
    threads = ThreadPoolExecutor(_AT_ONCE)

    async def post(listeners: Sequence[ConnectionId], message: bytes) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(threads, post_one, each, message) for each in listeners))

    return post


def _boto3_in_threads(url: str) -> Post:
    config = Config(max_pool_connections=_AT_ONCE, retries={"total_max_attempts": 3, "mode": "standard"})
    client: Any = boto3.client("apigatewaymanagementapi", endpoint_url=url, config=config)
    return _in_threads(lambda each, message: client.post_to_connection(ConnectionId=each, Data=message))


def _urllib3(url: str, sign: Sign) -> Post:
    trusted: Any = os.environ["AWS_CA_BUNDLE"]
    session = URLLib3Session(verify=trusted, max_pool_connections=_AT_ONCE)

    def post_one(connection_id: ConnectionId, message: bytes) -> None:
        target = _target(url, connection_id)
        request = AWSRequest(method="POST", url=target, data=message, headers=dict(sign(target, message)))
        assert session.send(request.prepare()).status_code == 200

    return _in_threads(post_one)


def _product(url: str) -> Post:
    connections = ApiGatewayConnections(url)

    async def post(listeners: Sequence[ConnectionId], message: bytes) -> None:
        assert await connections.post(listeners, message) == Delivery()

    return post


def _aiohttp(session: aiohttp.ClientSession, url: str, sign: Sign) -> Post:
    async def post_one(connection_id: ConnectionId, message: bytes) -> None:
        target = _target(url, connection_id)
        async with session.post(target, data=message, headers=sign(target, message)) as response:
            assert response.status == 200

    async def post(listeners: Sequence[ConnectionId], message: bytes) -> None:
        await asyncio.gather(*(post_one(each, message) for each in listeners))

    return post


class _CrtSigner:
    def __init__(self, credentials: Any) -> None:
        self._provider = auth.AwsCredentialsProvider.new_static(
            credentials.access_key, credentials.secret_key, credentials.token
        )

    async def sign(self, request: http.HttpRequest, url: str, message: bytes) -> None:  # noqa: ARG002
        """Sign it as AWS's C runtime does."""
        config = auth.AwsSigningConfig(
            algorithm=auth.AwsSigningAlgorithm.V4,
            signature_type=auth.AwsSignatureType.HTTP_REQUEST_HEADERS,
            credentials_provider=self._provider,
            region=_REGION,
            service="execute-api",
        )
        await asyncio.wrap_future(auth.aws_sign_request(request, config))


async def _add_headers(kept_key: KeptKey, request: http.HttpRequest, url: str, message: bytes) -> None:
    for name, value in kept_key.sign(url, message).items():
        request.headers.add(name, value)


def _awscrt(url: str, sign: Callable[[http.HttpRequest, str, bytes], Awaitable[None]]) -> Post:
    address = urlsplit(url)
    tls = ClientTlsContext(TlsContextOptions())
    idle: list[http.HttpClientConnection] = []
    turns = asyncio.Semaphore(_AT_ONCE)

    async def post_one(connection_id: ConnectionId, message: bytes) -> None:
        async with turns:
            target = _target(url, connection_id)
            headers = http.HttpHeaders([("host", address.netloc), ("content-length", str(len(message)))])
            request = http.HttpRequest("POST", urlsplit(target).path, headers, BytesIO(message))
            await sign(request, target, message)
            connection = idle.pop() if idle else await _connected(tls, str(address.hostname), int(address.port or 443))
            stream = connection.request(request)
            stream.activate()
            assert await asyncio.wrap_future(stream.completion_future) == 200
            idle.append(connection)

    async def post(listeners: Sequence[ConnectionId], message: bytes) -> None:
        await asyncio.gather(*(post_one(each, message) for each in listeners))

    return post


async def _connected(tls: ClientTlsContext, host: str, port: int) -> http.HttpClientConnection:
    options = tls.new_connection_options()
    options.set_server_name(host)
    return await asyncio.wrap_future(http.HttpClientConnection.new(host, port, tls_connection_options=options))
