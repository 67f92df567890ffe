import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import build_layer


def test_the_shared_code_is_copied_without_this_machines_bytecode(tmp_path: Path) -> None:
    build_layer.copy_shared_code(tmp_path / "python")

    assert (tmp_path / "python" / "babelcast" / "domain" / "languages.py").is_file()
    assert not list(tmp_path.rglob("__pycache__"))


@pytest.mark.skipif(
    sys.version_info[:2] != build_layer.LAMBDA_PYTHON, reason="only Lambda's Python compiles for Lambda"
)
def test_bytecode_is_trusted_and_names_files_where_lambda_has_them(tmp_path: Path) -> None:
    module = tmp_path / "python" / "module.py"
    module.parent.mkdir()
    module.write_text("def f():\n    raise ValueError\n")

    assert build_layer.compile_bytecode(tmp_path)

    cached = Path(importlib.util.cache_from_source(str(module))).read_bytes()
    hash_based_and_unchecked = 0b01
    assert int.from_bytes(cached[4:8], "little") == hash_based_and_unchecked
    assert b"/opt/python/module.py" in cached
    assert str(tmp_path).encode() not in cached


def test_a_file_that_does_not_compile_stops_the_build(tmp_path: Path) -> None:
    if sys.version_info[:2] != build_layer.LAMBDA_PYTHON:
        assert not build_layer.compile_bytecode(tmp_path)
        return
    (tmp_path / "broken.py").write_text("def :")

    with pytest.raises(build_layer.LayerError, match="do not compile"):
        build_layer.compile_bytecode(tmp_path)


def test_the_size_is_that_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "nested").mkdir()
    (tmp_path / "nested" / "a").write_bytes(b"12345")
    (tmp_path / "b").write_bytes(b"678")

    assert build_layer.unzipped_bytes(tmp_path) == 8


def test_help_needs_nothing() -> None:
    script = Path(build_layer.__file__)
    shown = subprocess.run([sys.executable, str(script), "--help"], capture_output=True, text=True, check=True)

    assert "build/layer" in shown.stdout
