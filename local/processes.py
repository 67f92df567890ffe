"""The processes of one stack: started, watched together, killed and started again at their addresses, ended."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from local.supervision import Child, Command


class Processes:
    """Supervised processes by name."""

    def __init__(self, log_directory: Path) -> None:
        """Start with none.

        Args:
            log_directory: Exists, and gets one file per process, which goes on when a process is started again.
        """
        self._log_directory = log_directory
        self._children: dict[str, Child] = {}
        self._commands: dict[str, Command] = {}
        self._replaced = asyncio.Event()

    @property
    def pids(self) -> Mapping[str, int]:
        """The processes that run, by name."""
        return {name: child.pid for name, child in self._children.items()}

    async def start(self, command: Command) -> Child:
        """Start a process; it is ready when this returns.

        Raises:
            ProcessFailedError: It has not become ready.
        """
        child = await Child.start(command, log_directory=self._log_directory)
        self._children[command.name], self._commands[command.name] = child, command
        return child

    async def restart(self, name: str) -> Child:
        """Kill a process (SIGKILL) with all it has started, and start it again on the ports that it had.

        `wait` does not take this death for a failure.

        Raises:
            KeyError: There is no such process, or it is being started again.
            ProcessFailedError: It has not become ready again.
        """
        child = self._children.pop(name)
        self._replaced.set()
        await child.stop(grace_seconds=0)
        command = self._commands[name]
        started = await self.start(replace(command, arguments=(*command.arguments, *_same_ports(command, child.ready))))
        self._commands[name] = command
        self._replaced.set()
        return started

    async def wait(self) -> None:
        """Wait as long as every process runs.

        Raises:
            ProcessFailedError: One has ended by itself; it is named, with the end of its log.
        """
        while True:
            self._replaced.clear()
            watches = {child: asyncio.create_task(child.fail_when_ended()) for child in self._children.values()}
            replaced = asyncio.create_task(self._replaced.wait())
            try:
                await asyncio.wait({*watches.values(), replaced}, return_when=asyncio.FIRST_COMPLETED)
                for child, watch in watches.items():
                    if watch.done() and child in self._children.values():
                        watch.result()
            finally:
                for task in (*watches.values(), replaced):
                    task.cancel()
                await asyncio.gather(*watches.values(), replaced, return_exceptions=True)

    async def stop(self, *, first: Collection[str]) -> None:
        """End all of them, those that call others first."""
        await asyncio.gather(*(child.stop() for name, child in self._children.items() if name in first))
        await asyncio.gather(*(child.stop() for child in self._children.values()))


def _same_ports(command: Command, ready: Mapping[str, str]) -> list[str]:
    """Options for the ports that a process has announced; a later option wins."""
    return [f"{option}={urlsplit(ready[fact]).port}" for option, fact in command.ports.items()]
