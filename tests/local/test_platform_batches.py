"""How an event source mapping gathers, retries, splits and gives up batches."""

import asyncio
import base64
import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from local.event_source.configuration import Mapping, PollingSettings
from local.event_source.delivery import BatchDelivery
from local.event_source.outcome import Done, Failed, FailedFrom, Outcome, Throttled, reported_outcome
from local.event_source.positions import ShardPosition
from local.event_source.records import StreamRecord, fitting, kinesis_event, lane_of
from local.event_source.shard_reader import ShardReader

_ARN = "arn:aws:kinesis:eu-west-1:123456789012:stream/audio"


def _mapping(**more: Any) -> Mapping:
    return Mapping(
        name="mapping",
        function="f",
        function_arn="arn:f",
        stream_name="audio",
        event_source_arn=f"{_ARN}/consumer/fan",
        failure_queue_url="http://queue",
        **more,
    )


def _record(number: int, *, key: str = "p", data: bytes = b"x", age_seconds: float = 0) -> StreamRecord:
    return StreamRecord(partition_key=key, sequence_number=str(number), data=data, arrived_at=time.time() - age_seconds)


def _numbers(records: Sequence[StreamRecord]) -> list[int]:
    return [int(record.sequence_number) for record in records]


class Script:
    """Stands for the function and the failure queue: answers invocations as a test says, and keeps what it got."""

    def __init__(self, answer: Callable[[list[int], int], Outcome]) -> None:
        self._answer = answer
        self.invocations: list[list[int]] = []
        self.failures: list[dict[str, Any]] = []

    async def invoke(self, records: Sequence[StreamRecord]) -> Outcome:
        self.invocations.append(_numbers(records))
        return self._answer(self.invocations[-1], len(self.invocations))

    async def send_failure(self, message: str) -> None:
        self.failures.append(json.loads(message))

    def delivery(self, mapping: Mapping) -> BatchDelivery:
        settings = PollingSettings(retry_base_seconds=0)
        return BatchDelivery(
            mapping, settings, shard_id="shardId-000000000000", invoke=self.invoke, send_failure=self.send_failure
        )

    def given_up(self) -> list[tuple[str, str, str]]:
        return [
            (
                failure["requestContext"]["condition"],
                failure["KinesisBatchInfo"]["startSequenceNumber"],
                failure["KinesisBatchInfo"]["endSequenceNumber"],
            )
            for failure in self.failures
        ]


_ERROR = Failed(function_error="Unhandled")


async def test_a_batch_is_delivered_once() -> None:
    script = Script(lambda _numbers, _count: Done())
    await script.delivery(_mapping()).deliver([_record(1), _record(2)])
    assert script.invocations == [[1, 2]]
    assert script.failures == []


async def test_without_bisection_the_whole_batch_is_tried_again() -> None:
    script = Script(lambda _numbers, _count: _ERROR)
    await script.delivery(_mapping(maximum_retry_attempts=2)).deliver([_record(1), _record(2)])
    assert script.invocations == [[1, 2]] * 3
    assert script.given_up() == [("RetryAttemptsExhausted", "1", "2")]


async def test_without_a_limit_it_is_tried_until_it_succeeds() -> None:
    script = Script(lambda _numbers, count: Done() if count == 20 else _ERROR)
    await script.delivery(_mapping()).deliver([_record(1)])
    assert len(script.invocations) == 20
    assert script.failures == []


async def test_bisection_isolates_the_bad_record_and_keeps_the_order() -> None:
    script = Script(lambda numbers, _count: _ERROR if 6 in numbers else Done())
    mapping = _mapping(bisect_on_error=True, maximum_retry_attempts=1)
    await script.delivery(mapping).deliver([_record(number) for number in range(1, 9)])
    assert script.invocations == [
        [1, 2, 3, 4, 5, 6, 7, 8],
        [1, 2, 3, 4],
        [5, 6, 7, 8],
        [5, 6],
        [5],
        [6],
        [6],
        [7, 8],
    ]
    assert script.given_up() == [("RetryAttemptsExhausted", "6", "6")]


async def test_a_report_takes_the_batch_up_again_where_it_says() -> None:
    outcomes: list[Outcome] = [FailedFrom(2), FailedFrom(1), Done()]
    script = Script(lambda _numbers, count: outcomes[count - 1])
    mapping = _mapping(maximum_retry_attempts=1, bisect_on_error=True)
    await script.delivery(mapping).deliver([_record(number) for number in range(1, 6)])
    assert script.invocations == [[1, 2, 3, 4, 5], [3, 4, 5], [4, 5]], "each time further on: attempts count anew"
    assert script.failures == []


