"""End a session from outside of it, and give its places back."""

from dataclasses import dataclass

from babelcast.domain.errors import NotAllowedError, SessionNotFoundError
from babelcast.domain.session import BroadcastCommand, SessionId, UserId
from babelcast.ports import CellCapacity, SpeakerPlaces
from babelcast.usecases.control_broadcast import ControlBroadcast


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSession:
    """End sessions of those who own them."""

    control: ControlBroadcast
    capacity: CellCapacity
    places: SpeakerPlaces

    async def __call__(self, session_id: SessionId, user_id: UserId) -> None:
        """End it, once.

        Raises:
            SessionNotFoundError: None, or somebody else's: who tries ids finds out nothing, and needs no limit.
            SessionEndedError: It is over already.
        """
        try:
            session = await self.control(session_id, user_id, BroadcastCommand.END)
        except NotAllowedError:
            raise SessionNotFoundError("no such session") from None
        await self.capacity.release(session_id, session.cell)
        await self.places.release(session.speaker_id, session_id)
