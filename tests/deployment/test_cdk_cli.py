"""The CDK's own command line, where it is installed (`make test` does it)."""

import os
import subprocess
from pathlib import Path

import pytest

from infrastructure.app import add_stage, new_app
from infrastructure.layers import CODE_ALONE
from infrastructure.settings import DEV
from scripts.deployment.stage import ROOT
from tests.deployment.programs import CDK_OPTIONS, CDK_VERSION

CDK = ROOT / "node_modules" / ".bin" / "cdk"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CDK.exists(), reason="the CDK's command line is not installed: npm ci"),
]


def _cdk(*arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        [str(CDK), *arguments], capture_output=True, text=True, check=True, timeout=120, env=environment
    ).stdout


def test_it_reads_what_the_library_writes(tmp_path: Path) -> None:
    app = new_app(output_directory=tmp_path)
    add_stage(app, DEV, layers=CODE_ALONE)
    app.synth()

    assert "BabelcastDevData" in _cdk("list", "--app", str(tmp_path)).splitlines()


def test_the_recorded_options_are_its_own() -> None:
    assert _cdk("--version").startswith(f"{CDK_VERSION} ")
    for command, options in CDK_OPTIONS.items():
        listed = _cdk(command, "--help")
        assert [option for option in options if option not in listed] == []
