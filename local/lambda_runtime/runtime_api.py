"""Lambda's Runtime API (version 2018-06-01), served to each environment on a port of its own.

The runtime client takes a host and port only, so the port is what tells one environment from another.
"""

import socket
from typing import Final

from aiohttp import web

from local.lambda_runtime.environment import Environment, InvocationResult

_MAX_RESPONSE_BYTES: Final = 6 * 1024 * 1024  # Source: Lambda gettingstarted-limits, synchronous payload
_ACCEPTED: Final = {"status": "OK"}


class RuntimeApi:
    """Opens and closes the environments' addresses, and answers their requests."""

    def __init__(self) -> None:
        self._environments: dict[int, Environment] = {}
        self._sites: dict[str, tuple[int, web.SockSite]] = {}
        application = web.Application(client_max_size=2 * _MAX_RESPONSE_BYTES)
        prefix = "/2018-06-01/runtime"
        application.add_routes(
            [
                web.get(f"{prefix}/invocation/next", self._next),
                web.post(f"{prefix}/invocation/{{request_id}}/response", self._response),
                web.post(f"{prefix}/invocation/{{request_id}}/error", self._error),
                web.post(f"{prefix}/init/error", self._init_error),
            ]
        )
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)

    async def start(self) -> None:
        """Make ready; no port is open yet."""
        await self._runner.setup()

    async def stop(self) -> None:
        """Close everything."""
        await self._runner.cleanup()

    async def open(self, environment: Environment) -> str:
        """`host:port` at which the environment is served from now on."""
        listener = socket.create_server(("127.0.0.1", 0))
        host, port = listener.getsockname()
        site = web.SockSite(self._runner, listener)
        self._environments[port] = environment
        self._sites[environment.id] = (port, site)
        await site.start()
        return f"{host}:{port}"

    async def close(self, environment: Environment) -> None:
        """Stop serving it."""
        port, site = self._sites.pop(environment.id)
        self._environments.pop(port)
        if self._runner.server is not None:
            await site.stop()

    async def _next(self, request: web.Request) -> web.Response:
        environment = self._environment(request)
        following = await environment.next_invocation()
        if following is None:
            raise web.HTTPGone
        invocation, deadline_ms = following
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": environment.function.arn,
            "Lambda-Runtime-Trace-Id": invocation.trace_id,
        }
        if invocation.client_context is not None:
            headers["Lambda-Runtime-Client-Context"] = invocation.client_context
        return web.Response(body=invocation.payload, content_type="application/json", headers=headers)

    async def _response(self, request: web.Request) -> web.Response:
        payload = await request.read()
        if len(payload) > _MAX_RESPONSE_BYTES:
            message = (
                f"Response payload size exceeded maximum allowed payload size ({_MAX_RESPONSE_BYTES + 100} bytes)."
            )
            return self._finish(request, InvocationResult.failed("Function.ResponseSizeTooLarge", message))
        return self._finish(request, InvocationResult(payload=payload))

    async def _error(self, request: web.Request) -> web.Response:
        return self._finish(request, InvocationResult(payload=await request.read(), function_error="Unhandled"))

    async def _init_error(self, request: web.Request) -> web.Response:
        error = InvocationResult(payload=await request.read(), function_error="Unhandled")
        self._environment(request).accept_init_error(error)
        return web.json_response(_ACCEPTED, status=202)

    def _finish(self, request: web.Request, result: InvocationResult) -> web.Response:
        if self._environment(request).accept_result(request.match_info["request_id"], result):
            return web.json_response(_ACCEPTED, status=202)
        error = {"errorMessage": "Invalid request ID", "errorType": "InvalidRequestID"}
        return web.json_response(error, status=400)

    def _environment(self, request: web.Request) -> Environment:
        assert request.transport is not None
        port = int(request.transport.get_extra_info("sockname")[1])
        if port not in self._environments:
            raise web.HTTPGone
        return self._environments[port]
