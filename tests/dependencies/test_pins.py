"""What is installed is what was pinned, file by file."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from scripts.pinned_packages import PinError, read_pinned_packages

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements"
SHA256 = "0" * 64
NPM_REGISTRY = "https://registry.npmjs.org/"


@pytest.mark.parametrize("name", ["layer", "signal-layer", "dev", "tools"])
def test_everything_that_is_asked_for_is_pinned_with_hashes_and_no_index_is_named(name: str) -> None:
    pinned = {package.name for package in read_pinned_packages(REQUIREMENTS / f"{name}.txt")}

    asked_for = re.findall(r"^[\w-]+", (REQUIREMENTS / f"{name}.in").read_text(), flags=re.MULTILINE)
    assert asked_for
    assert {each.lower() for each in asked_for if not each.startswith("-")} - pinned == set()


def test_the_tests_run_with_the_same_files_as_the_functions() -> None:
    layers = [read_pinned_packages(REQUIREMENTS / f"{name}.txt") for name in ("layer", "signal-layer")]
    dev = {package.name: package for package in read_pinned_packages(REQUIREMENTS / "dev.txt")}

    pinned = [package for layer in layers for package in layer]
    assert {package.name: package for package in pinned if dev.get(package.name) != package} == {}
    assert len({package.name for package in pinned}) == len(pinned), "no package is in both layers"
    assert [package.name for package in layers[1]] == ["numpy"]


@pytest.mark.parametrize(
    "line",
    [
        "boto3==1.44.5",
        f"boto3>=1.44.5 --hash=sha256:{SHA256}",
        f"boto3 --hash=sha256:{SHA256}",
        "boto3==1.44.5 --hash=md5:0123",
        f"boto3==1.44.5 --hash=sha256:{SHA256[1:]}",
        "--index-url https://packages.example/simple",
        "boto3 @ https://packages.example/boto3.whl",
        "-r other.txt",
    ],
)
def test_a_line_that_pins_no_file_is_refused(tmp_path: Path, line: str) -> None:
    file = tmp_path / "layer.txt"
    file.write_text(f"# pins\njmespath==1.1.0 \\\n    --hash=sha256:{SHA256}\n{line}\n")

    with pytest.raises(PinError, match=re.escape(line[:10])):
        read_pinned_packages(file)


@pytest.mark.parametrize("lock_file", ["package-lock.json", "frontend/package-lock.json"])
def test_every_npm_package_is_pinned_with_its_hash_and_comes_from_npms_registry(lock_file: str) -> None:
    packages = json.loads((ROOT / lock_file).read_text())["packages"]
    installed = {path: each for path, each in packages.items() if "node_modules/" in path and not each.get("link")}

    assert installed
    for path, each in installed.items():
        # What is bundled comes inside another package's archive, under its hash.
        assert each.get("inBundle") or each.get("integrity", "").startswith("sha512-"), path
        assert each.get("resolved", NPM_REGISTRY).startswith(NPM_REGISTRY), path


def wheel(directory: Path) -> Path:
    """A package with one module."""
    file = directory / "greeting-1.0-py3-none-any.whl"
    with ZipFile(file, "w") as archive:
        archive.writestr("greeting.py", "HELLO = 'hello'\n")
        archive.writestr("greeting-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n")
        archive.writestr(
            "greeting-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("greeting-1.0.dist-info/RECORD", "")
    return file


@pytest.mark.parametrize(
    ("pinned", "is_built"), [("this file", True), ("another file", False), ("no hash", False)], ids=str
)
def test_the_layers_take_only_files_with_the_pinned_hash(tmp_path: Path, pinned: str, is_built: bool) -> None:
    digest = hashlib.sha256(wheel(tmp_path).read_bytes()).hexdigest()
    hashes = {"this file": f" --hash=sha256:{digest}", "another file": f" --hash=sha256:{SHA256}", "no hash": ""}
    for directory in ("requirements", "shared_layer/python/babelcast"):
        (tmp_path / directory).mkdir(parents=True)
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    for layer in ("layer", "signal-layer"):
        (tmp_path / "requirements" / f"{layer}.txt").write_text(f"greeting==1.0{hashes[pinned]}\n")

    built = subprocess.run(
        [sys.executable, "-m", "scripts.build_layers"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": "", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (built.returncode == 0) is is_built, built.stderr
    for layer in ("shared", "signal"):
        assert (tmp_path / "build/layers" / layer / "python/greeting.py").is_file() is is_built
    if not is_built:
        assert "hash" in built.stderr.lower()
