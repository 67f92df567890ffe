"""What ``notification_sender`` is asked and answers: a message as it goes over the wire, and to whom.

Source: docs/decisions/0013-many-listeners-are-told-by-functions-of-their-own.md.
"""

from typing import Any

import msgspec

from babelcast.domain.connection import ConnectionId
from babelcast.domain.delivery import Delivery
from babelcast.domain.errors import InvalidMessageError
from babelcast.domain.session import SessionId


class NotificationChunk(msgspec.Struct, frozen=True, kw_only=True):
    """One message for some connections. It holds speech: it is never logged.

    Attributes:
        session_id: Whose connections these are, to be logged; None if the message is of no session.
    """

    receivers: tuple[str, ...]
    message: str
    session_id: str | None = None

    @property
    def connection_ids(self) -> tuple[ConnectionId, ...]:
        """The receivers."""
        return tuple(map(ConnectionId, self.receivers))


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    gone: tuple[str, ...]
    refused: tuple[str, ...]
    late: tuple[str, ...]
    failed: tuple[str, ...]


def encode_chunk(receivers: tuple[ConnectionId, ...], message: bytes, session_id: SessionId | None) -> bytes:
    """The payload of the invocation."""
    return msgspec.json.encode(NotificationChunk(receivers=receivers, message=message.decode(), session_id=session_id))


def read_chunk(event: dict[str, Any]) -> NotificationChunk:
    """The event of the invocation.

    Raises:
        InvalidMessageError: It is of another form; the text says where, and nothing of what is there.
    """
    try:
        return msgspec.convert(event, NotificationChunk)
    except msgspec.ValidationError as error:
        raise InvalidMessageError(str(error)) from None


def delivery_answer(delivery: Delivery) -> dict[str, list[str]]:
    """The function's answer."""
    return {
        "gone": sorted(delivery.gone),
        "refused": sorted(delivery.refused),
        "late": sorted(delivery.late),
        "failed": sorted(delivery.failed),
    }


def read_delivery(payload: bytes) -> Delivery:
    """The answer to the invocation.

    Raises:
        InvalidMessageError: It is none; an invocation that failed is answered with its error.
    """
    try:
        answer = msgspec.json.decode(payload, type=_Answer)
    except msgspec.MsgspecError as error:
        raise InvalidMessageError(str(error)) from None
    return Delivery(
        gone=frozenset(map(ConnectionId, answer.gone)),
        refused=frozenset(map(ConnectionId, answer.refused)),
        late=frozenset(map(ConnectionId, answer.late)),
        failed=frozenset(map(ConnectionId, answer.failed)),
    )
