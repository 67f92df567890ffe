"""Serves a WSGI application from aiohttp, one request after the other."""

import asyncio
import io
import sys
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from aiohttp import web
from multidict import CIMultiDict

from local.aws_server.stream_records import StreamRecords

_CONNECTION_HEADERS: Final = frozenset(("connection", "content-length", "transfer-encoding", "date", "server"))
_JSON: Final = "application/x-amz-json-1.1"


class WsgiBridge:
    """Serves a WSGI application from aiohttp, which keeps connections open as the SDKs like it."""

    def __init__(self, application: Any, port: int) -> None:
        self._application = application
        self._port = port
        self._records = StreamRecords()

    async def handle(self, request: web.Request) -> web.Response:
        """One request."""
        body, target = await request.read(), request.headers.get("X-Amz-Target", "")
        if target.startswith("Kinesis"):
            answer = self._records.answer(target, request.headers.get("Authorization", ""), body)
            if answer is not None:
                return web.Response(body=answer, content_type=_JSON)
        environ = self._environ(request, body)
        if target.startswith("AmazonSQS"):
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
