"""Signed posts to one endpoint of AWS, by AWS's C runtime, which botocore loads in any case.

Connections are kept and carry one post at a time (HTTP/1.1). A thread of the runtime has all of them; it is not the one
that reads the recogniser's requests (`babelcast.adapters.transcribe`), which waits while it does.
"""

import asyncio
import time
from concurrent.futures import Future
from contextlib import suppress
from functools import cache
from hashlib import sha256
from io import BytesIO
from typing import Any, Final
from urllib.parse import urlsplit

import boto3
from awscrt.auth import AwsCredentialsProvider, AwsSigningConfig, aws_sign_request
from awscrt.exceptions import AwsCrtError
from awscrt.http import HttpClientConnection, HttpHeaders, HttpRequest
from awscrt.io import ClientBootstrap, ClientTlsContext, DefaultHostResolver, EventLoopGroup, TlsContextOptions

_KEPT_UNUSED_S: Final = 10.0
"""A connection that was not used for longer may have been closed by the other side, which is noticed late here."""

_BROKEN: Final = (AwsCrtError, OSError, RuntimeError)


class PostFailedError(Exception):
    """No connection was to be had, or it broke before the answer."""


@cache
def _bootstrap() -> ClientBootstrap:
    """The one thread of this environment for it."""
    threads = EventLoopGroup(1)
    return ClientBootstrap(threads, DefaultHostResolver(threads))


@cache
def _tls() -> ClientTlsContext:
    """Trusts what the system trusts, and no other name than the one that is asked for."""
    return ClientTlsContext(TlsContextOptions())


class SignedPosts:
    """Posts to an endpoint, signed as every AWS client signs, with this function's credentials.

    Args:
        endpoint_url: ``https://host`` with or without a port; its path is not used.
        service: In the signature.
    """

    def __init__(self, endpoint_url: str, service: str) -> None:
        session = boto3.Session()
        self._credentials: Any = session.get_credentials()
        self._region = session.region_name
        self._service = service
        address = urlsplit(endpoint_url)
        self._is_tls = address.scheme == "https"
        self._host_name, self._port = str(address.hostname), address.port or (443 if self._is_tls else 80)
        self._host = address.netloc
        self._known: tuple[object, Any] | None = None
        self._unused: list[tuple[float, HttpClientConnection]] = []

    async def post(self, path: str, body: bytes, *, connect_timeout_s: float, answer_timeout_s: float) -> int:
        """Post a body and return the status of the answer.

        Args:
            path: Absolute and encoded.
            body: What is posted.
            connect_timeout_s: How long a new connection may take.
            answer_timeout_s: How long the answer may take after that.

        Raises:
            TimeoutError: One of them was not enough; the body may have arrived.
            PostFailedError: It could not be posted, or what became of it is not known.
        """
        try:
            connection = self._kept()
            if connection is None:
                async with asyncio.timeout(connect_timeout_s):
                    connection = await self._connected()
            async with asyncio.timeout(answer_timeout_s):
                return await self._answered(connection, self._request(path, body))
        except _BROKEN as error:
            if isinstance(error, TimeoutError):
                raise
            raise PostFailedError(type(error).__name__) from error

    def _kept(self) -> HttpClientConnection | None:
        """The connection that was used last; those that were not used for long are let go."""
        fresh_s = time.monotonic() - _KEPT_UNUSED_S
        while self._unused and self._unused[0][0] < fresh_s:
            self._unused.pop(0)[1].close()
        while self._unused:
            _, connection = self._unused.pop()
            if connection.is_open():
                return connection
        return None

    async def _connected(self) -> HttpClientConnection:
        tls = None
        if self._is_tls:
            tls = _tls().new_connection_options()
            tls.set_server_name(self._host_name)
        connecting = HttpClientConnection.new(self._host_name, self._port, _bootstrap(), tls_connection_options=tls)
        try:
            return await _result_of(connecting)
        except asyncio.CancelledError:
            connecting.add_done_callback(_close)
            raise

    async def _answered(self, connection: HttpClientConnection, request: HttpRequest) -> int:
        """The connection is kept only behind a whole answer: after anything else it may still bring another post's."""
        try:
            stream = connection.request(request)
            stream.activate()
            status: int = await _result_of(stream.completion_future)
        except BaseException:
            connection.close()
            raise
        self._unused.append((time.monotonic(), connection))
        return status

    def _request(self, path: str, body: bytes) -> HttpRequest:
        request = HttpRequest("POST", path, HttpHeaders([("host", self._host)]), BytesIO(body))
        if self._credentials is not None:
            # With static credentials there is nothing to wait for.
            aws_sign_request(request, self._signing(sha256(body).hexdigest())).result()
        request.headers.add("content-length", str(len(body)))
        return request

    def _signing(self, body_hash: str) -> AwsSigningConfig:
        frozen = self._credentials.get_frozen_credentials()
        if self._known is None or self._known[0] != frozen:
            provider = AwsCredentialsProvider.new_static(frozen.access_key, frozen.secret_key, frozen.token)
            self._known = frozen, provider
        return AwsSigningConfig(
            credentials_provider=self._known[1],
            region=self._region,
            service=self._service,
            signed_body_value=body_hash,
        )


async def _result_of(future: "Future[Any]") -> Any:
    """Wait for a future of the runtime, which cannot be cancelled: it would raise in the runtime's thread."""
    loop = asyncio.get_running_loop()
    done = asyncio.Event()

    def tell(_: object) -> None:
        # Nobody waits any more once the loop is closed.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(done.set)

    future.add_done_callback(tell)
    await done.wait()
    return future.result()


def _close(connecting: "Future[HttpClientConnection]") -> None:
    if connecting.exception() is None:
        connecting.result().close()
