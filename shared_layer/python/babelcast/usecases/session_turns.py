"""Sessions side by side: each one's records in their order, and nobody's wait for another session's."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from babelcast.domain.session import SessionId
from babelcast.domain.stream_record import StreamRecord

Serve = Callable[[SessionId, Sequence[StreamRecord]], Awaitable[None]]
"""Works off a session's records."""


class SessionTurns:
    """Whose records are being worked off, and what waits behind them.

    A turn may go on when the invocation in which it began has returned: the execution environment stands still until
    the next invocation, and so does the turn.
    """

    def __init__(self) -> None:
        self._waiting: dict[SessionId, list[tuple[Sequence[StreamRecord], asyncio.Future[None]]]] = {}
        self._under_way: dict[SessionId, asyncio.Task[None]] = {}

    @property
    def under_way(self) -> Mapping[SessionId, "asyncio.Task[None]"]:
        """For each session that is being served, what ends when nothing of it waits any more."""
        return dict(self._under_way)

    def take(self, session_id: SessionId, records: Sequence[StreamRecord], serve: Serve) -> "asyncio.Future[None]":
        """Serve a session behind what it has waiting; what waits together is served together.

        Args:
            session_id: Whose turn it is.
            records: In stream order; they may be none.
            serve: Called with these records and those that waited with them, each once.

        Returns:
            What ends with the turn, as `serve` did.
        """
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(session_id, []).append((records, turn))
        if session_id not in self._under_way:
            self._under_way[session_id] = asyncio.create_task(self._serve(session_id, serve))
        return turn

    async def _serve(self, session_id: SessionId, serve: Serve) -> None:
        try:
            while waiting := self._waiting.pop(session_id, None):
                outcome = await _outcome(serve(session_id, _together(records for records, _ in waiting)))
                for _, turn in waiting:
                    if outcome is None:
                        turn.set_result(None)
                    else:
                        turn.set_exception(outcome)
                        # It may be that nobody waits for it any more.
                        turn.exception()
        finally:
            del self._under_way[session_id]


async def _outcome(serving: Awaitable[None]) -> BaseException | None:
    (outcome,) = await asyncio.gather(serving, return_exceptions=True)
    return outcome


def _together(batches: Iterable[Sequence[StreamRecord]]) -> Sequence[StreamRecord]:
    """In stream order; a batch that is tried again brings records once more."""
    records = {each.sequence_number: each for records in batches for each in records}
    return sorted(records.values(), key=lambda each: int(each.sequence_number))
