"""Check the functions' packages as they would be uploaded: sizes, processor, and that nothing they import is missing.

Builds the layers for Lambda (arm64, Python 3.13), synthesizes a stage with them and looks at what each function gets.
Imports are carried out with the same packages built for this machine, in an interpreter that has nothing else, and
every file that was loaded must be in Lambda's package as well. A function must use each of its layers, and some
function each module of the shared code. Exit status 1 when something is wrong.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from local.errors import UserError
from scripts.build_layers import LAMBDA, LAMBDA_PYTHON, LayerError, LayerPlatform
from scripts.function_packages.binaries import on_machine, wrong_binaries
from scripts.function_packages.imports import check_imports
from scripts.function_packages.packages import (
    HANDLERS,
    FunctionPackage,
    PackagedLayer,
    PackageError,
    build_packages,
    read_packages,
)
from scripts.function_packages.reach import reach_of, shared_modules

_MB: Final = 2**20
MAX_LAYERS_BYTES: Final = 120 * _MB
"""Of all layers of a function together."""
MAX_CODE_BYTES: Final = 1 * _MB
"""A function's own code, so that it stays what it is: a few lines above the layers."""
_LAMBDA_MACHINE: Final = "aarch64"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of a function's imports.

    Attributes:
        imports: How many were carried out.
        modules: Of the shared code, those that it reaches.
        layers: Names of those from which something was loaded.
        faults: What is missing in either package, one line each.
    """

    imports: int
    modules: frozenset[str]
    layers: frozenset[str]
    faults: tuple[str, ...]


def size_faults(package: FunctionPackage) -> list[str]:
    """What is too large in a package, one line each."""
    faults = []
    if package.code_bytes > MAX_CODE_BYTES:
        faults.append(f"{package.name}: its own code has {package.code_bytes / _MB:.2f} MB, at most 1 is wanted")
    if package.layer_bytes > MAX_LAYERS_BYTES:
        faults.append(f"{package.name}: its layers have {package.layer_bytes / _MB:.1f} MB, at most 120 are wanted")
    return faults


def import_all(uploaded: FunctionPackage, here: FunctionPackage) -> Imported:
    """Carry out every import of a function, in the package for this machine."""
    reach = reach_of(here.code, here.shared_code)
    check = check_imports(here.handler, here.path, reach)
    faults = [f"{here.name}: {each}" for each in check.unresolved]
    for loaded in check.loaded:
        name = on_machine(loaded, _LAMBDA_MACHINE)
        if not any((directory / name).is_file() for directory in uploaded.path):
            faults.append(f"{uploaded.name}: {name} is not in the package for Lambda")
    used = {layer.name for layer in here.layers for loaded in check.loaded if (layer.python / loaded).is_file()}
    return Imported(imports=len(reach.imports), modules=reach.modules, layers=frozenset(used), faults=tuple(faults))


def layer_faults(package: FunctionPackage, used: frozenset[str]) -> list[str]:
    """Layers that a function has in vain, and files that two of its layers have, of which Lambda keeps one."""
    faults = [f"{package.name}: uses nothing of {layer.name}" for layer in package.layers if layer.name not in used]
    found: dict[str, str] = {}
    for layer in package.layers:
        for path in sorted(path for path in layer.directory.rglob("*") if path.is_file()):
            name = str(path.relative_to(layer.directory))
            if name in found:
                faults.append(f"{package.name}: {name} is in {found[name]} and in {layer.name}")
            found[name] = layer.name
    return faults


def check_packages(uploaded: Mapping[str, FunctionPackage], here: Mapping[str, FunctionPackage]) -> list[str]:
    """Check every function and every layer and print their figures; returns what is wrong, one line each."""
    faults = [f"{name} is in no stack" for name in HANDLERS if name not in uploaded]
    reached: set[str] = set()
    print(f"{'function':24}{'own code':>12}{'layers':>12}{'imports':>10}   from")
    for name, package in uploaded.items():
        imported = import_all(package, here[name])
        reached |= imported.modules
        faults += [*size_faults(package), *imported.faults, *layer_faults(package, imported.layers)]
        print(
            f"{name:24}{package.code_bytes / 1024:9.1f} KB{package.layer_bytes / _MB:9.1f} MB{imported.imports:10}"
            f"   {', '.join(sorted(imported.layers))}"
        )
    shared = {package.shared_code for package in here.values()}
    modules = {module for directory in shared for module in shared_modules(directory)}
    faults += [f"no function reaches {module}" for module in sorted(modules - reached)]
    layers = {layer.name: layer for package in uploaded.values() for layer in package.layers}
    print_layers(list(layers.values()))
    for layer in layers.values():
        faults += wrong_binaries(layer.directory, machine=_LAMBDA_MACHINE, python=LAMBDA_PYTHON)
    return faults


def print_layers(layers: Sequence[PackagedLayer]) -> None:
    """Each layer's size, and what they have together."""
    print(f"\n{'layer':24}{'unzipped':>12}{'files':>10}")
    for layer in layers:
        files = sum(path.is_file() for path in layer.directory.rglob("*"))
        print(f"{layer.name:24}{layer.unzipped_bytes / _MB:9.1f} MB{files:10}")
    print(f"{'together':24}{sum(layer.unzipped_bytes for layer in layers) / _MB:9.1f} MB of at most 120\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, check and print; returns the exit status."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args(
        arguments
    )
    try:
        uploaded = read_packages(build_packages(LAMBDA))
        here = read_packages(build_packages(LayerPlatform.of_this_machine()))
    except (LayerError, PackageError, UserError) as error:
        print(error, file=sys.stderr)
        return 1
    faults = check_packages(uploaded, here)
    for fault in faults:
        print(fault, file=sys.stderr)
    print("wrong" if faults else "right: nothing too large, nothing missing, all for arm64 and Python 3.13")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
