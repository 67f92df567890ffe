"""A connection is gone, and nobody says so a second time: one store that fails keeps nothing else from being done."""

from dataclasses import dataclass

import pytest

from babelcast.domain.caller import Caller, Grant
from babelcast.domain.connection import Connection, ConnectionId, Role
from babelcast.domain.errors import StorageUnavailableError
from babelcast.domain.languages import LanguageCode
from babelcast.domain.session import Session, SessionId, UserId
from babelcast.domain.stream_record import Control, ControlKind
from babelcast.usecases.close_connection import CloseConnection
from babelcast.usecases.lose_connection import LoseConnection
from tests.in_memory import InMemoryConnections, InMemorySeats, InMemorySessions, InMemoryStream

SESSION_ID = SessionId("joyful-hope-911")
SPEAKER, NEW = ConnectionId("speaker="), ConnectionId("new=")


class Sessions(InMemorySessions):
    """Says nothing to those who leave, while it fails."""

    fails = False

    async def detach_speaker(self, session_id: SessionId, connection_id: ConnectionId) -> bool:
        if self.fails:
            raise StorageUnavailableError("not detached")
        return await super().detach_speaker(session_id, connection_id)


class Connections(InMemoryConnections):
    """Forgets nobody, while it fails."""

    fails = False

    async def remove(self, connection_id: ConnectionId) -> Connection | None:
        if self.fails:
            raise StorageUnavailableError("not removed")
        return await super().remove(connection_id)


@dataclass
class Hall:
    sessions: Sessions
    connections: Connections
    stream: InMemoryStream
    close: CloseConnection

    async def is_speaker_there(self) -> bool:
        return (await self.sessions.get(SESSION_ID)).speaker_connected

    async def attach(self, connection_id: ConnectionId) -> bool:
        await self.connections.add(caller(connection_id).connection())
        return await self.sessions.attach_speaker(SESSION_ID, connection_id)


@pytest.fixture
async def hall() -> Hall:
    sessions, connections, stream = Sessions(), Connections(), InMemoryStream()

    def now_ms() -> int:
        return 7

    lose = LoseConnection(connections=connections, seats=InMemorySeats(connections), now_ms=now_ms)
    close = CloseConnection(sessions=sessions, lose=lose, stream=stream, now_ms=now_ms)
    await sessions.create(
        Session(
            session_id=SESSION_ID,
            speaker_id=UserId("ada"),
            source_language=LanguageCode("en"),
            target_languages=frozenset({LanguageCode("es")}),
            created_at_ms=0,
            expires_at_s=1_000,
        )
    )
    hall = Hall(sessions, connections, stream, close)
    await hall.attach(SPEAKER)
    return hall


def caller(connection_id: ConnectionId) -> Caller:
    return Caller(
        connection_id=connection_id,
        connected_at_ms=0,
        grant=Grant(
            session_id=SESSION_ID,
            role=Role.SPEAKER,
            cell=0,
            source_language=LanguageCode("en"),
            user_id=UserId("ada"),
        ),
    )


async def test_a_connection_that_cannot_be_forgotten_is_detached(hall: Hall) -> None:
    hall.connections.fails = True
    with pytest.raises(StorageUnavailableError, match="not removed"):
        await hall.close(caller(SPEAKER))
    assert not await hall.is_speaker_there()
    assert [each.payload for each in hall.stream.records] == [Control(kind=ControlKind.LOST, at_ms=7)]


async def test_a_connection_that_cannot_be_detached_is_forgotten_and_replaced_by_the_next(hall: Hall) -> None:
    hall.sessions.fails = True
    with pytest.raises(StorageUnavailableError, match="not detached"):
        await hall.close(caller(SPEAKER))
    assert await hall.connections.get(SPEAKER) is None
    assert await hall.is_speaker_there(), "until the next one takes its place"

    hall.sessions.fails = False
    assert not await hall.attach(NEW)
    await hall.close(caller(NEW))
    assert not await hall.is_speaker_there()


async def test_closing_again_says_the_same(hall: Hall) -> None:
    for _ in range(2):
        await hall.close(caller(SPEAKER))
    assert not await hall.is_speaker_there()
    await hall.attach(NEW)
    await hall.close(caller(SPEAKER))
    assert await hall.is_speaker_there()
    assert [each.payload for each in hall.stream.records] == [Control(kind=ControlKind.LOST, at_ms=7)] * 2
