from typing import Any

import pytest

from tests.infrastructure.templates import SynthesizedStage

KEYS = {
    "Sessions": [("sessionId", "HASH", "S")],
    "Connections": [("connectionId", "HASH", "S")],
    "Segments": [("sessionId", "HASH", "S"), ("segment", "RANGE", "N")],
    "RateLimits": [("limitKey", "HASH", "S")],
}


def _keys(schema: list[dict[str, str]], table: Any) -> list[tuple[str, str, str]]:
    types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
    return [(each["AttributeName"], each["KeyType"], types[each["AttributeName"]]) for each in schema]


def test_the_tables_have_their_keys(stage: SynthesizedStage) -> None:
    tables = {table.name: table.properties for table in stage.of_type("DynamoDB::Table")}

    assert {name: _keys(table["KeySchema"], table) for name, table in tables.items()} == KEYS


def test_every_table_expires_its_items_and_is_paid_by_use(stage: SynthesizedStage) -> None:
    for table in stage.of_type("DynamoDB::Table"):
        assert table.properties["TimeToLiveSpecification"] == {"AttributeName": "expiresAt", "Enabled": True}
        assert table.properties["BillingMode"] == "PAY_PER_REQUEST"


def test_every_table_is_encrypted_with_the_key_that_dynamodb_owns(stage: SynthesizedStage) -> None:
    # Without a specification there is no key to pay for, and none that a policy could take away.
    assert [table.name for table in stage.of_type("DynamoDB::Table") if "SSESpecification" in table.properties] == []
    assert stage.of_type("DynamoDB::Table")


def test_connections_are_found_by_session_and_language(stage: SynthesizedStage) -> None:
    table = stage.one("DynamoDB::Table", "Connections").properties
    (index,) = table["GlobalSecondaryIndexes"]

    assert index["IndexName"] == "SessionLanguageIndex"
    assert _keys(index["KeySchema"], table) == [("sessionId", "HASH", "S"), ("targetLanguage", "RANGE", "S")]
    assert index["Projection"] == {"ProjectionType": "ALL"}


@pytest.mark.parametrize(("name", "keeps"), [("dev", False), ("prod", True)])
def test_only_production_data_outlives_its_stack(name: str, keeps: bool, request: pytest.FixtureRequest) -> None:
    stage: SynthesizedStage = request.getfixturevalue(name)
    policy = "Retain" if keeps else "Delete"

    for kind in ("DynamoDB::Table", "S3::Bucket", "Cognito::UserPool"):
        assert {resource.raw["DeletionPolicy"] for resource in stage.of_type(kind)} == {policy}
    for table in stage.of_type("DynamoDB::Table"):
        recovery = table.properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
        assert (recovery, table.properties["DeletionProtectionEnabled"]) == (keeps, keeps)


@pytest.mark.parametrize(("name", "cells"), [("dev", 1), ("prod", 2)])
def test_every_cell_has_a_stream_of_one_encrypted_shard(name: str, cells: int, request: pytest.FixtureRequest) -> None:
    stage: SynthesizedStage = request.getfixturevalue(name)
    streams = stage.of_type("Kinesis::Stream")

    assert [stream.name for stream in streams] == [f"AudioStream{cell}" for cell in range(cells)]
    for stream in streams:
        assert stream.properties["ShardCount"] == 1
        assert stream.properties["StreamModeDetails"] == {"StreamMode": "PROVISIONED"}
        assert stream.properties["RetentionPeriodHours"] == 24
        assert stream.properties["StreamEncryption"] == {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}


def test_clips_are_private_encrypted_and_gone_after_a_day(stage: SynthesizedStage) -> None:
    bucket = stage.one("S3::Bucket", "AudioBucket").properties

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert (rule["ExpirationInDays"], rule["Status"]) == (1, "Enabled")
    assert "Prefix" not in rule


def test_clips_are_fetched_over_tls_only(stage: SynthesizedStage) -> None:
    (statement,) = stage.one("S3::BucketPolicy", "AudioBucketPolicy").properties["PolicyDocument"]["Statement"]

    assert (statement["Effect"], statement["Action"], statement["Principal"]) == ("Deny", "s3:*", {"AWS": "*"})
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == ["<AudioBucket.Arn>", "<AudioBucket.Arn>/*"]


def test_browsers_may_fetch_clips_for_the_apps_pages(dev: SynthesizedStage, prod: SynthesizedStage) -> None:
    for stage, others in ((dev, ["http://localhost:5173", "http://localhost:5174"]), (prod, [])):
        (rule,) = stage.one("S3::Bucket", "AudioBucket").properties["CorsConfiguration"]["CorsRules"]
        assert rule["AllowedMethods"] == ["GET"]
        assert rule["AllowedOrigins"] == ["https://*.cloudfront.net", *others]


def test_speakers_sign_in_with_a_password_or_srp_and_stay_signed_in(stage: SynthesizedStage) -> None:
    (client,) = stage.of_type("Cognito::UserPoolClient")

    assert set(client.properties["ExplicitAuthFlows"]) == {
        "ALLOW_USER_PASSWORD_AUTH",
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
    }
    assert not client.properties["GenerateSecret"]
    assert client.properties["AllowedOAuthFlowsUserPoolClient"] is False
    assert client.properties["PreventUserExistenceErrors"] == "ENABLED"
