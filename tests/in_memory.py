"""The ports without AWS: the same promises, kept in dictionaries. `tests/ports` holds them to AWS's adapters."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from babelcast.domain.audio import AudioChunk, samples_to_ms
from babelcast.domain.connection import Audience, Connection, ConnectionId
from babelcast.domain.dynamics import NEUTRAL, Prosody
from babelcast.domain.errors import (
    AtCapacityError,
    CursorMovedError,
    RoomFullError,
    SessionNotFoundError,
    SpeakerAtCapacityError,
    StorageUnavailableError,
    SynthesisUnavailableError,
    TranslationUnavailableError,
)
from babelcast.domain.languages import Language, LanguageCode, Voice
from babelcast.domain.limits import Limit
from babelcast.domain.notices import Notice
from babelcast.domain.seat import SeatKey
from babelcast.domain.segment import Segment
from babelcast.domain.session import BroadcastCommand, Cursor, Session, SessionId, UserId
from babelcast.domain.session_step import SessionStep
from babelcast.domain.stream_record import Payload, StreamRecord
from babelcast.ports import Reach


class InMemorySessions:
    def __init__(self) -> None:
        self.by_id: dict[SessionId, Session] = {}
        self._speakers: dict[SessionId, ConnectionId] = {}
        self._status_at: dict[SessionId, int] = {}

    async def create(self, session: Session) -> bool:
        return self.by_id.setdefault(session.session_id, session) is session

    async def get(self, session_id: SessionId) -> Session:
        try:
            return self.by_id[session_id]
        except KeyError:
            raise SessionNotFoundError("no such session") from None

    async def apply(self, session_id: SessionId, command: BroadcastCommand, *, now_ms: int) -> Session:
        self.by_id[session_id] = (await self.get(session_id)).after(command, now_ms=now_ms)
        return self.by_id[session_id]

    async def set_volume(self, session_id: SessionId, volume: float) -> Session:
        self.by_id[session_id] = replace(await self.get(session_id), volume=volume)
        return self.by_id[session_id]

    async def attach_speaker(self, session_id: SessionId, connection_id: ConnectionId) -> bool:
        self.by_id[session_id] = replace(await self.get(session_id), speaker_connected=True)
        before = self._speakers.get(session_id)
        self._speakers[session_id] = connection_id
        return before in (None, connection_id)

    async def detach_speaker(self, session_id: SessionId, connection_id: ConnectionId) -> bool:
        if session_id not in self.by_id or self._speakers.get(session_id, connection_id) != connection_id:
            return False
        self._speakers.pop(session_id, None)
        self.by_id[session_id] = replace(await self.get(session_id), speaker_connected=False)
        return True

    async def claim_status(self, session_id: SessionId, *, now_ms: int, interval_ms: int) -> bool:
        if session_id not in self.by_id or self._status_at.get(session_id, -interval_ms) > now_ms - interval_ms:
            return False
        self._status_at[session_id] = now_ms
        return True


class InMemorySegments:
    def __init__(self) -> None:
        self.by_key: dict[tuple[SessionId, int], Segment] = {}

    async def mark_delivered(self, session_id: SessionId, number: int) -> None:
        self.by_key[session_id, number] = replace(self.by_key[session_id, number], delivered=True)

    async def since(self, session_id: SessionId, number: int, *, limit: int) -> Sequence[Segment]:
        return [each for each in self.of(session_id) if each.source.number >= number][:limit]

    async def latest(self, session_id: SessionId, *, limit: int, since: int = 0) -> Sequence[Segment]:
        return [each for each in self.of(session_id) if each.source.number >= since][-limit:]

    def of(self, session_id: SessionId) -> list[Segment]:
        return [self.by_key[key] for key in sorted(self.by_key) if key[0] == session_id]


class InMemoryCursors:
    def __init__(self, sessions: InMemorySessions, segments: InMemorySegments) -> None:
        self._sessions = sessions
        self._segments = segments

    async def move(self, session_id: SessionId, *, expected: Cursor, moved: Cursor) -> None:
        session = self._sessions.by_id.get(session_id)
        if session is None or session.cursor != expected:
            raise CursorMovedError("the cursor is elsewhere")
        self._sessions.by_id[session_id] = replace(session, cursor=moved)

    async def commit(self, segment: Segment, *, expected: Cursor, moved: Cursor, expires_at_s: int) -> None:
        key = (segment.session_id, segment.source.number)
        if key in self._segments.by_key:
            raise CursorMovedError("the segment exists")
        await self.move(segment.session_id, expected=expected, moved=moved)
        self._segments.by_key[key] = segment


class InMemoryConnections:
    def __init__(self) -> None:
        self.by_id: dict[ConnectionId, Connection] = {}
        self._kept: dict[SessionId, dict[LanguageCode, int]] = {}

    async def add(self, connection: Connection) -> bool:
        is_new = connection.connection_id not in self.by_id
        self.by_id[connection.connection_id] = connection
        return is_new

    async def get(self, connection_id: ConnectionId) -> Connection | None:
        return self.by_id.get(connection_id)

    async def change(
        self,
        connection_id: ConnectionId,
        *,
        language: LanguageCode | None = None,
        listening: bool | None = None,
        delay_ms: int | None = None,
    ) -> Connection | None:
        known = self.by_id.get(connection_id)
        if known is None:
            return None
        self.by_id[connection_id] = replace(
            known,
            target_language=known.target_language if language is None else language,
            listening=known.listening if listening is None else listening,
            delay_ms=known.delay_ms if delay_ms is None else delay_ms,
        )
        return self.by_id[connection_id]

    async def pause(self, connection_id: ConnectionId, *, returns_by_ms: int) -> None:
        known = self.by_id.get(connection_id)
        if known is not None and known.listening:
            self.by_id[connection_id] = replace(known, listening=False, returns_by_ms=returns_by_ms)

    async def remove(self, connection_id: ConnectionId) -> Connection | None:
        return self.by_id.pop(connection_id, None)

    async def keep_language(self, session_id: SessionId, language: LanguageCode, *, until_ms: int) -> None:
        kept = self._kept.setdefault(session_id, {})
        kept[language] = max(until_ms, kept.get(language, 0))

    async def audience(self, session_id: SessionId) -> Audience:
        return Audience(
            connections=tuple(each for each in self.by_id.values() if each.session_id == session_id),
            kept_until_ms=self._kept.get(session_id, {}),
        )


class InMemoryCapacity:
    def __init__(self, *, cells: int, sessions_per_cell: int) -> None:
        self._cells: list[dict[SessionId, int]] = [{} for _ in range(cells)]
        self._sessions_per_cell = sessions_per_cell

    async def claim(self, session_id: SessionId, *, expires_at_s: int, now_s: int) -> int:
        for held in self._cells:
            for key in [key for key, until in held.items() if until <= now_s]:
                del held[key]
        cell = min(range(len(self._cells)), key=lambda each: len(self._cells[each]))
        if len(self._cells[cell]) >= self._sessions_per_cell:
            raise AtCapacityError("full")
        self._cells[cell][session_id] = expires_at_s
        return cell

    async def occupants(self) -> Sequence[Mapping[SessionId, int]]:
        return [dict(held) for held in self._cells]

    async def release(self, session_id: SessionId, cell: int) -> None:
        self._cells[cell].pop(session_id, None)


class InMemorySpeakerPlaces:
    def __init__(self, *, sessions_per_speaker: int) -> None:
        self._by_speaker: dict[UserId, dict[SessionId, int]] = {}
        self._places = sessions_per_speaker

    async def claim(self, speaker_id: UserId, session_id: SessionId, *, expires_at_s: int, now_s: int) -> None:
        held = {key: until for key, until in self._by_speaker.get(speaker_id, {}).items() if until > now_s}
        if len(held) >= self._places:
            raise SpeakerAtCapacityError("full")
        self._by_speaker[speaker_id] = {**held, session_id: expires_at_s}

    async def occupants(self, speaker_id: UserId) -> Mapping[SessionId, int]:
        return dict(self._by_speaker.get(speaker_id, {}))

    async def release(self, speaker_id: UserId, session_id: SessionId) -> None:
        self._by_speaker.get(speaker_id, {}).pop(session_id, None)


class InMemorySeats:
    def __init__(self, connections: "InMemoryConnections") -> None:
        self._connections = connections
        self._taken: Counter[SessionId] = Counter()
        self._counted_at_ms: dict[SessionId, int] = {}
        self._holders: dict[tuple[SessionId, SeatKey], ConnectionId] = {}

    async def take(self, session_id: SessionId, *, seats: int, now_ms: int) -> None:
        counted_at_ms = self._counted_at_ms.get(session_id)
        is_due = counted_at_ms is None or counted_at_ms + 10_000 <= now_ms
        if self._taken[session_id] >= seats and is_due:
            self._counted_at_ms[session_id] = now_ms
            self._taken[session_id] = len((await self._connections.audience(session_id)).listeners)
        if self._taken[session_id] >= seats:
            raise RoomFullError("full")
        self._taken[session_id] += 1

    async def give_back(self, session_id: SessionId) -> None:
        self._taken[session_id] = max(0, self._taken[session_id] - 1)

    async def holder(self, session_id: SessionId, seat: SeatKey) -> ConnectionId | None:
        return self._holders.get((session_id, seat))

    async def assign(self, session_id: SessionId, seat: SeatKey, holder: ConnectionId, *, now_ms: int) -> None:
        self._holders[session_id, seat] = holder


class InMemoryRateLimits:
    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], float] = {}

    async def take(self, key: str, limit: Limit, *, now_ms: int) -> None:
        self._buckets[limit.name, key] = limit.take(self._buckets.get((limit.name, key), 0), now_ms=now_ms)

    async def require_room(self, key: str, limit: Limit, *, now_ms: int) -> None:
        limit.take(self._buckets.get((limit.name, key), 0), now_ms=now_ms)


class InMemoryStream:
    """One cell's stream: both ends of it; so many of the next reads fail."""

    def __init__(self) -> None:
        self.records: list[StreamRecord] = []
        self.read_failures = 0

    async def append(self, session_id: SessionId, cell: int, payload: Payload) -> None:
        # As if it had been spoken from the beginning of time on, and sent at once.
        at_ms = samples_to_ms(payload.end_offset) if isinstance(payload, AudioChunk) else payload.at_ms
        self.append_late(session_id, payload, arrived_at_ms=at_ms)

    def append_late(self, session_id: SessionId, payload: Payload, *, arrived_at_ms: int) -> None:
        """Take a record in at another time."""
        number = f"{49_000_000_000 + len(self.records)}"
        self.records.append(
            StreamRecord(session_id=session_id, sequence_number=number, payload=payload, arrived_at_ms=arrived_at_ms)
        )

    async def read(self, session_id: SessionId, *, start: str, before: str) -> AsyncIterator[StreamRecord]:
        if self.read_failures:
            self.read_failures -= 1
            raise StorageUnavailableError("cannot be read")
        for record in tuple(self.records):
            if int(start) <= int(record.sequence_number) < int(before) and record.session_id == session_id:
                yield record


