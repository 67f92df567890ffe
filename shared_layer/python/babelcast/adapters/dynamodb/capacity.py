"""Room for live sessions: in each cell, and for each speaker."""

from collections.abc import Mapping, Sequence

from babelcast.adapters.dynamodb.places import DynamoDbPlaces
from babelcast.domain.errors import AtCapacityError, SpeakerAtCapacityError
from babelcast.domain.session import SessionId, UserId


class DynamoDbCellCapacity:
    """`babelcast.ports.CellCapacity`."""

    def __init__(self, table_name: str, *, cells: int, sessions_per_cell: int) -> None:
        self._owners = [f"cell#{cell}" for cell in range(cells)]
        self._places = DynamoDbPlaces(table_name, places=sessions_per_cell)

    async def claim(self, session_id: SessionId, *, expires_at_s: int, now_s: int) -> int:
        """See the port."""
        owner = await self._places.claim(self._owners, session_id, expires_at_s=expires_at_s, now_s=now_s)
        if owner is None:
            raise AtCapacityError("every cell is full; try again when a session has ended")
        return self._owners.index(owner)

    async def occupants(self) -> Sequence[Mapping[SessionId, int]]:
        """See the port."""
        return [await self._places.occupants(owner) for owner in self._owners]

    async def release(self, session_id: SessionId, cell: int) -> None:
        """See the port."""
        await self._places.release(self._owners[cell], session_id)


class DynamoDbSpeakerPlaces:
    """`babelcast.ports.SpeakerPlaces`."""

    def __init__(self, table_name: str, *, sessions_per_speaker: int) -> None:
        self._places = DynamoDbPlaces(table_name, places=sessions_per_speaker)

    async def claim(self, speaker_id: UserId, session_id: SessionId, *, expires_at_s: int, now_s: int) -> None:
        """See the port."""
        owner = _owner(speaker_id)
        if await self._places.claim([owner], session_id, expires_at_s=expires_at_s, now_s=now_s) is None:
            raise SpeakerAtCapacityError("end one of your other sessions first")

    async def occupants(self, speaker_id: UserId) -> Mapping[SessionId, int]:
        """See the port."""
        return await self._places.occupants(_owner(speaker_id))

    async def release(self, speaker_id: UserId, session_id: SessionId) -> None:
        """See the port."""
        await self._places.release(_owner(speaker_id), session_id)


def _owner(speaker_id: UserId) -> str:
    return f"speaker#{speaker_id}"
