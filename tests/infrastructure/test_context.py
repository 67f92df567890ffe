"""What is given in place of settings is kept with the stage."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infrastructure.app import ROOT
from infrastructure.context import CONTEXT_KEYS, RECORD, record_of, refuse_unknown_keys, stage_of
from infrastructure.settings import SettingsError
from tests.infrastructure.templates import SynthesizedStage


def test_only_what_replaces_a_setting_is_kept() -> None:
    context = {"stage": "prod", "layer": "x", "alarmEmail": "a@b.example", "listenerUrl": "", "speakerDomain": None}

    assert json.loads(record_of(context)) == {"alarmEmail": "a@b.example"}
    assert stage_of(context).alarm_email == "a@b.example"
    assert stage_of(context).listener_url is None


def test_nothing_is_kept_of_a_stage_without_context(stage: SynthesizedStage) -> None:
    assert stage.outputs()[RECORD] == "{}"


def test_a_key_that_nothing_uses_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"there is no context value alarmEmial; -c takes stage, .*alarmEmail"):
        refuse_unknown_keys(["stage", "alarmEmial"])


def test_our_own_keys_and_the_cdks_are_let_through() -> None:
    of_the_cdk = [
        "aws:cdk:enable-path-metadata",
        "@aws-cdk/core:defaultCrossStackReferences",
        "aws-cdk:enableDiffNoFail",
        "availability-zones:account=123456789012:region=us-east-1",
        "cli-telemetry",
        "acknowledged-issue-numbers",
    ]

    refuse_unknown_keys([*CONTEXT_KEYS, *of_the_cdk])


@pytest.mark.slow
def test_the_command_keeps_what_it_was_given(tmp_path: Path) -> None:
    # Node, which reads CDK_OUTDIR, may already run in this process.
    subprocess.run(
        [sys.executable, "-m", "infrastructure.app", "-c", "layers=none", "-c", "alarmEmail=ops@example.org"],
        cwd=ROOT,
        env={**os.environ, "CDK_OUTDIR": str(tmp_path)},
        check=True,
    )

    template = json.loads((tmp_path / "BabelcastDevData.template.json").read_text())
    assert json.loads(template["Outputs"][RECORD]["Value"]) == {"alarmEmail": "ops@example.org"}
