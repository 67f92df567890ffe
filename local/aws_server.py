"""`python -m local.aws_server [--port 0]`: DynamoDB, S3, Kinesis, SQS and Cognito on one machine, by moto.

moto's application is not safe for concurrency: two simultaneous writes can take one Kinesis sequence number, and a
DynamoDB condition can be true for both. So requests are served one after the other, on one thread; moto works in pure
Python, so this costs little. Only SQS is left to threads: its long poll would hold everybody else up.

Kinesis records leave the memory after `--stream-retention-seconds`. Ready line: `{"url": "http://127.0.0.1:PORT"}`.
"""

import argparse
import asyncio
import io
import logging
import socket
import sys
import time
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from aiohttp import web
from moto.kinesis.models import kinesis_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from multidict import CIMultiDict

from local.process import announce_ready, end_with_parent, until_terminated

_MAX_REQUEST_BYTES: Final = 64 * 1024 * 1024
_TRIM_SECONDS: Final = 10.0
_CONNECTION_HEADERS: Final = frozenset(("connection", "content-length", "transfer-encoding", "date", "server"))


class WsgiBridge:
    """Serves a WSGI application from aiohttp, which keeps connections open as the SDKs like it."""

    def __init__(self, application: Any, port: int) -> None:
        self._application = application
        self._port = port

    async def handle(self, request: web.Request) -> web.Response:
        """One request."""
        environ = self._environ(request, await request.read())
        if request.headers.get("X-Amz-Target", "").startswith("AmazonSQS"):
            return await asyncio.to_thread(self._respond, environ)
        return self._respond(environ)

    def _respond(self, environ: dict[str, Any]) -> web.Response:
        status, headers = 500, CIMultiDict[str]()

        def start_response(status_line: str, pairs: Iterable[tuple[str, str]], _error: object = None) -> None:
            nonlocal status
            status = int(status_line.split(" ", 1)[0])
            for name, value in pairs:
                if name.lower() not in _CONNECTION_HEADERS:
                    headers.add(name, value)

        body = b"".join(self._application(environ, start_response))
        return web.Response(status=status, headers=headers, body=body)

    def _environ(self, request: web.Request, body: bytes) -> dict[str, Any]:
        """Source: PEP 3333; `RAW_URI` and `REQUEST_URI` as Werkzeug's server has them."""
        path, _, query = request.raw_path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "RAW_URI": request.raw_path,
            "REQUEST_URI": request.raw_path,
            "REMOTE_ADDR": request.remote or "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(self._port),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name in request.headers:
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = ",".join(request.headers.getall(name))
        environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "")
        environ.pop("HTTP_CONTENT_LENGTH", None)
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        environ["CONTENT_LENGTH"] = str(len(body))
        return environ


def forget_records(older_than_epoch_seconds: float) -> None:
    """Drop old Kinesis records; each shard keeps its last one, from which moto counts on."""
    for regions in kinesis_backends.values():
        for backend in regions.values():
            for stream in backend.streams.values():
                for shard in stream.shards.values():
                    while len(shard.records) > 1:
                        oldest = next(iter(shard.records))
                        if shard.records[oldest].created_at >= older_than_epoch_seconds:
                            break
                        del shard.records[oldest]


async def serve(*, port: int, stream_retention_seconds: float) -> None:
    """Serve until terminated."""
    listener = socket.create_server(("127.0.0.1", port), backlog=1024)
    bound_port = listener.getsockname()[1]
    application = web.Application(client_max_size=_MAX_REQUEST_BYTES)
    bridge = WsgiBridge(DomainDispatcherApplication(create_backend_app), bound_port)
    application.router.add_route("*", "/{path:.*}", bridge.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.SockSite(runner, listener, backlog=1024).start()
    announce_ready({"url": f"http://127.0.0.1:{bound_port}"})
    trimming = asyncio.create_task(_trim_forever(stream_retention_seconds))
    await until_terminated()
    trimming.cancel()
    await runner.cleanup()


async def _trim_forever(retention_seconds: float) -> None:
    while True:
        await asyncio.sleep(min(_TRIM_SECONDS, retention_seconds))
        forget_records(time.time() - retention_seconds)


def main() -> None:
    """Read the options and serve."""
    end_with_parent()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--stream-retention-seconds", type=float, default=900.0)
    options = parser.parse_args()
    asyncio.run(serve(port=options.port, stream_retention_seconds=options.stream_retention_seconds))


if __name__ == "__main__":
    main()
