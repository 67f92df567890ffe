"""One execution environment: a process, the Runtime API it talks to, and what becomes of its invocations."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from local.lambda_runtime.configuration import FunctionConfiguration, RuntimeSettings
from local.lambda_runtime.function_log import FunctionLog
from local.process import SUPERVISOR_PID_VARIABLE
from local.supervision import PROJECT_ROOT, kill_group

_MAIN: Final = Path(__file__).with_name("environment_main.py")


class EnvironmentState(StrEnum):
    """Where in its life an environment is."""

    STARTING = "starting"
    BUSY = "busy"
    FROZEN = "frozen"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One event for a function."""

    payload: bytes
    request_id: str
    client_context: str | None = None

    @property
    def trace_id(self) -> str:
        """An X-Ray trace header that is not sampled."""
        return f"Root=1-{int(time.time()):08x}-{self.request_id.replace('-', '')[:24]};Sampled=0"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationResult:
    """What an invocation came to; `function_error` is Lambda's X-Amz-Function-Error, None for a success."""

    payload: bytes
    function_error: str | None = None

    @classmethod
    def failed(cls, error_type: str, message: str) -> "InvocationResult":
        """A failure that Lambda itself reports."""
        body = json.dumps({"errorType": error_type, "errorMessage": message}).encode()
        return cls(payload=body, function_error="Unhandled")


@dataclass(slots=True)
class _Current:
    """The invocation under way; `deadline_ms` is the epoch time at which it is killed."""

    invocation: Invocation
    deadline_ms: int
    taken: bool = False
    result: InvocationResult | None = None


