import ast
import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import build_layers
from scripts.function_packages.binaries import without_symbols
from scripts.function_packages.layers import AWS_SERVICES, LAYERS, ROOT, SHARED, SIGNAL, Layer
from tests.infrastructure.installed_packages import installed


def test_the_shared_code_is_copied_without_this_machines_bytecode(tmp_path: Path) -> None:
    assert SHARED.own_code
    build_layers.copy_own_code(SHARED.own_code, tmp_path / "python")

    assert (tmp_path / "python" / "babelcast" / "domain" / "languages.py").is_file()
    assert not list(tmp_path.rglob("__pycache__"))


@pytest.mark.skipif(
    sys.version_info[:2] != build_layers.LAMBDA_PYTHON, reason="only Lambda's Python compiles for Lambda"
)
def test_bytecode_is_trusted_and_names_files_where_lambda_has_them(tmp_path: Path) -> None:
    module = tmp_path / "python" / "module.py"
    module.parent.mkdir()
    module.write_text("def f():\n    raise ValueError\n")

    assert build_layers.compile_bytecode(tmp_path)

    cached = Path(importlib.util.cache_from_source(str(module))).read_bytes()
    hash_based_and_unchecked = 0b01
    assert int.from_bytes(cached[4:8], "little") == hash_based_and_unchecked
    assert b"/opt/python/module.py" in cached
    assert str(tmp_path).encode() not in cached


def test_a_file_that_does_not_compile_stops_the_build(tmp_path: Path) -> None:
    if sys.version_info[:2] != build_layers.LAMBDA_PYTHON:
        assert not build_layers.compile_bytecode(tmp_path)
        return
    (tmp_path / "broken.py").write_text("def :")

    with pytest.raises(build_layers.LayerError, match="do not compile"):
        build_layers.compile_bytecode(tmp_path)


def test_the_size_is_that_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "nested").mkdir()
    (tmp_path / "nested" / "a").write_bytes(b"12345")
    (tmp_path / "b").write_bytes(b"678")

    assert build_layers.unzipped_bytes(tmp_path) == 8


def test_help_needs_nothing() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "scripts.build_layers", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert "build/layers" in shown.stdout


def test_what_is_named_stays_out_and_the_rest_stays(tmp_path: Path) -> None:
    names = [
        "a/data/used/x",
        "a/data/unused/x",
        "a/data/all.json",
        "a/tests/x.py",
        "a/deep/tests/x.py",
        "a/b.pyi",
        "a/b.py",
    ]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    layer = Layer(
        name="small",
        requirements=tmp_path,
        left_out=("a/data/*/", "**/tests", "**/*.pyi"),
        kept=("a/data/used",),
    )

    build_layers.leave_out(layer, tmp_path)

    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"a/data/used/x", "a/data/all.json", "a/b.py"}


@pytest.mark.parametrize("has_bytecode", [True, False], ids=["bytecode", "no bytecode"])
@pytest.mark.parametrize("is_trimmed", [True, False], ids=["trimmed", "untrimmed"])
def test_a_layer_is_made_in_the_form_that_is_asked_for(tmp_path: Path, is_trimmed: bool, has_bytecode: bool) -> None:
    (tmp_path / "python" / "a" / "tests").mkdir(parents=True)
    for name in ("a/b.py", "a/tests/x.py"):
        (tmp_path / "python" / name).touch()
    ours = tmp_path / "ours"
    ours.mkdir()
    (ours / "own.py").touch()
    layer = Layer(name="small", requirements=tmp_path, own_code=ours, left_out=("**/tests",))
    form = build_layers.LayerForm(is_trimmed=is_trimmed, has_bytecode=has_bytecode)

    is_compiled = build_layers.finish(layer, tmp_path, build_layers.LayerPlatform.of_this_machine(), form)

    assert is_compiled is has_bytecode
    left = {str(path.relative_to(tmp_path / "python")) for path in (tmp_path / "python").rglob("*.py")}
    assert left == {"a/b.py", "ours/own.py"} | (set() if is_trimmed else {"a/tests/x.py"})
    compiled = {path.name.partition(".")[0] for path in (tmp_path / "python").rglob("*.pyc")}
    assert compiled == ({Path(each).stem for each in left} if has_bytecode else set())


def test_a_compiled_module_without_symbols_works(tmp_path: Path) -> None:
    """awscrt's brings four times its size in debugging information."""
    found = importlib.util.find_spec("_awscrt")
    assert found
    assert found.origin
    module = Path(shutil.copy(found.origin, tmp_path))
    size = module.stat().st_size

    build_layers.leave_out(Layer(name="small", requirements=tmp_path, left_out=()), tmp_path)

    assert module.stat().st_size < size / 3
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import _awscrt; print(_awscrt.__file__)"
    loaded = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == str(module)


@pytest.mark.parametrize("image", [b"", b"\x7fELF\x01\x01", b"\x7fELF\x02\x02", b"#!/bin/sh\n"], ids=repr)
def test_only_64_bit_little_endian_elf_is_cut(image: bytes) -> None:
    with pytest.raises(ValueError, match="64 bits"):
        without_symbols(image)


@pytest.fixture(params=LAYERS, ids=lambda layer: layer.name)
def layer(request: pytest.FixtureRequest) -> Layer:
    found: Layer = request.param
    return found


@pytest.fixture
def packages(layer: Layer, tmp_path: Path) -> Path:
    """The layer's packages as they are installed here, the same files without what is in compiled ones."""
    for name, file in installed(layer):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(file.read_bytes() if file.suffix == ".py" else b"")
    return tmp_path


def test_everything_that_stays_out_is_there_to_be_left_out(layer: Layer, packages: Path) -> None:
    for pattern in (*layer.left_out, *layer.kept):
        assert list(packages.glob(pattern)), pattern


def imports_when_loaded(source: Path, module: str) -> Iterator[str]:
    """What a module imports, its relative imports resolved; not what its functions import when they are called."""
    package = module if source.name == "__init__.py" else module.rpartition(".")[0]
    waiting: list[ast.AST] = [ast.parse(source.read_text())]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            imported = ".".join([*parents, *filter(None, [node.module])])
            yield from (imported, *(f"{imported}.{alias.name}" for alias in node.names))
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting.extend(ast.iter_child_nodes(node))


def test_no_module_that_stays_loads_one_that_is_left_out(layer: Layer, packages: Path) -> None:
    def modules() -> dict[str, Path]:
        return {
            ".".join(path.relative_to(packages).with_suffix("").parts).removesuffix(".__init__"): path
            for path in packages.rglob("*.py")
        }

    before = modules()
    build_layers.leave_out(layer, packages)
    after = modules()
    left_out = before.keys() - after.keys()

    assert after
    wanted = {(name, each) for name, path in after.items() for each in imports_when_loaded(path, name)}
    assert not {(name, each) for name, each in wanted if each in left_out}
    if layer is SIGNAL:
        assert {"numpy.random", "numpy.f2py", "numpy.testing"} <= left_out
        assert {"numpy.fft", "numpy.linalg", "numpy.ma"} <= after.keys()


def test_botocore_keeps_the_services_that_clients_are_made_for() -> None:
    assert SHARED.own_code
    calls = [
        node
        for source in SHARED.own_code.rglob("*.py")
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Call) and re.search(r"\b(client|resource)$", ast.unparse(node.func))
    ]
    named = {call.args[0].value for call in calls if call.args and isinstance(call.args[0], ast.Constant)}

    assert named == set(AWS_SERVICES)
