"""The Sessions table: sessions, their state machine and their cursors."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Literal
from uuid import uuid4

from babelcast.adapters.aws_client import CONDITION_FAILED, call, dynamodb_client
from babelcast.adapters.dynamodb.cursor_items import cursor_item, memory_item, read_cursor
from babelcast.adapters.dynamodb.segments import segment_item
from babelcast.domain.connection import ConnectionId
from babelcast.domain.errors import CursorMovedError, SessionNotFoundError, StorageUnavailableError
from babelcast.domain.languages import LanguageCode
from babelcast.domain.segment import Segment
from babelcast.domain.session import (
    BroadcastCommand,
    Cursor,
    Session,
    SessionId,
    SessionState,
    UserId,
)

_MAX_STATE_RACES: Final = 5


class DynamoDbSessions:
    """`babelcast.ports.Sessions`."""

    def __init__(self, table_name: str) -> None:
        self._table_name = table_name
        self._client = dynamodb_client()

    async def create(self, session: Session) -> bool:
        """See the port."""
        try:
            await call(
                self._client.put_item,
                errors={CONDITION_FAILED: CursorMovedError},
                TableName=self._table_name,
                Item=_item(session),
                ConditionExpression="attribute_not_exists(sessionId)",
            )
        except CursorMovedError:
            return False
        return True

    async def get(self, session_id: SessionId) -> Session:
        """See the port."""
        answer = await call(
            self._client.get_item, TableName=self._table_name, Key={"sessionId": session_id}, ConsistentRead=True
        )
        if "Item" not in answer:
            raise SessionNotFoundError("no such session")
        return _session(answer["Item"])

    async def apply(self, session_id: SessionId, command: BroadcastCommand, *, now_ms: int) -> Session:
        """See the port."""
        for _ in range(_MAX_STATE_RACES):
            session = await self.get(session_id)
            changed = session.after(command, now_ms=now_ms)
            try:
                answer = await self._update(
                    session_id,
                    "SET #state = :new, endedAt = :ended",
                    {":new": changed.state.value, ":old": session.state.value, ":ended": changed.ended_at_ms},
                    # The second holds for an update that was carried out before and whose answer was lost.
                    condition="#state = :old OR (#state = :new AND endedAt = :ended)",
                    names={"#state": "state"},
                )
            except CursorMovedError:
                continue
            return _session(answer)
        raise StorageUnavailableError("the session's state keeps changing")

    async def set_volume(self, session_id: SessionId, volume: float) -> Session:
        """See the port."""
        try:
            answer = await self._update(
                session_id,
                "SET volume = :volume",
                {":volume": _volume(volume)},
                condition="attribute_exists(sessionId)",
            )
        except CursorMovedError:
            raise SessionNotFoundError("no such session") from None
        return _session(answer)

    async def attach_speaker(self, session_id: SessionId, connection_id: ConnectionId) -> bool:
        """See the port."""
        try:
            before = await self._update(
                session_id,
                "SET speakerConnection = :connection",
                {":connection": connection_id},
                condition="attribute_exists(sessionId)",
                answer="ALL_OLD",
            )
        except CursorMovedError:
            raise SessionNotFoundError("no such session") from None
        return before.get("speakerConnection") in (None, connection_id)

    async def detach_speaker(self, session_id: SessionId, connection_id: ConnectionId) -> bool:
        """See the port."""
        try:
            await self._update(
                session_id,
                "REMOVE speakerConnection",
                {":connection": connection_id},
                condition="attribute_exists(sessionId)"
                " AND (attribute_not_exists(speakerConnection) OR speakerConnection = :connection)",
            )
        except CursorMovedError:
            return False
        return True

    async def claim_status(self, session_id: SessionId, *, now_ms: int, interval_ms: int) -> bool:
        """See the port."""
        try:
            await self._update(
                session_id,
                "SET statusAt = :now",
                {":now": now_ms, ":before": now_ms - interval_ms},
                condition="attribute_exists(sessionId) AND (attribute_not_exists(statusAt) OR statusAt <= :before)",
            )
        except CursorMovedError:
            return False
        return True

    async def _update(
        self,
        session_id: SessionId,
        expression: str,
        values: Mapping[str, Any],
        *,
        condition: str,
        names: Mapping[str, str] | None = None,
        answer: Literal["ALL_NEW", "ALL_OLD"] = "ALL_NEW",
    ) -> Mapping[str, Any]:
        extra: dict[str, Any] = {"ExpressionAttributeNames": dict(names)} if names else {}
        answered = await call(
            self._client.update_item,
            errors={CONDITION_FAILED: CursorMovedError},
            TableName=self._table_name,
            Key={"sessionId": session_id},
            UpdateExpression=expression,
            ConditionExpression=condition,
            ExpressionAttributeValues=dict(values),
            ReturnValues=answer,
            **extra,
        )
        item: Mapping[str, Any] = answered["Attributes"]
        return item


class DynamoDbCursors:
    """`babelcast.ports.Cursors`."""

    def __init__(self, *, sessions_table_name: str, segments_table_name: str, segment_retention_s: int) -> None:
        self._sessions = sessions_table_name
        self._segments = segments_table_name
        self._retention_s = segment_retention_s
        self._client = dynamodb_client()

    async def move(self, session_id: SessionId, *, expected: Cursor, moved: Cursor) -> None:
        """See the port."""
        await call(
            self._client.update_item,
            errors={CONDITION_FAILED: CursorMovedError},
            **self._cursor_update(session_id, expected, moved),
        )

    async def commit(self, segment: Segment, *, expected: Cursor, moved: Cursor, expires_at_s: int) -> None:
        """See the port."""
        kept_until_s = segment.committed_at_ms // 1000 + self._retention_s
        await call(
            self._client.transact_write_items,
            errors={CONDITION_FAILED: CursorMovedError},
            # The same for all attempts: one that was carried out although its answer was lost is not carried out again.
            ClientRequestToken=str(uuid4()),
            TransactItems=[
                {"Update": self._cursor_update(segment.session_id, expected, moved)},
                {
                    "Put": {
                        "TableName": self._segments,
                        "Item": segment_item(segment, expires_at_s=min(expires_at_s, kept_until_s)),
                        "ConditionExpression": "attribute_not_exists(sessionId)",
                    }
                },
            ],
        )

    def _cursor_update(self, session_id: SessionId, expected: Cursor, moved: Cursor) -> dict[str, Any]:
        return {
            "TableName": self._sessions,
            "Key": {"sessionId": session_id},
            "UpdateExpression": "SET #cursor = :moved, speakerMemory = :memory",
            "ConditionExpression": "#cursor = :expected",
            "ExpressionAttributeNames": {"#cursor": "cursor"},
            "ExpressionAttributeValues": {
                ":moved": cursor_item(moved),
                ":expected": cursor_item(expected),
                ":memory": memory_item(moved.memory),
            },
        }


def _volume(volume: float) -> Decimal:
    """A gain to a millionth, which nobody hears; DynamoDB has no numbers as small as a float can be."""
    return round(Decimal(volume), 6)


def _item(session: Session) -> dict[str, Any]:
    return {
        "sessionId": session.session_id,
        "speakerId": session.speaker_id,
        "sourceLanguage": session.source_language,
        "targetLanguages": sorted(session.target_languages),
        "createdAt": session.created_at_ms,
        "expiresAt": session.expires_at_s,
        "cell": session.cell,
        "state": session.state.value,
        "volume": _volume(session.volume),
        "joinKeyHash": session.join_key_hash,
        "endedAt": session.ended_at_ms,
        "expressive": session.expressive,
        "cursor": cursor_item(session.cursor),
    }


def _session(item: Mapping[str, Any]) -> Session:
    return Session(
        session_id=SessionId(item["sessionId"]),
        speaker_id=UserId(item["speakerId"]),
        source_language=LanguageCode(item["sourceLanguage"]),
        target_languages=frozenset(LanguageCode(code) for code in item["targetLanguages"]),
        created_at_ms=int(item["createdAt"]),
        expires_at_s=int(item["expiresAt"]),
        cell=int(item["cell"]),
        state=SessionState(item["state"]),
        volume=float(item["volume"]),
        join_key_hash=item["joinKeyHash"],
        cursor=read_cursor(item),
        ended_at_ms=None if item["endedAt"] is None else int(item["endedAt"]),
        speaker_connected="speakerConnection" in item,
        # A session that was created before there was a choice has none stored.
        expressive=bool(item.get("expressive", True)),
    )
