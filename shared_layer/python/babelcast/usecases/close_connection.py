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
    """Handle lost connections."""

    sessions: Sessions
    lose: LoseConnection
    stream: AudioStream
    now_ms: Callable[[], int]

    async def __call__(self, caller: Caller) -> None:
        """Forget the connection.

        Raises:
            SessionNotFoundError: The session has expired.
        """
        await self.lose(caller.connection_id)
        if caller.grant.role is not Role.SPEAKER:
            return
        was_last = await self.sessions.detach_speaker(caller.session_id, caller.connection_id)
        if was_last and not (await self.sessions.get(caller.session_id)).is_over:
            lost = Control(kind=ControlKind.LOST, at_ms=self.now_ms())
            await self.stream.append(caller.session_id, caller.grant.cell, lost)
