"""A function: its environments, and which of them serves the next invocation."""

import asyncio
import time
import uuid
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from local.lambda_runtime.configuration import FunctionConfiguration, RuntimeSettings
from local.lambda_runtime.environment import Environment, EnvironmentState, Invocation, InvocationResult
from local.lambda_runtime.function_log import FunctionLog


class TooManyRequestsError(Exception):
    """The function already runs as many invocations as it has reserved concurrency."""


class RuntimeApiAddresses(Protocol):
    """Serves each environment its Runtime API at an address of its own."""

    async def open(self, environment: Environment) -> str:
        """`host:port` at which the environment is served from now on."""

    async def close(self, environment: Environment) -> None:
        """Stop serving it."""


class Function:
    """Runs one function's invocations.

    The environment that was used last is used first, so that the others become idle and are ended. An invocation that
    finds none free starts a new one; when the machine's limit is reached it waits for one.
    """

    def __init__(
        self, configuration: FunctionConfiguration, settings: RuntimeSettings, addresses: RuntimeApiAddresses
    ) -> None:
        self.configuration = configuration
        self.environments: list[Environment] = []
        self.invocation_count = 0
        self.error_count = 0
        self.throttle_count = 0
        self._settings = settings
        self._addresses = addresses
        self._log = FunctionLog(Path(settings.log_directory), configuration.name, configuration.memory_mb)
        self._idle: list[Environment] = []
        self._waiting: deque[asyncio.Future[Environment | None]] = deque()
        self._running = 0
        self._closing: set[asyncio.Task[None]] = set()
        self._ended = False

    async def invoke(self, payload: bytes, *, client_context: str | None = None) -> tuple[Invocation, InvocationResult]:
        """Run one invocation to its end.

        Raises:
            TooManyRequestsError: The reserved concurrency is used up.
        """
        limit = self.configuration.reserved_concurrency
        if limit is not None and self._running >= limit:
            self.throttle_count += 1
            raise TooManyRequestsError
        invocation = Invocation(payload=payload, request_id=str(uuid.uuid4()), client_context=client_context)
        self._running += 1
        self.invocation_count += 1
        try:
            async with self._environment() as acquired:
                result = await acquired.invoke(invocation) if isinstance(acquired, Environment) else acquired
        finally:
            self._running -= 1
        self.error_count += result.function_error is not None
        return invocation, result

    async def prewarm(self) -> InvocationResult | None:
        """Start one more environment ahead of any invocation; returns the error of its initialization, if any."""
        started = await self._start()
        if isinstance(started, InvocationResult):
            return started
        self._release(started)
        return None

    async def reap_idle(self) -> None:
        """End environments that have been frozen for longer than the settings allow."""
        now = time.monotonic()
        for environment in list(self._idle):
            if environment in self._idle and now - environment.frozen_at > self._settings.idle_seconds:
                self._idle.remove(environment)
                await environment.kill()

    async def end(self) -> None:
        """End all environments; invocations under way fail."""
        self._ended = True
        await asyncio.gather(*(environment.kill() for environment in list(self.environments)))
        await asyncio.gather(*self._closing)
        self._log.close()

    @asynccontextmanager
    async def _environment(self) -> AsyncIterator[Environment | InvocationResult]:
        """A free environment, or the error with which a new one failed to start."""
        acquired = await self._acquire()
        try:
            yield acquired
        finally:
            if isinstance(acquired, Environment):
                self._release(acquired)

    async def _acquire(self) -> Environment | InvocationResult:
        while True:
            if self._idle:
                return self._idle.pop()
            if len(self.environments) < self._settings.max_environments:
                return await self._start()
            waiting: asyncio.Future[Environment | None] = asyncio.get_running_loop().create_future()
            self._waiting.append(waiting)
            freed = await waiting
            if freed is not None:
                return freed

    async def _start(self) -> Environment | InvocationResult:
        environment = Environment(self.configuration, self._settings, self._log, self._forget)
        self.environments.append(environment)
        try:
            error = await environment.start(await self._addresses.open(environment))
        except BaseException:
            await environment.kill()
            if environment in self.environments:
                self._forget(environment)
            raise
        return error or environment

    def _release(self, environment: Environment) -> None:
        if environment.state is not EnvironmentState.FROZEN:
            return
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(environment)
                return
        self._idle.append(environment)

    def _forget(self, environment: Environment) -> None:
        """The environment's process has ended: there may be room for another."""
        self.environments.remove(environment)
        if environment in self._idle:
            self._idle.remove(environment)
        closing = asyncio.create_task(self._addresses.close(environment))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        while self._waiting and not self._ended:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(None)
                return


class Functions:
    """All registered functions."""

    def __init__(self, settings: RuntimeSettings, addresses: RuntimeApiAddresses) -> None:
        self._settings = settings
        self._addresses = addresses
        self._functions: dict[str, Function] = {}
        self._asynchronous: set[asyncio.Task[None]] = set()

    @property
    def all(self) -> Mapping[str, Function]:
        """Functions by name."""
        return self._functions

    async def register(self, configuration: FunctionConfiguration) -> None:
        """Add a function, or replace it: its environments end, as after an update of its configuration."""
        former = self._functions.get(configuration.name)
        self._functions[configuration.name] = Function(configuration, self._settings, self._addresses)
        if former is not None:
            await former.end()

    def find(self, name: str) -> Function | None:
        """A function by its name or any form of its ARN."""
        return self._functions.get(name) or self._functions.get(name.rpartition(":function:")[2].partition(":")[0])

    def environment(self, environment_id: str) -> Environment | None:
        """An environment by its id."""
        for function in self._functions.values():
            for environment in function.environments:
                if environment.id == environment_id:
                    return environment
        return None

    def invoke_later(self, function: Function, payload: bytes, client_context: str | None) -> None:
        """Invoke without waiting for the outcome, trying again after an error or a throttle."""
        task = asyncio.create_task(self._invoke_with_retries(function, payload, client_context))
        self._asynchronous.add(task)
        task.add_done_callback(self._asynchronous.discard)

    async def reap_forever(self) -> None:
        """End idle environments from time to time."""
        while True:
            await asyncio.sleep(min(5.0, self._settings.idle_seconds / 4))
            for function in list(self._functions.values()):
                await function.reap_idle()

    async def end(self) -> None:
        """End everything."""
        for task in self._asynchronous:
            task.cancel()
        await asyncio.gather(*(function.end() for function in self._functions.values()))

    async def _invoke_with_retries(self, function: Function, payload: bytes, client_context: str | None) -> None:
        for pause in (*self._settings.async_retry_seconds, None):
            try:
                _, result = await function.invoke(payload, client_context=client_context)
            except TooManyRequestsError:
                pass
            else:
                if result.function_error is None:
                    return
            if pause is not None:
                await asyncio.sleep(pause)
