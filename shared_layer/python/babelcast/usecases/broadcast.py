"""Tell connections something, and forget those that are gone."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from babelcast.domain.connection import Connection
from babelcast.domain.notices import Notice
from babelcast.ports import Connections, Notifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """Send notices to connections."""

    notifier: Notifier
    connections: Connections

    async def __call__(self, receivers: Iterable[Connection], notice: Notice) -> None:
        """Send to all of them; a connection that no longer exists is removed and disturbs nobody."""
        gone = await self.notifier.send((each.connection_id for each in receivers), notice)
        await asyncio.gather(*(self.connections.remove(each) for each in gone))