async def test_a_report_without_progress_uses_up_the_attempts() -> None:
    script = Script(lambda numbers, _count: FailedFrom(numbers.index(3)))
    await script.delivery(_mapping(maximum_retry_attempts=2)).deliver([_record(number) for number in range(1, 5)])
    assert script.invocations == [[1, 2, 3, 4], [3, 4], [3, 4]]
    assert script.given_up() == [("RetryAttemptsExhausted", "3", "4")]
    assert script.failures[0]["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}


async def test_throttles_do_not_count() -> None:
    script = Script(lambda _numbers, count: Throttled() if count < 10 else Done())
    await script.delivery(_mapping(maximum_retry_attempts=0)).deliver([_record(1)])
    assert len(script.invocations) == 10
    assert script.failures == []


async def test_old_records_are_given_up_without_being_tried() -> None:
    script = Script(lambda _numbers, _count: Done())
    records = [_record(1, age_seconds=70), _record(2, age_seconds=61), _record(3, age_seconds=5)]
    await script.delivery(_mapping(maximum_record_age_seconds=60)).deliver(records)
    assert script.invocations == [[3]]
    assert script.given_up() == [("RecordAgeExceeded", "1", "2")]
    assert "responseContext" not in script.failures[0]


async def test_records_that_grow_too_old_while_they_are_tried() -> None:
    def answer(_numbers: list[int], _count: int) -> Outcome:
        time.sleep(0.06)
        return _ERROR

    script = Script(answer)
    await script.delivery(_mapping(maximum_record_age_seconds=0.1)).deliver([_record(1)])
    assert 1 <= len(script.invocations) <= 3
    assert script.given_up() == [("RecordAgeExceeded", "1", "1")]


async def test_the_failure_message() -> None:
    script = Script(lambda _numbers, _count: _ERROR)
    await script.delivery(_mapping(maximum_retry_attempts=1)).deliver([_record(7), _record(9)])
    (message,) = script.failures
    assert message["requestContext"].pop("requestId")
    assert message.pop("timestamp").endswith("Z")
    info = message["KinesisBatchInfo"]
    assert info.pop("approximateArrivalOfFirstRecord") <= info.pop("approximateArrivalOfLastRecord")
    assert message == {
        "version": "1.0",
        "requestContext": {
            "functionArn": "arn:f",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 2,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "KinesisBatchInfo": {
            "shardId": "shardId-000000000000",
            "startSequenceNumber": "7",
            "endSequenceNumber": "9",
            "batchSize": 2,
            "streamArn": _ARN,
        },
    }


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (None, Done()),
        ({}, Done()),
        ("text", Done()),
        ({"batchItemFailures": []}, Done()),
        ({"batchItemFailures": None}, Done()),
        ({"batchItemFailures": [{"itemIdentifier": "12"}]}, FailedFrom(1)),
        ({"batchItemFailures": [{"itemIdentifier": "13"}, {"itemIdentifier": "11"}]}, FailedFrom(0)),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, Failed(None)),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, Failed(None)),
        ({"batchItemFailures": [{"id": "12"}]}, Failed(None)),
        ({"batchItemFailures": [{"itemIdentifier": "99"}]}, Failed(None)),
        ({"batchItemFailures": "12"}, Failed(None)),
    ],
)
def test_reports(answer: object, outcome: Outcome) -> None:
    assert reported_outcome(json.dumps(answer).encode(), [_record(11), _record(12), _record(13)]) == outcome


def test_an_event_has_awss_shape() -> None:
    record = StreamRecord(partition_key="joyful-hope-911", sequence_number="7", data=b"\x00\xff", arrived_at=12.3456)
    event = kinesis_event([record], shard_id="shardId-000000000000", event_source_arn=_ARN)
    assert event == {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": "joyful-hope-911",
                    "sequenceNumber": "7",
                    "data": base64.b64encode(b"\x00\xff").decode(),
                    "approximateArrivalTimestamp": 12.346,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": "shardId-000000000000:7",
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": "arn:aws:iam::123456789012:role/local",
                "awsRegion": "eu-west-1",
                "eventSourceARN": _ARN,
            }
        ]
    }


def test_an_events_size_is_never_underestimated() -> None:
    records = [_record(number, key="ä" * number, data=b"x" * number) for number in range(1, 50)]
    event = kinesis_event(records, shard_id="shardId-000000000000", event_source_arn=f"{_ARN}/consumer/{'c' * 100}")
    assert len(json.dumps(event)) <= sum(record.event_bytes for record in records)


def test_a_batch_has_at_most_its_size_and_its_bytes() -> None:
    records = [_record(number, data=b"x" * 3_000) for number in range(10)]
    assert fitting(records, batch_size=4, payload_bytes=6_000_000) == 4
    assert fitting(records, batch_size=100, payload_bytes=3 * records[0].event_bytes) == 3
    assert fitting(records, batch_size=100, payload_bytes=1) == 1, "a record that is too large goes alone"
    assert fitting(records, batch_size=100, payload_bytes=6_000_000) == 10


