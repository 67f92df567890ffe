"""The narrow verbs that use cases need from the outside world.

All are asynchronous, bounded in time and raise only errors of `babelcast.domain.errors`; besides those named,
every store may raise `StorageUnavailableError`.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from babelcast.domain.connection import Audience, Connection, ConnectionId
from babelcast.domain.dynamics import NEUTRAL, Prosody
from babelcast.domain.languages import Language, LanguageCode, Voice
from babelcast.domain.limits import Limit
from babelcast.domain.notices import Notice
from babelcast.domain.seat import SeatKey
from babelcast.domain.segment import Segment
from babelcast.domain.session import BroadcastCommand, Cursor, Session, SessionId, UserId
from babelcast.domain.session_step import SessionStep
from babelcast.domain.stream_record import Payload, StreamRecord
from babelcast.domain.transcript import Result


class Sessions(Protocol):
    """Sessions by id."""

    async def create(self, session: Session) -> bool:
        """Store a new session; False when the id is taken."""
        ...

    async def get(self, session_id: SessionId) -> Session:
        """The session as it is now (strongly consistent).

        Raises:
            SessionNotFoundError: None, or expired.
        """
        ...

    async def apply(self, session_id: SessionId, command: BroadcastCommand, *, now_ms: int) -> Session:
        """Change the state by a command, atomically, and return the session afterwards.

        Raises:
            SessionNotFoundError, SessionEndedError, NotAllowedError: See `next_state`.
        """
        ...

    async def set_volume(self, session_id: SessionId, volume: float) -> Session:
        """Store the listeners' gain.

        Raises:
            SessionNotFoundError: None.
        """
        ...

    async def attach_speaker(self, session_id: SessionId, connection_id: ConnectionId) -> bool:
        """This connection is the speaker's from now on; False when it takes the place of another one.

        True also when it was theirs before, so that whoever does it again tells again what may not have been told.

        Raises:
            SessionNotFoundError: None.
        """
        ...

    async def detach_speaker(self, session_id: SessionId, connection_id: ConnectionId) -> bool:
        """The connection is gone, and the speaker has none; False when they have another one, and nothing changes.

        Doing it again has the same answer.
        """
        ...

    async def claim_status(self, session_id: SessionId, *, now_ms: int, interval_ms: int) -> bool:
        """Whether this caller may send the speaker a status now: at most once per interval over all callers."""
        ...


class Cursors(Protocol):
    """How far each session has been committed; every change is conditional on nobody else having changed it."""

    async def move(self, session_id: SessionId, *, expected: Cursor, moved: Cursor) -> None:
        """Move the cursor without a segment (over silence).

        Raises:
            CursorMovedError: It is not where it was expected.
        """
        ...

    async def commit(self, segment: Segment, *, expected: Cursor, moved: Cursor, expires_at_s: int) -> None:
        """Store a segment and move the cursor in one transaction.

        The segment may vanish once its session expires, at ``expires_at_s``, or earlier.

        Raises:
            CursorMovedError: It is not where it was expected, or the segment exists.
        """
        ...


class Segments(Protocol):
    """Committed segments."""

    async def mark_delivered(self, session_id: SessionId, number: int) -> None:
        """Its listeners have been notified."""
        ...

    async def since(self, session_id: SessionId, number: int, *, limit: int) -> Sequence[Segment]:
        """Up to ``limit`` segments from a number on, ascending."""
        ...

    async def latest(self, session_id: SessionId, *, limit: int, since: int = 0) -> Sequence[Segment]:
        """The last ``limit`` segments of those from a number on, ascending; fewer when they are large."""
        ...


class Connections(Protocol):
    """Open connections."""

    async def add(self, connection: Connection) -> bool:
        """Store a connection; False when it was known already."""
        ...

    async def get(self, connection_id: ConnectionId) -> Connection | None:
        """A connection, if it is known."""
        ...

    async def change(
        self,
        connection_id: ConnectionId,
        *,
        language: LanguageCode | None = None,
        listening: bool | None = None,
        delay_ms: int | None = None,
    ) -> Connection | None:
        """Change what is given of a listener; the connection afterwards, if it is known."""
        ...

    async def pause(self, connection_id: ConnectionId, *, returns_by_ms: int) -> None:
        """A listener pauses, and may go on until then; nothing happens if they have paused before, or are not known."""
        ...

    async def remove(self, connection_id: ConnectionId) -> Connection | None:
        """Forget a connection and return what it was."""
        ...

    async def keep_language(self, session_id: SessionId, language: LanguageCode, *, until_ms: int) -> None:
        """A listener of the language may come back until then, or until what was said before if that is later."""
        ...

    async def audience(self, session_id: SessionId) -> Audience:
        """Everybody connected to a session (eventually consistent)."""
        ...


class CellCapacity(Protocol):
    """Room for live sessions in the cells."""

    async def claim(self, session_id: SessionId, *, expires_at_s: int, now_s: int) -> int:
        """Take a place in the emptiest cell and return the cell.

        Raises:
            AtCapacityError: Every cell is full.
        """
        ...

    async def occupants(self) -> Sequence[Mapping[SessionId, int]]:
        """Of each cell, the sessions that hold a place there, and until when, epoch seconds."""
        ...

    async def release(self, session_id: SessionId, cell: int) -> None:
        """Give the place back; nothing happens if it was not held."""
        ...


class SpeakerPlaces(Protocol):
    """Room for the live sessions of each speaker."""

    async def claim(self, speaker_id: UserId, session_id: SessionId, *, expires_at_s: int, now_s: int) -> None:
        """Take one of the speaker's places.

        Raises:
            SpeakerAtCapacityError: All of them are taken.
        """
        ...

    async def occupants(self, speaker_id: UserId) -> Mapping[SessionId, int]:
        """The sessions that hold the speaker's places, and until when, epoch seconds."""
        ...

    async def release(self, speaker_id: UserId, session_id: SessionId) -> None:
        """Give the place back; nothing happens if it was not held."""
        ...


