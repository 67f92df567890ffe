"""What is given in place of settings is kept with the stage."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infrastructure.app import ROOT
from infrastructure.context import RECORD, record_of, stage_of
from tests.infrastructure.templates import SynthesizedStage


def test_only_what_replaces_a_setting_is_kept() -> None:
    context = {"stage": "prod", "layer": "x", "alarmEmail": "a@b.example", "listenerUrl": "", "speakerDomain": None}

    assert json.loads(record_of(context)) == {"alarmEmail": "a@b.example"}
    assert stage_of(context).alarm_email == "a@b.example"
    assert stage_of(context).listener_url is None


def test_nothing_is_kept_of_a_stage_without_context(stage: SynthesizedStage) -> None:
    assert stage.outputs()[RECORD] == "{}"


@pytest.mark.slow
def test_the_command_keeps_what_it_was_given(tmp_path: Path) -> None:
    # Node, which reads CDK_OUTDIR, may already run in this process.
    subprocess.run(
        [sys.executable, "-m", "infrastructure.app", "-c", "layer=shared_layer", "-c", "alarmEmail=ops@example.org"],
        cwd=ROOT,
        env={**os.environ, "CDK_OUTDIR": str(tmp_path)},
        check=True,
    )

    template = json.loads((tmp_path / "BabelcastDevData.template.json").read_text())
    assert json.loads(template["Outputs"][RECORD]["Value"]) == {"alarmEmail": "ops@example.org"}
