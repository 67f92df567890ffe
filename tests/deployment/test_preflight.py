"""What is missing is said with what to do about it, before anything is built or changed."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from scripts.deployment.preflight import BOOTSTRAP_PARAMETER
from scripts.deployment.stage import ROOT
from tests.deployment.aws_resources import client
from tests.deployment.conftest import REGION, Project, Quotas


def test_without_credentials_nothing_is_started(project: Project) -> None:
    status, said = project.run("deploy", "--stage", "dev")

    assert status == 1
    assert "no AWS credentials" in said
    assert "AWS_PROFILE" in said
    assert project.programs.calls("make") == []


def test_without_a_region_one_is_asked_for(
    project: Project, credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_REGION")
    status, said = project.run("check", "--stage", "dev")

    assert status == 1
    assert "set AWS_REGION=" in said


def test_two_regions_are_refused(project: Project, credentials: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    status, said = project.run("check", "--stage", "dev")

    assert status == 1
    assert "set one only" in said


@pytest.mark.parametrize("wrong", ["Frankfurt", "eu west", "eu-west-1a"])
def test_what_is_no_region_is_said_before_the_credentials_are_tried(
    project: Project, credentials: None, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv("AWS_REGION", wrong)
    status, said = project.run("check", "--stage", "dev")

    assert status == 1
    assert f"{wrong} is no region of AWS: set AWS_REGION, such as eu-west-1" in said
    assert "credentials" not in said


def test_a_network_without_aws_is_not_taken_for_missing_credentials(
    project: Project, credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_client: Any, _operation: str, _parameters: dict[str, Any]) -> Any:
        raise EndpointConnectionError(endpoint_url="https://sts.eu-west-9.amazonaws.com/")

    monkeypatch.setenv("AWS_REGION", "eu-west-9")
    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", refuse)
    status, said = project.run("check", "--stage", "dev")

    assert status == 1
    assert "AWS cannot be reached from here, or eu-west-9 is no region" in said
    assert "credentials" not in said


def test_a_missing_bootstrap_stops_with_the_command_that_makes_it(project: Project, credentials: None) -> None:
    status, said = project.run("deploy", "--stage", "dev")

    assert status == 1
    assert "CDK bootstrap: missing" in said
    assert "make bootstrap" in said
    assert project.programs.calls("make") == []


def test_the_bootstrap_is_of_this_account_and_region_and_needs_no_synthesis(
    project: Project, credentials: None
) -> None:
    status, _ = project.run("bootstrap", "--yes")

    assert status == 0
    (call,) = project.programs.calls("cdk")
    assert call.arguments == ["bootstrap", "--app", "", "aws://123456789012/eu-west-1"]
    assert project.programs.calls("make") == []


def test_an_old_bootstrap_stops(project: Project, bootstrap: None) -> None:
    client("ssm").put_parameter(Name=BOOTSTRAP_PARAMETER, Value="5", Type="String", Overwrite=True)
    status, said = project.run("check", "--stage", "dev")

    assert status == 1
    assert "version 5, and 6 is needed" in said


def test_another_version_of_the_command_line_stops(project: Project, bootstrap: None) -> None:
    project.programs.install(cdk_version="3.0.0")
    status, said = project.run("deploy", "--stage", "dev")

    assert status == 1
    assert "version 3.0.0, and package.json asks for 2.1148.1" in said
    assert "npm ci" in said
    assert project.programs.calls("make") == []


def test_a_missing_command_line_stops(
    project: Project, bootstrap: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    status, said = project.run("check", "--stage", "dev")

    assert status == 1
    assert "cdk is not installed" in said


def test_everything_that_is_wrong_is_said_at_once(project: Project, credentials: None) -> None:
    project.programs.install(cdk_version="3.0.0")
    _, said = project.run("check", "--stage", "dev")

    assert "not ready to deploy: CDK bootstrap, CDK command line" in said


def test_an_account_that_is_ready_has_no_warning(project: Project, bootstrap: None, quotas: Quotas) -> None:
    status, said = project.run("check", "--stage", "dev")

    assert status == 0
    assert "25 at once, enough for 25 sessions" in said
    assert "arn:aws" in said
    assert not [line for line in said.splitlines() if line.startswith("warning") and "Python" not in line]


def test_low_quotas_are_warnings_with_what_to_ask_for(project: Project, bootstrap: None, quotas: Quotas) -> None:
    quotas.by_service["transcribe"]["Number of concurrent HTTP/2 streams for streaming transcription"] = 5
    quotas.by_service["polly"]["Synthesize speech requests per second (neural voices)"] = 8
    quotas.lambda_concurrency = 10
    status, said = project.run("check", "--stage", "dev")

    assert status == 0
    assert "warning  Transcribe streams: 5 at once, and the stage's cells take 25 sessions" in said
    assert "warning  Polly requests: 8 neural clips a second" in said
    assert "warning  Lambda concurrency: 10 for all functions" in said
    assert "Service Quotas console" in said


def test_quotas_that_cannot_be_read_are_warnings(project: Project, bootstrap: None, quotas: Quotas) -> None:
    quotas.by_service.clear()
    quotas.lambda_concurrency = None
    status, said = project.run("check", "--stage", "prod")

    assert status == 0
    assert said.count("cannot be read (AccessDeniedException)") == 3


def test_a_quota_that_has_no_such_name_is_told_from_one_that_cannot_be_read(
    project: Project, bootstrap: None, quotas: Quotas
) -> None:
    quotas.by_service["polly"] = {"Something else": 1, "Another": 2}
    status, said = project.run("check", "--stage", "dev")

    assert status == 0
    assert "Polly requests: none of the 2 quotas that Service Quotas lists for polly is named like it" in said
    assert "cannot be read" not in said


def test_too_little_concurrency_for_the_reservations_stops(project: Project, bootstrap: None, quotas: Quotas) -> None:
    quotas.lambda_concurrency = 10
    status, said = project.run("deploy", "--stage", "prod", "--yes")

    assert status == 1
    assert "10; 102 are needed to set 2 aside for the cells" in said
    assert project.programs.calls("make") == []


def test_what_other_functions_have_reserved_is_not_there_for_the_cells(
    project: Project, bootstrap: None, quotas: Quotas
) -> None:
    quotas.reserved = {"another-application": 950}
    status, said = project.run("check", "--stage", "prod")

    assert status == 1
    assert "1000, of which other functions have reserved 950; 102 are needed" in said


def test_what_the_stage_has_reserved_before_is_there_for_it_again(
    project: Project, bootstrap: None, quotas: Quotas
) -> None:
    quotas.lambda_concurrency = 102
    quotas.reserved = {"cell-0": 1, "cell-1": 1}
    cells = [
        {"ResourceType": "AWS::Lambda::Function", "PhysicalResourceId": name, "ResourceStatus": "CREATE_COMPLETE"}
        for name in ("cell-0", "cell-1")
    ]
    project.programs.stacks.put("BabelcastProdProcessing", resources=cells)
    status, said = project.run("check", "--stage", "prod")

    assert status == 0, said
    assert "102 of 102, and 2 are set aside for the cells" in said


@pytest.mark.parametrize("service", ["transcribestreaming", "translate"])
def test_a_region_without_a_service_stops(
    project: Project, bootstrap: None, monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    region = "eu-south-1"
    monkeypatch.setenv("AWS_REGION", region)

    def resolve(host: str, port: int) -> list[str]:
        if host.startswith(service):
            raise socket.gaierror
        return [host]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    status, said = project.run("check", "--stage", "dev")

    assert status == 1
    assert f"not offered in {region} ({service}.{region}.amazonaws.com does not exist)" in said
    assert said.count("not offered") == 1
    assert "eu-west-1" in next(line for line in said.splitlines() if "set AWS_REGION" in line)


def test_a_region_without_neural_voices_stops(project: Project, bootstrap: None, quotas: Quotas) -> None:
    quotas.neural_voices = 0
    status, said = project.run("check", "--stage", "dev")

    assert status == 1
    assert f"Polly: no neural voices in {REGION}" in said


def test_voices_that_cannot_be_read_are_a_warning(project: Project, bootstrap: None, quotas: Quotas) -> None:
    quotas.neural_voices = None
    status, said = project.run("check", "--stage", "dev")

    assert status == 0
    assert "warning  Polly: its voices cannot be read (AccessDeniedException)" in said


@pytest.mark.parametrize(("given", "is_warned"), [((), True), (("-c", "alarmEmail=ops@example.org"), False)])
def test_a_stage_that_keeps_data_should_tell_somebody_of_its_alarms(
    project: Project, bootstrap: None, given: tuple[str, ...], is_warned: bool
) -> None:
    status, said = project.run("check", "--stage", "prod", *given)

    assert status == 0
    assert ("warning  alarms: nobody is told when prod fails" in said) is is_warned
    assert ('CONTEXT="alarmEmail=ops@example.org"' in said) is is_warned


def test_the_pin_of_the_command_line_is_exact() -> None:
    pinned = json.loads((ROOT / "package.json").read_text())["devDependencies"]["aws-cdk"]
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]["node_modules/aws-cdk"]["version"]

    assert pinned == locked
