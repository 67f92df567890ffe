"""AWS in this process by moto: the tables, stream and bucket of one stage."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from tests.aws_account import REGION, aws_account

SESSIONS, CONNECTIONS, SEGMENTS, LIMITS = "sessions", "connections", "segments", "rate-limits"
STREAM, BUCKET = "audio", "clips"


@contextmanager
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A stage's resources, and an environment that reaches nothing else."""
    _serve_one_at_a_time(monkeypatch)
    with aws_account(monkeypatch), mock_aws():
        dynamodb: Any = boto3.client("dynamodb", region_name=REGION)
        _table(dynamodb, SESSIONS, sessionId="S")
        _table(dynamodb, SEGMENTS, sessionId="S", segment="N")
        _table(dynamodb, LIMITS, limitKey="S")
        dynamodb.create_table(
            TableName=CONNECTIONS,
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"}
                for name in ("connectionId", "sessionId", "targetLanguage")
            ],
            KeySchema=[{"AttributeName": "connectionId", "KeyType": "HASH"}],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "SessionLanguageIndex",
                    "KeySchema": [
                        {"AttributeName": "sessionId", "KeyType": "HASH"},
                        {"AttributeName": "targetLanguage", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        boto3.client("kinesis", region_name=REGION).create_stream(StreamName=STREAM, ShardCount=1)
        boto3.client("s3", region_name=REGION).create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        yield


def _serve_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """In moto a condition can be true for two threads' writes; DynamoDB's conditions hold for one after the other."""
    serving, serve = RLock(), BotocoreStubber.__call__

    def serve_alone(stubber: BotocoreStubber, *arguments: Any, **named: Any) -> Any:
        with serving:
            return serve(stubber, *arguments, **named)

    monkeypatch.setattr(BotocoreStubber, "__call__", serve_alone)


def _table(dynamodb: Any, name: str, **keys: str) -> None:
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key, kind in keys.items()],
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)],
        BillingMode="PAY_PER_REQUEST",
    )


def stream_records() -> list[dict[str, Any]]:
    """Everything in the stream, in order."""
    kinesis = boto3.client("kinesis", region_name=REGION)
    iterator = kinesis.get_shard_iterator(
        StreamName=STREAM, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records: list[dict[str, Any]] = kinesis.get_records(ShardIterator=iterator)["Records"]  # type: ignore[assignment]
    return records
