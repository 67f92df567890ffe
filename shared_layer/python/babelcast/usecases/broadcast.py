"""Tell connections something, and forget those that are gone."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from babelcast.domain.connection import Connection
from babelcast.domain.notices import Notice
from babelcast.ports import Notifier, Reach
from babelcast.usecases.lose_connection import LoseConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """Send notices to connections."""

    notifier: Notifier
    lose: LoseConnection

    async def __call__(self, receivers: Iterable[Connection], notice: Notice) -> tuple[Connection, ...]:
        """Send to all of them; a connection that no longer exists is removed and disturbs nobody.

        Returns:
            Those that could not be reached, although they may exist.
        """
        targets = {each.connection_id: each for each in receivers}
        reached = await self.notifier.send(targets, notice)
        await asyncio.gather(*(self.lose(each) for each in targets if reached[each] is Reach.GONE))
        return tuple(targets[each] for each in targets if reached[each] is Reach.FAILED)
