"""Lambda's Invoke API, and beside it a control API for whoever sets the runtime up or hurts it.

| call | answer |
|---|---|
| `POST /2015-03-31/functions/{name}/invocations` | as Lambda's Invoke: RequestResponse, Event, DryRun |
| `PUT /functions/{name}` with a `FunctionConfiguration` | registers the function, or replaces it |
| `GET /functions` | counts of invocations, errors, throttles and environments per function |
| `POST /functions/{name}/environments` | starts one more environment; answers when its handler is loaded |
| `POST /functions/{name}/rest` with a `Rest` | sets the environment that was used last aside (`Function.rest`) |
| `GET /environments` | every environment: id, function, pid, state, whether it rests, invocations, times |
| `DELETE /environments/{id}` | kills it, whatever it is doing |
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from aiohttp import web

from local.lambda_runtime.configuration import FunctionConfiguration
from local.lambda_runtime.function import Function, Functions, NoRoomToRestError, TooManyRequestsError

_ERROR_TYPE_HEADER: Final = "x-amzn-ErrorType"
_MAX_SYNCHRONOUS_BYTES: Final = 6 * 1024 * 1024  # Source: Lambda gettingstarted-limits
_MAX_ASYNCHRONOUS_BYTES: Final = 1024 * 1024  # Source: Lambda gettingstarted-limits


class Rest(msgspec.Struct, frozen=True, kw_only=True):
    """For how many invocations an environment rests."""

    invocations: Annotated[int, msgspec.Meta(ge=1)]


def invoke_application(functions: Functions) -> web.Application:
    """The web application that serves both APIs."""
    application = web.Application(client_max_size=2 * _MAX_SYNCHRONOUS_BYTES)
    api = _InvokeApi(functions)
    application.add_routes(
        [
            web.post("/2015-03-31/functions/{name}/invocations", api.invoke),
            web.put("/functions/{name}", api.register),
            web.get("/functions", api.list_functions),
            web.post("/functions/{name}/environments", api.prewarm),
            web.post("/functions/{name}/rest", api.rest),
            web.get("/environments", api.list_environments),
            web.delete("/environments/{id}", api.kill_environment),
        ]
    )
    return application


class _InvokeApi:
    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    async def invoke(self, request: web.Request) -> web.Response:
        function = self._find(request)
        payload = await request.read() or b"{}"
        client_context = request.headers.get("X-Amz-Client-Context")
        match request.headers.get("X-Amz-Invocation-Type", "RequestResponse"):
            case "RequestResponse":
                return await self._invoke_now(function, payload, client_context)
            case "Event":
                if len(payload) > _MAX_ASYNCHRONOUS_BYTES:
                    return _too_large(payload, _MAX_ASYNCHRONOUS_BYTES)
                self._functions.invoke_later(function, payload, client_context)
                return web.Response(status=202)
            case "DryRun":
                return web.Response(status=204)
        return _error(400, "InvalidParameterValueException", "Unknown invocation type")

    def _find(self, request: web.Request) -> Function:
        """The function that a path names.

        Raises:
            HTTPNotFound: There is none.
        """
        name = request.match_info["name"]
        function = self._functions.find(name)
        if function is None:
            raise web.HTTPNotFound(
                text=_error_body(f"Function not found: {name}"),
                content_type="application/json",
                headers={_ERROR_TYPE_HEADER: "ResourceNotFoundException"},
            )
        return function

    async def _invoke_now(self, function: Function, payload: bytes, client_context: str | None) -> web.Response:
        if len(payload) > _MAX_SYNCHRONOUS_BYTES:
            return _too_large(payload, _MAX_SYNCHRONOUS_BYTES)
        try:
            invocation, result = await function.invoke(payload, client_context=client_context)
        except TooManyRequestsError:
            return _error(
                429,
                "TooManyRequestsException",
                "Rate Exceeded.",
                Reason="ReservedFunctionConcurrentInvocationLimitExceeded",
            )
        headers = {"X-Amz-Executed-Version": "$LATEST", "x-amzn-RequestId": invocation.request_id}
        if result.function_error is not None:
            headers["X-Amz-Function-Error"] = result.function_error
        return web.Response(body=result.payload, content_type="application/json", headers=headers)

    async def register(self, request: web.Request) -> web.Response:
        try:
            configuration = msgspec.json.decode(await request.read(), type=FunctionConfiguration)
        except msgspec.ValidationError as error:
            return _error(400, "InvalidParameterValueException", str(error))
        await self._functions.register(configuration)
        return web.json_response({}, status=201)

    async def list_functions(self, _request: web.Request) -> web.Response:
        return web.json_response({name: _function_facts(item) for name, item in self._functions.all.items()})

    async def prewarm(self, request: web.Request) -> web.Response:
        function = self._find(request)
        error = await function.prewarm()
        if error is not None:
            return web.Response(status=502, body=error.payload, content_type="application/json")
        return web.json_response({}, status=201)

    async def rest(self, request: web.Request) -> web.Response:
        function = self._find(request)
        try:
            function.rest(msgspec.json.decode(await request.read(), type=Rest).invocations)
        except msgspec.MsgspecError as error:
            return _error(400, "InvalidParameterValueException", str(error))
        except NoRoomToRestError:
            return _error(409, "ResourceConflictException", "One more environment at rest would leave none")
        return web.Response(status=204)

    async def list_environments(self, _request: web.Request) -> web.Response:
        return web.json_response(
            [
                {
                    "id": environment.id,
                    "function": name,
                    "pid": environment.pid,
                    "state": environment.state,
                    "resting": function.is_resting(environment),
                    "invocations": environment.invocation_count,
                    "startedAt": environment.started_at,
                    "initSeconds": environment.init_seconds,
                }
                for name, function in self._functions.all.items()
                for environment in function.environments
            ]
        )

    async def kill_environment(self, request: web.Request) -> web.Response:
        environment = self._functions.environment(request.match_info["id"])
        if environment is None:
            return _error(404, "ResourceNotFoundException", "No such environment")
        await environment.kill()
        return web.Response(status=204)


def _function_facts(function: Function) -> Mapping[str, Any]:
    return {
        "invocations": function.invocation_count,
        "errors": function.error_count,
        "throttles": function.throttle_count,
        "environments": len(function.environments),
    }


def _too_large(payload: bytes, limit: int) -> web.Response:
    message = f"Request must be smaller than {limit} bytes for the InvokeFunction operation; it has {len(payload)}"
    return _error(413, "RequestTooLargeException", message)


def _error(status: int, error_type: str, message: str, **more: str) -> web.Response:
    headers = {_ERROR_TYPE_HEADER: error_type}
    return web.Response(
        status=status, text=_error_body(message, **more), content_type="application/json", headers=headers
    )


def _error_body(message: str, **more: str) -> str:
    return json.dumps({"Type": "User", "Message": message, **more})
