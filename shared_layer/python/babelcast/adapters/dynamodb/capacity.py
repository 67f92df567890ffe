"""Room in the cells: one item per cell in the RateLimits table holds the sessions that occupy it until they expire.

An item has at most ``sessions_per_cell`` entries, so it stays far below DynamoDB's 400 KB.
"""

from collections.abc import Mapping
from typing import Final

from babelcast.adapters.aws_client import CONDITION_FAILED, call, dynamodb_client
from babelcast.domain.errors import AtCapacityError, CursorMovedError, StorageUnavailableError
from babelcast.domain.session import SessionId

_MAX_RACES: Final = 8


class DynamoDbCellCapacity:
    """`babelcast.ports.CellCapacity`."""

    def __init__(self, table_name: str, *, cells: int, sessions_per_cell: int) -> None:
        self._table_name = table_name
        self._cells = cells
        self._sessions_per_cell = sessions_per_cell
        self._client = dynamodb_client()

    async def claim(self, session_id: SessionId, *, expires_at_s: int, now_s: int) -> int:
        """See the port."""
        for _ in range(_MAX_RACES):
            places = [await self._read(cell) for cell in range(self._cells)]
            held = [{key: until for key, until in old.items() if until > now_s} for old in places]
            cell = min(range(self._cells), key=lambda each: len(held[each]))
            if len(held[cell]) >= self._sessions_per_cell:
                raise AtCapacityError("every cell is full; try again when a session has ended")
            try:
                await self._replace(cell, places[cell], {**held[cell], session_id: expires_at_s})
            except CursorMovedError:
                continue
            return cell
        raise StorageUnavailableError("the cells' occupancy keeps changing")

    async def occupants(self) -> Mapping[SessionId, int]:
        """See the port."""
        return {SessionId(key): cell for cell in range(self._cells) for key in await self._read(cell)}

    async def release(self, session_id: SessionId, cell: int) -> None:
        """See the port."""
        for _ in range(_MAX_RACES):
            old = await self._read(cell)
            if session_id not in old:
                return
            try:
                await self._replace(cell, old, {key: until for key, until in old.items() if key != session_id})
            except CursorMovedError:
                continue
            return

    async def _read(self, cell: int) -> dict[str, int]:
        answer = await call(
            self._client.get_item, TableName=self._table_name, Key={"limitKey": _key(cell)}, ConsistentRead=True
        )
        return {key: int(until) for key, until in answer.get("Item", {}).get("sessions", {}).items()}

    async def _replace(self, cell: int, old: dict[str, int], new: dict[str, int]) -> None:
        await call(
            self._client.update_item,
            errors={CONDITION_FAILED: CursorMovedError},
            TableName=self._table_name,
            Key={"limitKey": _key(cell)},
            UpdateExpression="SET sessions = :new",
            ConditionExpression="sessions = :old" + ("" if old else " OR attribute_not_exists(sessions)"),
            ExpressionAttributeValues={":old": old, ":new": new},
        )


def _key(cell: int) -> str:
    return f"cell#{cell}"
