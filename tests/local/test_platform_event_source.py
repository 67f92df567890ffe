"""The event source mapping as a process: from a stream in the AWS server to a function, and to the failure queue."""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import urllib3

from local.event_source.configuration import EventSourceConfiguration, PollingSettings
from local.event_source.configuration import Mapping as EventSourceMapping
from local.lambda_runtime.configuration import FunctionConfiguration
from tests.local.platform_processes import (
    REGION,
    aws_client,
    eventually,
    function_arn,
    running,
    write_function,
)

_SOURCE = """
import base64, json, os

def lambda_handler(event, context):
    texts = [base64.b64decode(record["kinesis"]["data"]).decode() for record in event["Records"]]
    with open(os.environ["RECEIVED"], "a") as file:
        file.write(json.dumps(event["Records"]) + "\\n")
    if "raise" in texts:
        raise ValueError("no")
    failing = [record for record, text in zip(event["Records"], texts) if text == "fail"]
    return {"batchItemFailures": [{"itemIdentifier": record["kinesis"]["sequenceNumber"]} for record in failing]}
"""


class Platform:
    """A running AWS server and runtime; starts mappings between them.

    Attributes:
        control_url: Of the mapping that was started last.
    """

    def __init__(self, directory: Path, aws: Mapping[str, Any], lambda_url: str) -> None:
        aws_url = aws["url"]
        self.directory = directory
        self.aws_url = aws_url
        self.aws_control_url = aws["control"]
        self.control_url = ""
        self.lambda_url = lambda_url
        self.kinesis = aws_client("kinesis", aws_url)
        self.sqs = aws_client("sqs", aws_url)

    def received(self, name: str) -> list[list[str]]:
        """The texts of the batches that a function got."""
        path = self.directory / f"{name}.received"
        lines = path.read_text().splitlines() if path.exists() else []
        return [[base64.b64decode(record["kinesis"]["data"]).decode() for record in json.loads(line)] for line in lines]

    def put(self, name: str, *texts: str) -> None:
        for text in texts:
            self.kinesis.put_record(StreamName=name, PartitionKey="joyful-hope-911", Data=text.encode())

    def given_up(self, queue_url: str) -> list[dict[str, Any]]:
        return [
            json.loads(message["Body"])
            for message in self.sqs.receive_message(QueueUrl=queue_url, VisibilityTimeout=0).get("Messages", [])
        ]

    @contextmanager
    def mapping(self, name: str, *before: str, **options: Any) -> Iterator[str]:
        """A function, a stream with some records and a mapping between them; gives the failure queue's URL."""
        configuration = FunctionConfiguration(
            name=name,
            arn=function_arn(name),
            handler=write_function(self.directory / name, "consumer", _SOURCE),
            code_directory=str(self.directory / name),
            environment={"RECEIVED": str(self.directory / f"{name}.received")},
            timeout_seconds=20,
            reserved_concurrency=1,
        )
        body = msgspec.json.encode(configuration)
        assert urllib3.request("PUT", f"{self.lambda_url}/functions/{name}", body=body).status == 201
        self.kinesis.create_stream(StreamName=name, ShardCount=1)
        self.put(name, *before)
        queue_url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        mapping = EventSourceMapping(
            name=name,
            function=name,
            function_arn=function_arn(name),
            stream_name=name,
            event_source_arn=self.kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"][
                "StreamARN"
            ],
            reports_batch_item_failures=True,
            failure_queue_url=queue_url,
            **options,
        )
        config = self.directory / f"{name}.json"
        config.write_bytes(
            msgspec.json.encode(
                EventSourceConfiguration(
                    region=REGION,
                    lambda_url=self.lambda_url,
                    aws_endpoint_url=self.aws_url,
                    mappings=[mapping],
                    polling=PollingSettings(standard_poll_seconds=0.05, retry_base_seconds=0.01),
                )
            )
        )
        with running("local.event_source", "--config", str(config), log=config.with_suffix(".log")) as ready:
            assert (ready["mappings"], ready["shards"]) == (1, 1)
            self.control_url = ready["control"]
            yield queue_url

    def log(self, name: str) -> str:
        """What a mapping's event source has logged."""
        return (self.directory / f"{name}.log").read_text()


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    directory = tmp_path_factory.mktemp("event-source")
    with (
        running("local.aws_server", log=directory / "aws.log") as aws,
        running("local.lambda_runtime", "--log-directory", str(directory / "logs"), log=directory / "l.log") as runtime,
    ):
        yield Platform(directory, aws, runtime["url"])


