"""A connection is gone: forget it, and when it was the speaker's last, let the stream know."""

from collections.abc import Callable
from dataclasses import dataclass

from babelcast.domain.caller import Caller
from babelcast.domain.connection import Role
from babelcast.domain.stream_record import Control, ControlKind
from babelcast.ports import AudioStream, Sessions
from babelcast.usecases.lose_connection import LoseConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseConnection:
    """Handle lost connections. Nobody does it a second time, so what fails keeps nothing else from being done."""

    sessions: Sessions
    lose: LoseConnection
    stream: AudioStream
    now_ms: Callable[[], int]

    async def __call__(self, caller: Caller) -> None:
        """Forget the connection.

        Raises:
            SessionNotFoundError: The session has expired.
        """
        try:
            if caller.grant.role is Role.SPEAKER:
                await self._detach(caller)
        finally:
            # A record that stays is found by the next post to the connection.
            await self.lose(caller.connection_id)

    async def _detach(self, caller: Caller) -> None:
        was_last = await self.sessions.detach_speaker(caller.session_id, caller.connection_id)
        if was_last and not (await self.sessions.get(caller.session_id)).is_over:
            lost = Control(kind=ControlKind.LOST, at_ms=self.now_ms())
            await self.stream.append(caller.session_id, caller.grant.cell, lost)
