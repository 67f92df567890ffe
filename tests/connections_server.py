"""API Gateway's ``@connections`` on loopback: what each connection was told, and those that make trouble."""

import json
import ssl
import time
from collections import defaultdict, deque
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Event, Thread
from typing import Any, Self
from urllib.parse import unquote

import trustme

STAGE = "dev"
CUT = 0
"""In place of a status: the TCP connection is cut before the answer."""


class LoopbackServer(ThreadingHTTPServer):
    """Serves many at once."""

    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, *_: Any) -> None:
        """A client that has stopped waiting is no error."""


class ConnectionsServer:
    """Serves from construction until closed.

    Args:
        certificate: Serves over TLS with it.

    Attributes:
        url: The management endpoint.
        answers: Statuses that a connection's next posts are answered with, or `CUT`; 200 when there are no more.
        hanging: Connections whose posts are not answered before `heal`.
        pauses_s: How long the answer to a connection's posts takes.
        closes_connections: Whether every TCP connection is closed behind its first answer, which does not say so.
        signatures: Path, date and signature of every post.
    """

    def __init__(self, certificate: trustme.LeafCert | None = None) -> None:
        self.answers: dict[str, deque[int]] = defaultdict(deque)
        self.hanging: set[str] = set()
        self.pauses_s: dict[str, float] = {}
        self.closes_connections = False
        self.signatures: list[tuple[str, str, str]] = []
        self._posts: list[str] = []
        self._told: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._healed = Event()
        self._happened = Condition()
        self._server = LoopbackServer(("127.0.0.1", 0), partial(_Handler, self))
        if certificate is not None:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(tls)
            # The handshake is each connection's own thread's.
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        scheme = "http" if certificate is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_port}/{STAGE}"
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.heal()
        self._server.shutdown()
        self._server.server_close()

    def told(self, connection_id: str) -> list[dict[str, Any]]:
        """What a connection has got, in order."""
        return self._told[connection_id]

    def posts(self, connection_id: str) -> int:
        """How many posts to a connection have come, whatever became of them."""
        return self._posts.count(connection_id)

    def heal(self) -> None:
        """Answer all posts, also those that hang."""
        self.hanging.clear()
        self._healed.set()

    def wait_until_told(self, *connection_ids: str, times: int = 1) -> None:
        """Wait until these have got so many messages.

        Raises:
            TimeoutError: They have not within 20 s.
        """
        with self._happened:
            if not self._happened.wait_for(
                lambda: all(len(self._told[each]) >= times for each in connection_ids), timeout=20
            ):
                raise TimeoutError

    def take(self, connection_id: str, body: bytes) -> int:
        """A post has come; returns its status."""
        self._posts.append(connection_id)
        if connection_id in self.hanging:
            self._healed.wait()
        time.sleep(self.pauses_s.get(connection_id, 0))
        status = self.answers[connection_id].popleft() if self.answers[connection_id] else 200
        if status == 200:
            with self._happened:
                self._told[connection_id].append(json.loads(body))
                self._happened.notify_all()
        return status


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Otherwise the end of each answer waits for the acknowledgement of its beginning.
    disable_nagle_algorithm = True

    def __init__(self, connections: ConnectionsServer, *arguments: Any) -> None:
        self._connections = connections
        super().__init__(*arguments)

    def do_POST(self) -> None:
        stage, kind, name = self.path.strip("/").split("/")
        assert (stage, kind) == (STAGE, "@connections")
        signature = self.path, self.headers["X-Amz-Date"], self.headers["Authorization"]
        self._connections.signatures.append(signature)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self._connections.take(unquote(name), body)
        if status == CUT:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.close_connection |= self._connections.closes_connections

    def log_message(self, *_: Any) -> None:
        return
