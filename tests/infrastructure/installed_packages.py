"""A layer's packages as they are installed here, with the versions that the layer pins."""

import importlib.metadata
import re
from collections.abc import Iterator
from pathlib import Path

from scripts.function_packages.layers import Layer
from scripts.pinned_packages import read_pinned_packages


def installed(layer: Layer) -> Iterator[tuple[str, Path]]:
    """Where a layer's packages put each file, relative to ``python/``, and where it is here; bytecode left aside."""
    for package in read_pinned_packages(layer.requirements):
        for file in importlib.metadata.files(package.name) or ():
            found = Path(str(file.locate()))
            if found.is_file() and found.suffix != ".pyc":
                yield re.sub(r"^(\.\./)+(lib/python[^/]+/site-packages/)?", "", str(file)), found
