"""The Makefile, what it starts and what starts it agree: ``make -n`` says what would be run."""

import os
import shlex
import subprocess
from dataclasses import dataclass, field

import pytest

from scripts.deployment.commands import Commands
from scripts.deployment.flow import build
from scripts.deployment.stage import ROOT, stage_named

SPEECH = "samples/speech-en.wav"


def dry_run(*arguments: str) -> list[str]:
    """The commands that the real Makefile would run; one that goes over several lines is one here."""
    done = subprocess.run(
        ["make", "-n", "--no-print-directory", *arguments],
        cwd=ROOT,
        # Without what `make test` leaves here: its options, its STAGE.
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.replace("\\\n", " ").splitlines()


@dataclass(frozen=True, slots=True, kw_only=True)
class DryCommands(Commands):
    """Asks the real Makefile instead of running it."""

    lines: list[str] = field(default_factory=list)

    def run(self, *command: str) -> None:
        assert command[0] == "make"
        self.lines.extend(dry_run(*command[1:]))


@pytest.mark.parametrize("apps", [True, False])
def test_a_deployment_builds_targets_that_there_are(apps: bool) -> None:
    stage = stage_named("prod", root=ROOT, context=["alarmEmail=ops@example.org"])
    commands = DryCommands(directory=ROOT)

    build(stage, commands, print, apps=apps)

    (synthesis,) = [line for line in commands.lines if "CDK_OUTDIR=build/deploy/prod " in line]
    assert synthesis.split(" >")[0].endswith("-c layers=build/layers -c stage=prod -c alarmEmail=ops@example.org")


@pytest.mark.parametrize(
    ("given", "started"),
    [
        (
            ["deploy", "STAGE=prod", "YES=1", "CONTEXT=a=b c=d"],
            "scripts.deploy deploy --stage prod --yes --context a=b --context c=d",
        ),
        (["deploy"], "scripts.deploy deploy --stage dev"),
        (["deploy-check", "STAGE=prod", "CONTEXT=a=b"], "scripts.deploy check --stage prod --context a=b"),
        (["diff", "STAGE=prod", "CONTEXT=a=b"], "scripts.deploy diff --stage prod --context a=b"),
        (["bootstrap", "YES=1"], "scripts.deploy bootstrap --yes"),
        (["bootstrap"], "scripts.deploy bootstrap"),
        (["destroy", "STAGE=prod", "CONFIRM=prod"], "scripts.deploy destroy --stage prod --confirm prod"),
        (["destroy", "STAGE=prod", "YES=1"], "scripts.deploy destroy --stage prod --yes"),
        (["speaker", "STAGE=prod", "EMAIL=a@b.example"], "scripts.deploy speaker --stage prod --email a@b.example"),
        (
            ["logs", "STAGE=prod", "SESSION=joyful-hope-911", "FUNCTION=authorizer", "SINCE=60"],
            "scripts.tail_logs --stage prod --since 60 --function authorizer --session joyful-hope-911",
        ),
        (["logs"], "scripts.tail_logs --stage dev --since 10"),
        (
            ["verify", "STAGE=prod", "LANGUAGES=fr"],
            f"scripts.verify_pipeline --stage prod --audio {SPEECH} --languages fr",
        ),
        (["verify"], f"scripts.verify_pipeline --audio {SPEECH} --languages es,fr"),
        (
            ["cost", "STAGE=dev", "LANGUAGES=4", "SPEAKERS=2", "HOURS=3", "LISTENERS=9", "SILENCE=0.2", "OFFERED=12"],
            "scripts.cost --languages 4 --speakers 2 --hours 3 --listeners 9 --silence 0.2 --offered 12 --stage dev",
        ),
        (["cost"], "scripts.cost --languages 3"),
    ],
)
def test_a_target_passes_on_what_it_is_given(given: list[str], started: str) -> None:
    module = started.split(maxsplit=1)[0]
    (line,) = [each for each in dry_run(*given) if f" -m {module} " in each]

    assert shlex.split(line.partition(" -m ")[2]) == started.split()
