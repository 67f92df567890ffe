"""How far a shard is delivered, across the deaths of the process that delivers it."""

from pathlib import Path

from local.event_source.positions import ShardPosition
from local.event_source.records import StreamRecord

NOW = 1_000_000.0


def records(*numbers: int) -> list[StreamRecord]:
    return [StreamRecord(partition_key="p", sequence_number=str(each), data=b"", arrived_at=0.0) for each in numbers]


def goes_on(file: Path, starting_position: str = "TRIM_HORIZON") -> dict[str, object]:
    return ShardPosition(file).iterator(starting_position, now=NOW)


def test_a_shard_begins_as_its_mapping_says(tmp_path: Path) -> None:
    assert goes_on(tmp_path / "a") == {"ShardIteratorType": "TRIM_HORIZON"}
    assert goes_on(tmp_path / "a") == {"ShardIteratorType": "TRIM_HORIZON"}, "nothing has been delivered"


def test_a_shard_that_began_at_its_end_is_not_begun_later(tmp_path: Path) -> None:
    assert goes_on(tmp_path / "a", "LATEST") == {"ShardIteratorType": "LATEST"}
    assert goes_on(tmp_path / "a", "LATEST") == {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": NOW}


def test_what_is_over_is_not_delivered_again_and_what_is_not_is(tmp_path: Path) -> None:
    position = ShardPosition(tmp_path / "positions" / "a")
    position.reading(records(1, 2, 3))
    position.finished(records(1, 2))
    assert goes_on(tmp_path / "positions" / "a") == {
        "ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": "2",
    }  # fmt: skip


def test_the_oldest_lane_holds_the_position_back(tmp_path: Path) -> None:
    position = ShardPosition(tmp_path / "a")
    position.reading(records(1, 2))
    position.reading(records(3, 4))
    position.finished(records(2, 3))
    assert goes_on(tmp_path / "a") == {"ShardIteratorType": "TRIM_HORIZON"}
    position.finished(records(1))
    assert goes_on(tmp_path / "a")["StartingSequenceNumber"] == "3"


def test_without_a_file_nothing_is_kept() -> None:
    position = ShardPosition(None)
    position.reading(records(1))
    position.finished(records(1))
    assert position.iterator("LATEST", now=NOW) == {"ShardIteratorType": "LATEST"}
