"""A full room whose network dies without a word: everybody gets their own seat back, and nobody else gets one."""

from babelcast.domain.connection import Connection, ConnectionId, Role
from babelcast.domain.errors import RoomFullError
from babelcast.domain.languages import LanguageCode
from babelcast.domain.seat import SeatKey, seat_key
from babelcast.domain.session import SessionId
from babelcast.usecases.lose_connection import LoseConnection
from babelcast.usecases.open_connection import OpenConnection
from tests.in_memory import CountingMeter
from tests.ports.conftest import Stores

SESSION_ID, OTHER_ID = SessionId("joyful-hope-911"), SessionId("quiet-river-204")
SEATS, LOST = 100, 80


async def test_a_seat_remembers_its_last_connection_in_each_session(stores: Stores) -> None:
    mine, others = seat_key("mine"), seat_key("another's")
    assert await stores.seats.holder(SESSION_ID, mine) is None
    for name in ("old=", "new="):
        await stores.seats.assign(SESSION_ID, mine, ConnectionId(name), now_ms=1_795_000_000_000)
    await stores.seats.assign(OTHER_ID, mine, ConnectionId("there="), now_ms=1_795_000_000_000)
    assert await stores.seats.holder(SESSION_ID, mine) == "new="
    assert await stores.seats.holder(OTHER_ID, mine) == "there="
    assert await stores.seats.holder(SESSION_ID, others) is None


class Hall:
    """A session with a hundred seats."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self.now_ms = 1_795_000_000_000
        self._open = OpenConnection(
            connections=stores.connections,
            seats=stores.seats,
            listeners_per_session=SEATS,
            meter=CountingMeter(),
            now_ms=lambda: self.now_ms,
        )
        self.lose = LoseConnection(connections=stores.connections, seats=stores.seats, now_ms=lambda: self.now_ms)

    async def enter(self, name: str, seat: SeatKey) -> bool:
        """Connect, and join when the room is full or not; whether there was a seat."""
        listener = Connection(
            connection_id=ConnectionId(name),
            session_id=SESSION_ID,
            role=Role.LISTENER,
            joined_at_ms=self.now_ms,
            target_language=LanguageCode("es"),
        )
        try:
            await self._open(listener)
        except RoomFullError:
            try:
                await self._open(listener, seat=seat)
            except RoomFullError:
                return False
        else:
            await self._open.keep(listener, seat)
        return True

    async def audience(self) -> set[str]:
        return {each.connection_id for each in (await self._stores.connections.audience(SESSION_ID)).listeners}

    async def refuses_newcomers(self) -> bool:
        """By the counter as it is, and by counting anew."""
        refused = []
        for number in range(2):
            refused.append(not await self.enter(f"newcomer-{number}=", seat_key(f"newcomer {number}")))
            self.now_ms += 10_000
        return all(refused)


async def test_eighty_of_a_hundred_who_are_lost_without_a_word_all_get_in_again(stores: Stores) -> None:
    hall = Hall(stores)
    seats = [seat_key(f"secret {number}") for number in range(SEATS)]
    assert all([await hall.enter(f"{number}=", seats[number]) for number in range(SEATS)])
    assert await hall.refuses_newcomers()

    back = [await hall.enter(f"{number}-back=", seats[number]) for number in range(LOST)]
    assert all(back)
    here = {f"{number}-back=" for number in range(LOST)} | {f"{number}=" for number in range(LOST, SEATS)}
    assert await hall.audience() == here, "nothing is posted to those who are gone"
    assert await hall.refuses_newcomers()

    for number in range(LOST):
        await hall.lose(ConnectionId(f"{number}="))
    assert await hall.audience() == here
    assert await hall.refuses_newcomers(), "a seat that was handed on is not given back"

    await hall.lose(ConnectionId("7-back="))
    assert await hall.enter("late=", seat_key("late"))
    assert await hall.refuses_newcomers()
