"""From a message to the use case that carries it out."""

from typing import Final

from babelcast.domain.caller import Caller
from babelcast.domain.connection import Role
from babelcast.domain.errors import BabelcastError
from babelcast.domain.notices import BroadcastState, ConnectionRefreshRequired, Notice
from babelcast.domain.session import BroadcastCommand, Session
from babelcast.protocol import messages
from babelcast.wiring import ConnectionHandling, now_ms

_REFRESH_BEFORE_MS: Final = 10 * 60 * 1000
"""A client is told to open a new connection at 1 h 50 of the 2 h that API Gateway allows."""

_COMMANDS: Final = {
    messages.PauseBroadcast: BroadcastCommand.PAUSE,
    messages.ResumeBroadcast: BroadcastCommand.RESUME,
    messages.MuteBroadcast: BroadcastCommand.MUTE,
    messages.UnmuteBroadcast: BroadcastCommand.UNMUTE,
    messages.EndSession: BroadcastCommand.END,
}


async def carry_out(handling: ConnectionHandling, caller: Caller, body: str) -> Notice | None:
    """Carry a message out and return the answer for its sender, if it has one.

    A chunk is limited by its sound; one that has none to be heard is a message like all others, whatever its route.

    Raises:
        BabelcastError: The message is refused; nothing has been changed.
    """
    try:
        message = messages.decode_message(body)
        if isinstance(message, messages.AudioChunkMessage):
            return await handling.accept_audio(caller, message.session_id, message.chunk())
    except BabelcastError as error:
        if not error.retryable:
            handling.limits.message(caller.connection_id)
        raise
    handling.limits.message(caller.connection_id)
    return await _carry_out(handling, caller, message)


async def _carry_out(handling: ConnectionHandling, caller: Caller, message: messages.ClientMessage) -> Notice | None:
    match message:
        case messages.JoinSession():
            if message.last_sequence_number is not None:
                handling.limits.replay(caller.connection_id)
            await handling.join(caller, message.last_sequence_number, seat=message.seat_key())
            await handling.status.changed(caller.session_id)
        case messages.Resume():
            handling.limits.replay(caller.connection_id)
            await handling.join.resume(caller, message.last_sequence_number)
        case messages.SetVolume():
            caller.require(Role.SPEAKER)
            await _tell_state(
                handling,
                await handling.control.set_volume(caller.session_id, caller.grant.user_id, message.volume),
            )
        case messages.GetSessionStatus():
            await handling.status.answer(caller.connection())
        case messages.Heartbeat():
            return _refresh(caller)
        case messages.ChangeLanguage():
            await handling.listening.language(caller, message.target_language)
            await handling.status.changed(caller.session_id)
        case messages.PausePlayback() | messages.ResumePlayback():
            await handling.listening.listening(caller, listening=isinstance(message, messages.ResumePlayback))
        case messages.PlaybackReport():
            await handling.note_playback(caller, [each.playback() for each in message.clips])
        case _:
            await _command(handling, caller, _COMMANDS[type(message)])
    return None


async def _command(handling: ConnectionHandling, caller: Caller, command: BroadcastCommand) -> None:
    caller.require(Role.SPEAKER)
    session = await handling.control(caller.session_id, caller.grant.user_id, command)
    if not session.is_over:
        # The end is told by the processor, once everybody has heard the last words.
        await _tell_state(handling, session)


async def _tell_state(handling: ConnectionHandling, session: Session) -> None:
    audience = await handling.connections.audience(session.session_id)
    await handling.broadcast(
        audience.connections,
        BroadcastState.of(session),
    )


def _refresh(caller: Caller) -> Notice | None:
    if now_ms() < caller.expires_at_ms - _REFRESH_BEFORE_MS:
        return None
    return ConnectionRefreshRequired(expires_at=caller.expires_at_ms)
