"""A function: its environments, and which of them serves the next invocation."""

import asyncio
import time
import uuid
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from local.lambda_runtime.configuration import FunctionConfiguration, RuntimeSettings
from local.lambda_runtime.environment import Environment, EnvironmentState, Invocation, InvocationResult
from local.lambda_runtime.function_log import FunctionLog


class TooManyRequestsError(Exception):
    """The function already runs as many invocations as it has reserved concurrency."""


class NoRoomToRestError(Exception):
    """If one more environment rested, none could serve the function's invocations."""


class RuntimeApiAddresses(Protocol):
    """Serves each environment its Runtime API at an address of its own."""

    async def open(self, environment: Environment) -> str:
        """`host:port` at which the environment is served from now on."""

    async def close(self, environment: Environment) -> None:
        """Stop serving it."""


@dataclass(slots=True, kw_only=True)
class _Rest:
    """An environment that is set aside; None until one becomes idle."""

    environment: Environment | None
    invocations_left: int


class Function:
    """Runs one function's invocations.

    The environment that was used last is used first, so that the others become idle and are ended. An invocation that
    finds none free starts a new one; when the machine's limit is reached it waits for one.

    An environment may *rest*: it stays frozen and alive while others serve the next invocations, and is used first
    afterwards.
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
        self._rested: list[Environment] = []
        self._rests: list[_Rest] = []
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
        self._offer(started, self._idle)
        return None

    def rest(self, invocations: int) -> None:
        """Let the environment that is used at present, or else was used last, rest for so many invocations.

        One that is used rests from when it is idle; so does the next one that becomes idle when there is none at all.

        Raises:
            NoRoomToRestError: The machine's limit of environments leaves none for the invocations meanwhile.
        """
        if len(self._rests) + 1 >= self._settings.max_environments:
            raise NoRoomToRestError
        environment = self._take_free() if self._running == 0 else None
        self._rests.append(_Rest(environment=environment, invocations_left=invocations))

    def is_resting(self, environment: Environment) -> bool:
        """Whether it is set aside at present."""
        return any(rest.environment is environment for rest in self._rests)

    async def reap_idle(self) -> None:
        """End environments that have been idle for longer than the settings allow; those that rest are not."""
        now = time.monotonic()
        for free in (self._idle, self._rested):
            for environment in list(free):
                if environment in free and now - environment.idle_since > self._settings.idle_seconds:
                    free.remove(environment)
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
            free = self._take_free()
            if free is not None:
                self._count_for_rests()
                return free
            if len(self.environments) < self._settings.max_environments:
                self._count_for_rests()
                return await self._start()
            waiting: asyncio.Future[Environment | None] = asyncio.get_running_loop().create_future()
            self._waiting.append(waiting)
            freed = await waiting
            if freed is not None:
                self._count_for_rests()
                return freed

    def _take_free(self) -> Environment | None:
        """The free environment that is to be used first."""
        for free in (self._rested, self._idle):
            if free:
                return free.pop()
        return None

    def _count_for_rests(self) -> None:
        """An invocation has its environment, and it is none that rests: each rest is one invocation shorter."""
        for rest in [rest for rest in self._rests if rest.environment is not None]:
            rest.invocations_left -= 1
            if rest.environment is not None and rest.invocations_left == 0:
                self._rests.remove(rest)
                rest.environment.idle_since = time.monotonic()
                self._offer(rest.environment, self._rested)

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
        """An environment has served its invocation."""
        if environment.state is not EnvironmentState.FROZEN:
            return
        for rest in self._rests:
            if rest.environment is None:
                rest.environment = environment
                return
        self._offer(environment, self._idle)

    def _offer(self, environment: Environment, free: list[Environment]) -> None:
        """Give an environment to an invocation that waits for one, else add it to those that are free."""
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(environment)
                return
        free.append(environment)

    def _forget(self, environment: Environment) -> None:
        """The environment's process has ended: there may be room for another."""
        self.environments.remove(environment)
        for free in (self._idle, self._rested):
            if environment in free:
                free.remove(environment)
        self._rests = [rest for rest in self._rests if rest.environment is not environment]
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
