"""Places that are held until they expire: an item of the RateLimits table lists who holds those of one owner.

An item has at most as many entries as there are places, so it stays far below DynamoDB's 400 KB.
"""

from collections.abc import Sequence
from typing import Final

from babelcast.adapters.aws_client import CONDITION_FAILED, call, dynamodb_client
from babelcast.domain.errors import CursorMovedError, StorageUnavailableError
from babelcast.domain.session import SessionId

_MAX_RACES: Final = 8


class DynamoDbPlaces:
    """Places for sessions, so many at each owner.

    Args:
        table_name: The RateLimits table.
        places: How many sessions one owner has room for.
    """

    def __init__(self, table_name: str, *, places: int) -> None:
        self._table_name = table_name
        self._places = places
        self._client = dynamodb_client()

    async def claim(self, owners: Sequence[str], session_id: SessionId, *, expires_at_s: int, now_s: int) -> str | None:
        """Take a place at the owner who has the most left; None when nobody has any."""
        tried: str | None = None
        for _ in range(_MAX_RACES):
            places = {owner: await self._read(owner) for owner in owners}
            held = {owner: {key: until for key, until in old.items() if until > now_s} for owner, old in places.items()}
            if tried is not None and session_id in held[tried]:
                # It was taken, and the answer was lost.
                return tried
            owner = min(owners, key=lambda each: len(held[each]))
            if len(held[owner]) >= self._places:
                return None
            try:
                await self._replace(owner, places[owner], {**held[owner], session_id: expires_at_s})
            except CursorMovedError:
                tried = owner
                continue
            return owner
        raise StorageUnavailableError("the places' occupancy keeps changing")

    async def occupants(self, owner: str) -> dict[SessionId, int]:
        """Who holds a place at an owner, and until when, epoch seconds."""
        return {SessionId(key): until for key, until in (await self._read(owner)).items()}

    async def release(self, owner: str, session_id: SessionId) -> None:
        """Give a place back; nothing happens if it was not held."""
        for _ in range(_MAX_RACES):
            old = await self._read(owner)
            if session_id not in old:
                return
            try:
                await self._replace(owner, old, {key: until for key, until in old.items() if key != session_id})
            except CursorMovedError:
                continue
            return

    async def _read(self, owner: str) -> dict[str, int]:
        answer = await call(
            self._client.get_item, TableName=self._table_name, Key={"limitKey": owner}, ConsistentRead=True
        )
        return {key: int(until) for key, until in answer.get("Item", {}).get("sessions", {}).items()}

    async def _replace(self, owner: str, old: dict[str, int], new: dict[str, int]) -> None:
        await call(
            self._client.update_item,
            errors={CONDITION_FAILED: CursorMovedError},
            TableName=self._table_name,
            Key={"limitKey": owner},
            UpdateExpression="SET sessions = :new, expiresAt = :end",
            ConditionExpression="sessions = :old" + ("" if old else " OR attribute_not_exists(sessions)"),
            ExpressionAttributeValues={":old": old, ":new": new, ":end": max({**old, **new}.values())},
        )
