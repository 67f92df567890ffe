"""Build the functions' layer: ``build/layer/python`` with the pinned packages for arm64 and Babelcast's shared code.

pip fetches the wheels for Lambda's Python 3.13 on arm64, whatever this machine is; no Docker. Bytecode is compiled
when this runs under Python 3.13, because a function that must compile its imports starts three to six times as slowly.
Source: bytecode measured on boto3 (116 against 676 ms) and its neighbours.
"""

import argparse
import compileall
import py_compile
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SHARED_CODE: Final = ROOT / "shared_layer" / "python" / "babelcast"
REQUIREMENTS: Final = ROOT / "requirements" / "layer.txt"

LAMBDA_PYTHON: Final = (3, 13)
LAMBDA_PLATFORMS: Final = ("manylinux_2_28_aarch64", "manylinux2014_aarch64")
"""Newest first: with the older alone, some packages silently fall back to an old release."""

MAX_UNZIPPED_BYTES: Final = 250 * 1024 * 1024
"""A function with its layers. Source: Lambda gettingstarted-limits."""

LAYER_ROOT: Final = "/opt"
"""Where Lambda mounts layers; tracebacks then name files as they are found there."""


class LayerError(Exception):
    """The layer cannot be built or used; the message says why."""


def install_packages(target: Path) -> None:
    """Install the pinned packages as wheels for Lambda's platform.

    Raises:
        LayerError: pip failed; its own words are on stderr.
    """
    platforms = [option for platform in LAMBDA_PLATFORMS for option in ("--platform", platform)]
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"),
        *platforms,
        *("--implementation", "cp", "--python-version", ".".join(map(str, LAMBDA_PYTHON))),
        *("--only-binary=:all:", "--no-deps", "--target", str(target), "--requirement", str(REQUIREMENTS)),
    ]
    if subprocess.run(command, check=False).returncode != 0:
        raise LayerError(f"pip could not install {REQUIREMENTS.relative_to(ROOT)} for Lambda")
    shutil.rmtree(target / "bin", ignore_errors=True)


def copy_shared_code(target: Path) -> None:
    """Copy Babelcast's shared package without this machine's bytecode."""
    shutil.copytree(SHARED_CODE, target / SHARED_CODE.name, ignore=shutil.ignore_patterns("__pycache__"))


def compile_bytecode(layer: Path) -> bool:
    """Compile everything, to be trusted without looking at the source's time, which zipping changes.

    Returns:
        False if this interpreter's bytecode is not Lambda's, and nothing was compiled.

    Raises:
        LayerError: A file does not compile.
    """
    if sys.version_info[:2] != LAMBDA_PYTHON:
        return False
    compiled = compileall.compile_dir(
        layer,
        quiet=1,
        workers=0,
        stripdir=str(layer),
        prependdir=LAYER_ROOT,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    if not compiled:
        raise LayerError("some files of the layer do not compile")
    return True


def unzipped_bytes(layer: Path) -> int:
    """What Lambda counts."""
    return sum(path.stat().st_size for path in layer.rglob("*") if path.is_file())


def build(output: Path) -> str:
    """Build the layer in place of what is there.

    Returns:
        One line for people: where it is, how large, and whether it has bytecode.

    Raises:
        LayerError: It cannot be built, or is too large for Lambda.
    """
    unfinished = output.with_name(f"{output.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        install_packages(unfinished / "python")
        copy_shared_code(unfinished / "python")
        is_compiled = compile_bytecode(unfinished)
        size = unzipped_bytes(unfinished)
        if size >= MAX_UNZIPPED_BYTES:
            raise LayerError(f"the layer has {size / 2**20:.0f} MB, Lambda takes {MAX_UNZIPPED_BYTES / 2**20:.0f}")
        shutil.rmtree(output, ignore_errors=True)
        unfinished.replace(output)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    version = ".".join(map(str, LAMBDA_PYTHON))
    bytecode = (
        "with bytecode" if is_compiled else f"without bytecode, which only Python {version} can compile for Lambda"
    )
    return f"{output}: {size / 2**20:.1f} MB of {MAX_UNZIPPED_BYTES / 2**20:.0f}, {bytecode}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the layer and print its size."""
    parser = argparse.ArgumentParser(description="Build the functions' layer (Python 3.13, arm64), without Docker.")
    parser.add_argument(
        "--output", type=Path, default=ROOT / "build" / "layer", help="the layer's directory (default: build/layer)"
    )
    try:
        print(build(parser.parse_args(arguments).output.resolve()))
    except LayerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
