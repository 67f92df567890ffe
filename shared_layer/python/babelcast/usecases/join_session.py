"""A client is ready to hear: greet it, and send what it has missed."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from babelcast.domain.audio import ms_to_samples
from babelcast.domain.caller import Caller
from babelcast.domain.connection import Connection, Role
from babelcast.domain.languages import LanguageCode
from babelcast.domain.notices import BroadcastState, SegmentsLeftOut, SessionEnded, SessionJoined
from babelcast.domain.seat import SeatKey
from babelcast.domain.segment import Rendition, Segment
from babelcast.domain.session import Cursor, Session, SessionId
from babelcast.ports import Connections, Segments, Sessions
from babelcast.usecases.broadcast import Broadcast
from babelcast.usecases.notify_segment import NotifySegment
from babelcast.usecases.open_connection import OpenConnection

LATEST_CAPTIONS: Final = 3

_SENT_AT_ONCE: Final = 10
"""Ten minutes are there in the time of twenty posts; a listener puts segments in order by their numbers."""

MAX_REPLAYED_SEGMENTS: Final = 200
"""About ten minutes of speech; a listener who was away longer gets the last of it, and is told what is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinSession:
    """Greet clients and fill the holes that listeners see."""

    sessions: Sessions
    segments: Segments
    connections: Connections
    open: OpenConnection
    notify: NotifySegment
    broadcast: Broadcast
    now_ms: Callable[[], int]

    async def __call__(self, caller: Caller, last_sequence_number: int | None, *, seat: SeatKey | None = None) -> None:
        """Answer ``joinSession``; with a number, everything after it follows, and the end when that is over.

        Segments follow for listeners, captions for speakers.

        Args:
            caller: Who joins.
            last_sequence_number: The last that they have; None if they have none.
            seat: A listener's own; if another connection of theirs still has it, this one takes its place.

        Raises:
            SessionNotFoundError: The session has expired.
            RoomFullError: A listener has no seat.
        """
        connection = await self._connection(caller, seat)
        is_speaker = connection.role is Role.SPEAKER
        was_away = is_speaker and await self.sessions.attach_speaker(caller.session_id, caller.connection_id)
        session = await self.sessions.get(caller.session_id)
        await self.broadcast(
            (connection,),
            SessionJoined(
                session_id=session.session_id,
                role=connection.role,
                source_language=session.source_language,
                target_language=connection.target_language,
                state=session.state,
                volume=session.volume,
                next_sequence_number=session.cursor.next_segment,
                next_sample_offset=self._next_sample_offset(session) if is_speaker else None,
                speaker_connected=session.speaker_connected,
                connection_expires_at=caller.expires_at_ms,
                server_time=self.now_ms(),
            ),
        )
        if was_away:
            audience = await self.connections.audience(session.session_id)
            await self.broadcast(audience.listeners, BroadcastState.of(session))
        if last_sequence_number is None:
            await self._show_latest(session, connection)
        elif connection.target_language is None:
            await self._show_since(session, connection, last_sequence_number)
        else:
            await self._replay(connection, connection.target_language, last_sequence_number)
        if session.cursor.closed:
            await self.broadcast((connection,), SessionEnded(session_id=session.session_id, reason="ended"))

    async def _show_latest(self, session: Session, connection: Connection) -> None:
        """A listener who comes late reads what the room has just heard."""
        if session.cursor.next_segment == 0 or connection.role is Role.SPEAKER:
            return
        for segment in await self.segments.latest(session.session_id, limit=LATEST_CAPTIONS):
            await self.broadcast((connection,), self.notify.caption(session, segment))

    async def _show_since(self, session: Session, connection: Connection, last_sequence_number: int) -> None:
        """A speaker reads what they have said: what follows a caption they have, the latest of it."""
        for segment in await self._missed(session.session_id, last_sequence_number):
            if await self.broadcast((connection,), self.notify.caption(session, segment)):
                return

    async def resume(self, caller: Caller, last_sequence_number: int) -> None:
        """Send what follows a number again, as far back as is of use, and say what is left out.

        Raises:
            NotAllowedError: Only listeners have holes.
        """
        caller.require(Role.LISTENER)
        connection = await self._connection(caller)
        if connection.target_language is not None:
            await self._replay(connection, connection.target_language, last_sequence_number)

    def _next_sample_offset(self, session: Session) -> int:
        """Audio comes no faster than it is spoken, so none lies further than the session is old."""
        if session.cursor == Cursor():
            return 0
        return ms_to_samples(max(0, self.now_ms() - session.created_at_ms))

    async def _connection(self, caller: Caller, seat: SeatKey | None = None) -> Connection:
        """As it is now; one that found no seat, or whose record was lost, is stored now."""
        known = await self.connections.get(caller.connection_id)
        if known is None:
            known = caller.connection()
            await self.open(known, seat=seat)
        elif seat is not None and known.role is Role.LISTENER:
            await self.open.keep(known, seat)
        return known

    async def _replay(self, connection: Connection, language: LanguageCode, last_sequence_number: int) -> None:
        missed = await self._missed(connection.session_id, last_sequence_number)
        first_asked_for = last_sequence_number + 1
        if missed and missed[0].source.number > first_asked_for:
            left_out = await self._left_out(connection.session_id, first_asked_for, missed[0])
            if await self.broadcast((connection,), left_out):
                return
        for start in range(0, len(missed), _SENT_AT_ONCE):
            again = (
                self.notify.translated_audio(each, _rendition(each, language), replayed=True)
                for each in missed[start : start + _SENT_AT_ONCE]
            )
            unreached = await asyncio.gather(*(self.broadcast((connection,), notice) for notice in again))
            if any(unreached):
                # It asks for the rest when it can be reached.
                return

    async def _missed(self, session_id: SessionId, last_sequence_number: int) -> Sequence[Segment]:
        """What follows a number; of too much, what was said last."""
        return await self.segments.latest(session_id, limit=MAX_REPLAYED_SEGMENTS, since=last_sequence_number + 1)

    async def _left_out(self, session_id: SessionId, first_number: int, followed_by: Segment) -> SegmentsLeftOut:
        """The notice of everything from a number up to the first segment that is sent."""
        (first,) = await self.segments.since(session_id, first_number, limit=1)
        return SegmentsLeftOut(
            session_id=session_id,
            first_sequence_number=first_number,
            last_sequence_number=followed_by.source.number - 1,
            spoken_start_ms=first.source.spoken_start_ms,
            spoken_end_ms=followed_by.source.spoken_start_ms,
        )


def _rendition(segment: Segment, language: LanguageCode) -> Rendition:
    """The segment in a language, or its source text when nobody listened to the language at the time."""
    made = segment.renditions.get(language)
    if made is not None:
        return made
    return Rendition(language=language, text=segment.source.text, clip_key=None, duration_s=0.0, translated=False)
