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
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Final

import aiohttp
import msgspec

from local.blueprint import Blueprint
from local.endpoints import Endpoints
from local.errors import UserError
from local.event_source.configuration import MappingOverrides
from local.gateway.configuration import GatewayLimits
from local.lambda_runtime.configuration import FunctionConfiguration
from local.provision import CREDENTIALS, AwsServer, create_confirmed_user, jwks_url, provision
from local.services.behaviour import ServiceTimes
from local.state_directory import StateDirectory
from local.supervision import Child, Command
from local.template.assembly import ResourceKey
from local.template.intrinsics import Physical, Resolver

SOURCE_LANGUAGES: Final = ("en",)
TARGET_LANGUAGES: Final = ("es", "ca", "gl", "pt", "fr", "it")
"""What the local engines recognise, and what they translate into and speak."""

_SPEAKER_EMAIL: Final = "speaker@example.com"


class Engine(StrEnum):
    """What stands behind the local Transcribe, Translate and Polly."""

    SPEECH = "speech"
    TONES = "tones"


class PortBusyError(UserError):
    """A port that was asked for is taken.

    Attributes:
        port: Which.
    """

    def __init__(self, what: str, port: int) -> None:
        self.port = port
        super().__init__(f"port {port} for {what} is in use; choose another one, or 0 for any free one")


@dataclass(frozen=True, slots=True, kw_only=True)
class StackOptions:
    """How to start a stack.

    Attributes:
        state_dir: Receives `stack.json`, configurations and logs; its contents are replaced.
        assembly_dir: The stage's synthesized cloud assembly.
        packaged: Functions have their packages and nothing else; the assembly's layer must be built for this machine.
        engine: Speech, or tones for tests that must be exact.
        websocket_port, http_port, aws_port: 0 takes a free one.
        service_times: How long the speech services and S3 take; at once without. `local.services.profiles` has some.
        service_seed: The same seed draws the same service times.
        service_arguments: More options for `python -m local.services`.
        gateway_limits: API Gateway's, to be shortened for tests.
        allowed_origins: Web pages that may use the HTTP API besides those in the template.
        listener_url: Replaces the template's `LISTENER_URL`.
        environment: More variables by function name; they win over all others.
        event_source_overrides: For every event source mapping.
        max_environments: Execution environments per function.
        idle_seconds: An unused execution environment ends after so long.
        prewarmed_functions: How many environments of each function are started before the stack is ready.
        speaker_email: The demo account, with a password of its own each time.
    """

    state_dir: Path
    assembly_dir: Path
    packaged: bool = False
    engine: Engine = Engine.SPEECH
    websocket_port: int = 0
    http_port: int = 0
    aws_port: int = 0
    service_times: ServiceTimes = field(default_factory=dict)
    service_seed: int = 1
    service_arguments: tuple[str, ...] = ()
    gateway_limits: GatewayLimits = field(default_factory=GatewayLimits)
    allowed_origins: tuple[str, ...] = ()
    listener_url: str | None = None
    environment: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    event_source_overrides: MappingOverrides = field(default_factory=MappingOverrides)
    max_environments: int = 8
    idle_seconds: float = 300.0
    prewarmed_functions: int = 1
    speaker_email: str = _SPEAKER_EMAIL


