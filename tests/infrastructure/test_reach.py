"""What a function may load: of the shared code what it can reach, and numpy only where sound is measured."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.cold_start.starting import FIRST_USE, environments
from scripts.function_packages.layers import ROOT
from scripts.function_packages.packages import HANDLERS
from scripts.function_packages.reach import Reach, reach_of, shared_modules
from tests.infrastructure.templates import SynthesizedStage

SHARED = ROOT / "shared_layer" / "python"


def reach(directory: Path, handler: str, **shared: str) -> Reach:
    """Of a handler of this source, with these modules of the shared package."""
    code, package = directory / "code", directory / "shared" / "babelcast"
    (code / "greeter").mkdir(parents=True)
    (code / "greeter" / "handler.py").write_text(handler)
    package.mkdir(parents=True)
    for name, source in {"__init__": "", **shared}.items():
        (package / f"{name}.py").write_text(source)
    return reach_of(code, directory / "shared")


WIRING = """
from babelcast import everywhere

def greeting():
    from babelcast import polite
    return polite

def shouting():
    from babelcast import loud
    return helper()

def helper():
    import numpy
"""
MODULES = {"wiring": WIRING, "everywhere": "", "polite": "import json", "loud": ""}


@pytest.mark.parametrize(
    ("handler", "reached", "imported"),
    [
        ("import json", set(), {"json"}),
        ("from babelcast import wiring", {"wiring", "everywhere"}, {"babelcast"}),
        ("from babelcast import wiring\nwiring.greeting()", {"wiring", "everywhere", "polite"}, {"babelcast", "json"}),
        ("from babelcast.wiring import greeting as g", {"wiring", "everywhere", "polite"}, {"babelcast", "json"}),
        ("from babelcast import wiring\nwiring.shouting()", {"wiring", "everywhere", "loud"}, {"babelcast", "numpy"}),
        ("import babelcast.loud\ndef later():\n    import numpy", {"loud"}, {"babelcast", "numpy"}),
        (
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from babelcast import loud",
            set(),
            {"typing"},
        ),
    ],
    ids=["nothing", "a module", "its function", "by name", "over another function", "of its own", "types only"],
)
def test_imports_within_a_function_are_reached_by_who_names_it(
    tmp_path: Path, handler: str, reached: set[str], imported: set[str]
) -> None:
    found = reach(tmp_path, handler, **MODULES)

    assert found.modules - {"babelcast"} == {f"babelcast.{name}" for name in reached}
    assert {each.module.partition(".")[0] for each in found.imports} == imported


def test_what_is_read_from_a_module_is_known(tmp_path: Path) -> None:
    found = reach(tmp_path, "import numpy as np\nimport os.path\nx = np.fft.rfft(np.ones(4))\ny = os.path.sep")

    read = {each.module: set(each.attributes) for each in found.imports}
    assert read == {"numpy": {"fft", "fft.rfft", "ones"}, "os": {"path", "path.sep"}, "os.path": set()}


def real_reach(name: str, directory: Path) -> Reach:
    shutil.copytree(ROOT / "lambdas" / name, directory / name / name, ignore=shutil.ignore_patterns("__pycache__"))
    return reach_of(directory / name, SHARED)


@pytest.mark.parametrize("name", HANDLERS)
def test_only_the_audio_processor_measures_sound_and_imports_numpy(name: str, tmp_path: Path) -> None:
    found = real_reach(name, tmp_path)

    measures = name == "audio_processor"
    assert "babelcast.wiring" in found.modules
    assert ("babelcast.domain.sound.meter" in found.modules) is measures
    assert any(each.module.split(".")[0] == "numpy" for each in found.imports) is measures


def test_every_module_of_the_shared_code_is_reached_by_a_function(tmp_path: Path) -> None:
    reached = [real_reach(name, tmp_path).modules for name in HANDLERS]

    assert shared_modules(SHARED) - frozenset.union(*reached) == set()


@pytest.mark.parametrize("name", HANDLERS)
def test_numpy_is_loaded_where_sound_is_measured_and_nowhere_else(name: str, dev: SynthesizedStage) -> None:
    """Here numpy could be loaded by every function; each is loaded with all that its first invocation builds."""
    code = f"""
import sys
import {name}.handler
from babelcast import wiring
wiring.{FIRST_USE[name]}()
print("numpy" in sys.modules, "babelcast.domain.sound.meter" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={
            **environments(dev.directory)[name],
            "PYTHONPATH": os.pathsep.join([str(SHARED), str(ROOT / "lambdas")]),
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        },
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == [str(name == "audio_processor")] * 2
