"""What anyone may ask about a session whose id they have."""

from dataclasses import dataclass

from babelcast.domain.errors import BabelcastError
from babelcast.domain.session import Session, SessionId
from babelcast.domain.source_address import AddressKey
from babelcast.ports import Sessions
from babelcast.usecases.limit_joins import LimitJoins


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowSession:
    """Show sessions to those who know them, not to those who try."""

    sessions: Sessions
    joins: LimitJoins

    async def __call__(self, session_id: SessionId, address: AddressKey) -> Session:
        """The session as it is now.

        Raises:
            SessionNotFoundError: None, or expired.
            LimitReachedError: The address has guessed too often.
        """
        await self.joins.guesser(address)
        try:
            return await self.sessions.get(session_id)
        except BabelcastError as error:
            await self.joins.failed(address, error)
            raise