@dataclass
class InMemoryClips:
    stored: dict[str, bytes] = field(default_factory=dict)

    async def put(self, key: str, mp3: bytes) -> float:
        self.stored[key] = mp3
        return len(mp3) / 10

    def url(self, key: str) -> str:
        return f"https://clips.example/{key}"


@dataclass
class RecordingNotifier:
    """Keeps what each connection was told, in order; some are gone, some fail so many times."""

    gone: set[ConnectionId] = field(default_factory=set)
    failures: Counter[ConnectionId] = field(default_factory=Counter)
    told: list[tuple[ConnectionId, Notice]] = field(default_factory=list)

    async def send(self, receivers: Iterable[ConnectionId], notice: Notice) -> Mapping[ConnectionId, Reach]:
        return {each: self._send(each, notice) for each in receivers}

    def _send(self, receiver: ConnectionId, notice: Notice) -> Reach:
        if receiver in self.gone:
            return Reach.GONE
        if self.failures[receiver] > 0:
            self.failures[receiver] -= 1
            return Reach.FAILED
        self.told.append((receiver, notice))
        return Reach.REACHED

    def to(self, connection_id: str) -> list[Notice]:
        return [notice for receiver, notice in self.told if receiver == connection_id]


@dataclass
class ScriptedTranslator:
    """Translates a word to the word with the language's mark; languages in ``broken`` fail."""

    broken: set[str] = field(default_factory=set)
    calls: list[tuple[str, str]] = field(default_factory=list)

    async def translate(self, text: str, *, source: Language, target: Language) -> str:
        self.calls.append((target.code, text))
        if target.code in self.broken:
            raise TranslationUnavailableError("broken")
        return " ".join(f"{word}/{target.code}" for word in text.split())


