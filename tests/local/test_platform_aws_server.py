"""The local AWS server: one request after the other, and no records for ever."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import urllib3

from tests.local.platform_processes import aws_client, eventually, running


@pytest.fixture(scope="module")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("aws") / "server.log"
    with running("local.aws_server", "--stream-retention-seconds", "0.2", log=log) as ready:
        yield ready["url"]


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
