"""A stage with as many cells as the settings allow can be deployed: it keeps within what AWS takes."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from infrastructure.app import add_stage, new_app
from infrastructure.aws_limits import MAX_CELLS
from infrastructure.layers import CODE_ALONE
from infrastructure.settings import PROD
from tests.infrastructure.templates import Resource, SynthesizedStage
from tests.infrastructure.test_observability import alarms_of, widgets_of

pytestmark = pytest.mark.slow

LONGEST_STAGE_NAME = "productionstage1"
LONGEST_REGION = "ap-southeast-4"
LONGEST_ATTRIBUTE = 90
"""Of an address such as ``https://cognito-idp.ap-southeast-4.amazonaws.com/ap-southeast-4_123456789``."""

SUFFIX_OF_A_NAME = "-" + 13 * "X"
"""What CloudFormation appends to stack and logical id."""

MAX_RESOURCES, MAX_OUTPUTS, MAX_TEMPLATE_BYTES = 500, 200, 1_000_000
"""Source: CloudFormation quotas."""

MAX_ENVIRONMENT_BYTES = 4_096
"""Source: Lambda gettingstarted-limits."""

MAX_INLINE_POLICY_CHARACTERS = 10_240
"""All of a role's together, white space not counted. Source: IAM quotas."""

MAX_WIDGET_METRICS, MAX_DASHBOARD_METRICS, MAX_WIDGET_ALARMS = 500, 2_500, 100
"""Source: CloudWatch quotas; dashboard body structure."""


@pytest.fixture(scope="module")
def largest(tmp_path_factory: pytest.TempPathFactory) -> SynthesizedStage:
    directory = tmp_path_factory.mktemp("largest")
    cells = replace(PROD.cells, count=MAX_CELLS, sessions_per_cell=25, transcribe_streams=25 * MAX_CELLS)
    app = new_app(output_directory=directory)
    add_stage(app, replace(PROD, name=LONGEST_STAGE_NAME, cells=cells), layers=CODE_ALONE)
    app.synth()
    return SynthesizedStage(directory)


def _deployed(stage: SynthesizedStage, text: str) -> str:
    """A text with every reference as long as AWS can make it."""
    references = {resource.name: resource for resource in stage.resources}

    def name(match: re.Match[str]) -> str:
        reference, _, attribute = match[1].partition(".")
        if reference.startswith("AWS::"):
            return LONGEST_REGION
        resource: Resource = references[reference]
        physical = f"{resource.stack}-{resource.logical_id}{SUFFIX_OF_A_NAME}"
        if attribute in ("Arn", "ConsumerARN"):
            return f"arn:aws:kinesis:{LONGEST_REGION}:123456789012:stream/{physical}"
        return LONGEST_ATTRIBUTE * "X" if attribute else physical

    return re.sub(r"<([\w:.]+)>", name, text)


def test_its_templates_are_taken(largest: SynthesizedStage) -> None:
    for name, template in largest.templates.items():
        assert len(template["Resources"]) <= MAX_RESOURCES, name
        assert len(template.get("Outputs", {})) <= MAX_OUTPUTS, name
        assert (largest.directory / f"{name}.template.json").stat().st_size <= MAX_TEMPLATE_BYTES, name


def test_its_functions_find_all_streams_in_their_environment(largest: SynthesizedStage) -> None:
    sizes = {}
    for name, function in largest.functions().items():
        variables = {
            key: _deployed(largest, value) for key, value in function.properties["Environment"]["Variables"].items()
        }
        sizes[name] = len(json.dumps(variables, separators=(",", ":")).encode())
        if streams := variables.get("AUDIO_STREAM_NAMES"):
            assert len(streams.split(",")) == MAX_CELLS
            assert max(map(len, streams.split(","))) <= 67

    assert {name: size for name, size in sizes.items() if size > MAX_ENVIRONMENT_BYTES} == {}


def test_its_roles_policies_are_taken(largest: SynthesizedStage) -> None:
    for policy in largest.of_type("IAM::Policy"):
        document = _deployed(largest, json.dumps(policy.properties["PolicyDocument"], separators=(",", ":")))
        assert len(document) <= MAX_INLINE_POLICY_CHARACTERS, policy.name


def test_its_dashboard_is_taken_and_shows_every_alarm(largest: SynthesizedStage) -> None:
    widgets = widgets_of(largest)
    metrics = [len(each["properties"].get("metrics", [])) for each in widgets]
    alarms: list[Any] = [each["properties"]["alarms"] for each in widgets if each["type"] == "alarm"]

    assert max(metrics) <= MAX_WIDGET_METRICS
    assert sum(metrics) <= MAX_DASHBOARD_METRICS
    assert max(map(len, alarms)) <= MAX_WIDGET_ALARMS
    assert sum(map(len, alarms)) == len(alarms_of(largest)) > MAX_WIDGET_ALARMS
