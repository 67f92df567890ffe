"""The one place where other programs are started."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scripts.deployment.errors import DeploymentError


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """Runs programs found in ``PATH``, without a shell, in one directory.

    Attributes:
        directory: Where they run.
        environment: Variables on top of this process's own.
    """

    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, *command: str) -> None:
        """Run a program whose output is for the operator.

        Raises:
            DeploymentError: It is missing or has failed.
        """
        process = self._start(command, capture=False)
        if process.returncode != 0:
            raise DeploymentError(
                f"`{' '.join(command)}` failed ({process.returncode}); its own words are above. "
                "Once mended, run the same command again: it goes on where this one stopped"
            )

    def read(self, *command: str) -> str:
        """Run a program for its output, without the white space around it.

        Raises:
            DeploymentError: It is missing or has failed.
        """
        process = self._start(command, capture=True)
        if process.returncode != 0:
            raise DeploymentError(f"`{' '.join(command)}` failed ({process.returncode}): {process.stderr.strip()}")
        return process.stdout.strip()

    def _start(self, command: tuple[str, ...], *, capture: bool) -> subprocess.CompletedProcess[str]:
        program = shutil.which(command[0])
        if program is None:
            raise DeploymentError(f"{command[0]} is not installed")
        return subprocess.run(
            [program, *command[1:]],
            cwd=self.directory,
            env={**os.environ, **self.environment},
            capture_output=capture,
            text=True,
            check=False,
        )
