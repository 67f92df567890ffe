"""How a broadcast stands, and for the speaker how many listen in which language."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from babelcast.domain.connection import Audience, Connection
from babelcast.domain.notices import BroadcastState, SessionEnded, SessionStatus
from babelcast.domain.session import Session, SessionId
from babelcast.ports import Connections, Sessions
from babelcast.usecases.broadcast import Broadcast

_INTERVAL_MS: Final = 2000
"""Source: docs/protocol.md, sessionStatus is sent at most every two seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportStatus:
    """Report on sessions."""

    sessions: Sessions
    connections: Connections
    broadcast: Broadcast
    now_ms: Callable[[], int]

    async def answer(self, asker: Connection) -> None:
        """Tell whoever asks.

        Raises:
            SessionNotFoundError: The session has expired.
        """
        session = await self.sessions.get(asker.session_id)
        audience = await self.connections.audience(asker.session_id)
        await self.broadcast((asker,), self._status(session, audience))

    async def changed(self, session_id: SessionId) -> bool:
        """Tell the speaker that somebody came, went or changed language; False when it was told just now.

        Raises:
            SessionNotFoundError: The session has expired.
        """
        if not await self.sessions.claim_status(session_id, now_ms=self.now_ms(), interval_ms=_INTERVAL_MS):
            return False
        session = await self.sessions.get(session_id)
        audience = await self.connections.audience(session_id)
        await self.broadcast(audience.speakers, self._status(session, audience))
        return True

    async def tell_state(self, session_id: SessionId, audience: Audience) -> None:
        """Tell everybody how the broadcast stands at this moment.

        Raises:
            SessionNotFoundError: The session has expired.
        """
        session = await self.sessions.get(session_id)
        await self.broadcast(audience.connections, BroadcastState.of(session))

    async def tell_end(
        self, session_id: SessionId, *, only: tuple[Connection, ...] | None = None
    ) -> tuple[Connection, ...]:
        """Tell everybody who is there now, or only some, that it was the last word; returns who missed it."""
        receivers = (await self.connections.audience(session_id)).connections if only is None else only
        return await self.broadcast(receivers, SessionEnded(session_id=session_id, reason="ended"))

    def _status(self, session: Session, audience: Audience) -> SessionStatus:
        return SessionStatus(
            session_id=session.session_id,
            listener_count=len(audience.listeners),
            listeners_by_language=audience.count_by_language,
            duration_ms=max(0, self.now_ms() - session.created_at_ms),
            state=session.state,
            delay_ms=audience.delay_ms,
        )
