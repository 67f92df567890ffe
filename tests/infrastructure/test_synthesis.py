import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.infrastructure.templates import SynthesizedStage

PHYSICAL_NAMES = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Kinesis::Stream": "Name",
    "AWS::S3::Bucket": "BucketName",
    "AWS::Cognito::UserPool": "UserPoolName",
    "AWS::Cognito::UserPoolClient": "ClientName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Lambda::LayerVersion": "LayerName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::CloudWatch::Alarm": "AlarmName",
}


def test_a_stage_is_stacks_that_need_each_other_in_one_order(dev: SynthesizedStage) -> None:
    manifest = json.loads((dev.directory / "manifest.json").read_text())
    stacks = {name: body for name, body in manifest["artifacts"].items() if body["type"] == "aws:cloudformation:stack"}
    needs = {name: set(body.get("dependencies", ())) & stacks.keys() for name, body in stacks.items()}

    assert needs == {
        "BabelcastDevData": set(),
        "BabelcastDevWeb": {"BabelcastDevData"},
        "BabelcastDevApi": {"BabelcastDevData", "BabelcastDevWeb"},
        "BabelcastDevProcessing": {"BabelcastDevData", "BabelcastDevApi"},
        "BabelcastDevObservability": {"BabelcastDevData", "BabelcastDevApi", "BabelcastDevProcessing"},
    }


def test_nothing_is_named_by_hand(stage: SynthesizedStage) -> None:
    named = [each.name for each in stage.resources if PHYSICAL_NAMES.get(each.type, "") in each.properties]

    assert named == []


def _findings(stage: SynthesizedStage, kind: str) -> list[dict[str, Any]]:
    """What the rules have found: ``violations``, or ``suppressedViolations``, which are acknowledged."""
    report = json.loads((stage.directory / "validation-report.json").read_text())
    (rules,) = [each for each in report["pluginReports"] if each["pluginName"] == "AwsSolutions"]
    found: list[dict[str, Any]] = rules[kind]
    return found


def _acknowledgements(stage: SynthesizedStage) -> dict[tuple[str, str], str]:
    """The reason of each, by the path of its construct and the finding."""
    found = {}
    for name in stage.templates:
        metadata = json.loads((stage.directory / f"{name}.metadata.json").read_text())
        for path, entries in metadata.items():
            for entry in entries:
                if entry["type"] == "aws:cdk:acknowledged-rules":
                    found.update({(path.removeprefix("/"), rule): reason for rule, reason in entry["data"].items()})
    return found


def test_the_rules_find_nothing_that_is_not_acknowledged(stage: SynthesizedStage) -> None:
    assert _findings(stage, "violations") == []
    assert _findings(stage, "suppressedViolations")


def test_each_finding_is_acknowledged_at_the_resource_that_has_it(stage: SynthesizedStage) -> None:
    resources = {each.raw["Metadata"]["aws:cdk:path"] for each in stage.resources}

    for finding in _findings(stage, "suppressedViolations"):
        paths = {each["constructPath"] for each in finding["violatingConstructs"]}
        assert paths == {finding["acknowledgedAt"]}
        assert paths < resources


def test_nothing_is_acknowledged_that_is_not_found(stage: SynthesizedStage) -> None:
    found = {(each["acknowledgedAt"], each["acknowledgedId"]) for each in _findings(stage, "suppressedViolations")}

    assert _acknowledgements(stage).keys() == found


def test_every_reason_says_something(stage: SynthesizedStage) -> None:
    reasons = _acknowledgements(stage).values()

    assert reasons
    assert [reason for reason in reasons if len(reason.split()) < 8] == []


def test_the_templates_are_valid(dev: SynthesizedStage, prod: SynthesizedStage) -> None:
    templates = [str(path) for stage in (dev, prod) for path in sorted(stage.directory.glob("*.template.json"))]

    # W3005 is a dependency that a reference already implies; the CDK writes both.
    lint = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), "--ignore-checks", "W3005", "--template", *templates],
        capture_output=True,
        text=True,
        check=False,
    )

    assert templates
    assert lint.returncode == 0, lint.stdout + lint.stderr


def test_clients_find_the_addresses_in_the_outputs(stage: SynthesizedStage) -> None:
    outputs = stage.outputs()

    assert outputs.pop("WebSocketUrl").startswith("wss://<WebSocketApi>.execute-api.")
    assert outputs == {
        "HttpApiUrl": "<HttpApi.ApiEndpoint>",
        "UserPoolId": "<Speakers>",
        "UserPoolClientId": "<SpeakersWebClient>",
        "AudioBucketName": "<AudioBucket>",
        "SpeakerBucketName": "<SpeakerBucket>",
        "SpeakerDistributionId": "<SpeakerDistribution>",
        "SpeakerUrl": "https://<SpeakerDistribution.DomainName>",
        "ListenerBucketName": "<ListenerBucket>",
        "ListenerDistributionId": "<ListenerDistribution>",
        "ListenerUrl": "https://<ListenerDistribution.DomainName>",
        "DashboardName": "<OverviewDashboard>",
        "AlarmTopicArn": "<AlarmTopic>",
        "Context": "{}",
    }


def test_nothing_needs_a_custom_resource(stage: SynthesizedStage) -> None:
    assert not [each for each in stage.resources if each.type.startswith(("Custom::", "AWS::CloudFormation::"))]
