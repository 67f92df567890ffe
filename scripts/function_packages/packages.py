"""The functions' packages: what a synthesized assembly would upload for each function."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.template.assembly import Assembly
from local.template.compute_resources import FUNCTION_TYPE, read_function
from scripts.build_layer import LAMBDA, ROOT, LayerPlatform, build_if_changed, unzipped_bytes

PACKAGES: Final = ROOT / "build" / "packages"
HANDLERS: Final = tuple(sorted(path.parent.name for path in (ROOT / "lambdas").glob("*/handler.py")))
"""Every function, by its package."""


class PackageError(Exception):
    """A package cannot be built; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionPackage:
    """What Lambda unpacks for one function.

    Attributes:
        name: The handler's package, such as ``authorizer``.
        handler: ``authorizer.handler.lambda_handler``.
        code: Becomes /var/task.
        layers: Become /opt; each with ``python/``.
    """

    name: str
    handler: str
    code: Path
    layers: tuple[Path, ...]

    @property
    def module(self) -> str:
        """The module that Lambda imports."""
        return self.handler.rpartition(".")[0]

    @property
    def path(self) -> tuple[Path, ...]:
        """What Lambda puts on the import path, in its order."""
        return (self.code, *(layer / "python" for layer in self.layers))

    @property
    def code_bytes(self) -> int:
        """The function's own code, unzipped."""
        return unzipped_bytes(self.code)

    @property
    def layer_bytes(self) -> int:
        """All its layers, unzipped."""
        return sum(map(unzipped_bytes, self.layers))


def read_packages(assembly: Path) -> dict[str, FunctionPackage]:
    """The packages of an assembly, by name; several cells' functions have the same one.

    Raises:
        TemplateError: It is no assembly, or one without files.
    """
    loaded = Assembly.load(assembly)
    packages = {}
    for resource in loaded.of_type(FUNCTION_TYPE):
        if not str(resource.properties.get("Runtime", "")).startswith("python"):
            continue
        function = read_function(loaded, resource.key)
        name = function.handler.partition(".")[0]
        if name in HANDLERS:  # the CDK may add functions of its own
            packages[name] = FunctionPackage(
                name=name, handler=function.handler, code=function.code_directory, layers=function.layer_directories
            )
    return packages


def build_packages(built_for: LayerPlatform, assembly: Path | None = None) -> Path:
    """Build the layer, if it has changed, and synthesize the stage dev with it; returns the assembly.

    Args:
        built_for: Lambda, or this machine.
        assembly: Receives the assembly; a directory beside the layer, in ``build/packages``, when left out.

    Raises:
        LayerError: The layer cannot be built.
        PackageError: The stage does not synthesize.
    """
    place = PACKAGES / ("lambda" if built_for is LAMBDA else "here")
    build_if_changed(place / "layer", built_for)
    assembly = assembly or place / "assembly"
    shutil.rmtree(assembly, ignore_errors=True)
    done = subprocess.run(
        [sys.executable, "-m", "infrastructure.app", "-c", f"layer={place / 'layer'}"],
        cwd=ROOT,
        env={**os.environ, "CDK_OUTDIR": str(assembly)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise PackageError(f"the stage does not synthesize: {done.stderr.strip().splitlines()[-1]}")
    return assembly
