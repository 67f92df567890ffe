"""Each port in memory and on AWS."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from babelcast.adapters.dynamodb.capacity import DynamoDbCellCapacity
from babelcast.adapters.dynamodb.connections import DynamoDbConnections
from babelcast.adapters.dynamodb.segments import DynamoDbSegments
from babelcast.adapters.dynamodb.sessions import DynamoDbCursors, DynamoDbSessions
from babelcast.adapters.kinesis import KinesisAudioHistory, KinesisAudioStream
from babelcast.ports import AudioHistory, AudioStream, CellCapacity, Connections, Cursors, Segments, Sessions
from tests import aws
from tests.in_memory import (
    InMemoryCapacity,
    InMemoryConnections,
    InMemoryCursors,
    InMemorySegments,
    InMemorySessions,
    InMemoryStream,
)


@dataclass
class Stores:
    sessions: Sessions
    cursors: Cursors
    segments: Segments
    connections: Connections
    capacity: CellCapacity
    stream: AudioStream
    history: AudioHistory


@pytest.fixture(params=["in memory", "AWS"])
def stores(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stores]:
    if request.param == "in memory":
        sessions, segments, stream = InMemorySessions(), InMemorySegments(), InMemoryStream()
        yield Stores(
            sessions=sessions,
            cursors=InMemoryCursors(sessions, segments),
            segments=segments,
            connections=InMemoryConnections(),
            capacity=InMemoryCapacity(cells=2, sessions_per_cell=2),
            stream=stream,
            history=stream,
        )
        return
    with aws.aws(monkeypatch):
        yield Stores(
            sessions=DynamoDbSessions(aws.SESSIONS),
            cursors=DynamoDbCursors(sessions_table_name=aws.SESSIONS, segments_table_name=aws.SEGMENTS),
            segments=DynamoDbSegments(aws.SEGMENTS),
            connections=DynamoDbConnections(aws.CONNECTIONS),
            capacity=DynamoDbCellCapacity(aws.LIMITS, cells=2, sessions_per_cell=2),
            stream=KinesisAudioStream([aws.STREAM]),
            history=KinesisAudioHistory(aws.STREAM),
        )
