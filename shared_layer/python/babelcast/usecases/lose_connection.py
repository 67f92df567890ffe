"""A connection is gone: forget it, and keep its language for a while."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from babelcast.domain.connection import ConnectionId, Role
from babelcast.domain.errors import StorageUnavailableError
from babelcast.ports import Connections, Seats


@dataclass(frozen=True, slots=True, kw_only=True)
class LoseConnection:
    """Forget connections. Most listeners who are lost come back and want what they missed, translated and spoken."""

    connections: Connections
    seats: Seats
    now_ms: Callable[[], int]

    async def __call__(self, connection_id: ConnectionId) -> None:
        """Forget a connection; one that was forgotten before changes nothing."""
        lost = await self.connections.remove(connection_id)
        if lost is not None and lost.role is Role.LISTENER:
            # A seat that is not given back is found when the room is counted.
            with contextlib.suppress(StorageUnavailableError):
                await self.seats.give_back(lost.session_id)
        if lost is None or lost.target_language is None:
            return
        now_ms = self.now_ms()
        until_ms = lost.kept_until_ms(now_ms=now_ms)
        if until_ms > now_ms:
            await self.connections.keep_language(lost.session_id, lost.target_language, until_ms=until_ms)
