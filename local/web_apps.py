"""The browser apps, as a content delivery network would serve them: production builds, strict headers, `config.json`.

```
async with WebApp(dist, port=0) as app:      # the port is taken, nothing is served yet
    app.origin                               # http://localhost:PORT
    await app.serve(endpoints, listener_url=…)
```
"""

import json
import socket
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from local.endpoints import Endpoints
from local.errors import UserError
from local.stack import PortBusyError

_IMMUTABLE: Final = "public, max-age=31536000, immutable"
"""For files with a hash of their content in their name."""


class AppNotBuiltError(UserError):
    """An app has not been built."""

    def __init__(self, dist: Path) -> None:
        super().__init__(f"{dist} is missing: build the apps with `make frontend`")


def content_security_policy(endpoints: Endpoints) -> str:
    """What the pages may load and reach: themselves and the stage.

    Args:
        endpoints: The stage; clips come from its storage.
    """
    urls = [endpoints.http_api_url, endpoints.websocket_url, endpoints.aws_endpoint_url or "https://*.amazonaws.com"]
    reached = " ".join(dict.fromkeys(_origin(url) for url in urls))
    clips = _origin(endpoints.aws_endpoint_url or "https://*.amazonaws.com")
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            f"media-src 'self' blob: {clips}",
            f"connect-src 'self' {reached}",
            "worker-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class WebApp:
    """One app's own origin. An async context manager: entered when its port is taken."""

    def __init__(self, dist: Path, *, port: int = 0) -> None:
        """Prepare.

        Args:
            dist: The production build.
            port: 0 takes a free one.

        Raises:
            AppNotBuiltError: There is no build.
        """
        if not (dist / "index.html").is_file():
            raise AppNotBuiltError(dist)
        self._dist = dist
        self._port = port
        self._runner: web.AppRunner | None = None

    @property
    def origin(self) -> str:
        """Where it is served; browsers take it for secure, so that the microphone works."""
        return f"http://localhost:{self._port}"

    async def __aenter__(self) -> Self:
        """Take the port.

        Raises:
            PortBusyError: It is in use.
        """
        try:
            self._socket = socket.create_server(("127.0.0.1", self._port))
        except OSError:
            raise PortBusyError("an app", self._port) from None
        self._port = self._socket.getsockname()[1]
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        self._socket.close()

    async def serve(self, endpoints: Endpoints, *, listener_url: str) -> None:
        """Serve the app for a stage."""
        config = {
            "stage": endpoints.stage,
            "region": endpoints.region,
            "httpApiUrl": endpoints.http_api_url,
            "webSocketUrl": endpoints.websocket_url,
            "userPoolId": endpoints.user_pool_id,
            "userPoolClientId": endpoints.user_pool_client_id,
            "awsEndpointUrl": endpoints.aws_endpoint_url,
            "listenerUrl": listener_url,
        }

        async def get_config(_: web.Request) -> web.Response:
            return web.Response(text=json.dumps(config), content_type="application/json")

        async def get_index(_: web.Request) -> web.FileResponse:
            return web.FileResponse(self._dist / "index.html")

        application = web.Application(middlewares=[_with_headers(content_security_policy(endpoints))])
        application.add_routes(
            [web.get("/", get_index), web.get("/config.json", get_config), web.static("/", self._dist)]
        )
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket).start()


def _with_headers(policy: str) -> Middleware:
    @web.middleware
    async def add(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        response.headers.update(
            {
                "Content-Security-Policy": policy,
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                "Permissions-Policy": "microphone=(self)",
                "Cache-Control": _IMMUTABLE if request.path.startswith("/assets/") else "no-cache",
            }
        )
        return response

    return add