def _flat(batches: list[list[str]]) -> list[str]:
    return [text for batch in batches for text in batch]


def test_records_reach_the_function_in_order(platform: Platform) -> None:
    with platform.mapping("orderly", "a", "b"):
        platform.put("orderly", *"cdef")
        eventually(lambda: len(_flat(platform.received("orderly"))) == 6)
    assert _flat(platform.received("orderly")) == list("abcdef")


def test_latest_leaves_out_what_was_there_before(platform: Platform) -> None:
    with platform.mapping("late", "before", starting_position="LATEST"):
        platform.put("late", "after")
        eventually(lambda: platform.received("late"))
    assert platform.received("late") == [["after"]]


def test_a_bad_record_is_isolated_and_given_up(platform: Platform) -> None:
    options: Mapping[str, Any] = {"bisect_on_error": True, "maximum_retry_attempts": 1}
    with platform.mapping("isolated", "a", "b", "raise", "c", **options) as queue_url:
        (failure,) = eventually(lambda: platform.given_up(queue_url))
        eventually(lambda: _flat(platform.received("isolated"))[-1:] == ["c"])
    assert failure["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert failure["requestContext"]["functionArn"] == function_arn("isolated")
    assert failure["responseContext"]["functionError"] == "Unhandled"
    info = failure["KinesisBatchInfo"]
    assert (info["startSequenceNumber"], info["endSequenceNumber"], info["batchSize"]) == ("3", "3", 1)
    succeeded = [batch for batch in platform.received("isolated") if "raise" not in batch]
    assert _flat(succeeded) == ["a", "b", "c"]


def test_a_reported_failure_is_taken_up_again(platform: Platform) -> None:
    with platform.mapping("reported", "a", "fail", "b", maximum_retry_attempts=1) as queue_url:
        (failure,) = eventually(lambda: platform.given_up(queue_url))
    assert platform.received("reported") == [["a", "fail", "b"], ["fail", "b"]]
    assert failure["KinesisBatchInfo"]["batchSize"] == 2
    assert "functionError" not in failure["responseContext"]


def _post(url: str, body: object) -> int:
    return urllib3.request("POST", url, body=json.dumps(body)).status


def test_a_batch_is_delivered_twice_before_the_next_one(platform: Platform) -> None:
    with platform.mapping("twice", batch_size=2):
        fault = {"kind": "deliver_twice", "times": 2}
        assert _post(f"{platform.control_url}/faults", fault) == 204
        platform.put("twice", *"abcdef")
        eventually(lambda: _flat(platform.received("twice"))[-1:] == ["f"])
    batches = platform.received("twice")
    once = [batch for index, batch in enumerate(batches) if index == 0 or batch != batches[index - 1]]
    assert _flat(once) == list("abcdef")
    assert [batches[0], batches[2]] == [batches[1], batches[3]], "the first two batches"
    assert len(once) == len(batches) - 2


def test_a_batch_that_fails_is_not_the_one_that_is_delivered_twice(platform: Platform) -> None:
    with platform.mapping("fails-first", "fail", maximum_retry_attempts=1) as queue_url:
        assert _post(f"{platform.control_url}/faults", {"kind": "deliver_twice"}) == 204
        eventually(lambda: platform.given_up(queue_url))
        platform.put("fails-first", "a")
        eventually(lambda: platform.received("fails-first").count(["a"]) == 2)
    assert platform.received("fails-first") == [["fail"], ["fail"], ["a"], ["a"]]


def test_reads_that_fail_delay_records_and_lose_none(platform: Platform) -> None:
    with platform.mapping("unread"):
        platform.put("unread", "a")
        eventually(lambda: platform.received("unread"))
        fault = {"operation": "GetRecords", "seconds": 0.5}
        assert _post(f"{platform.aws_control_url}/faults", fault) == 204
        platform.put("unread", *"bcd")
        eventually(lambda: platform.log("unread").count("cannot read") > 2)
        platform.put("unread", *"ef")
        eventually(lambda: len(_flat(platform.received("unread"))) >= 6)
    assert _flat(platform.received("unread")) == list("abcdef")
    assert "InternalFailureException" in platform.log("unread")


def test_faults_that_are_not_understood(platform: Platform) -> None:
    with platform.mapping("puzzled"):
        faults: list[object] = [{}, [], {"kind": "lose"}, {"kind": "deliver_twice", "times": 0}]
        for fault in faults:
            assert _post(f"{platform.control_url}/faults", fault) == 400