class Environment:
    """A process that serves one invocation at a time, and is frozen in between.

    Attributes:
        id: Also the name of its log stream.
        function: What it runs.
        state: Where in its life it is.
        invocation_count: Invocations it has been given.
        idle_since: When it was last frozen, or when it had rested (monotonic seconds).
    """

    def __init__(
        self,
        function: FunctionConfiguration,
        settings: RuntimeSettings,
        log: FunctionLog,
        when_dead: Callable[["Environment"], None],
    ) -> None:
        self.id = uuid.uuid4().hex
        self.state = EnvironmentState.STARTING
        self.invocation_count = 0
        self.started_at = time.time()
        self.idle_since = 0.0
        self.init_seconds = 0.0
        self.function = function
        self._settings = settings
        self._log = log
        self._when_dead = when_dead
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self._current: _Current | None = None
        self._init_error: InvocationResult | None = None
        self._changed = asyncio.Condition()

    @property
    def pid(self) -> int | None:
        """Its process, which leads a group of its own."""
        return self._process.pid if self._process else None

    async def start(self, runtime_api: str) -> InvocationResult | None:
        """Start the process and wait until its handler is loaded.

        Args:
            runtime_api: `host:port` at which this environment, and no other, is served its Runtime API.

        Returns:
            None, or the error with which loading failed; the environment is dead then.
        """
        began = time.monotonic()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *(("-P",) if self._settings.runtime_directory is None else ("-I", "-S")),
            str(_MAIN),
            str(PROJECT_ROOT),
            self.function.handler,
            *self.function.layer_directories,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=self._log.file,
            stderr=self._log.file,
            cwd=self.function.code_directory,
            env=self._variables(runtime_api),
            start_new_session=True,
        )
        self._watch = asyncio.create_task(self._await_end(self._process))
        try:
            async with asyncio.timeout(self._settings.init_seconds), self._changed:
                await self._changed.wait_for(lambda: self.state is not EnvironmentState.STARTING)
        except TimeoutError:
            self._init_error = InvocationResult.failed(
                "Sandbox.Timedout", f"Error: init timed out after {self._settings.init_seconds:.2f} seconds"
            )
            await self.kill()
        self.init_seconds = time.monotonic() - began
        if self.state is EnvironmentState.DEAD:
            return self._init_error or InvocationResult.failed("Runtime.ExitError", f"Error: {self._exit_reason()}")
        return None

    async def invoke(self, invocation: Invocation) -> InvocationResult:
        """Serve one invocation; called only when none is under way and the environment is frozen."""
        assert self.state is EnvironmentState.FROZEN
        assert self._current is None
        self.invocation_count += 1
        began = time.monotonic()
        timeout = self.function.timeout_seconds
        current = _Current(invocation, deadline_ms=int((time.time() + timeout) * 1000))
        self._log.start(invocation.request_id)
        async with self._changed:
            self._current = current
            self.state = EnvironmentState.BUSY
            self._changed.notify_all()
        try:
            async with asyncio.timeout(timeout), self._changed:
                await self._changed.wait_for(lambda: self.state is not EnvironmentState.BUSY)
        except TimeoutError:
            if current.result is None:
                message = f"RequestId: {invocation.request_id} Error: Task timed out after {timeout:.2f} seconds"
                current.result = InvocationResult.failed("Sandbox.Timedout", message)
            await self.kill()
        self._current = None
        result = current.result or InvocationResult.failed(
            "Runtime.ExitError", f"RequestId: {invocation.request_id} Error: {self._exit_reason()}"
        )
        self._log.end(
            invocation.request_id,
            duration_seconds=time.monotonic() - began,
            init_seconds=self.init_seconds if self.invocation_count == 1 else None,
            failed=result.function_error is not None,
        )
        return result

    async def kill(self) -> None:
        """End it at once, frozen or not; an invocation under way fails as when a function's process dies."""
        if self._process is not None:
            kill_group(self._process.pid)
        if self._watch is not None:
            await self._watch

    # The Runtime API's side

    async def next_invocation(self) -> tuple[Invocation, int] | None:
        """The next invocation and its deadline (epoch milliseconds); the process is frozen until there is one.

        None when the process has ended meanwhile.
        """
        async with self._changed:
            if self.state is EnvironmentState.DEAD:
                return None
            if self._current is not None and self._current.taken:
                self._current = None
            self.state = EnvironmentState.FROZEN
            self.idle_since = time.monotonic()
            self._signal(signal.SIGSTOP)
            self._changed.notify_all()
            await self._changed.wait_for(
                lambda: self.state is EnvironmentState.DEAD or (self._current is not None and not self._current.taken)
            )
            current = self._current
            if current is None or self.state is EnvironmentState.DEAD:
                return None
            current.taken = True
            self._signal(signal.SIGCONT)
            return current.invocation, current.deadline_ms

    def accept_result(self, request_id: str, result: InvocationResult) -> bool:
        """Take an invocation's outcome; False when that invocation is not under way."""
        current = self._current
        if current is None or current.invocation.request_id != request_id or current.result is not None:
            return False
        current.result = result
        return True

    def accept_init_error(self, error: InvocationResult) -> None:
        """Take the reason why the handler could not be loaded; the process ends by itself afterwards."""
        self._init_error = error

    async def _await_end(self, process: asyncio.subprocess.Process) -> None:
        await process.wait()
        kill_group(process.pid)
        async with self._changed:
            self.state = EnvironmentState.DEAD
            self._changed.notify_all()
        self._when_dead(self)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def _exit_reason(self) -> str:
        status = self._process.returncode if self._process else None
        if not status:
            return "Runtime exited without providing a reason"
        if status < 0:
            return f"Runtime exited with error: signal: {(signal.strsignal(-status) or str(-status)).lower()}"
        return f"Runtime exited with error: exit status {status}"

    def _variables(self, runtime_api: str) -> Mapping[str, str]:
        function, code = self.function, self.function.code_directory
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "TZ": ":UTC",
            "PYTHONPATH": code,
            "LAMBDA_TASK_ROOT": code,
            "LAMBDA_RUNTIME_DIR": self._settings.runtime_directory or code,
            "_HANDLER": function.handler,
            "AWS_LAMBDA_RUNTIME_API": runtime_api,
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": self.id,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}",
            "AWS_REGION": self._settings.region,
            "AWS_DEFAULT_REGION": self._settings.region,
            **function.environment,
            SUPERVISOR_PID_VARIABLE: str(os.getpid()),
        }
