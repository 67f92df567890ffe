"""Lambda's Invoke API on loopback, with the real handler of `notification_sender` behind it."""

import json
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler
from threading import Lock, Thread
from typing import Any

from notification_sender.handler import lambda_handler
from tests.connections_server import LoopbackServer


class FunctionsServer:
    """Serves from construction until closed."""

    def __init__(self) -> None:
        self.chunks: list[list[str]] = []
        self.sessions: set[str | None] = set()
        self.behaviour: Callable[[dict[str, Any]], object] = lambda event: lambda_handler(event, None)
        self._one_at_a_time = Lock()
        self._server = LoopbackServer(("127.0.0.1", 0), partial(_Invocation, self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def invoke(self, event: dict[str, Any]) -> object:
        """The handlers share one event loop here, which an environment has for itself."""
        with self._one_at_a_time:
            self.chunks.append(event["receivers"])
            self.sessions.add(event["session_id"])
            return self.behaviour(event)


class _Invocation(BaseHTTPRequestHandler):
    def __init__(self, functions: FunctionsServer, *arguments: Any) -> None:
        self._functions = functions
        super().__init__(*arguments)

    def do_POST(self) -> None:
        assert self.path == "/2015-03-31/functions/the-sender/invocations"
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            answer, error = self._functions.invoke(event), None
        except RuntimeError as raised:
            answer, error = {"errorMessage": str(raised), "errorType": "RuntimeError"}, "Unhandled"
        self.send_response(200)
        if error:
            self.send_header("X-Amz-Function-Error", error)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: Any) -> None:
        return
