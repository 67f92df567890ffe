"""Notices to connections, posted by this very function."""

from collections.abc import Iterable, Mapping

from babelcast.adapters.api_gateway import ApiGatewayConnections
from babelcast.domain.connection import ConnectionId
from babelcast.domain.delivery import Delivery
from babelcast.domain.notices import Notice
from babelcast.ports import Meter, Reach
from babelcast.protocol.messages import encode_notice


class ApiGatewayNotifier:
    """`babelcast.ports.Notifier` that posts everything itself.

    Args:
        connections: Where to.
        meter: Counts what was sent, what could not be, and connections that are gone.
    """

    def __init__(self, connections: ApiGatewayConnections, meter: Meter) -> None:
        self._connections = connections
        self._meter = meter

    async def send(self, receivers: Iterable[ConnectionId], notice: Notice) -> Mapping[ConnectionId, Reach]:
        """See the port."""
        targets = tuple(receivers)
        return reach_of(targets, await self._connections.post(targets, encode_notice(notice)), self._meter)


def reach_of(targets: tuple[ConnectionId, ...], delivery: Delivery, meter: Meter) -> Mapping[ConnectionId, Reach]:
    """What became of a notice to each of those it was meant for; counts it."""
    reached = dict.fromkeys(targets, Reach.REACHED)
    for outcome, connection_ids in (
        (Reach.GONE, delivery.gone),
        (Reach.REFUSED, delivery.refused),
        (Reach.FAILED, delivery.late | delivery.failed),
    ):
        reached.update(dict.fromkeys(connection_ids, outcome))
    meter.count("NotificationsSent", len(targets))
    meter.count("NotificationsFailed", len(delivery.late) + len(delivery.failed) + len(delivery.refused))
    meter.count("ConnectionsGone", len(delivery.gone))
    return reached
