"""API Gateway's ``@connections``: the way to every client."""

import asyncio
from collections.abc import Iterable, Mapping

from babelcast.adapters.aws_client import call, client
from babelcast.domain.connection import ConnectionId
from babelcast.domain.errors import BabelcastError, ConnectionGoneError
from babelcast.domain.notices import Notice
from babelcast.ports import Meter, Reach
from babelcast.protocol.messages import encode_notice


class ApiGatewayNotifier:
    """`babelcast.ports.Notifier`.

    Args:
        endpoint_url: The API's management endpoint, ``https://…/stage``.
        meter: Counts what was sent, what could not be, and connections that are gone.
    """

    def __init__(self, endpoint_url: str, meter: Meter) -> None:
        self._client = client("apigatewaymanagementapi", endpoint_url)
        self._meter = meter

    async def send(self, receivers: Iterable[ConnectionId], notice: Notice) -> Mapping[ConnectionId, Reach]:
        """See the port."""
        data = encode_notice(notice)
        targets = tuple(receivers)
        reached = await asyncio.gather(*(self._post(each, data) for each in targets))
        self._meter.count("NotificationsSent", len(targets))
        self._meter.count("NotificationsFailed", reached.count(Reach.FAILED))
        self._meter.count("ConnectionsGone", reached.count(Reach.GONE))
        return dict(zip(targets, reached, strict=True))

    async def _post(self, connection_id: ConnectionId, data: bytes) -> Reach:
        try:
            await call(
                self._client.post_to_connection,
                errors={"GoneException": ConnectionGoneError},
                ConnectionId=connection_id,
                Data=data,
            )
        except ConnectionGoneError:
            return Reach.GONE
        except BabelcastError:
            return Reach.FAILED
        return Reach.REACHED
