"""What anyone may ask about a session whose id they have."""

from dataclasses import dataclass

from babelcast.domain.session import Session, SessionId
from babelcast.domain.source_address import AddressKey
from babelcast.ports import Sessions
from babelcast.usecases.join_key import require_join_key
from babelcast.usecases.limit_joins import LimitJoins


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowSession:
    """Show sessions to those who know them, not to those who try."""

    sessions: Sessions
    joins: LimitJoins

    async def __call__(self, session_id: SessionId, address: AddressKey, *, join_key: str | None = None) -> Session:
        """The session as it is now.

        Args:
            session_id: Which one.
            address: Who asks.
            join_key: Checked if given: browsers do not tell pages how a WebSocket was refused, so a page asks here.

        Raises:
            SessionNotFoundError: None, or expired.
            NotAllowedError: The join key is wrong.
            RateLimitedError: The address has guessed too often.
        """
        return await self.joins.told(address, self._session(session_id, join_key))

    async def _session(self, session_id: SessionId, join_key: str | None) -> Session:
        session = await self.sessions.get(session_id)
        if join_key is not None:
            require_join_key(session, join_key)
        return session
