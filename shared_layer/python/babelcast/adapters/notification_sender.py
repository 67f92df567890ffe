"""Lambda's Invoke: many connections are told by invocations of ``notification_sender``, a chunk of them each."""

import asyncio
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, reduce
from math import ceil
from operator import or_
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from babelcast.adapters.api_gateway import SEND_DEADLINE_S, ApiGatewayConnections
from babelcast.adapters.notifier import reach_of
from babelcast.domain.connection import ConnectionId
from babelcast.domain.delivery import Delivery
from babelcast.domain.errors import InvalidMessageError
from babelcast.domain.notices import Notice
from babelcast.domain.session import SessionId
from babelcast.ports import Meter, Reach
from babelcast.protocol.messages import encode_notice
from babelcast.protocol.notification_chunk import encode_chunk, read_delivery

CHUNK_RECEIVERS: Final = 200
"""As many as one function posts to in about 0.1 s; more are shared out."""

_CONCURRENT_CHUNKS: Final = 16

_CONFIG: Final = Config(
    connect_timeout=1,
    read_timeout=SEND_DEADLINE_S,
    retries={"total_max_attempts": 1, "mode": "standard"},
    max_pool_connections=_CONCURRENT_CHUNKS,
)
"""One attempt: an invocation may have posted although its answer is lost, and callers try those again who failed."""


class NotificationSenders:
    """Invocations of ``notification_sender``.

    Args:
        function_name: Its physical name.
    """

    def __init__(self, function_name: str) -> None:
        self._function_name = function_name
        self._threads = ThreadPoolExecutor(_CONCURRENT_CHUNKS, thread_name_prefix="senders")

    @cached_property
    def _client(self) -> Any:
        # Most rooms never need it, and its description of Lambda takes time to load.
        return boto3.client("lambda", config=_CONFIG)

    async def post(self, receivers: tuple[ConnectionId, ...], message: bytes, session_id: SessionId | None) -> Delivery:
        """Have a message posted; returns within `SEND_DEADLINE_S` and never raises. Without an answer all failed."""
        client, payload = self._client, encode_chunk(receivers, message, session_id)
        try:
            async with asyncio.timeout(SEND_DEADLINE_S):
                answer = await asyncio.get_running_loop().run_in_executor(self._threads, self._invoke, client, payload)
            return read_delivery(answer)
        except (TimeoutError, BotoCoreError, ClientError, InvalidMessageError):
            return Delivery(failed=frozenset(receivers))

    def _invoke(self, client: Any, payload: bytes) -> bytes:
        answer: bytes = client.invoke(FunctionName=self._function_name, Payload=payload)["Payload"].read()
        return answer


class HandingOnNotifier:
    """`babelcast.ports.Notifier` that posts to a few by itself and hands many on.

    Args:
        connections: For notices to at most `CHUNK_RECEIVERS`, and for slow connections, for which no chunk waits.
        senders: For all others.
        meter: Counts what was sent, what of it was handed on, what could not be, and connections that are gone.
    """

    def __init__(self, connections: ApiGatewayConnections, senders: NotificationSenders, meter: Meter) -> None:
        self._connections = connections
        self._senders = senders
        self._meter = meter

    async def send(self, receivers: Iterable[ConnectionId], notice: Notice) -> Mapping[ConnectionId, Reach]:
        """See the port."""
        targets, message = tuple(receivers), encode_notice(notice)
        if len(targets) <= CHUNK_RECEIVERS:
            delivery = await self._connections.post(targets, message)
        else:
            delivery = await self._hand_on(targets, message, getattr(notice, "session_id", None))
        return reach_of(targets, delivery, self._meter)

    async def _hand_on(
        self, targets: tuple[ConnectionId, ...], message: bytes, session_id: SessionId | None
    ) -> Delivery:
        slow = self._connections.slow_among(targets)
        prompt = tuple(each for each in targets if each not in slow)
        self._meter.count("NotificationsHandedOn", len(prompt))
        deliveries = await asyncio.gather(
            self._connections.post(slow, message),
            *(self._senders.post(chunk, message, session_id) for chunk in chunks_of(prompt)),
        )
        delivery = reduce(or_, deliveries)
        self._connections.note_slow(delivery.late)
        return delivery


def chunks_of(targets: tuple[ConnectionId, ...]) -> Iterable[tuple[ConnectionId, ...]]:
    """As few chunks as there can be, all of about the same size."""
    if not targets:
        return ()
    size = ceil(len(targets) / ceil(len(targets) / CHUNK_RECEIVERS))
    return [targets[start : start + size] for start in range(0, len(targets), size)]
