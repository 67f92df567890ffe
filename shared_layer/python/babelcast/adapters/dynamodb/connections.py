"""The Connections table and its index by session and language."""

import contextlib
from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from babelcast.adapters.aws_client import CONDITION_FAILED, call, dynamodb_client
from babelcast.domain.connection import Audience, Connection, ConnectionId, Role
from babelcast.domain.errors import CursorMovedError
from babelcast.domain.languages import LanguageCode
from babelcast.domain.session import SessionId

INDEX_NAME: Final = "SessionLanguageIndex"
_SPEAKER: Final = "speaker"
"""Stands in the index's sort key for speakers, who have no target language."""
_KEPT: Final = "kept"
"""Role of the records of languages that are kept; one for each language of a session."""
_MARGIN_S: Final = 600
"""A record outlives the longest connection by this much, for those whose ``$disconnect`` never comes."""


class DynamoDbConnections:
    """`babelcast.ports.Connections`."""

    def __init__(self, table_name: str) -> None:
        self._table_name = table_name
        self._client = dynamodb_client()

    async def add(self, connection: Connection) -> bool:
        """See the port."""
        addition = uuid4().hex
        answer = await call(
            self._client.put_item,
            TableName=self._table_name,
            ReturnValues="ALL_OLD",
            Item={
                "connectionId": connection.connection_id,
                "sessionId": connection.session_id,
                "targetLanguage": connection.target_language or _SPEAKER,
                "role": connection.role.value,
                "listening": connection.listening,
                "joinedAt": connection.joined_at_ms,
                "expiresAt": connection.expires_at_ms // 1000 + _MARGIN_S,
                "addition": addition,
            },
        )
        # What the first attempt has stored is there for the second one if its answer was lost.
        known = answer.get("Attributes")
        return not known or known.get("addition") == addition

    async def get(self, connection_id: ConnectionId) -> Connection | None:
        """See the port."""
        answer = await call(
            self._client.get_item, TableName=self._table_name, Key=_key(connection_id), ConsistentRead=True
        )
        return _connection(answer["Item"]) if "Item" in answer else None

    async def change(
        self,
        connection_id: ConnectionId,
        *,
        language: LanguageCode | None = None,
        listening: bool | None = None,
        delay_ms: int | None = None,
    ) -> Connection | None:
        """See the port."""
        changes = {"targetLanguage": language, "listening": listening, "delayMs": delay_ms}
        wanted = {name: value for name, value in changes.items() if value is not None}
        try:
            answer = await call(
                self._client.update_item,
                errors={CONDITION_FAILED: CursorMovedError},
                TableName=self._table_name,
                Key=_key(connection_id),
                UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in wanted),
                ConditionExpression="attribute_exists(connectionId)",
                ExpressionAttributeValues={f":{name}": value for name, value in wanted.items()},
                ReturnValues="ALL_NEW",
            )
        except CursorMovedError:
            return None
        return _connection(answer["Attributes"])

    async def pause(self, connection_id: ConnectionId, *, returns_by_ms: int) -> None:
        """See the port."""
        # A condition that fails says that nobody is listening there.
        with contextlib.suppress(CursorMovedError):
            await call(
                self._client.update_item,
                errors={CONDITION_FAILED: CursorMovedError},
                TableName=self._table_name,
                Key=_key(connection_id),
                UpdateExpression="SET listening = :no, returnsBy = :until",
                ConditionExpression="listening = :yes",
                ExpressionAttributeValues={":no": False, ":yes": True, ":until": returns_by_ms},
            )

    async def remove(self, connection_id: ConnectionId) -> Connection | None:
        """See the port."""
        answer = await call(
            self._client.delete_item, TableName=self._table_name, Key=_key(connection_id), ReturnValues="ALL_OLD"
        )
        return _connection(answer["Attributes"]) if answer.get("Attributes") else None

    async def keep_language(self, session_id: SessionId, language: LanguageCode, *, until_ms: int) -> None:
        """See the port."""
        # A condition that fails says that it is kept for longer.
        with contextlib.suppress(CursorMovedError):
            await call(
                self._client.put_item,
                errors={CONDITION_FAILED: CursorMovedError},
                TableName=self._table_name,
                Item={
                    "connectionId": f"{_KEPT}/{session_id}/{language}",
                    "sessionId": session_id,
                    "targetLanguage": language,
                    "role": _KEPT,
                    "untilAt": until_ms,
                    "expiresAt": until_ms // 1000 + 1,
                },
                ConditionExpression="attribute_not_exists(untilAt) OR untilAt < :until",
                ExpressionAttributeValues={":until": until_ms},
            )

    async def audience(self, session_id: SessionId) -> Audience:
        """See the port."""
        found: list[Connection] = []
        kept: dict[LanguageCode, int] = {}
        start: dict[str, Any] = {}
        while True:
            answer = await call(
                self._client.query,
                TableName=self._table_name,
                IndexName=INDEX_NAME,
                KeyConditionExpression="sessionId = :session",
                ExpressionAttributeValues={":session": session_id},
                **start,
            )
            for item in answer["Items"]:
                if item["role"] == _KEPT:
                    kept[LanguageCode(item["targetLanguage"])] = int(item["untilAt"])
                else:
                    found.append(_connection(item))
            if "LastEvaluatedKey" not in answer:
                return Audience(connections=tuple(found), kept_until_ms=kept)
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _key(connection_id: ConnectionId) -> dict[str, str]:
    return {"connectionId": connection_id}


def _connection(item: Mapping[str, Any]) -> Connection:
    role = Role(item["role"])
    return Connection(
        connection_id=ConnectionId(item["connectionId"]),
        session_id=SessionId(item["sessionId"]),
        role=role,
        joined_at_ms=int(item["joinedAt"]),
        target_language=LanguageCode(item["targetLanguage"]) if role is Role.LISTENER else None,
        listening=bool(item["listening"]),
        returns_by_ms=int(item.get("returnsBy", 0)),
        delay_ms=int(item["delayMs"]) if "delayMs" in item else None,
    )
