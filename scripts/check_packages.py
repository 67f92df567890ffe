"""Check the functions' packages as they would be uploaded: sizes, processor, and that nothing they import is missing.

Builds the layer for Lambda (arm64, Python 3.13), synthesizes a stage with it and looks at what each function gets.
Imports are carried out with the same packages built for this machine, in an interpreter that has nothing else, and
every file that was loaded must be in Lambda's package as well. Exit status 1 when something is wrong.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from local.errors import UserError
from scripts.build_layer import LAMBDA, LAMBDA_PYTHON, LayerError, LayerPlatform
from scripts.function_packages.binaries import on_machine, wrong_binaries
from scripts.function_packages.imports import check_imports
from scripts.function_packages.packages import HANDLERS, FunctionPackage, PackageError, build_packages, read_packages

_MB: Final = 2**20
MAX_LAYERS_BYTES: Final = 120 * _MB
MAX_CODE_BYTES: Final = 1 * _MB
"""A function's own code, so that it stays what it is: a few lines above the layer."""
_LAMBDA_MACHINE: Final = "aarch64"


def size_faults(package: FunctionPackage) -> list[str]:
    """What is too large in a package, one line each."""
    faults = []
    if package.code_bytes > MAX_CODE_BYTES:
        faults.append(f"{package.name}: its own code has {package.code_bytes / _MB:.2f} MB, at most 1 is wanted")
    if package.layer_bytes > MAX_LAYERS_BYTES:
        faults.append(f"{package.name}: its layers have {package.layer_bytes / _MB:.1f} MB, at most 120 are wanted")
    return faults


def import_faults(uploaded: FunctionPackage, here: FunctionPackage) -> tuple[int, list[str]]:
    """How many imports were carried out, and what is missing in either package."""
    check = check_imports(here.handler, here.path)
    faults = [f"{here.name}: {each}" for each in check.unresolved]
    for loaded in check.loaded:
        name = on_machine(loaded, _LAMBDA_MACHINE)
        if not any((directory / name).is_file() for directory in uploaded.path):
            faults.append(f"{uploaded.name}: {name} is not in the package for Lambda")
    return check.imports, faults


def check_packages(uploaded: Mapping[str, FunctionPackage], here: Mapping[str, FunctionPackage]) -> list[str]:
    """Check every function and print its figures; returns what is wrong, one line each."""
    faults = [f"{name} is in no stack" for name in HANDLERS if name not in uploaded]
    print(f"{'function':24}{'own code':>12}{'layers':>12}{'imports':>10}")
    for name, package in uploaded.items():
        imports, missing = import_faults(package, here[name])
        faults += [*size_faults(package), *missing]
        print(f"{name:24}{package.code_bytes / 1024:9.1f} KB{package.layer_bytes / _MB:9.1f} MB{imports:10}")
    for layer in {layer for package in uploaded.values() for layer in package.layers}:
        faults += wrong_binaries(layer, machine=_LAMBDA_MACHINE, python=LAMBDA_PYTHON)
    return faults


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
