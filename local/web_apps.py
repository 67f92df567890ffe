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

from infrastructure import page_policies
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
    """The policy that CloudFront sends, for a stage's exact addresses: see `infrastructure.page_policies`.

    Args:
        endpoints: The stage; without an AWS endpoint of its own it is a deployed one, whose bucket is not known here.
    """
    aws = endpoints.aws_endpoint_url
    return page_policies.content_security_policy(
        http_api=_origin(endpoints.http_api_url),
        websocket_api=_origin(endpoints.websocket_url),
        accounts=_origin(aws or f"https://cognito-idp.{endpoints.region}.amazonaws.com"),
        clips=_origin(aws or f"https://*.s3.{endpoints.region}.amazonaws.com"),
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class WebApp:
    """One app's own origin. An async context manager: entered when its port is taken."""

    def __init__(self, dist: Path, *, port: int = 0, uses_microphone: bool = False) -> None:
        """Prepare.

        Args:
            dist: The production build.
            port: 0 takes a free one.
            uses_microphone: The pages may ask for it; otherwise the browser refuses without asking anybody.

        Raises:
            AppNotBuiltError: There is no build.
        """
        if not (dist / "index.html").is_file():
            raise AppNotBuiltError(dist)
        self._dist = dist
        self._port = port
        self._permissions = page_policies.permissions_policy(microphone=uses_microphone)
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

        headers = _with_headers(content_security_policy(endpoints), permissions=self._permissions)
        application = web.Application(middlewares=[headers])
        application.add_routes(
            [web.get("/", get_index), web.get("/config.json", get_config), web.static("/", self._dist)]
        )
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket).start()


def _with_headers(policy: str, *, permissions: str) -> Middleware:
    @web.middleware
    async def add(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        response.headers.update(
            {
                "Content-Security-Policy": policy,
                "X-Content-Type-Options": "nosniff",
                "X-Frame-Options": "DENY",
                "Referrer-Policy": page_policies.REFERRER_POLICY,
                "Permissions-Policy": permissions,
                "Cache-Control": _IMMUTABLE if request.path.startswith("/assets/") else "no-cache",
            }
        )
        return response

    return add
