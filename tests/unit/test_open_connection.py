"""A seat belongs to one stored connection, whatever happens on the way."""

import pytest

from babelcast.domain.connection import Connection, ConnectionId, Role
from babelcast.domain.errors import RoomFullError, StorageUnavailableError
from babelcast.domain.languages import LanguageCode
from babelcast.domain.session import SessionId
from babelcast.usecases.open_connection import OpenConnection
from tests.in_memory import CountingMeter, InMemoryConnections, InMemorySeats

SESSION = SessionId("joyful-hope-911")


class Connections(InMemoryConnections):
    """So many of the next connections are not stored."""

    failures = 0

    async def add(self, connection: Connection) -> bool:
        if self.failures:
            self.failures -= 1
            raise StorageUnavailableError("not stored")
        return await super().add(connection)


class Uncounted(InMemorySeats):
    """A room whose seats are not found by counting."""

    async def take(self, session_id: SessionId, *, seats: int, now_ms: int) -> None:
        self._counted_at_ms[session_id] = now_ms
        await super().take(session_id, seats=seats, now_ms=now_ms)


@pytest.fixture
def connections() -> Connections:
    return Connections()


@pytest.fixture
def open_connection(connections: Connections) -> OpenConnection:
    return OpenConnection(
        connections=connections,
        seats=Uncounted(connections),
        listeners_per_session=2,
        meter=CountingMeter(),
        now_ms=lambda: 1_000,
    )


def listener(name: str) -> Connection:
    return Connection(
        connection_id=ConnectionId(name),
        session_id=SESSION,
        role=Role.LISTENER,
        joined_at_ms=0,
        target_language=LanguageCode("es"),
    )


async def test_a_connection_that_is_stored_twice_has_one_seat(open_connection: OpenConnection) -> None:
    await open_connection(listener("a="))
    await open_connection(listener("a="))
    await open_connection(listener("b="))
    with pytest.raises(RoomFullError):
        await open_connection(listener("c="))


async def test_a_connection_that_could_not_be_stored_has_none(
    open_connection: OpenConnection, connections: Connections
) -> None:
    connections.failures = 2
    for name in ("a=", "b="):
        with pytest.raises(StorageUnavailableError):
            await open_connection(listener(name))
    for name in ("c=", "d="):
        await open_connection(listener(name))
    assert set(connections.by_id) == {"c=", "d="}
