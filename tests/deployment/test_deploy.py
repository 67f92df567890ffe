import json

import pytest

from tests.deployment.aws_resources import announce, client, invalidations, make_distribution, stage_outputs, stored
from tests.deployment.conftest import REGION, Project, Quotas


@pytest.fixture
def dev_outputs(project: Project, bootstrap: None) -> dict[str, dict[str, str]]:
    outputs = stage_outputs("dev")
    project.programs.set_outputs(outputs)
    return outputs


def test_everything_is_built_deployed_and_published_and_the_addresses_are_printed(
    project: Project, dev_outputs: dict[str, dict[str, str]]
) -> None:
    status, said = project.run("deploy", "--stage", "dev")

    assert status == 0, said
    assert project.programs.calls("make")[0].arguments == [
        "--no-print-directory",
        "build/.layers",
        "build/.frontend",
        "build/.sbom",
        "build/deploy/dev/manifest.json",
        "CDK_CONTEXT=",
    ]
    deployed = next(call for call in project.programs.calls("cdk") if call.arguments[0] == "deploy")
    assert deployed.arguments[deployed.arguments.index("--app") + 1] == str(project.root / "build/deploy/dev")
    assert {"--all", "--outputs-file"} <= set(deployed.arguments)
    assert deployed.region == REGION
    for address in ("https://d1.cloudfront.net", "https://d2.cloudfront.net", "wss://abc", "https://def"):
        assert address in said
    assert (
        f"https://{REGION}.console.aws.amazon.com/cloudwatch/home?region={REGION}#dashboards/dashboard/Babelcast"
        in said
    )


def test_files_are_served_with_their_types_and_only_hashed_ones_are_kept(
    project: Project, dev_outputs: dict[str, dict[str, str]]
) -> None:
    project.run("deploy", "--stage", "dev")

    objects = stored("dev-speaker")
    kept, asked_anew = "public, max-age=31536000, immutable", "no-cache"
    assert {key: (each["type"], each["cache"]) for key, each in objects.items()} == {
        "assets/index-1a2b.js": ("text/javascript; charset=utf-8", kept),
        "config.json": ("application/json", asked_anew),
        "icon.svg": ("image/svg+xml", asked_anew),
        "index.html": ("text/html; charset=utf-8", asked_anew),
        "manifest.webmanifest": ("application/manifest+json", asked_anew),
    }
    assert "<title>listener</title>" in stored("dev-listener")["index.html"]["content"]


def test_both_apps_find_their_stage_in_config_json(project: Project, dev_outputs: dict[str, dict[str, str]]) -> None:
    project.run("deploy", "--stage", "dev")

    assert json.loads(stored("dev-listener")["config.json"]["content"]) == {
        "stage": "dev",
        "region": REGION,
        "httpApiUrl": dev_outputs["BabelcastDevApi"]["HttpApiUrl"],
        "webSocketUrl": dev_outputs["BabelcastDevApi"]["WebSocketUrl"],
        "userPoolId": dev_outputs["BabelcastDevData"]["UserPoolId"],
        "userPoolClientId": "client",
        "awsEndpointUrl": None,
        "listenerUrl": "https://d2.cloudfront.net",
    }
    assert stored("dev-speaker")["config.json"] == stored("dev-listener")["config.json"]


def test_a_second_deployment_without_a_change_uploads_and_invalidates_nothing(
    project: Project, dev_outputs: dict[str, dict[str, str]]
) -> None:
    project.run("deploy", "--stage", "dev")
    before = client("s3").head_object(Bucket="dev-speaker", Key="index.html")["LastModified"]
    client("s3").put_bucket_versioning(Bucket="dev-speaker", VersioningConfiguration={"Status": "Enabled"})

    status, said = project.run("deploy", "--stage", "dev")

    assert status == 0
    assert "speaker app: no change\nlistener app: no change\n" in said
    assert client("s3").head_object(Bucket="dev-speaker", Key="index.html")["LastModified"] == before
    versions = client("s3").list_object_versions(Bucket="dev-speaker")["Versions"]
    assert len(versions) == len(stored("dev-speaker"))
    assert len(invalidations(dev_outputs["BabelcastDevWeb"]["SpeakerDistributionId"])) == 1


def test_a_new_build_replaces_the_page_and_leaves_old_pages_their_scripts(
    project: Project, dev_outputs: dict[str, dict[str, str]]
) -> None:
    project.run("deploy", "--stage", "dev")
    dist = project.app("speaker")
    (dist / "assets" / "index-1a2b.js").rename(dist / "assets" / "index-3c4d.js")
    (dist / "index.html").write_text("new")

    _, said = project.run("deploy", "--stage", "dev")

    assert "speaker app: 2 files uploaded, CloudFront invalidated" in said
    objects = stored("dev-speaker")
    assert objects["index.html"]["content"] == "new"
    assert {"assets/index-1a2b.js", "assets/index-3c4d.js"} <= set(objects)
    made = invalidations(dev_outputs["BabelcastDevWeb"]["SpeakerDistributionId"])
    assert len(made) == 2


def test_a_deployment_that_stopped_after_the_upload_is_made_good_by_the_next(
    project: Project, dev_outputs: dict[str, dict[str, str]]
) -> None:
    project.run("deploy", "--stage", "dev")
    # Another bucket's files behind a distribution that was never told of them.
    web = dev_outputs["BabelcastDevWeb"]
    web["SpeakerDistributionId"], web["ListenerDistributionId"] = make_distribution("a"), make_distribution("b")
    project.programs.set_outputs(dev_outputs)

    project.run("deploy", "--stage", "dev")

    assert len(invalidations(web["SpeakerDistributionId"])) == 1


