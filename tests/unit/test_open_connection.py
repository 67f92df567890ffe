"""A seat belongs to one stored connection, whatever happens on the way."""

import asyncio

import pytest

from babelcast.domain.connection import Connection, ConnectionId, Role
from babelcast.domain.errors import RoomFullError, StorageUnavailableError
from babelcast.domain.languages import LanguageCode
from babelcast.domain.seat import SeatKey, seat_key
from babelcast.domain.session import SessionId
from babelcast.usecases.open_connection import OpenConnection
from tests.in_memory import CountingMeter, InMemoryConnections, InMemorySeats

SESSION = SessionId("joyful-hope-911")
ADAS, BOBS = seat_key("ada's secret"), seat_key("bob's secret")


class Connections(InMemoryConnections):
    """Connections whose store fails, or is slow.

    Attributes:
        failures: So many of the next connections are not stored.
        found: Where those who have looked one up wait for each other.
    """

    failures = 0
    found: asyncio.Barrier | None = None

    async def get(self, connection_id: ConnectionId) -> Connection | None:
        known = await super().get(connection_id)
        if self.found is not None:
            await self.found.wait()
        return known

    async def add(self, connection: Connection) -> bool:
        if self.failures:
            self.failures -= 1
            raise StorageUnavailableError("not stored")
        return await super().add(connection)


class Uncounted(InMemorySeats):
    """A room whose seats are not found by counting.

    Attributes:
        failing: What cannot be done, as the store is out of order.
    """

    failing: frozenset[str] = frozenset()

    async def take(self, session_id: SessionId, *, seats: int, now_ms: int) -> None:
        self._fail("take")
        self._counted_at_ms[session_id] = now_ms
        await super().take(session_id, seats=seats, now_ms=now_ms)

    async def give_back(self, session_id: SessionId) -> None:
        self._fail("give_back")
        await super().give_back(session_id)

    async def holder(self, session_id: SessionId, seat: SeatKey) -> ConnectionId | None:
        self._fail("holder")
        return await super().holder(session_id, seat)

    async def assign(self, session_id: SessionId, seat: SeatKey, holder: ConnectionId, *, now_ms: int) -> None:
        self._fail("assign")
        await super().assign(session_id, seat, holder, now_ms=now_ms)

    def _fail(self, operation: str) -> None:
        if operation in self.failing:
            raise StorageUnavailableError("out of order")


@pytest.fixture
def connections() -> Connections:
    return Connections()


@pytest.fixture
def seats(connections: Connections) -> Uncounted:
    return Uncounted(connections)


@pytest.fixture
def open_connection(connections: Connections, seats: Uncounted) -> OpenConnection:
    return OpenConnection(
        connections=connections,
        seats=seats,
        listeners_per_session=2,
        meter=CountingMeter(),
        now_ms=lambda: 1_000,
    )


