"""Pause, resume, mute, unmute, end and volume; the stream learns of them in order with the audio."""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from babelcast.domain.errors import NotAllowedError
from babelcast.domain.session import BroadcastCommand, Session, SessionId, UserId, next_state, require_volume
from babelcast.domain.stream_record import Control, ControlKind
from babelcast.ports import AudioStream, Sessions

_CONTROLS: Final = MappingProxyType(
    {
        BroadcastCommand.PAUSE: ControlKind.PAUSE,
        BroadcastCommand.MUTE: ControlKind.PAUSE,
        BroadcastCommand.RESUME: ControlKind.RESUME,
        BroadcastCommand.UNMUTE: ControlKind.RESUME,
        BroadcastCommand.END: ControlKind.END,
    }
)
"""A muted microphone sends nothing, so what was said before is finished as at a pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlBroadcast:
    """Carry out a speaker's commands."""

    sessions: Sessions
    stream: AudioStream
    now_ms: Callable[[], int]

    async def __call__(self, session_id: SessionId, user_id: UserId | None, command: BroadcastCommand) -> Session:
        """The session afterwards. The record is written first: a command that failed half-way can be repeated.

        Raises:
            SessionNotFoundError, SessionEndedError: There is nothing to control.
            NotAllowedError: Not the owner, or the command does not fit the state.
        """
        session = await self._owned(session_id, user_id)
        next_state(session.state, command)
        now_ms = self.now_ms()
        await self.stream.append(session_id, session.cell, Control(kind=_CONTROLS[command], at_ms=now_ms))
        return await self.sessions.apply(session_id, command, now_ms=now_ms)

    async def set_volume(self, session_id: SessionId, user_id: UserId | None, volume: float) -> Session:
        """The session with another gain for its listeners.

        Raises:
            NotAllowedError: Not the owner.
            InvalidMessageError: Not within 0.0–1.0.
        """
        require_volume(volume)
        await self._owned(session_id, user_id)
        return await self.sessions.set_volume(session_id, volume)

    async def _owned(self, session_id: SessionId, user_id: UserId | None) -> Session:
        session = await self.sessions.get(session_id)
        if session.speaker_id != user_id:
            raise NotAllowedError("only the speaker who created the session may do this")
        return session
