"""Where `make verify STAGE=…` finds a deployed stage, without anything that its deployment has written down here."""

import pytest

from scripts import verify_pipeline
from tests.deployment.aws_resources import announce, stage_outputs
from tests.deployment.conftest import REGION


@pytest.mark.usefixtures("credentials")
def test_a_stage_is_found_through_cloudformation() -> None:
    announce(stage_outputs("dev"))

    endpoints = verify_pipeline.deployed_endpoints("dev")

    assert endpoints.region == REGION
    assert endpoints.http_api_url == f"https://def.execute-api.{REGION}.amazonaws.com"
    assert endpoints.websocket_url == f"wss://abc.execute-api.{REGION}.amazonaws.com/dev"
    assert endpoints.user_pool_id.startswith(REGION)
    assert endpoints.user_pool_client_id == "client"
    assert endpoints.speaker_email is None


@pytest.mark.parametrize("deployed", [(), ("BabelcastDevData",)])
@pytest.mark.usefixtures("credentials")
def test_a_stage_that_is_not_there_as_a_whole_is_one_line(
    deployed: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    announce({stack: outputs for stack, outputs in stage_outputs("dev").items() if stack in deployed})

    assert verify_pipeline.main(["--stage", "dev"]) == 1

    said = capsys.readouterr().err
    assert "deploy" in said
    assert len(said.splitlines()) == 1


@pytest.mark.usefixtures("account")
def test_without_credentials_it_says_how_to_get_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify_pipeline.main(["--stage", "dev"]) == 1

    assert "no AWS credentials that work" in capsys.readouterr().err
