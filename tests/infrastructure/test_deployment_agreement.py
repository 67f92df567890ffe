"""What the deployment reads of the stacks is there: outputs, log groups, bootstrap version, protection."""

import json
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from infrastructure.constructs.stage_alarms import Page
from scripts.deployment.log_tail import log_sources
from scripts.deployment.outputs import StageOutputs
from scripts.deployment.preflight import MIN_BOOTSTRAP_VERSION
from scripts.deployment.stage import ROOT, Stage, stage_named
from tests.infrastructure.templates import SynthesizedStage


@pytest.fixture
def named(stage: SynthesizedStage) -> Stage:
    (data,) = [name for name in stage.templates if name.endswith("Data")]
    return stage_named(data.removeprefix("Babelcast").removesuffix("Data").lower())


def _artifacts(stage: SynthesizedStage) -> dict[str, Any]:
    artifacts: dict[str, Any] = json.loads((stage.directory / "manifest.json").read_text())["artifacts"]
    return {name: each for name, each in artifacts.items() if each["type"] == "aws:cloudformation:stack"}


def test_every_output_that_a_deployment_needs_is_there(stage: SynthesizedStage, named: Stage) -> None:
    outputs = {
        stack: {key: f"{stack}.{key}" for key in template.get("Outputs", {})}
        for stack, template in stage.templates.items()
    }

    read = StageOutputs.of(named, outputs)

    assert read.speaker.bucket == f"{named.web_stack}.SpeakerBucketName"
    assert read.listener.distribution_id == f"{named.web_stack}.ListenerDistributionId"


def test_the_bootstrap_that_is_checked_for_is_enough(stage: SynthesizedStage) -> None:
    needed = [each["properties"]["requiresBootstrapStackVersion"] for each in _artifacts(stage).values()]

    assert max(needed) <= MIN_BOOTSTRAP_VERSION


def test_data_that_is_kept_is_in_a_protected_stack(stage: SynthesizedStage, named: Stage) -> None:
    protection = _artifacts(stage)[named.data_stack]["properties"].get("terminationProtection", False)

    assert protection == named.settings.keeps_data


def test_the_log_of_every_function_is_found_by_its_name(stage: SynthesizedStage, named: Stage) -> None:
    cloudformation = boto3.client(
        "cloudformation", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    with Stubber(cloudformation) as answers:
        for stack in (named.api_stack, named.processing_stack):
            answers.add_response(
                "list_stack_resources",
                {
                    "StackResourceSummaries": [
                        {
                            "LogicalResourceId": logical_id,
                            "PhysicalResourceId": logical_id,
                            "ResourceType": resource["Type"],
                            "LastUpdatedTimestamp": 0,
                            "ResourceStatus": "CREATE_COMPLETE",
                        }
                        for logical_id, resource in stage.templates[stack]["Resources"].items()
                    ]
                },
            )
        names = {source.name for source in log_sources(cloudformation, named)}

    cells = {f"cell{cell}_audio_processor" for cell in range(named.settings.cells.count)}
    apis = {"authorizer", "connection_handler", "disconnect_handler", "http_session_handler", "notification_sender"}
    assert names >= apis | cells


def test_every_alarm_names_a_page_that_is_there() -> None:
    headings = [
        line.lower() for line in (ROOT / "docs" / "operations.md").read_text().splitlines() if line[:4] == "### "
    ]

    assert [page for page in Page if not any(page.lower() in heading for heading in headings)] == []
