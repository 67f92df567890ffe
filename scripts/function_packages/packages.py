"""The functions' packages: what a synthesized assembly would upload for each function."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.template.assembly import Assembly
from local.template.compute_resources import FUNCTION_TYPE, LAYER_TYPE, read_function
from scripts.build_layers import LAMBDA, LayerPlatform, build_if_changed, unzipped_bytes
from scripts.function_packages.layers import LAYERS, ROOT
from scripts.function_packages.reach import SHARED_PACKAGE

PACKAGES: Final = ROOT / "build" / "packages"
HANDLERS: Final = tuple(sorted(path.parent.name for path in (ROOT / "lambdas").glob("*/handler.py")))
"""Every function, by its package."""


class PackageError(Exception):
    """A package cannot be built; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagedLayer:
    """What Lambda unpacks as a part of /opt.

    Attributes:
        name: Its construct's, such as ``SharedLayer``.
        directory: Holds ``python/``.
    """

    name: str
    directory: Path

    @property
    def python(self) -> Path:
        """What is on the import path."""
        return self.directory / "python"

    @property
    def unzipped_bytes(self) -> int:
        """Its size on Lambda."""
        return unzipped_bytes(self.directory)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionPackage:
    """What Lambda unpacks for one function.

    Attributes:
        name: The handler's package, such as ``authorizer``.
        handler: ``authorizer.handler.lambda_handler``.
        code: Becomes /var/task.
        layers: Become /opt, in the template's order.
    """

    name: str
    handler: str
    code: Path
    layers: tuple[PackagedLayer, ...]

    @property
    def module(self) -> str:
        """The module that Lambda imports."""
        return self.handler.rpartition(".")[0]

    @property
    def path(self) -> tuple[Path, ...]:
        """What Lambda puts on the import path, in its order."""
        return (self.code, *(layer.python for layer in self.layers))

    @property
    def shared_code(self) -> Path:
        """Where on the import path the shared code is."""
        return next(layer.python for layer in self.layers if (layer.python / SHARED_PACKAGE).is_dir())

    @property
    def code_bytes(self) -> int:
        """The function's own code, unzipped."""
        return unzipped_bytes(self.code)

    @property
    def layer_bytes(self) -> int:
        """All its layers, unzipped."""
        return sum(layer.unzipped_bytes for layer in self.layers)


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
            versions = [
                loaded.reference(resource.key.stack, each, LAYER_TYPE) for each in resource.properties.get("Layers", ())
            ]
            packages[name] = FunctionPackage(
                name=name,
                handler=function.handler,
                code=function.code_directory,
                layers=tuple(
                    PackagedLayer(name=_without_hash(version.key.logical_id), directory=directory)
                    for version, directory in zip(versions, function.layer_directories, strict=True)
                ),
            )
    return packages


def _without_hash(logical_id: str) -> str:
    return re.sub(r"[0-9A-F]{8}$", "", logical_id)


def build_packages(built_for: LayerPlatform, assembly: Path | None = None) -> Path:
    """Build the layers that have changed and synthesize the stage dev with them; returns the assembly.

    Args:
        built_for: Lambda, or this machine.
        assembly: Receives the assembly; a directory beside the layers, in ``build/packages``, when left out.

    Raises:
        LayerError: A layer cannot be built.
        PackageError: The stage does not synthesize.
    """
    place = PACKAGES / ("lambda" if built_for is LAMBDA else "here")
    for layer in LAYERS:
        build_if_changed(layer, place / "layers" / layer.name, built_for)
    assembly = assembly or place / "assembly"
    shutil.rmtree(assembly, ignore_errors=True)
    done = subprocess.run(
        [sys.executable, "-m", "infrastructure.app", "-c", f"layers={place / 'layers'}"],
        cwd=ROOT,
        env={**os.environ, "CDK_OUTDIR": str(assembly)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise PackageError(f"the stage does not synthesize: {done.stderr.strip().splitlines()[-1]}")
    return assembly
