"""What Lambda itself brings: the runtime client, in a directory of its own, so that functions see no more of ours."""

import shutil
from importlib import metadata
from pathlib import Path
from typing import Final

_BROUGHT: Final = ("awslambdaric", "simplejson", "snapshot-restore-py")
"""The runtime client and what it needs. Source: awslambdaric's requirements."""


def make_runtime_directory(directory: Path) -> None:
    """Fill a directory, which becomes /var/runtime, with copies of this machine's packages.

    Raises:
        metadata.PackageNotFoundError: One of them is not installed.
    """
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    for name in _BROUGHT:
        for file in metadata.files(name) or ():
            if ".." in file.parts or "__pycache__" in file.parts:
                continue
            target = directory / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(file.locate()), target)
