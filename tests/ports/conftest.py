"""Each port in memory and on AWS."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from babelcast.adapters.dynamodb.capacity import DynamoDbCellCapacity, DynamoDbSpeakerPlaces
from babelcast.adapters.dynamodb.connections import DynamoDbConnections
from babelcast.adapters.dynamodb.rate_limits import DynamoDbRateLimits
from babelcast.adapters.dynamodb.seats import DynamoDbSeats
from babelcast.adapters.dynamodb.segments import DynamoDbSegments
from babelcast.adapters.dynamodb.sessions import DynamoDbCursors, DynamoDbSessions
from babelcast.adapters.kinesis import KinesisAudioHistory, KinesisAudioStream
from babelcast.ports import (
    AudioHistory,
    AudioStream,
    CellCapacity,
    Connections,
    Cursors,
    RateLimits,
    Seats,
    Segments,
    Sessions,
    SpeakerPlaces,
)
from tests import aws
from tests.in_memory import (
    InMemoryCapacity,
    InMemoryConnections,
    InMemoryCursors,
    InMemoryRateLimits,
    InMemorySeats,
    InMemorySegments,
    InMemorySessions,
    InMemorySpeakerPlaces,
    InMemoryStream,
)


@dataclass
class Stores:
    sessions: Sessions
    cursors: Cursors
    segments: Segments
    connections: Connections
    capacity: CellCapacity
    places: SpeakerPlaces
    seats: Seats
    limits: RateLimits
    stream: AudioStream
    history: AudioHistory


@pytest.fixture(params=["in memory", "AWS"])
def stores(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stores]:
    if request.param == "in memory":
        sessions, segments, stream = InMemorySessions(), InMemorySegments(), InMemoryStream()
        connections = InMemoryConnections()
        yield Stores(
            sessions=sessions,
            cursors=InMemoryCursors(sessions, segments),
            segments=segments,
            connections=connections,
            capacity=InMemoryCapacity(cells=2, sessions_per_cell=2),
            places=InMemorySpeakerPlaces(sessions_per_speaker=2),
            seats=InMemorySeats(connections),
            limits=InMemoryRateLimits(),
            stream=stream,
            history=stream,
        )
        return
    with aws.aws(monkeypatch):
        yield Stores(
            sessions=DynamoDbSessions(aws.SESSIONS),
            cursors=DynamoDbCursors(
                sessions_table_name=aws.SESSIONS, segments_table_name=aws.SEGMENTS, segment_retention_s=3_600
            ),
            segments=DynamoDbSegments(aws.SEGMENTS),
            connections=DynamoDbConnections(aws.CONNECTIONS),
            capacity=DynamoDbCellCapacity(aws.LIMITS, cells=2, sessions_per_cell=2),
            places=DynamoDbSpeakerPlaces(aws.LIMITS, sessions_per_speaker=2),
            seats=DynamoDbSeats(aws.LIMITS, connections_table_name=aws.CONNECTIONS),
            limits=DynamoDbRateLimits(aws.LIMITS),
            stream=KinesisAudioStream([aws.STREAM]),
            history=KinesisAudioHistory(aws.STREAM),
        )