class Seats(Protocol):
    """Room for the listeners of each session."""

    async def take(self, session_id: SessionId, *, seats: int, now_ms: int) -> None:
        """Take one of so many seats; a room that seems full is counted again, as not every listener is seen to leave.

        Raises:
            RoomFullError: Every seat is taken.
        """
        ...

    async def give_back(self, session_id: SessionId) -> None:
        """A listener who had a seat is gone."""
        ...

    async def holder(self, session_id: SessionId, seat: SeatKey) -> ConnectionId | None:
        """The connection that a listener's own seat was last assigned to, whether or not it still exists."""
        ...

    async def assign(self, session_id: SessionId, seat: SeatKey, holder: ConnectionId, *, now_ms: int) -> None:
        """From now on a listener's own seat is this connection's; how many are taken does not change."""
        ...


class RateLimits(Protocol):
    """Buckets that all environments share, by limit and key; see `babelcast.domain.limits`. One that is asked for
    faster than its store can count raises `RateLimitedError`, whatever is in it.
    """

    async def take(self, key: str, limit: Limit, *, now_ms: int) -> None:
        """Take one unit, exactly, however many take at the same time.

        Raises:
            LimitReachedError: The bucket is empty.
        """
        ...

    async def require_room(self, key: str, limit: Limit, *, now_ms: int) -> None:
        """Take nothing, but be refused when taking would be, in one row with all who take at the same time.

        Raises:
            LimitReachedError: The bucket is empty.
        """
        ...


class AudioStream(Protocol):
    """The stream that buffers audio and controls, ordered by session."""

    async def append(self, session_id: SessionId, cell: int, payload: Payload) -> None:
        """Add a record; it is durable when this returns."""
        ...


class AudioHistory(Protocol):
    """What has passed through one cell's stream."""

    def read(self, session_id: SessionId, *, start: str, before: str) -> AsyncIterator[StreamRecord]:
        """A session's records from one sequence number (inclusive) to another (exclusive), in stream order."""
        ...