def listener(name: str, *, joined_at_ms: int = 0, session_id: SessionId = SESSION) -> Connection:
    return Connection(
        connection_id=ConnectionId(name),
        session_id=session_id,
        role=Role.LISTENER,
        joined_at_ms=joined_at_ms,
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


async def test_who_comes_back_takes_the_place_of_their_former_connection(
    open_connection: OpenConnection, connections: Connections
) -> None:
    await open_connection(listener("ada="), seat=ADAS)
    await open_connection(listener("bob="), seat=BOBS)
    for name in ("ada2=", "ada3="):
        await open_connection(listener(name), seat=ADAS)
        await open_connection.keep(listener(name), ADAS)
    assert set(connections.by_id) == {"ada3=", "bob="}
    with pytest.raises(RoomFullError):
        await open_connection(listener("carl="), seat=seat_key("carl's secret"))
    with pytest.raises(RoomFullError):
        await open_connection(listener("dora="))


async def test_who_found_a_free_seat_before_they_said_who_they_are_keeps_one_only(
    open_connection: OpenConnection, connections: Connections
) -> None:
    await open_connection(listener("ada="), seat=ADAS)
    await open_connection(listener("ada2="))
    for _ in range(3):
        await open_connection.keep(listener("ada2="), ADAS)
    assert set(connections.by_id) == {"ada2="}
    await open_connection(listener("bob="))
    with pytest.raises(RoomFullError):
        await open_connection(listener("carl="))


async def test_of_two_who_come_back_at_once_with_one_secret_the_other_needs_a_free_seat(
    open_connection: OpenConnection, connections: Connections
) -> None:
    await open_connection(listener("ada="), seat=ADAS)
    await open_connection(listener("bob="), seat=BOBS)
    connections.found = asyncio.Barrier(2)
    both = [open_connection(listener(name), seat=ADAS) for name in ("ada2=", "ada3=")]
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    assert [type(each) for each in outcomes if each is not None] == [RoomFullError]
    assert len(connections.by_id) == 2


async def test_a_former_connection_that_was_found_gone_has_given_its_seat_back(
    open_connection: OpenConnection, connections: Connections, seats: Uncounted
) -> None:
    await open_connection(listener("ada="), seat=ADAS)
    await open_connection(listener("bob="), seat=BOBS)
    await connections.remove(ConnectionId("ada="))
    await seats.give_back(SESSION)
    await open_connection(listener("carl="))
    with pytest.raises(RoomFullError):
        await open_connection(listener("ada2="), seat=ADAS)


async def test_two_pages_with_one_secret_do_not_drive_each_other_out(
    open_connection: OpenConnection, connections: Connections
) -> None:
    await open_connection(listener("first=", joined_at_ms=1), seat=ADAS)
    await open_connection(listener("second=", joined_at_ms=2), seat=ADAS)
    assert set(connections.by_id) == {"second="}
    await open_connection(listener("first=", joined_at_ms=1), seat=ADAS)
    for _ in range(2):
        await open_connection.keep(listener("second=", joined_at_ms=2), ADAS)
        await open_connection.keep(listener("first=", joined_at_ms=1), ADAS)
    assert set(connections.by_id) == {"first=", "second="}


async def test_a_secret_opens_no_seat_of_another_session(
    open_connection: OpenConnection, connections: Connections
) -> None:
    await open_connection(listener("ada="), seat=ADAS)
    await open_connection(listener("there=", session_id=SessionId("quiet-river-204")), seat=ADAS)
    assert set(connections.by_id) == {"ada=", "there="}


async def test_a_former_connection_whose_place_could_not_be_taken_leaves_no_seat_behind(
    open_connection: OpenConnection, connections: Connections
) -> None:
    await open_connection(listener("ada="), seat=ADAS)
    await open_connection(listener("bob="), seat=BOBS)
    connections.failures = 1
    with pytest.raises(StorageUnavailableError):
        await open_connection(listener("ada2="), seat=ADAS)
    await open_connection(listener("ada2="), seat=ADAS)
    assert set(connections.by_id) == {"ada2=", "bob="}


async def test_seats_that_cannot_be_reached_keep_nobody_out(
    open_connection: OpenConnection, connections: Connections, seats: Uncounted
) -> None:
    seats.failing = frozenset({"take", "give_back", "holder", "assign"})
    for name in ("ada=", "bob=", "carl="):
        await open_connection(listener(name), seat=ADAS)
        await open_connection.keep(listener(name), ADAS)
    assert len(connections.by_id) == 3


async def test_a_seat_that_cannot_be_written_down_is_had_all_the_same(
    open_connection: OpenConnection, connections: Connections, seats: Uncounted
) -> None:
    await open_connection(listener("ada="), seat=ADAS)
    seats.failing = frozenset({"give_back", "assign"})
    await open_connection(listener("ada2="))
    await open_connection.keep(listener("ada2="), ADAS)
    assert set(connections.by_id) == {"ada2="}
