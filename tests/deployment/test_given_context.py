"""What a stage was deployed with is not taken away by leaving it out."""

import pytest

from tests.deployment.aws_resources import announce, stage_outputs
from tests.deployment.conftest import Project

MAIL, ORIGINS = "alarmEmail=ops@example.org", "allowedOrigins=https://a.example,https://b.example"


@pytest.fixture
def deployed(project: Project, bootstrap: None) -> Project:
    project.programs.set_outputs(stage_outputs("dev"))
    status, said = project.run("deploy", "--stage", "dev", "-c", MAIL, "-c", ORIGINS)
    assert status == 0, said
    return project


def test_a_value_that_is_left_out_stops_with_both_lines(deployed: Project) -> None:
    status, said = deployed.run("deploy", "--stage", "dev", "--yes", "-c", ORIGINS)

    assert status == 1
    assert "dev was deployed with alarmEmail=ops@example.org, which this would take away" in said
    assert f'to keep:      CONTEXT="{ORIGINS} {MAIL}"' in said
    assert f'to take away: CONTEXT="{ORIGINS} alarmEmail="' in said
    assert deployed.programs.cdk_commands() == ["deploy"]


def test_both_lines_deploy(deployed: Project) -> None:
    status, _ = deployed.run("deploy", "--stage", "dev", "-c", ORIGINS, "-c", MAIL)
    assert status == 0

    status, _ = deployed.run("deploy", "--stage", "dev", "-c", ORIGINS, "-c", "alarmEmail=")
    assert status == 0

    # Taken away knowingly, it is asked for no longer.
    status, _ = deployed.run("deploy", "--stage", "dev", "-c", ORIGINS)
    assert status == 0


def test_another_value_is_no_loss(deployed: Project) -> None:
    status, _ = deployed.run("deploy", "--stage", "dev", "-c", "alarmEmail=new@example.org", "-c", ORIGINS)

    assert status == 0


def test_a_value_that_has_become_the_stages_own_setting_need_not_be_given(project: Project, bootstrap: None) -> None:
    project.programs.set_outputs(stage_outputs("dev"))
    origins = "allowedOrigins=http://localhost:5173,http://localhost:5174"
    project.run("deploy", "--stage", "dev", "-c", origins)

    status, said = project.run("deploy", "--stage", "dev")

    assert status == 0, said


def test_the_difference_says_what_is_missing_and_is_shown(deployed: Project) -> None:
    status, said = deployed.run("diff", "--stage", "dev")

    assert status == 0
    assert "which this would take away" in said
    assert "There were no differences" in said


def test_a_stage_that_was_deployed_before_values_were_kept_can_be_deployed(project: Project, bootstrap: None) -> None:
    outputs = stage_outputs("dev")
    project.programs.set_outputs(outputs)
    announce(outputs)

    status, said = project.run("deploy", "--stage", "dev")

    assert status == 0, said


def test_a_misspelt_value_is_named(project: Project, bootstrap: None) -> None:
    status, said = project.run("deploy", "--stage", "dev", "-c", "alarmMail=ops@example.org")

    assert status == 1
    assert "there is no context value 'alarmMail'; there are listenerUrl" in said
    assert project.programs.calls("make") == []
