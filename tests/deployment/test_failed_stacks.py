"""What an earlier attempt has left behind is cleared away, or named with the command that mends it."""

import pytest

from tests.deployment.aws_resources import stage_outputs
from tests.deployment.conftest import REGION, Project


@pytest.fixture
def prod(project: Project, bootstrap: None) -> Project:
    project.programs.set_outputs(stage_outputs("prod"))
    return project


@pytest.mark.parametrize("stack", ["BabelcastProdData", "BabelcastProdWeb", "BabelcastProdApi"])
def test_a_first_deployment_that_failed_is_made_good_by_the_same_command(prod: Project, stack: str) -> None:
    prod.programs.fail_stack(stack)
    status, said = prod.run("deploy", "--stage", "prod", "--yes")
    assert status == 1
    assert "run the same command again" in said
    assert prod.programs.stacks.all()[stack]["status"] == "ROLLBACK_COMPLETE"

    prod.programs.mend_cdk()
    status, said = prod.run("deploy", "--stage", "prod", "--yes")

    assert status == 0, said
    assert f"{stack} was never made (ROLLBACK_COMPLETE): it is deleted and made anew" in said
    assert "to be deleted by hand: AWS::S3::Bucket site-1\n" in said
    assert "AWS::SNS::Topic" not in said
    stacks = prod.programs.stacks.all()
    assert stacks[stack]["status"] == "CREATE_COMPLETE"
    assert [name for name in stacks if stacks[name]["protected"]] == ["BabelcastProdData", "BabelcastProdWeb"]


def test_the_protection_is_lifted_only_after_consent_and_only_where_nothing_was_made(prod: Project) -> None:
    stacks = prod.programs.stacks
    stacks.put("BabelcastProdData", protected=True)
    stacks.put("BabelcastProdWeb", status="ROLLBACK_FAILED", protected=True)

    status, _ = prod.run("deploy", "--stage", "prod")
    assert status == 1
    assert stacks.all()["BabelcastProdWeb"]["protected"]

    prod.programs.fail_stack("BabelcastProdData")
    prod.run("deploy", "--stage", "prod", "--yes")
    assert not stacks.all()["BabelcastProdWeb"]["protected"]
    assert stacks.all()["BabelcastProdData"]["protected"]


@pytest.mark.parametrize(
    ("state", "command"),
    [
        ("UPDATE_ROLLBACK_FAILED", "npx cdk rollback --app build/deploy/prod BabelcastProdWeb"),
        ("DELETE_FAILED", f"aws cloudformation delete-stack --stack-name BabelcastProdWeb --region {REGION}"),
        ("UPDATE_IN_PROGRESS", f"describe-stack-events --stack-name BabelcastProdWeb --region {REGION}"),
        ("ROLLBACK_IN_PROGRESS", "Run the same command again when it has ended"),
    ],
)
def test_a_stack_that_takes_no_change_stops_with_what_to_run(prod: Project, state: str, command: str) -> None:
    prod.programs.stacks.put("BabelcastProdWeb", status=state, protected=True)

    status, said = prod.run("deploy", "--stage", "prod", "--yes")

    assert status == 1
    assert f"BabelcastProdWeb is {state}" in said
    assert command in said
    assert prod.programs.cdk_commands() == []
    assert prod.programs.stacks.all()["BabelcastProdWeb"]["protected"]


@pytest.mark.parametrize("state", ["REVIEW_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE", "CREATE_COMPLETE"])
def test_a_state_that_the_command_line_goes_on_from_is_left_to_it(prod: Project, state: str) -> None:
    prod.programs.stacks.put("BabelcastProdWeb", status=state, protected=True)

    status, said = prod.run("deploy", "--stage", "prod", "--yes")

    assert status == 0, said
    assert "never made" not in said
