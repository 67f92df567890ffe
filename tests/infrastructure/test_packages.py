"""The functions' packages: what the checks find, and that what would be uploaded passes them."""

import itertools
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.build_layers import DEPLOYED, LAMBDA, LayerForm, LayerPlatform, build_if_changed, layer_digest
from scripts.check_packages import (
    MAX_CODE_BYTES,
    MAX_LAYERS_BYTES,
    check_packages,
    import_all,
    layer_faults,
    size_faults,
)
from scripts.function_packages.binaries import machine_of, on_machine, wrong_binaries
from scripts.function_packages.imports import ImportCheck, check_imports
from scripts.function_packages.layers import SHARED, SIGNAL
from scripts.function_packages.packages import (
    HANDLERS,
    FunctionPackage,
    PackagedLayer,
    build_packages,
    read_packages,
)
from scripts.function_packages.reach import reach_of

X86_64, AARCH64 = 0x3E, 0xB7


def elf(path: Path, machine: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x7fELF" + bytes(14) + struct.pack("<H", machine) + bytes(44))
    return path


def package(directory: Path, handler: str, **layer: str) -> FunctionPackage:
    """A function with a handler of this source, and a layer with these modules of the shared package."""
    code, shared = directory / "code", directory / "layer" / "python" / "babelcast"
    (code / "greeter").mkdir(parents=True)
    (code / "greeter" / "__init__.py").touch()
    (code / "greeter" / "handler.py").write_text(handler)
    shared.mkdir(parents=True)
    for name, source in {"__init__": "", **layer}.items():
        (shared / f"{name}.py").write_text(source)
    shared_layer = PackagedLayer(name="SharedLayer", directory=directory / "layer")
    return FunctionPackage(name="greeter", handler="greeter.handler.lambda_handler", code=code, layers=(shared_layer,))


def with_layer(function: FunctionPackage, directory: Path, **modules: str) -> FunctionPackage:
    """The function with one layer more, of these modules."""
    (directory / "python").mkdir(parents=True)
    for name, source in modules.items():
        (directory / "python" / f"{name}.py").write_text(source)
    return replace(function, layers=(*function.layers, PackagedLayer(name="MoreLayer", directory=directory)))


def imports_of(function: FunctionPackage) -> ImportCheck:
    return check_imports(function.handler, function.path, reach_of(function.code, function.shared_code))


GOOD = "import json\nfrom babelcast import words\n\ndef lambda_handler(event, context):\n    return words.HELLO\n"


def test_a_package_that_has_everything_passes(tmp_path: Path) -> None:
    good = package(tmp_path, GOOD, words="HELLO = 'hello'")
    check = imports_of(good)
    assert check.unresolved == ()
    assert "babelcast/words.py" in check.loaded
    imported = import_all(good, good)
    assert imported.imports == 2
    assert imported.modules == {"babelcast", "babelcast.words"}
    assert imported.layers == {"SharedLayer"}
    assert imported.faults == ()
    assert size_faults(good) == layer_faults(good, imported.layers) == []


@pytest.mark.parametrize(
    ("handler", "words", "unresolved"),
    [
        ("import boto3\n" + GOOD, "HELLO = 1", "handler.py:1: boto3"),
        (GOOD + "words.later", "HELLO = 1\ndef later():\n    import pytest", "words.py:3: pytest"),
        (GOOD, "import json\nHELLO = 1\ndef later():\n    json.no_such_name", "words.py:1: json.no_such_name"),
        (GOOD, "import os\nHELLO = 1\nx = lambda: os.path.no_such_name()", "words.py:1: os.path.no_such_name"),
        (GOOD, "from babelcast.nowhere import HELLO", "words.py:1: babelcast.nowhere.HELLO"),
        (GOOD, "from json import no_such_name", "words.py:1: json.no_such_name"),
        ("from babelcast import words\n", "HELLO = 1", "greeter.handler.lambda_handler"),
    ],
    ids=["in the handler", "within a function", "an attribute", "a deep one", "in the layer", "a name", "no handler"],
)
def test_an_import_that_does_not_resolve_inside_the_package_is_found(
    tmp_path: Path, handler: str, words: str, unresolved: str
) -> None:
    """boto3 and pytest are installed here, but not in the package."""
    bad = package(tmp_path, handler, words=words)
    found = imports_of(bad).unresolved
    assert any(line.startswith(unresolved) for line in found), found


def test_what_only_type_checkers_import_is_left_out(tmp_path: Path) -> None:
    words = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import mypy_boto3_s3\nHELLO = 1\n"
    typed = package(tmp_path, GOOD, words=words)
    assert imports_of(typed).unresolved == ()


def test_a_module_that_only_this_machines_package_has_is_found(tmp_path: Path) -> None:
    here = package(tmp_path / "here", GOOD, words="HELLO = 1")
    uploaded = package(tmp_path / "uploaded", GOOD)
    assert import_all(uploaded, here).faults == ("greeter: babelcast/words.py is not in the package for Lambda",)


def test_a_layer_that_a_function_does_not_use_is_found(tmp_path: Path) -> None:
    function = with_layer(package(tmp_path, GOOD, words="HELLO = 1"), tmp_path / "more", numbers="ONE = 1")
    imported = import_all(function, function)
    assert layer_faults(function, imported.layers) == ["greeter: uses nothing of MoreLayer"]


def test_a_file_that_two_layers_have_is_found(tmp_path: Path) -> None:
    function = with_layer(package(tmp_path, GOOD, words="HELLO = 1"), tmp_path / "more", numbers="ONE = 1")
    (tmp_path / "layer" / "python" / "numbers.py").write_text("ONE = 2")
    names = frozenset(layer.name for layer in function.layers)
    assert layer_faults(function, names) == ["greeter: python/numbers.py is in SharedLayer and in MoreLayer"]


def test_shared_code_that_no_function_reaches_is_found(tmp_path: Path) -> None:
    function = package(tmp_path, GOOD, words="HELLO = 1", forgotten="")
    faults = check_packages({"greeter": function}, {"greeter": function})
    assert [fault for fault in faults if "reaches" in fault] == ["no function reaches babelcast.forgotten"]


def test_the_layers_count_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    function = with_layer(
        package(tmp_path, GOOD, words="import numbers_one\nHELLO = 1"), tmp_path / "more", numbers_one=""
    )
    assert size_faults(function) == []
    for layer in function.layers:
        with (layer.directory / "large.bin").open("wb") as file:
            file.truncate(MAX_LAYERS_BYTES // 2)
    assert [fault.partition("MB")[0] for fault in size_faults(function)] == ["greeter: its layers have 120.0 "]
    check_packages({"greeter": function}, {"greeter": function})
    shown = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[:3] for line in shown if line and line[0] in {"SharedLayer", "MoreLayer", "together"}] == [
        ["SharedLayer", "60.0", "MB"],
        ["MoreLayer", "60.0", "MB"],
        ["together", "120.0", "MB"],
    ]


def test_a_function_with_too_much_code_of_its_own_is_found(tmp_path: Path) -> None:
    large = package(tmp_path, GOOD, words="HELLO = 1")
    (large.code / "data.bin").write_bytes(bytes(MAX_CODE_BYTES + 1))
    assert [fault.split(":")[0] for fault in size_faults(large)] == ["greeter"]


def test_binaries_for_another_processor_or_python_are_found(tmp_path: Path) -> None:
    right = elf(tmp_path / "a.cpython-313-aarch64-linux-gnu.so", AARCH64)
    elf(tmp_path / "b.abi3.so", X86_64)
    elf(tmp_path / "c.cpython-312-aarch64-linux-gnu.so", AARCH64)
    (tmp_path / "d.so").write_text("no binary")
    assert machine_of(right) == "aarch64"
    assert wrong_binaries(tmp_path, machine="aarch64", python=(3, 13)) == [
        "b.abi3.so is for x86_64",
        "c.cpython-312-aarch64-linux-gnu.so is for Python 3.12",
        "d.so is for no processor",
    ]


def test_a_compiled_module_has_the_processor_in_its_name() -> None:
    assert on_machine("m/_x.cpython-313-x86_64-linux-gnu.so", "aarch64") == "m/_x.cpython-313-aarch64-linux-gnu.so"
    assert on_machine("m/_x.abi3.so", "aarch64") == "m/_x.abi3.so"


def test_a_layer_of_the_same_packages_and_code_is_not_built_again(tmp_path: Path) -> None:
    layer = tmp_path / "layer"
    layer.mkdir()
    (layer / "touched").touch()
    (tmp_path / "layer.stamp").write_text(layer_digest(SHARED, LAMBDA))
    build_if_changed(SHARED, layer, LAMBDA)
    assert (layer / "touched").exists()
    here = LayerPlatform.of_this_machine()
    forms = (DEPLOYED, LayerForm(is_trimmed=False), LayerForm(has_bytecode=False))
    made = itertools.product((SHARED, SIGNAL), (LAMBDA, here), forms)
    assert len({layer_digest(*each) for each in made}) == 12


@pytest.mark.slow
def test_what_would_be_uploaded_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every function for arm64 and Python 3.13: sizes, processor, and every import in an empty environment."""
    uploaded = read_packages(build_packages(LAMBDA, tmp_path / "lambda"))
    here = read_packages(build_packages(LayerPlatform.of_this_machine(), tmp_path / "here"))
    assert set(uploaded) == set(HANDLERS)
    assert check_packages(uploaded, here) == []
    shown = capsys.readouterr().out
    for name in (*HANDLERS, "SharedLayer", "SignalLayer", "together"):
        assert f"\n{name}" in shown
    signal = here["audio_processor"].layers[1]
    for name, function in here.items():
        given = function if signal in function.layers else replace(function, layers=(*function.layers, signal))
        check = imports_of(given)
        measures = name == "audio_processor"
        assert ("numpy/__init__.py" in check.loaded) is measures, name
        assert ("babelcast/domain/sound/meter.py" in check.loaded) is measures, name
