"""Build the functions' layers in ``build/layers``: the pinned packages for arm64, and Babelcast's shared code.

pip fetches the wheels for Lambda's Python 3.13 on arm64, whatever this machine is; no Docker. What no function loads is
left out, debugging information of compiled modules too. Bytecode is compiled when this runs under Python 3.13, because
a function that must compile its imports starts three to six times as slowly.
Source: bytecode measured on boto3 (116 against 676 ms) and its neighbours.
"""

import argparse
import compileall
import hashlib
import platform
import py_compile
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.function_packages import binaries, layers
from scripts.function_packages.layers import LAYERS, ROOT, Layer

LAMBDA_PYTHON: Final = (3, 13)
LAMBDA_PLATFORMS: Final = ("manylinux_2_28_aarch64", "manylinux2014_aarch64")
"""Newest first: with the older alone, some packages silently fall back to an old release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerPlatform:
    """Where layers are to run.

    Attributes:
        name: For people.
        wheels: pip's names of the platforms, newest first.
        python: Version of the interpreter.
    """

    name: str
    wheels: tuple[str, ...]
    python: tuple[int, int]

    @classmethod
    def of_this_machine(cls) -> "LayerPlatform":
        """This machine and interpreter, so that packages can be run where they are built."""
        machine = platform.machine()
        return cls(
            name="this machine",
            wheels=(f"manylinux_2_28_{machine}", f"manylinux2014_{machine}"),
            python=(sys.version_info.major, sys.version_info.minor),
        )


LAMBDA: Final = LayerPlatform(name="Lambda", wheels=LAMBDA_PLATFORMS, python=LAMBDA_PYTHON)
"""What is deployed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerForm:
    """What is made of the installed packages.

    Attributes:
        is_trimmed: Without what no function loads, and without what only debuggers read.
        has_bytecode: Compiled, where this interpreter is the layer's.
    """

    is_trimmed: bool = True
    has_bytecode: bool = True


DEPLOYED: Final = LayerForm()
"""What Lambda gets; other forms are there to be measured beside it."""

MAX_UNZIPPED_BYTES: Final = 250 * 1024 * 1024
"""A function with its layers. Source: Lambda gettingstarted-limits."""

LAYER_ROOT: Final = "/opt"
"""Where Lambda mounts layers; tracebacks then name files as they are found there."""


class LayerError(Exception):
    """The layer cannot be built or used; the message says why."""


def install_packages(requirements: Path, target: Path, built_for: LayerPlatform = LAMBDA) -> None:
    """Install pinned packages as wheels for a platform.

    Raises:
        LayerError: pip failed; its own words are on stderr.
    """
    platforms = [option for wheels in built_for.wheels for option in ("--platform", wheels)]
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"),
        *platforms,
        *("--implementation", "cp", "--python-version", ".".join(map(str, built_for.python))),
        *("--only-binary=:all:", "--no-deps", "--target", str(target)),
        *("--require-hashes", "--requirement", str(requirements)),
    ]
    if subprocess.run(command, check=False).returncode != 0:
        raise LayerError(f"pip could not install {requirements.relative_to(ROOT)} for {built_for.name}")


def leave_out(layer: Layer, target: Path) -> None:
    """Remove what no function loads from a layer's packages, and from its compiled modules what only debuggers read."""
    kept = {path for pattern in layer.kept for path in target.glob(pattern)}
    for path in [path for pattern in layer.left_out for path in target.glob(pattern) if path not in kept]:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for path in target.rglob("*.so*"):
        if binaries.machine_of(path):
            path.write_bytes(binaries.without_symbols(path.read_bytes()))


def copy_own_code(package: Path, target: Path) -> None:
    """Copy a package of ours without this machine's bytecode."""
    shutil.copytree(package, target / package.name, ignore=shutil.ignore_patterns("__pycache__"))


def compile_bytecode(layer: Path, python: tuple[int, int] = LAMBDA_PYTHON) -> bool:
    """Compile everything, to be trusted without looking at the source's time, which zipping changes.

    Returns:
        False if this interpreter is another version, whose bytecode would be of no use; nothing was compiled.

    Raises:
        LayerError: A file does not compile.
    """
    if sys.version_info[:2] != python:
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


def finish(layer: Layer, directory: Path, built_for: LayerPlatform = LAMBDA, form: LayerForm = DEPLOYED) -> bool:
    """Make a layer of the packages installed in ``directory/python``.

    Returns:
        Whether it has bytecode.

    Raises:
        LayerError: A file does not compile.
    """
    if form.is_trimmed:
        leave_out(layer, directory / "python")
    if layer.own_code:
        copy_own_code(layer.own_code, directory / "python")
    return form.has_bytecode and compile_bytecode(directory, built_for.python)


def build(layer: Layer, output: Path, built_for: LayerPlatform = LAMBDA, form: LayerForm = DEPLOYED) -> str:
    """Build a layer in place of what is there.

    Returns:
        One line for people: where it is, how large, and whether it has bytecode.

    Raises:
        LayerError: It cannot be built, or is too large for Lambda.
    """
    unfinished = output.with_name(f"{output.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        install_packages(layer.requirements, unfinished / "python", built_for)
        is_compiled = finish(layer, unfinished, built_for, form)
        size = unzipped_bytes(unfinished)
        if size >= MAX_UNZIPPED_BYTES:
            raise LayerError(f"the layer has {size / 2**20:.0f} MB, Lambda takes {MAX_UNZIPPED_BYTES / 2**20:.0f}")
        shutil.rmtree(output, ignore_errors=True)
        unfinished.replace(output)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    version = ".".join(map(str, built_for.python))
    bytecode = (
        "with bytecode" if is_compiled else f"without bytecode, which only Python {version} can compile for Lambda"
    )
    return f"{output}: {size / 2**20:.1f} MB of {MAX_UNZIPPED_BYTES / 2**20:.0f}, {bytecode}"


def layer_digest(layer: Layer, built_for: LayerPlatform, form: LayerForm = DEPLOYED) -> str:
    """Tells one build from another: the platform, the pinned packages, the shared code, how they are put together."""
    parts = hashlib.sha256(repr((built_for, form)).encode() + layer.requirements.read_bytes())
    for source in (__file__, layers.__file__, binaries.__file__):
        parts.update(Path(source).read_bytes())
    for path in sorted(layer.own_code.rglob("*.py")) if layer.own_code else ():
        parts.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return parts.hexdigest()


def build_if_changed(layer: Layer, output: Path, built_for: LayerPlatform = LAMBDA, form: LayerForm = DEPLOYED) -> None:
    """Build a layer unless it is there, made of the same packages and the same code.

    Raises:
        LayerError: As `build`.
    """
    stamp = output.with_name(f"{output.name}.stamp")
    digest = layer_digest(layer, built_for, form)
    if output.is_dir() and stamp.is_file() and stamp.read_text() == digest:
        return
    stamp.unlink(missing_ok=True)
    output.parent.mkdir(parents=True, exist_ok=True)
    build(layer, output, built_for, form)
    stamp.write_text(digest)


def main(arguments: Sequence[str] | None = None) -> int:
    """Build every layer and print its size."""
    parser = argparse.ArgumentParser(description="Build the functions' layers (Python 3.13, arm64), without Docker.")
    parser.add_argument(
        "--output",
        type=Path,
        default=ROOT / "build" / "layers",
        help="receives a directory for each layer (default: build/layers)",
    )
    output = parser.parse_args(arguments).output.resolve()
    try:
        for layer in LAYERS:
            print(build(layer, output / layer.name))
    except LayerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
