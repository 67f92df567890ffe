"""Store a connection; a listener's needs a seat."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from babelcast.domain.connection import Connection, Role
from babelcast.domain.errors import BabelcastError, StorageUnavailableError
from babelcast.domain.seat import SeatKey
from babelcast.domain.session import SessionId
from babelcast.ports import Connections, Meter, Seats


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenConnection:
    """Store connections.

    Whoever loses their network leaves a connection behind that has their seat until API Gateway notices. When they come
    back, their new connection takes its place, and nothing is sent to the old one any more.

    Attributes:
        listeners_per_session: Seats of a session.
    """

    connections: Connections
    seats: Seats
    listeners_per_session: int
    meter: Meter
    now_ms: Callable[[], int]

    async def __call__(self, connection: Connection, *, seat: SeatKey | None = None) -> None:
        """Store a connection, with a seat if it is a listener's.

        Args:
            connection: That was opened.
            seat: The listener's own, which an earlier connection of theirs may still have.

        Raises:
            RoomFullError: It was not stored: nothing will be told to it. Trying again helps once somebody has left.
        """
        if connection.role is not Role.LISTENER:
            await self.connections.add(connection)
            return
        if seat is None or not await self._replaces_former(connection, seat):
            await self._take_seat(connection.session_id)
        try:
            is_new = await self.connections.add(connection)
        except BabelcastError:
            await self._give_back(connection.session_id)
            raise
        if not is_new:
            # Somebody was faster with the same connection, and has taken a seat for it.
            await self._give_back(connection.session_id)

    async def keep(self, listener: Connection, seat: SeatKey) -> None:
        """A listener who is stored, and has a seat, keeps only one: that of their former connection is given back."""
        if await self._replaces_former(listener, seat):
            await self._give_back(listener.session_id)

    async def _replaces_former(self, listener: Connection, seat: SeatKey) -> bool:
        """Whether an earlier connection that had the listener's seat was there to be forgotten; its seat is theirs now.

        An earlier one only: of two pages with one secret, neither drives the other out again and again. Of two
        connections that come back at once, one is told so.
        """
        try:
            holder = await self.seats.holder(listener.session_id, seat)
        except StorageUnavailableError:
            return False
        if holder == listener.connection_id:
            return False
        former = None if holder is None else await self.connections.get(holder)
        if former is not None and former.joined_at_ms > listener.joined_at_ms:
            return False
        # Only what is removed here is replaced: whoever else removes it gives its seat back.
        replaces = former is not None and await self.connections.remove(former.connection_id) is not None
        # Without it the listener's next connection needs another seat, and asks again.
        with contextlib.suppress(StorageUnavailableError):
            await self.seats.assign(listener.session_id, seat, listener.connection_id, now_ms=self.now_ms())
        return replaces

    async def _take_seat(self, session_id: SessionId) -> None:
        try:
            await self.seats.take(session_id, seats=self.listeners_per_session, now_ms=self.now_ms())
        except StorageUnavailableError:
            # A counter that cannot be reached keeps nobody out; it is corrected when it is full.
            self.meter.count("LimitsUnchecked")

    async def _give_back(self, session_id: SessionId) -> None:
        # A seat that is not given back is found when the room is counted.
        with contextlib.suppress(StorageUnavailableError):
            await self.seats.give_back(session_id)
