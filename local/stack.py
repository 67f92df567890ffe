"""The whole of a stage on one machine: starts its processes, connects them, watches them, ends them.

```
async with Stack(StackOptions(state_dir=…, assembly_dir=…, engine=Engine.SPEECH)) as stack:
    stack.endpoints          # what clients need; also in <state_dir>/stack.json
    await stack.wait()       # raises ProcessFailedError when a process dies
```

```
aws_server ── provision ──┐                              <state_dir>/logs/<process>.log
services ─────────────────┼── functions registered ── event_source      functions/<function>.log
lambda_runtime ── gateway ┘
```

All of it listens on 127.0.0.1 only. Whatever way this process ends, so does every process that it started.
"""

import asyncio
import secrets
import socket
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final

import aiohttp
import msgspec

from local.blueprint import Blueprint
from local.endpoints import Endpoints
from local.errors import UserError
from local.lambda_runtime.configuration import FunctionConfiguration
from local.processes import Processes
from local.provision import CREDENTIALS, AwsServer, create_confirmed_user, jwks_url, provision
from local.stack_options import Engine, StackOptions
from local.state_directory import StateDirectory
from local.supervision import Child, Command
from local.template.assembly import ResourceKey
from local.template.intrinsics import Physical, Resolver

__all__ = ["Engine", "PortBusyError", "Stack", "StackOptions"]

SOURCE_LANGUAGES: Final = ("en",)
TARGET_LANGUAGES: Final = ("es", "ca", "gl", "pt", "fr", "it")
"""What the local engines recognise, and what they translate into and speak."""

RESTARTABLE: Final = ("gateway", "event_source", "lambda_runtime", "services")
"""The processes that `Stack.restart` starts again: all but the data stores."""


class PortBusyError(UserError):
    """A port that was asked for is taken.

    Attributes:
        port: Which.
    """

    def __init__(self, what: str, port: int) -> None:
        self.port = port
        super().__init__(f"port {port} for {what} is in use; choose another one, or 0 for any free one")


