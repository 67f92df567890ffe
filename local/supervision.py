"""A child process under supervision: started, awaited until ready, its output logged, ended with all it started."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from local.errors import UserError
from local.process import READY_PREFIX, SUPERVISOR_PID_VARIABLE

PROJECT_ROOT: Final = Path(__file__).resolve().parent.parent
SHARED_CODE: Final = PROJECT_ROOT / "shared_layer" / "python"
"""Where `babelcast` is, of which the local processes use the tables and codecs."""

_TAIL_LINES: Final = 25
_LONGEST_LINE_BYTES: Final = 1 << 20


class ProcessFailedError(UserError):
    """A supervised process did not become ready, or ended when nobody asked it to.

    Attributes:
        name: Which process.
        process_status: As a shell sees it; negative for a signal, None when it still ran but was not ready in time.
        log_tail: The end of what it printed.
    """

    def __init__(self, name: str, what: str, *, process_status: int | None, log_path: Path) -> None:
        self.name = name
        self.process_status = process_status
        self.log_tail = tail(log_path)
        super().__init__(f"{name} {what}; the end of {log_path}:\n{self.log_tail}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A process to start: `python -m module arguments`.

    Attributes:
        name: For messages, and the name of its log file.
        ports: Options that set its ports, each with the fact of its READY line that has the address.
        environment: Added to this process's own environment.
        ready_within_seconds: How long it may take to announce that it is ready.
    """

    name: str
    module: str
    arguments: Sequence[str] = ()
    ports: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    ready_within_seconds: float = 30.0


class Child:
    """A running supervised process. It leads a process group of its own, which is ended with it."""

    def __init__(self, command: Command, process: asyncio.subprocess.Process, log_path: Path) -> None:
        self.name = command.name
        self.pid = process.pid
        self.ready: Mapping[str, Any] = {}
        self._process = process
        self._log_path = log_path
        self._ready_facts: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._output: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, command: Command, *, log_directory: Path) -> "Child":
        """Start and wait until it has announced that it is ready; its facts are then in `ready`.

        The log directory exists.

        Raises:
            ProcessFailedError: It ended before, or took too long and was ended.
        """
        log_path = log_directory / f"{command.name}.log"
        # A pipe of our own: asyncio's would delay the news of an end until everybody has closed it, grandchildren too.
        output_read, output_write = os.pipe()
        try:
            with log_path.open("ab") as log:
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    command.module,
                    *command.arguments,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output_write,
                    stderr=log,
                    cwd=PROJECT_ROOT,
                    env=_environment(command),
                    start_new_session=True,
                )
        finally:
            os.close(output_write)
        child = cls(command, process, log_path)
        child._output = asyncio.create_task(child._read_output(output_read))
        try:
            await child._become_ready(command.ready_within_seconds)
        except BaseException:
            await child.stop(grace_seconds=0)
            raise
        return child

    async def _become_ready(self, within_seconds: float) -> None:
        exited = asyncio.create_task(self._process.wait())
        try:
            await asyncio.wait((exited, self._ready_facts), timeout=within_seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            exited.cancel()
        if self._ready_facts.done():
            self.ready = self._ready_facts.result()
            return
        if self._process.returncode is not None:
            raise self._failure(f"ended with status {self._process.returncode} before it was ready")
        raise self._failure(f"was not ready within {within_seconds:g} s")

    async def _read_output(self, descriptor: int) -> None:
        """Take the READY line; all other output goes to the log."""
        reader = asyncio.StreamReader(limit=_LONGEST_LINE_BYTES)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
        )
        try:
            with self._log_path.open("ab", buffering=0) as log:
                async for line in reader:
                    self._take_line(line, log)
        finally:
            transport.close()

    def _take_line(self, line: bytes, log: IO[bytes]) -> None:
        if line.startswith(READY_PREFIX.encode()) and not self._ready_facts.done():
            self._ready_facts.set_result(json.loads(line[len(READY_PREFIX) :]))
        else:
            log.write(line)

    async def fail_when_ended(self) -> None:
        """Wait for its end, which nobody asked for.

        Raises:
            ProcessFailedError: Always, when it has ended.
        """
        status = await self._process.wait()
        raise self._failure(f"ended unexpectedly with status {status}")

    async def stop(self, *, grace_seconds: float = 3.0) -> None:
        """Ask it to end (SIGTERM), and after the grace period kill its whole process group. Idempotent."""
        if self._process.returncode is None and grace_seconds > 0:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(grace_seconds):
                    await self._process.wait()
        kill_group(self.pid)
        await self._process.wait()
        if self._output is not None:
            # A stray process outside the group may still hold the pipe open.
            await asyncio.wait((self._output,), timeout=1)
            self._output.cancel()

    def _failure(self, what: str) -> ProcessFailedError:
        return ProcessFailedError(self.name, what, process_status=self._process.returncode, log_path=self._log_path)


def _environment(command: Command) -> dict[str, str]:
    paths = (str(SHARED_CODE), os.environ.get("PYTHONPATH"))
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        **command.environment,
        SUPERVISOR_PID_VARIABLE: str(os.getpid()),
    }


def kill_group(leader_pid: int) -> None:
    """Kill every process of a group (stopped ones too), if there is any left."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader_pid, signal.SIGKILL)


def tail(path: Path, lines: int = _TAIL_LINES) -> str:
    """The last lines of a text file; empty when there is none."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""