# Gathering: a reader over records that a test feeds


class Feed:
    """Stands for a shard and the function, and runs a reader between them."""

    def __init__(self, **mapping: Any) -> None:
        self.batches: asyncio.Queue[list[StreamRecord]] = asyncio.Queue()
        self.release = asyncio.Semaphore(0)
        self.running = 0
        self.most_running = 0
        self._waiting: list[StreamRecord] = []
        self._fetches = asyncio.Semaphore(0)
        settings = PollingSettings(standard_poll_seconds=0.01, payload_bytes=100_000)
        described = _mapping(**mapping)
        delivery = BatchDelivery(
            described, settings, shard_id="s", invoke=self._invoke, send_failure=lambda _message: asyncio.sleep(0)
        )
        lanes = described.parallelization_factor
        position = ShardPosition(None)
        self._reader = ShardReader(
            described, settings, fetch=self._fetch, position=position, deliveries=[delivery] * lanes
        )

    def put(self, *records: StreamRecord) -> None:
        self._waiting.extend(records)

    async def put_and_read(self, *records: StreamRecord) -> None:
        """Put records, and return when the reader has passed them on: it has come back for more."""
        self.put(*records)
        self._fetches = asyncio.Semaphore(0)
        await self._fetches.acquire()
        await self._fetches.acquire()

    async def __aenter__(self) -> "Feed":
        self._task = asyncio.create_task(self._reader.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait((self._task,))

    async def next_batch(self) -> list[int]:
        return _numbers(await asyncio.wait_for(self.batches.get(), 10))

    async def _fetch(self) -> Sequence[StreamRecord]:
        self._fetches.release()
        fetched, self._waiting = self._waiting, []
        return fetched

    async def _invoke(self, records: Sequence[StreamRecord]) -> Outcome:
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        self.batches.put_nowait(list(records))
        await self.release.acquire()
        self.running -= 1
        return Done()


async def test_without_a_window_what_is_there_is_sent() -> None:
    async with Feed() as feed:
        feed.put(_record(1))
        assert await feed.next_batch() == [1]
        await feed.put_and_read(_record(2), _record(3))
        assert feed.batches.empty(), "one batch at a time"
        await feed.put_and_read(_record(4))
        feed.release.release()
        assert await feed.next_batch() == [2, 3, 4]
    assert feed.most_running == 1


async def test_a_window_gathers_what_comes_in_it() -> None:
    async with Feed(batching_window_seconds=1) as feed:
        began = time.monotonic()
        for number in (1, 2, 3):
            await feed.put_and_read(_record(number))
        assert await feed.next_batch() == [1, 2, 3]
        assert time.monotonic() - began >= 1


async def test_a_full_batch_does_not_wait_for_its_window() -> None:
    async with Feed(batching_window_seconds=300, batch_size=2) as feed:
        feed.put(_record(1), _record(2), _record(3))
        assert await feed.next_batch() == [1, 2]
        feed.release.release()
        feed.put(_record(4))
        assert await feed.next_batch() == [3, 4]


async def test_a_batch_of_many_bytes_does_not_wait_for_its_window() -> None:
    async with Feed(batching_window_seconds=300, batch_size=1_000) as feed:
        feed.put(*(_record(number, data=b"x" * 30_000) for number in range(1, 5)))
        assert await feed.next_batch() == [1, 2]


async def test_everything_comes_in_order_when_there_is_much() -> None:
    async with Feed(batch_size=10) as feed:
        for start in range(0, 500, 50):
            feed.put(*(_record(number) for number in range(start, start + 50)))
        received: list[int] = []
        while len(received) < 500:
            received += await feed.next_batch()
            feed.release.release()
    assert received == list(range(500))
    assert feed.most_running == 1


async def test_lanes_run_beside_each_other_and_keep_each_keys_order() -> None:
    keys = [f"session-{number}" for number in range(8)]
    async with Feed(parallelization_factor=2, batch_size=5) as feed:
        feed.put(*(_record(number, key=keys[number % 8]) for number in range(160)))
        received: dict[str, list[int]] = {key: [] for key in keys}
        first, second = await feed.batches.get(), await feed.batches.get()
        assert feed.running == 2
        for batch in (first, second):
            for record in batch:
                received[record.partition_key].append(int(record.sequence_number))
        feed.release.release()
        feed.release.release()
        while sum(map(len, received.values())) < 160:
            for record in await feed.batches.get():
                received[record.partition_key].append(int(record.sequence_number))
            feed.release.release()
    assert all(numbers == sorted(numbers) for numbers in received.values())
    assert feed.most_running == 2


def test_a_key_has_one_lane() -> None:
    assert {lane_of("joyful-hope-911", 4) for _ in range(3)} == {lane_of("joyful-hope-911", 4)}
    assert {lane_of(f"session-{number}", 4) for number in range(100)} == {0, 1, 2, 3}