class Stack:
    """A running stage. An async context manager: entered when everything is ready, left when everything has ended.

    Attributes:
        endpoints: What clients need.
        aws_control_url: Makes operations of the AWS server fail (`local.aws_server.control`).
        gateway_control_url: Makes the gateway refuse (`local.gateway.control`).
        event_source_control_url: Makes deliveries go wrong (`local.event_source.control`).
        services_control_url: Sets service times and faults of the speech services (`local.services.control`).
        lambda_url: Lambda's Invoke API and its control API (`local.lambda_runtime.invoke_api`).
        logs_dir: One file per process; `functions/` has one per function.
    """

    endpoints: Endpoints
    aws_control_url: str
    gateway_control_url: str
    event_source_control_url: str
    services_control_url: str
    lambda_url: str

    def __init__(self, options: StackOptions) -> None:
        self._options = options
        self._state = StateDirectory(options.state_dir.resolve())
        self.logs_dir = self._state.logs
        self._processes = Processes(self.logs_dir)
        self._exit = AsyncExitStack()

    async def __aenter__(self) -> "Stack":
        """Start everything.

        Raises:
            PortBusyError: A port that was asked for is taken.
            StateInUseError: Another stack runs with the same state directory.
            TemplateError: The assembly cannot be run here.
            ProcessFailedError: A process did not start.
        """
        options = self._options
        _require_free("the WebSocket API", options.websocket_port)
        _require_free("the HTTP API", options.http_port)
        _require_free("the AWS server", options.aws_port)
        self._blueprint = Blueprint.load(options.assembly_dir)
        self._exit.enter_context(self._state.held())
        self._exit.push_async_callback(self._stop_all)
        try:
            await self._start()
        except BaseExceptionGroup as failures:
            await self._exit.aclose()
            raise _first(failures) from failures
        except BaseException:
            await self._exit.aclose()
            raise
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """End everything."""
        await self._exit.aclose()

    async def wait(self) -> None:
        """Wait as long as every process runs.

        Raises:
            ProcessFailedError: One has ended; it is named, with the end of its log.
        """
        await self._processes.wait()

    async def restart(self, process: str) -> None:
        """Kill a process, whatever it is doing, and start it again at its addresses; everything is ready afterwards.

        What is durable on AWS survives: the event source's positions, the registered functions, the routes and the
        certificate authority. Open connections, invocations under way, execution environments, counters and faults of
        the process are gone.

        Args:
            process: ``gateway``, ``event_source``, ``lambda_runtime`` or ``services``.

        Raises:
            ValueError: There is no such process, or it is a data store, whose contents would be gone.
            ProcessFailedError: It has not become ready again.
        """
        if process not in RESTARTABLE:
            raise ValueError(f"{process} cannot be started again")
        await self._processes.restart(process)
        if process == "lambda_runtime":
            async with aiohttp.ClientSession() as session:
                await self._register(session)
        await self._publish()

    def environment_of(self, function: str) -> Mapping[str, str]:
        """The variables of a function, so that something else can do its work with the same services.

        Args:
            function: By its package (`audio_processor`); the first of several that have it.

        Raises:
            LookupError: There is no such function.
        """
        for each in self._functions:
            if each.name.partition("-")[0] == function:
                return each.environment
        raise LookupError(f"no function is called {function}")

    @property
    def pids(self) -> Mapping[str, int]:
        """The processes that this one started, by name."""
        return self._processes.pids

    async def create_speaker(self, email: str, password: str) -> None:
        """Make a confirmed speaker account; the password follows the template's policy."""
        await asyncio.to_thread(
            create_confirmed_user,
            self._server,
            user_pool_id=self.endpoints.user_pool_id,
            email=email,
            password=password,
        )

    async def _start(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            stores_task = tasks.create_task(self._start_aws_server())
            services_task = tasks.create_task(self._start_services())
            runtime_task = tasks.create_task(self._start_lambda_runtime())
        stores, services, runtime = stores_task.result(), services_task.result(), runtime_task.result()
        self.lambda_url = runtime.ready["url"]
        self.services_control_url = services.ready["control"]
        resolver = self._blueprint.resolver(stores)
        user_pool_id = stores[self._blueprint.user_pool.key].ref
        keys_url = jwks_url(self._server, user_pool_id)
        gateway = await self._start_configured(
            "gateway",
            self._blueprint.gateway(
                resolver,
                lambda_url=self.lambda_url,
                jwks_url=keys_url,
                limits=self._options.gateway_limits,
                more_origins=self._options.allowed_origins,
            ),
            "--websocket-port",
            str(self._options.websocket_port),
            "--http-port",
            str(self._options.http_port),
            ports={
                "--websocket-port": "websocketUrl",
                "--http-port": "httpUrl",
                "--connections-port": "connectionsUrl",
                "--control-port": "control",
            },
        )
        self.gateway_control_url = gateway.ready["control"]
        self._functions = self._blueprint.functions(
            resolver,
            replaced=self._replaced_settings(gateway, keys_url=keys_url),
            added=self._added_variables(services, ca_bundle=await asyncio.to_thread(self._state.write_ca_bundle)),
            per_function=self._options.environment,
        )
        self.endpoints = Endpoints(
            stage=self._blueprint.stage,
            region=self._blueprint.region,
            http_api_url=gateway.ready["httpUrl"],
            websocket_url=gateway.ready["websocketUrl"],
            user_pool_id=user_pool_id,
            user_pool_client_id=stores[self._blueprint.user_pool_client.key].ref,
            aws_endpoint_url=self._server.endpoint_url,
            speaker_email=self._options.speaker_email,
            speaker_password=_password(),
        )
        async with aiohttp.ClientSession() as session:
            await self._register(session)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._start_event_source(resolver, stores))
                tasks.create_task(self._prewarm(session))
                tasks.create_task(self._create_demo_account())
        await self._publish()

    async def _publish(self) -> None:
        control = {
            "lambdaUrl": self.lambda_url,
            "awsControlUrl": self.aws_control_url,
            "gatewayControlUrl": self.gateway_control_url,
            "eventSourceControlUrl": self.event_source_control_url,
            "servicesControlUrl": self.services_control_url,
            "logs": str(self.logs_dir),
            "pids": dict(self.pids),
        }
        await asyncio.to_thread(self._state.publish, self.endpoints, control)

    async def _start_aws_server(self) -> Mapping[ResourceKey, Physical]:
        child = await self._processes.start(
            Command(
                name="aws_server",
                module="local.aws_server",
                arguments=("--port", str(self._options.aws_port), *self._service_times()),
            )
        )
        self.aws_control_url = child.ready["control"]
        self._server = AwsServer(endpoint_url=child.ready["url"], region=self._blueprint.region)
        return await asyncio.to_thread(provision, self._blueprint.data, self._server)

    async def _start_services(self) -> Child:
        return await self._processes.start(
            Command(
                name="services",
                module="local.services",
                arguments=(
                    "--engine",
                    self._options.engine,
                    "--ca-file",
                    str(self._state.ca_file),
                    *self._service_times(),
                    *self._options.service_arguments,
                ),
                ports={
                    "--transcribe-port": "transcribe",
                    "--translate-port": "translate",
                    "--polly-port": "polly",
                    "--control-port": "control",
                },
            )
        )

    def _service_times(self) -> tuple[str, ...]:
        """For both processes that take them; each keeps to the steps that are its own."""
        times = msgspec.json.encode(dict(self._options.service_times)).decode()
        return "--service-times", times, "--seed", str(self._options.service_seed)

    async def _start_lambda_runtime(self) -> Child:
        options = self._options
        return await self._processes.start(
            Command(
                name="lambda_runtime",
                module="local.lambda_runtime",
                arguments=(
                    "--log-directory",
                    str(self._state.function_logs),
                    "--region",
                    self._blueprint.region,
                    f"--max-environments={options.max_environments}",
                    f"--idle-seconds={options.idle_seconds}",
                    *(("--runtime-directory", str(self._state.path / "runtime")) if options.packaged else ()),
                ),
                ports={"--port": "url"},
            )
        )

    async def _start_event_source(self, resolver: Resolver, stores: Mapping[ResourceKey, Physical]) -> None:
        configuration = self._blueprint.event_source(
            resolver, stores, lambda_url=self.lambda_url, aws_endpoint_url=self._server.endpoint_url
        )
        mappings = [self._options.event_source_overrides.applied_to(each) for each in configuration.mappings]
        child = await self._start_configured(
            "event_source",
            replace(configuration, mappings=mappings, positions_directory=str(self._state.positions)),
            ports={"--control-port": "control"},
        )
        self.event_source_control_url = child.ready["control"]

    async def _start_configured(
        self, name: str, configuration: object, *arguments: str, ports: Mapping[str, str]
    ) -> Child:
        path = await asyncio.to_thread(self._state.write_configuration, name, configuration)
        return await self._processes.start(
            Command(name=name, module=f"local.{name}", arguments=("--config", str(path), *arguments), ports=ports)
        )

    def _replaced_settings(self, gateway: Child, *, keys_url: str) -> dict[str, str]:
        """Addresses and offers that differ from the template's because this is not AWS."""
        settings = {
            "JWKS_URL": keys_url,
            "WEBSOCKET_MANAGEMENT_ENDPOINT": gateway.ready["connectionsUrl"],
            "WEBSOCKET_URL": gateway.ready["websocketUrl"],
            "SOURCE_LANGUAGES": ",".join(SOURCE_LANGUAGES),
            "TARGET_LANGUAGES": ",".join(TARGET_LANGUAGES),
        }
        if self._options.listener_url is not None:
            settings["LISTENER_URL"] = self._options.listener_url
        return settings

    def _added_variables(self, services: Child, *, ca_bundle: Path) -> dict[str, str]:
        return {
            **{key.upper(): value for key, value in CREDENTIALS.items()},
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": self._server.endpoint_url,
            "AWS_ENDPOINT_URL_LAMBDA": self.lambda_url,
            "AWS_ENDPOINT_URL_TRANSLATE": services.ready["translate"],
            "AWS_ENDPOINT_URL_POLLY": services.ready["polly"],
            "AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING": services.ready["transcribe"],
            "SSL_CERT_FILE": str(ca_bundle),
        }

    async def _register(self, session: aiohttp.ClientSession) -> None:
        for function in self._functions:
            url = f"{self.lambda_url}/functions/{function.name}"
            async with session.put(url, data=msgspec.json.encode(function)) as response:
                response.raise_for_status()

    async def _prewarm(self, session: aiohttp.ClientSession) -> None:
        """Start environments ahead, as Lambda may too. A handler that cannot be loaded shows when it is invoked."""

        async def prewarm(function: FunctionConfiguration) -> None:
            async with session.post(f"{self.lambda_url}/functions/{function.name}/environments"):
                pass

        await asyncio.gather(
            *(prewarm(function) for function in self._functions for _ in range(self._options.prewarmed_functions))
        )

    async def _create_demo_account(self) -> None:
        assert self.endpoints.speaker_email is not None
        assert self.endpoints.speaker_password is not None
        await self.create_speaker(self.endpoints.speaker_email, self.endpoints.speaker_password)

    async def _stop_all(self) -> None:
        await self._processes.stop(first=("event_source", "gateway"))


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """The failure that made the group fail; the others were cancelled for it."""
    first = failures.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def _require_free(what: str, port: int) -> None:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        raise PortBusyError(what, port) from None


def _password() -> str:
    """Random, with a character of each kind that a password policy can ask for."""
    return f"Aa1!{secrets.token_urlsafe(12)}"