class TranscriptionStream(Protocol):
    """One open conversation with the recogniser."""

    async def send(self, pcm: bytes) -> None:
        """Feed at most a second of audio.

        Raises:
            TranscriptionUnavailableError: The stream is broken.
        """
        ...

    async def next_result(self, deadline_s: float) -> Result | None:
        """The next result, or None when none comes within so many seconds or the stream has ended.

        Raises:
            TranscriptionUnavailableError: The stream broke.
        """
        ...

    async def end(self) -> None:
        """Say that no more audio follows; the remaining results can still be read.

        Raises:
            TranscriptionUnavailableError: The stream is broken.
        """
        ...

    @property
    def is_finished(self) -> bool:
        """Whether every result has been read after the end."""
        ...

    async def close(self) -> None:
        """Let go of it at once; never raises."""
        ...


class Transcriber(Protocol):
    """The recogniser."""

    async def open(self, source: Language, *, origin_sample: int) -> TranscriptionStream:
        """Open a stream whose first sample is at an absolute position; results come in absolute positions.

        Raises:
            TranscriptionUnavailableError: It refuses or does not answer.
        """
        ...


class Translator(Protocol):
    """Text from one language to another."""

    async def translate(self, text: str, *, source: Language, target: Language) -> str:
        """Translate a segment.

        Raises:
            TranslationUnavailableError: It failed after its retries.
        """
        ...


class Synthesizer(Protocol):
    """Text to speech."""

    async def synthesize(self, text: str, voice: Voice, prosody: Prosody = NEUTRAL) -> bytes:
        """Speak a segment as MP3, mono, 24 kHz.

        Args:
            text: What to speak.
            voice: Who speaks it.
            prosody: How, as far as the voice's engine has a choice.

        Raises:
            SynthesisUnavailableError: It failed after its retries.
        """
        ...


class Clips(Protocol):
    """Spoken segments in storage."""

    async def put(self, key: str, mp3: bytes) -> float:
        """Store a clip and return its duration in seconds."""
        ...

    def url(self, key: str) -> str:
        """Where a listener may fetch it for the next ten minutes."""
        ...


class Reach(StrEnum):
    """What became of a notice to a connection."""

    REACHED = "reached"
    GONE = "gone"
    """The connection no longer exists."""
    REFUSED = "refused"
    """It exists and will never take this notice; sending again does not help."""
    FAILED = "failed"
    """It may exist; sending again may help."""


class Notifier(Protocol):
    """The way to clients."""

    async def send(self, receivers: Iterable[ConnectionId], notice: Notice) -> Mapping[ConnectionId, Reach]:
        """Send a notice to each at once and say what became of it; one failure never stops the others."""
        ...


class TokenVerifier(Protocol):
    """Speakers' access tokens."""

    async def verify(self, token: str) -> UserId:
        """The user of a valid token.

        Raises:
            NotAuthenticatedError: Expired, forged, of another pool or kind.
        """
        ...


class Meter(Protocol):
    """Counts and times what happens; names are metric names, never text."""

    def count(self, name: str, value: int = 1, *, language: LanguageCode | None = None) -> None:
        """Add to a counter; zero says that there was an occasion and nothing happened.

        Args:
            name: Of the metric.
            value: What to add.
            language: Add it to that language's own counter as well. Each language is one more metric to store, so this
                is for what is rare.
        """
        ...

    def duration_ms(self, name: str, value: float) -> None:
        """Record a duration."""
        ...

    def level(self, name: str, value: float) -> None:
        """Record a level, in decibels of whatever the metric says."""
        ...


class Journal(Protocol):
    """The course of each session, for whoever looks into what happened in a room."""

    def note(self, step: SessionStep, session_id: SessionId, **details: int | str) -> None:
        """Write a line.

        Args:
            step: What happened.
            session_id: Where.
            details: Numbers, ids and codes; never what was said, and nothing that opens a door.
        """
        ...
