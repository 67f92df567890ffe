"""The directory in which a running stack keeps what others may read: addresses, configurations, logs."""

import fcntl
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import botocore
import msgspec

from local.endpoints import Endpoints
from local.errors import UserError

_PUBLISHED: Final = ("stack.json", "control.json")


class StateInUseError(UserError):
    """Another stack is running with the same state directory."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"a stack is already running in {path}; end it, or choose another state directory")


class StateDirectory:
    """One stack's state directory.

    ```
    stack.json     Endpoints, for clients; there only while the stack is ready
    control.json   lambdaUrl, awsControlUrl, gatewayControlUrl, eventSourceControlUrl, servicesControlUrl, logs, pids;
                   likewise
    gateway.json   event_source.json   configurations of the processes
    positions/     how far the event source has delivered each shard
    ca.pem         the local services' certificate authority; ca-bundle.pem has the public ones too
    logs/          <process>.log, functions/<function>.log
    ```
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.logs = path / "logs"
        self.function_logs = self.logs / "functions"
        self.ca_file = path / "ca.pem"
        self.positions = path / "positions"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold it, emptied of what an earlier stack left; the kernel lets go of it when this process dies.

        Raises:
            StateInUseError: Another process holds it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StateInUseError(self.path) from None
            self._withdraw()
            for left in (self.logs, self.positions):
                shutil.rmtree(left, ignore_errors=True)
            self.function_logs.mkdir(parents=True)
            try:
                yield
            finally:
                self._withdraw()

    def write_configuration(self, name: str, configuration: object) -> Path:
        """Write a process's configuration; returns the file."""
        path = self.path / f"{name}.json"
        path.write_bytes(msgspec.json.format(msgspec.json.encode(configuration)))
        return path

    def write_ca_bundle(self) -> Path:
        """The public authorities and the local services' own, so that AWS itself could be reached as well."""
        bundle = self.path / "ca-bundle.pem"
        public = Path(botocore.__file__).with_name("cacert.pem")
        bundle.write_text(f"{public.read_text()}\n{self.ca_file.read_text()}")
        return bundle

    def publish(self, endpoints: Endpoints, control: Mapping[str, Any]) -> None:
        """Say that the stack is ready, and where."""
        (self.path / "control.json").write_text(json.dumps(control, indent=2) + "\n")
        endpoints.save(self.path / "stack.json")

    def _withdraw(self) -> None:
        for name in _PUBLISHED:
            (self.path / name).unlink(missing_ok=True)
