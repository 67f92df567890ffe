"""Store a connection; a listener's needs a seat."""

from collections.abc import Callable
from dataclasses import dataclass

from babelcast.domain.connection import Connection, Role
from babelcast.domain.errors import BabelcastError, RoomFullError, StorageUnavailableError
from babelcast.ports import Connections, Meter, Seats


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenConnection:
    """Store connections.

    Attributes:
        listeners_per_session: Seats of a session. A tenth more is kept for those who come back: whoever loses their
            network leaves a connection behind that holds their seat until API Gateway notices.
    """

    connections: Connections
    seats: Seats
    listeners_per_session: int
    meter: Meter
    now_ms: Callable[[], int]

    async def __call__(self, connection: Connection, *, returning: bool = False) -> None:
        """Store a connection, with a seat if it is a listener's.

        Args:
            connection: That was opened.
            returning: It says that it has heard something of the session before.

        Raises:
            RoomFullError: It was not stored: nothing will be told to it. Trying again helps once somebody has left.
        """
        if connection.role is not Role.LISTENER:
            await self.connections.add(connection)
            return
        await self._take_seat(connection, kept=self.listeners_per_session // 10 if returning else 0)
        try:
            is_new = await self.connections.add(connection)
        except BabelcastError:
            await self.seats.give_back(connection.session_id)
            raise
        if not is_new:
            # Somebody was faster with the same connection, and has taken a seat for it.
            await self.seats.give_back(connection.session_id)

    async def _take_seat(self, listener: Connection, *, kept: int) -> None:
        try:
            await self.seats.take(listener.session_id, seats=self.listeners_per_session + kept, now_ms=self.now_ms())
        except RoomFullError:
            self.meter.count("ListenersRefusedAtCapacity")
            raise
        except StorageUnavailableError:
            # A counter that cannot be reached keeps nobody out; it is corrected when it is full.
            self.meter.count("LimitsUnchecked")
