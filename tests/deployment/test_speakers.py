from typing import Any

import pytest

from tests.deployment.aws_resources import announce, client, make_user_pool
from tests.deployment.conftest import Project

EMAIL = "speaker@example.org"


@pytest.fixture
def user_pool_id(project: Project, credentials: None) -> str:
    pool = make_user_pool()
    announce({"BabelcastDevData": {"UserPoolId": pool}})
    return pool


def _attributes(user_pool_id: str) -> dict[str, Any]:
    user = client("cognito-idp").admin_get_user(UserPoolId=user_pool_id, Username=EMAIL)
    return {"status": user["UserStatus"], **{each["Name"]: each["Value"] for each in user["UserAttributes"]}}


def test_a_speaker_is_invited_with_an_address_that_needs_no_second_proof(project: Project, user_pool_id: str) -> None:
    status, said = project.run("speaker", "--stage", "dev", "--email", EMAIL)

    assert status == 0
    assert "temporary password" in said
    attributes = _attributes(user_pool_id)
    assert attributes["email"] == EMAIL
    assert attributes["email_verified"] == "true"
    assert attributes["status"] == "FORCE_CHANGE_PASSWORD"


def test_an_invitation_can_be_sent_again(project: Project, user_pool_id: str) -> None:
    project.run("speaker", "--stage", "dev", "--email", EMAIL)
    status, said = project.run("speaker", "--stage", "dev", "--email", EMAIL)

    assert status == 0
    assert "sent again" in said


def test_a_speaker_who_has_signed_in_is_left_alone(project: Project, user_pool_id: str) -> None:
    project.run("speaker", "--stage", "dev", "--email", EMAIL)
    client("cognito-idp").admin_set_user_password(
        UserPoolId=user_pool_id, Username=EMAIL, Password="Correct-horse-7", Permanent=True
    )
    status, said = project.run("speaker", "--stage", "dev", "--email", EMAIL)

    assert status == 0
    assert "already has an account" in said
    assert _attributes(user_pool_id)["status"] == "CONFIRMED"


def test_a_stage_that_is_not_deployed_has_no_speakers(project: Project, credentials: None) -> None:
    status, said = project.run("speaker", "--stage", "dev", "--email", EMAIL)

    assert status == 1
    assert "make deploy STAGE=dev" in said


def test_something_else_than_an_address_is_refused(project: Project, user_pool_id: str) -> None:
    status, said = project.run("speaker", "--stage", "dev", "--email", "")

    assert status == 1
    assert "EMAIL=" in said