def test_a_failed_deployment_says_so_and_succeeds_when_it_is_run_again(
    project: Project, dev_outputs: dict[str, dict[str, str]]
) -> None:
    project.programs.break_cdk("UPDATE_ROLLBACK_COMPLETE")
    status, said = project.run("deploy", "--stage", "dev")
    assert status == 1
    assert "run the same command again" in said
    assert stored("dev-speaker") == {}

    project.programs.mend_cdk()
    status, _ = project.run("deploy", "--stage", "dev")
    assert status == 0
    assert stored("dev-speaker")


def test_a_context_value_reaches_the_synthesis(project: Project, dev_outputs: dict[str, dict[str, str]]) -> None:
    status, _ = project.run("deploy", "--stage", "dev", "-c", "alarmEmail=ops@example.org")

    assert status == 0
    assert project.programs.calls("make")[0].arguments[-1] == "CDK_CONTEXT=-c alarmEmail=ops@example.org"


def test_a_context_value_cannot_smuggle_a_command_into_make(project: Project, bootstrap: None) -> None:
    status, said = project.run("deploy", "--stage", "dev", "-c", "alarmEmail=a@example.org;reboot")

    assert status == 1
    assert "shell" in said
    assert project.programs.calls("make") == []


class TestProduction:
    @pytest.fixture(autouse=True)
    def prod(self, project: Project, bootstrap: None, quotas: Quotas) -> None:
        project.programs.set_outputs(stage_outputs("prod"))

    def test_nothing_is_deployed_when_nobody_can_be_asked(self, project: Project) -> None:
        status, said = project.run("deploy", "--stage", "prod")

        assert status == 1
        assert "YES=1" in said
        assert project.programs.cdk_commands() == ["diff"]

    def test_yes_shows_the_difference_and_deploys(self, project: Project) -> None:
        status, said = project.run("deploy", "--stage", "prod", "--yes")

        assert status == 0, said
        assert project.programs.cdk_commands() == ["diff", "deploy"]
        assert json.loads(stored("prod-speaker")["config.json"]["content"])["stage"] == "prod"

    def test_it_is_not_destroyed_by_yes_alone(self, project: Project) -> None:
        for arguments in (("--yes",), ("--confirm", "prod"), ("--yes", "--confirm", "dev")):
            status, _ = project.run("destroy", "--stage", "prod", *arguments)
            assert status == 1
        assert project.programs.cdk_commands() == []

    def test_what_it_keeps_stays(self, project: Project) -> None:
        announce({"BabelcastProdWeb": {"SpeakerBucketName": "prod-speaker", "ListenerBucketName": "prod-listener"}})
        client("s3").put_object(Bucket="prod-speaker", Key="index.html", Body=b"x")

        status, said = project.run("destroy", "--stage", "prod", "--yes", "--confirm", "prod")

        assert status == 0, said
        destroyed = next(call for call in project.programs.calls("cdk") if call.arguments[0] == "destroy")
        assert destroyed.arguments[4:] == ["BabelcastProdApi", "BabelcastProdProcessing", "BabelcastProdObservability"]
        assert "BabelcastProdData, BabelcastProdWeb are protected and stay" in said
        client("s3").head_object(Bucket="prod-speaker", Key="index.html")


def test_destroying_empties_the_buckets_first_with_every_version(
    project: Project, dev_outputs: dict[str, dict[str, str]]
) -> None:
    announce(dev_outputs)
    s3 = client("s3")
    s3.put_bucket_versioning(Bucket="dev-clips", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="dev-clips", Key="sessions/a/1.mp3", Body=b"1")
    s3.put_object(Bucket="dev-clips", Key="sessions/a/1.mp3", Body=b"2")
    s3.delete_object(Bucket="dev-clips", Key="sessions/a/1.mp3")
    project.run("deploy", "--stage", "dev")

    status, said = project.run("destroy", "--stage", "dev", "--yes")

    assert status == 0, said
    assert project.programs.cdk_commands() == ["deploy", "destroy", "destroy"]
    for bucket in ("dev-clips", "dev-speaker", "dev-listener"):
        s3.delete_bucket(Bucket=bucket)


def test_what_writes_is_destroyed_before_the_buckets_are_emptied(
    project: Project, dev_outputs: dict[str, dict[str, str]]
) -> None:
    announce(dev_outputs)
    project.run("deploy", "--stage", "dev")

    project.run("destroy", "--stage", "dev", "--yes")

    destroyed = [call.arguments[4:] for call in project.programs.calls("cdk") if call.arguments[0] == "destroy"]
    assert destroyed == [
        ["BabelcastDevApi", "BabelcastDevProcessing", "BabelcastDevObservability"],
        ["BabelcastDevData", "BabelcastDevWeb"],
    ]


def test_a_stage_that_was_never_deployed_can_be_destroyed(project: Project, credentials: None) -> None:
    status, _ = project.run("destroy", "--stage", "dev", "--yes")

    assert status == 0


def test_the_difference_is_shown_without_building_the_apps(project: Project, bootstrap: None) -> None:
    status, said = project.run("diff", "--stage", "dev")

    assert status == 0
    assert "There were no differences" in said
    assert "build/.frontend" not in project.programs.calls("make")[0].arguments
    assert project.programs.cdk_commands() == ["diff"]


def test_an_unknown_stage_is_named(project: Project) -> None:
    status, said = project.run("deploy", "--stage", "test")

    assert status == 1
    assert "dev or prod" in said
