"""The local AWS server: one request after the other, and no records for ever."""

import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.local.platform_processes import REGION, aws_client, eventually, running

_PUT_SECONDS = 0.4


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Any]]:
    log = tmp_path_factory.mktemp("aws") / "server.log"
    times = json.dumps({"s3_put": {"median_ms": _PUT_SECONDS * 1000}, "polly": {"median_ms": 60_000}})
    with running("local.aws_server", "--stream-retention-seconds", "0.2", "--service-times", times, log=log) as ready:
        yield ready


@pytest.fixture(scope="module")
def server_url(server: Mapping[str, Any]) -> str:
    return str(server["url"])


@pytest.fixture(scope="module")
def keeping_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a server that keeps its records for longer than a test takes."""
    with running("local.aws_server", log=tmp_path_factory.mktemp("keeping") / "server.log") as ready:
        yield str(ready["url"])


def test_simultaneous_records_all_get_a_number(server_url: str) -> None:
    kinesis = aws_client("kinesis", server_url)
    kinesis.create_stream(StreamName="busy", ShardCount=1)
    with ThreadPoolExecutor(8) as threads:
        answers = list(
            threads.map(lambda _: kinesis.put_record(StreamName="busy", PartitionKey="p", Data=b"x"), range(80))
        )
    assert sorted(int(answer["SequenceNumber"]) for answer in answers) == list(range(1, 81))


def test_of_simultaneous_conditional_writes_one_succeeds(server_url: str) -> None:
    dynamodb = aws_client("dynamodb", server_url)
    dynamodb.create_table(
        TableName="contested",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )

    def write(writer: int) -> bool:
        item = {"id": {"S": "one"}, "writer": {"N": str(writer)}}
        try:
            dynamodb.put_item(TableName="contested", Item=item, ConditionExpression="attribute_not_exists(id)")
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(write, range(40))) == 1


def test_old_records_leave_and_numbers_go_on(server_url: str) -> None:
    kinesis = aws_client("kinesis", server_url)
    kinesis.create_stream(StreamName="old", ShardCount=1)
    for _ in range(5):
        kinesis.put_record(StreamName="old", PartitionKey="p", Data=b"x")

    def remaining() -> list[str]:
        iterator = kinesis.get_shard_iterator(
            StreamName="old", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        return [record["SequenceNumber"] for record in kinesis.get_records(ShardIterator=iterator)["Records"]]

    eventually(lambda: remaining() == ["5"])
    assert kinesis.put_record(StreamName="old", PartitionKey="p", Data=b"x")["SequenceNumber"] == "6"


def test_a_long_poll_of_a_queue_holds_nobody_up(server_url: str) -> None:
    sqs, s3 = aws_client("sqs", server_url), aws_client("s3", server_url)
    queue_url = sqs.create_queue(QueueName="empty")["QueueUrl"]
    with ThreadPoolExecutor() as threads:
        poll = threads.submit(sqs.receive_message, QueueUrl=queue_url, WaitTimeSeconds=1)
        for number in range(5):
            s3.create_bucket(Bucket=f"bucket-{number}")
        assert not poll.done()
        assert "Messages" not in poll.result()


def test_objects_are_read_with_a_presigned_url(server_url: str) -> None:
    s3 = aws_client("s3", server_url)
    s3.create_bucket(Bucket="clips")
    s3.put_object(Bucket="clips", Key="sessions/joyful hope/ä.mp3", Body=b"\xff\xfb\x00")
    url = s3.generate_presigned_url("get_object", {"Bucket": "clips", "Key": "sessions/joyful hope/ä.mp3"})
    answer = urllib3.PoolManager().request("GET", url, headers={"Origin": "http://localhost:5173"})
    assert (answer.status, answer.data) == (200, b"\xff\xfb\x00")
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", "http://localhost:5173")


def test_the_keys_of_a_user_pool_are_published(server_url: str) -> None:
    pool = aws_client("cognito-idp", server_url).create_user_pool(PoolName="speakers")["UserPool"]
    answer = urllib3.PoolManager().request("GET", f"{server_url}/{pool['Id']}/.well-known/jwks.json")
    assert json.loads(answer.data)["keys"][0]["alg"] == "RS256"


def test_an_object_takes_its_time_into_a_bucket_and_holds_nobody_up(server_url: str) -> None:
    s3, kinesis = aws_client("s3", server_url), aws_client("kinesis", server_url)
    s3.create_bucket(Bucket="slow")
    with ThreadPoolExecutor(8) as threads:
        began = time.monotonic()
        puts = [threads.submit(s3.put_object, Bucket="slow", Key=f"{number}.mp3", Body=b"mp3") for number in range(8)]
        kinesis.create_stream(StreamName="quick", ShardCount=1)
        for _ in range(5):
            kinesis.put_record(StreamName="quick", PartitionKey="p", Data=b"x")
        assert "Contents" not in s3.list_objects_v2(Bucket="slow")
        assert not any(put.done() for put in puts)
        for put in puts:
            put.result()
        assert _PUT_SECONDS <= time.monotonic() - began < 4 * _PUT_SECONDS, "all of them at the same time"
    assert len(s3.list_objects_v2(Bucket="slow")["Contents"]) == 8


def test_an_object_put_with_a_presigned_url_takes_its_time_too(server_url: str) -> None:
    s3 = aws_client("s3", server_url)
    s3.create_bucket(Bucket="presigned")
    url = s3.generate_presigned_url("put_object", {"Bucket": "presigned", "Key": "a.mp3"})
    began = time.monotonic()
    assert urllib3.request("PUT", url, body=b"mp3").status == 200
    assert time.monotonic() - began >= _PUT_SECONDS


def test_only_putting_an_object_takes_time(server_url: str) -> None:
    s3 = aws_client("s3", server_url)
    s3.create_bucket(Bucket="prompt")
    s3.put_object(Bucket="prompt", Key="a.mp3", Body=b"mp3")
    began = time.monotonic()
    s3.put_object_tagging(Bucket="prompt", Key="a.mp3", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    s3.copy_object(Bucket="prompt", Key="b.mp3", CopySource="prompt/a.mp3")
    s3.get_object(Bucket="prompt", Key="b.mp3")
    assert time.monotonic() - began < _PUT_SECONDS


def _fail(server: Mapping[str, Any], fault: object) -> int:
    return urllib3.request("POST", f"{server['control']}/faults", body=json.dumps(fault)).status


def test_an_operation_fails_for_a_while_and_others_do_not(server: Mapping[str, Any], server_url: str) -> None:
    kinesis = aws_client("kinesis", server_url)
    kinesis.create_stream(StreamName="failing", ShardCount=1)
    iterator = kinesis.get_shard_iterator(
        StreamName="failing", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    assert _fail(server, {"operation": "GetRecords", "seconds": 0.5}) == 204
    with pytest.raises(ClientError) as refusal:
        kinesis.get_records(ShardIterator=iterator)
    assert refusal.value.response["Error"]["Code"] == "InternalFailureException"
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    kinesis.put_record(StreamName="failing", PartitionKey="p", Data=b"x")

    def read() -> list[bytes]:
        try:
            return [record["Data"] for record in kinesis.get_records(ShardIterator=iterator)["Records"]]
        except ClientError:
            return []

    assert eventually(read) == [b"x"]


@pytest.mark.parametrize(
    "fault",
    [{}, {"operation": "GetRecords"}, {"operation": "", "seconds": 1}, {"operation": "GetRecords", "seconds": 0}],
)
def test_a_fault_that_is_not_understood(server: Mapping[str, Any], fault: object) -> None:
    assert _fail(server, fault) == 400


def test_whole_services_are_throttled(server: Mapping[str, Any], server_url: str) -> None:
    dynamodb, kinesis = aws_client("dynamodb", server_url), aws_client("kinesis", server_url)
    assert _fail(server, {"operation": "DynamoDB", "kind": "throttle", "seconds": 0.5}) == 204
    kinesis.list_streams()
    with pytest.raises(ClientError) as refusal:
        dynamodb.list_tables()
    assert refusal.value.response["Error"]["Code"] == "ProvisionedThroughputExceededException"
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400

    def answers() -> bool:
        try:
            return bool(dynamodb.list_tables())
        except ClientError:
            return False

    eventually(answers)


def test_objects_cannot_be_put_but_read(server: Mapping[str, Any], server_url: str) -> None:
    s3 = aws_client("s3", server_url)
    s3.create_bucket(Bucket="full")
    s3.put_object(Bucket="full", Key="before.mp3", Body=b"mp3")
    assert _fail(server, {"operation": "PutObject", "seconds": 2}) == 204
    with pytest.raises(ClientError) as refusal:
        s3.put_object(Bucket="full", Key="a.mp3", Body=b"mp3")
    assert refusal.value.response["Error"]["Code"] == "InternalError"
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert s3.get_object(Bucket="full", Key="before.mp3")["Body"].read() == b"mp3"


def test_a_presigned_address_expires(server_url: str) -> None:
    signing = Config(signature_version="s3v4", retries={"total_max_attempts": 1})
    s3 = boto3.client(
        "s3",
        endpoint_url=server_url,
        region_name=REGION,
        aws_access_key_id="t",
        aws_secret_access_key="t",
        config=signing,
    )
    s3.create_bucket(Bucket="fleeting")
    eventually(lambda: _has_put(s3, "fleeting"))
    url = s3.generate_presigned_url("get_object", {"Bucket": "fleeting", "Key": "a.mp3"}, ExpiresIn=1)
    assert urllib3.request("GET", url).data == b"mp3"
    refusal = eventually(lambda: (answer := urllib3.request("GET", url)).status == 403 and answer)
    assert isinstance(refusal, urllib3.BaseHTTPResponse)
    assert b"<Code>AccessDenied</Code>" in refusal.data


def _has_put(s3: Any, bucket: str) -> bool:
    """Once: what another test has refused may go on for a moment."""
    try:
        s3.put_object(Bucket=bucket, Key="a.mp3", Body=b"mp3")
    except ClientError:
        return False
    return True


def test_a_stream_is_read_in_pages_from_wherever_one_was(keeping_url: str) -> None:
    kinesis = aws_client("kinesis", keeping_url)
    kinesis.create_stream(StreamName="pages", ShardCount=1)
    shard = {"StreamName": "pages", "ShardId": "shardId-000000000000"}
    iterator = kinesis.get_shard_iterator(**shard, ShardIteratorType="LATEST")["ShardIterator"]
    assert kinesis.get_records(ShardIterator=iterator)["Records"] == []
    began = time.time()
    for number in range(5):
        kinesis.put_record(StreamName="pages", PartitionKey=f"p{number}", Data=bytes([number, 255]))

    pages = []
    while (answer := kinesis.get_records(ShardIterator=iterator, Limit=2))["Records"]:
        pages.append(answer["Records"])
        assert (answer["MillisBehindLatest"] == 0) == (len(pages) == 3)
        iterator = answer["NextShardIterator"]
    records = [record for page in pages for record in page]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [record["Data"] for record in records] == [bytes([number, 255]) for number in range(5)]
    assert [record["PartitionKey"] for record in records] == [f"p{number}" for number in range(5)]
    assert all(began <= record["ApproximateArrivalTimestamp"].timestamp() <= time.time() for record in records)

    again = kinesis.get_shard_iterator(
        **shard, ShardIteratorType="AT_SEQUENCE_NUMBER", StartingSequenceNumber=records[3]["SequenceNumber"]
    )["ShardIterator"]
    assert [each["Data"] for each in kinesis.get_records(ShardIterator=again)["Records"]] == [b"\x03\xff", b"\x04\xff"]


def test_a_stream_that_is_not_there_takes_and_gives_nothing(server_url: str) -> None:
    kinesis = aws_client("kinesis", server_url)
    with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
        kinesis.put_record(StreamName="nowhere", PartitionKey="p", Data=b"x")


def test_a_cancelled_transaction_changes_no_row(server_url: str) -> None:
    dynamodb = aws_client("dynamodb", server_url)
    for name, keys in (("plain", ["id"]), ("ranged", ["id", "place"])):
        dynamodb.create_table(
            TableName=name,
            KeySchema=[
                {"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            BillingMode="PAY_PER_REQUEST",
        )
    one, first, second = {"id": {"S": "one"}}, {"place": {"S": "1"}}, {"place": {"S": "2"}}

    def write(wanted: str) -> None:
        dynamodb.transact_write_items(
            TransactItems=[
                _set("plain", one, count="7"),
                _set("ranged", one | first, count="7"),
                {"Put": {"TableName": "ranged", "Item": one | second}},
                {"ConditionCheck": _set("plain", {"id": {"S": "two"}}, count=wanted, condition="#n = :n")["Update"]},
            ]
        )

    dynamodb.put_item(TableName="plain", Item=one | {"n": {"N": "1"}})
    dynamodb.put_item(TableName="plain", Item={"id": {"S": "two"}, "n": {"N": "1"}})
    dynamodb.put_item(TableName="ranged", Item=one | first | {"n": {"N": "1"}})

    def rows() -> list[Any]:
        return [dynamodb.scan(TableName=name)["Items"] for name in ("plain", "ranged")]

    before = rows()
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        write("2")
    assert rows() == before
    write("1")
    assert rows() != before
    assert [row["n"] for row in rows()[0]] == [{"N": "7"}, {"N": "1"}]
    assert [row.get("n") for row in rows()[1]] == [{"N": "7"}, None]


def _set(table: str, key: Mapping[str, Any], *, count: str, condition: str | None = None) -> dict[str, Any]:
    change: dict[str, Any] = {
        "TableName": table,
        "Key": dict(key),
        "ExpressionAttributeNames": {"#n": "n"},
        "ExpressionAttributeValues": {":n": {"N": count}},
    }
    if condition is not None:
        return {"Update": change | {"ConditionExpression": condition}}
    return {"Update": change | {"UpdateExpression": "SET #n = :n"}}