class Stack:
    """A running stage. An async context manager: entered when everything is ready, left when everything has ended.

    Attributes:
        endpoints: What clients need.
        aws_control_url: Makes operations of the AWS server fail (`local.aws_server.control`).
        event_source_control_url: Makes deliveries go wrong (`local.event_source.control`).
        services_control_url: Sets service times and faults of the speech services (`local.services.control`).
        lambda_url: Lambda's Invoke API and its control API (`local.lambda_runtime.invoke_api`).
        logs_dir: One file per process; `functions/` has one per function.
    """

    endpoints: Endpoints
    aws_control_url: str
    event_source_control_url: str
    services_control_url: str
    lambda_url: str

    def __init__(self, options: StackOptions) -> None:
        self._options = options
        self._state = StateDirectory(options.state_dir.resolve())
        self.logs_dir = self._state.logs
        self._children: list[Child] = []
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
        watches = [asyncio.create_task(child.fail_when_ended()) for child in self._children]
        try:
            done, _ = await asyncio.wait(watches, return_when=asyncio.FIRST_COMPLETED)
            for watch in done:
                watch.result()
        finally:
            for watch in watches:
                watch.cancel()

    @property
    def pids(self) -> Mapping[str, int]:
        """The processes that this one started, by name."""
        return {child.name: child.pid for child in self._children}

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
        )
        functions = self._blueprint.functions(
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
            await self._register(session, functions)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._start_event_source(resolver, stores))
                tasks.create_task(self._prewarm(session, functions))
                tasks.create_task(self._create_demo_account())
        control = {
            "lambdaUrl": self.lambda_url,
            "awsControlUrl": self.aws_control_url,
            "eventSourceControlUrl": self.event_source_control_url,
            "servicesControlUrl": self.services_control_url,
            "logs": str(self.logs_dir),
            "pids": dict(self.pids),
        }
        await asyncio.to_thread(self._state.publish, self.endpoints, control)

    async def _start_aws_server(self) -> Mapping[ResourceKey, Physical]:
        child = await self._start_child(
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
        return await self._start_child(
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
            )
        )

    def _service_times(self) -> tuple[str, ...]:
        """For both processes that take them; each keeps to the steps that are its own."""
        times = msgspec.json.encode(dict(self._options.service_times)).decode()
        return "--service-times", times, "--seed", str(self._options.service_seed)

    async def _start_lambda_runtime(self) -> Child:
        options = self._options
        return await self._start_child(
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
            )
        )

    async def _start_event_source(self, resolver: Resolver, stores: Mapping[ResourceKey, Physical]) -> None:
        configuration = self._blueprint.event_source(
            resolver, stores, lambda_url=self.lambda_url, aws_endpoint_url=self._server.endpoint_url
        )
        mappings = [self._options.event_source_overrides.applied_to(each) for each in configuration.mappings]
        child = await self._start_configured("event_source", replace(configuration, mappings=mappings))
        self.event_source_control_url = child.ready["control"]

    async def _start_configured(self, name: str, configuration: object, *arguments: str) -> Child:
        path = await asyncio.to_thread(self._state.write_configuration, name, configuration)
        return await self._start_child(
            Command(name=name, module=f"local.{name}", arguments=("--config", str(path), *arguments))
        )

    async def _start_child(self, command: Command) -> Child:
        child = await Child.start(command, log_directory=self.logs_dir)
        self._children.append(child)
        return child

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
            "AWS_ENDPOINT_URL_TRANSLATE": services.ready["translate"],
            "AWS_ENDPOINT_URL_POLLY": services.ready["polly"],
            "AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING": services.ready["transcribe"],
            "SSL_CERT_FILE": str(ca_bundle),
        }

    async def _register(self, session: aiohttp.ClientSession, functions: list[FunctionConfiguration]) -> None:
        for function in functions:
            url = f"{self.lambda_url}/functions/{function.name}"
            async with session.put(url, data=msgspec.json.encode(function)) as response:
                response.raise_for_status()

    async def _prewarm(self, session: aiohttp.ClientSession, functions: list[FunctionConfiguration]) -> None:
        """Start environments ahead, as Lambda may too. A handler that cannot be loaded shows when it is invoked."""

        async def prewarm(function: FunctionConfiguration) -> None:
            async with session.post(f"{self.lambda_url}/functions/{function.name}/environments"):
                pass

        await asyncio.gather(
            *(prewarm(function) for function in functions for _ in range(self._options.prewarmed_functions))
        )

    async def _create_demo_account(self) -> None:
        assert self.endpoints.speaker_email is not None
        assert self.endpoints.speaker_password is not None
        await self.create_speaker(self.endpoints.speaker_email, self.endpoints.speaker_password)

    async def _stop_all(self) -> None:
        """Those that call first, those that are called last."""
        callers = [child for child in self._children if child.name in ("event_source", "gateway")]
        await asyncio.gather(*(child.stop() for child in callers))
        await asyncio.gather(*(child.stop() for child in self._children))


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