@dataclass
class ScriptedSynthesizer:
    """A byte per character; voices in ``broken`` fail."""

    broken: set[str] = field(default_factory=set)
    calls: list[tuple[str, str]] = field(default_factory=list)
    prosodies: list[Prosody] = field(default_factory=list)

    async def synthesize(self, text: str, voice: Voice, prosody: Prosody = NEUTRAL) -> bytes:
        self.calls.append((voice.voice_id, text))
        self.prosodies.append(prosody)
        if voice.voice_id in self.broken:
            raise SynthesisUnavailableError("broken")
        return text.encode()


class RecordedJournal:
    def __init__(self) -> None:
        self.lines: list[tuple[SessionStep, SessionId, dict[str, int | str]]] = []

    def note(self, step: SessionStep, session_id: SessionId, **details: int | str) -> None:
        self.lines.append((step, session_id, dict(details)))


class CountingMeter:
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.durations: dict[str, list[float]] = {}
        self.levels: dict[str, list[float]] = {}

    def count(self, name: str, value: int = 1, *, language: LanguageCode | None = None) -> None:
        self.counts[name] += value
        if language is not None:
            self.counts[f"{name}/{language}"] += value

    def duration_ms(self, name: str, value: float) -> None:
        self.durations.setdefault(name, []).append(value)

    def level(self, name: str, value: float) -> None:
        self.levels.setdefault(name, []).append(value)
