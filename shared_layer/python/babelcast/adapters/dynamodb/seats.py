"""Seats of the listeners, in the RateLimits table.

A counter for each session, corrected by counting when it is full, and for each listener the connection that has theirs.
"""

import contextlib
import math
from typing import Any, Final

from babelcast.adapters.aws_client import CONDITION_FAILED, call, dynamodb_client
from babelcast.adapters.dynamodb.connections import INDEX_NAME
from babelcast.domain.connection import MAX_CONNECTION_DURATION_S, ConnectionId, Role
from babelcast.domain.errors import CursorMovedError, RoomFullError
from babelcast.domain.seat import SeatKey
from babelcast.domain.session import SessionId

_RECOUNT_EVERY_MS: Final = 10_000
"""A full room is counted this often at most, however many knock."""
_KEPT_S: Final = 2 * MAX_CONNECTION_DURATION_S
"""After the last who sat down; nobody of theirs is connected any more then."""


class DynamoDbSeats:
    """`babelcast.ports.Seats`. The index that is counted follows the table within moments, so that a room which fills
    while it is counted can get a few more listeners than it has seats.
    """

    def __init__(self, table_name: str, *, connections_table_name: str) -> None:
        self._table_name = table_name
        self._connections_table_name = connections_table_name
        self._client = dynamodb_client()

    async def take(self, session_id: SessionId, *, seats: int, now_ms: int) -> None:
        """See the port."""
        try:
            await self._take(session_id, seats, now_ms)
        except CursorMovedError:
            if await self._recount(session_id, now_ms) >= seats:
                raise RoomFullError("the room is full; try again in a while") from None
            try:
                await self._take(session_id, seats, now_ms)
            except CursorMovedError:
                raise RoomFullError("the room is full; try again in a while") from None

    async def give_back(self, session_id: SessionId) -> None:
        """See the port."""
        # A counter at zero was corrected without this listener.
        with contextlib.suppress(CursorMovedError):
            await self._update(session_id, "SET taken = taken - :one", "taken >= :one", {":one": 1})

    async def holder(self, session_id: SessionId, seat: SeatKey) -> ConnectionId | None:
        """See the port."""
        answer = await call(
            self._client.get_item, TableName=self._table_name, Key=_own_seat(session_id, seat), ConsistentRead=True
        )
        return ConnectionId(answer["Item"]["connectionId"]) if "Item" in answer else None

    async def assign(self, session_id: SessionId, seat: SeatKey, holder: ConnectionId, *, now_ms: int) -> None:
        """See the port."""
        await call(
            self._client.update_item,
            TableName=self._table_name,
            Key=_own_seat(session_id, seat),
            UpdateExpression="SET connectionId = :holder, expiresAt = :expires",
            ExpressionAttributeValues={":holder": holder, ":expires": now_ms // 1000 + _KEPT_S},
        )

    async def _take(self, session_id: SessionId, seats: int, now_ms: int) -> None:
        await self._update(
            session_id,
            "SET expiresAt = :expires ADD taken :one",
            "attribute_not_exists(taken) OR taken < :seats",
            {":one": 1, ":seats": seats, ":expires": now_ms // 1000 + _KEPT_S},
        )

    async def _recount(self, session_id: SessionId, now_ms: int) -> float:
        """Correct the counter by counting; infinity when somebody has just done so."""
        try:
            thought = await self._update(
                session_id,
                "SET countedAt = :now",
                "attribute_not_exists(countedAt) OR countedAt <= :before",
                {":now": now_ms, ":before": now_ms - _RECOUNT_EVERY_MS},
            )
        except CursorMovedError:
            return math.inf
        found = await self._count(session_id, now_ms)
        # If somebody has come or left meanwhile, the counter is not the one that was compared; it stays.
        with contextlib.suppress(CursorMovedError):
            await self._update(
                session_id, "SET taken = :found", "taken = :thought", {":found": found, ":thought": thought["taken"]}
            )
        return found

    async def _count(self, session_id: SessionId, now_ms: int) -> int:
        found = 0
        start: dict[str, Any] = {}
        while True:
            answer = await call(
                self._client.query,
                TableName=self._connections_table_name,
                IndexName=INDEX_NAME,
                Select="COUNT",
                KeyConditionExpression="sessionId = :session",
                FilterExpression="#role = :listener AND expiresAt > :now",
                ExpressionAttributeNames={"#role": "role"},
                ExpressionAttributeValues={
                    ":session": session_id,
                    ":listener": Role.LISTENER.value,
                    ":now": now_ms // 1000,
                },
                **start,
            )
            found += int(answer["Count"])
            if "LastEvaluatedKey" not in answer:
                return found
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    async def _update(
        self, session_id: SessionId, expression: str, condition: str, values: dict[str, Any]
    ) -> dict[str, Any]:
        answer = await call(
            self._client.update_item,
            errors={CONDITION_FAILED: CursorMovedError},
            TableName=self._table_name,
            Key={"limitKey": f"seats#{session_id}"},
            UpdateExpression=expression,
            ConditionExpression=condition,
            ExpressionAttributeValues=values,
            ReturnValues="ALL_NEW",
        )
        attributes: dict[str, Any] = answer["Attributes"]
        return attributes


def _own_seat(session_id: SessionId, seat: SeatKey) -> dict[str, str]:
    return {"limitKey": f"seat#{session_id}#{seat}"}
