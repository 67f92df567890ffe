"""A listener who comes back hears everything after minutes; after an hour the last of it, and how much is missing."""

from dataclasses import dataclass, field

import pytest

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.caller import Caller, Grant
from babelcast.domain.connection import ConnectionId, Role
from babelcast.domain.languages import LanguageCode
from babelcast.domain.notices import Notice, SegmentsLeftOut, SessionJoined, Transcription, TranslatedAudio
from babelcast.domain.segment import Rendition, Segment, SourceSegment
from babelcast.domain.session import Cursor, Session, SessionId, UserId
from babelcast.usecases.broadcast import Broadcast
from babelcast.usecases.join_session import MAX_REPLAYED_SEGMENTS, JoinSession
from babelcast.usecases.lose_connection import LoseConnection
from babelcast.usecases.notify_segment import NotifySegment
from babelcast.usecases.open_connection import OpenConnection
from tests.in_memory import (
    CountingMeter,
    InMemoryClips,
    InMemoryConnections,
    InMemorySeats,
    InMemorySegments,
    InMemorySessions,
    RecordingNotifier,
)

SESSION, ENGLISH, SPANISH = SessionId("joyful-hope-911"), LanguageCode("en"), LanguageCode("es")
HERE = ConnectionId("listener=")
SEGMENT_S = 3


@dataclass
class Hall:
    """A session in which one segment is said every three seconds, and one listener."""

    sessions: InMemorySessions = field(default_factory=InMemorySessions)
    segments: InMemorySegments = field(default_factory=InMemorySegments)
    connections: InMemoryConnections = field(default_factory=InMemoryConnections)
    notifier: RecordingNotifier = field(default_factory=RecordingNotifier)

    def __post_init__(self) -> None:
        seats, now_ms = InMemorySeats(self.connections), lambda: 1_000
        broadcast = Broadcast(
            notifier=self.notifier, lose=LoseConnection(connections=self.connections, seats=seats, now_ms=now_ms)
        )
        self.join = JoinSession(
            sessions=self.sessions,
            segments=self.segments,
            connections=self.connections,
            open=OpenConnection(
                connections=self.connections, seats=seats, listeners_per_session=9, meter=CountingMeter(), now_ms=now_ms
            ),
            notify=NotifySegment(broadcast=broadcast, clips=InMemoryClips(), segments=self.segments),
            broadcast=broadcast,
            now_ms=now_ms,
        )

    async def say(self, count: int) -> None:
        await self.sessions.create(
            Session(
                session_id=SESSION,
                speaker_id=UserId("speaker"),
                source_language=ENGLISH,
                target_languages=frozenset({SPANISH}),
                created_at_ms=0,
                expires_at_s=10**9,
                cursor=Cursor(next_segment=count),
            )
        )
        for number in range(count):
            text = f"texto {number}"
            self.segments.by_key[SESSION, number] = Segment(
                session_id=SESSION,
                source=SourceSegment(
                    number=number,
                    text=f"text {number}",
                    start_sample=number * SEGMENT_S * SAMPLE_RATE_HZ,
                    end_sample=(number + 1) * SEGMENT_S * SAMPLE_RATE_HZ,
                ),
                spoken_at_ms=0,
                committed_at_ms=0,
                renditions={
                    SPANISH: Rendition(language=SPANISH, text=text, clip_key="key", duration_s=1.0, translated=True)
                },
            )

    def told(self) -> list[Notice]:
        told, self.notifier.told = self.notifier.to(HERE), []
        return told


def caller(role: Role = Role.LISTENER) -> Caller:
    language = SPANISH if role is Role.LISTENER else None
    grant = Grant(session_id=SESSION, role=role, cell=0, source_language=ENGLISH, target_language=language)
    return Caller(connection_id=HERE, connected_at_ms=0, grant=grant)


def numbers(told: list[Notice]) -> list[int | None]:
    return [each.sequence_number for each in told if isinstance(each, TranslatedAudio | Transcription)]


@pytest.fixture
def hall() -> Hall:
    return Hall()


@pytest.mark.parametrize("missed", [1, MAX_REPLAYED_SEGMENTS])
async def test_what_was_missed_in_minutes_comes_whole(hall: Hall, missed: int) -> None:
    await hall.say(1_000)
    await hall.join(caller(), 999 - missed)
    joined, *rest = hall.told()
    assert isinstance(joined, SessionJoined)
    assert numbers(rest) == list(range(1_000 - missed, 1_000))
    assert len(rest) == missed


@pytest.mark.parametrize("by_joining", [True, False])
async def test_after_an_hour_the_last_minutes_come_and_what_is_left_out_is_said_first(
    hall: Hall, by_joining: bool
) -> None:
    await hall.say(1_300)
    if by_joining:
        await hall.join(caller(), 99)
        assert isinstance(hall.notifier.told.pop(0)[1], SessionJoined)
    else:
        await hall.join.resume(caller(), 99)
    said, *again = hall.told()
    assert said == SegmentsLeftOut(
        session_id=SESSION,
        first_sequence_number=100,
        last_sequence_number=1_099,
        spoken_start_ms=300_000,
        spoken_end_ms=3_300_000,
    )
    assert numbers(again) == list(range(1_100, 1_300))
    assert all(isinstance(each, TranslatedAudio) and each.replayed and each.url for each in again)


async def test_a_listener_who_cannot_be_reached_is_not_sent_the_rest(hall: Hall) -> None:
    await hall.say(1_300)
    await hall.join(caller(), 1_250)
    before = len(hall.told())
    hall.notifier.failures[HERE] = 2
    await hall.join(caller(), 1_250)
    assert hall.notifier.failures[HERE] == 0
    assert before == 50
    assert len(hall.told()) < 10, "no more than what was on its way with the one that failed"


async def test_a_speakers_app_that_is_loaded_again_shows_what_was_said_last(hall: Hall) -> None:
    await hall.say(1_300)
    for last in (-1, 99):
        await hall.join(caller(Role.SPEAKER), last)
        told = hall.told()
        assert numbers(told) == list(range(1_100, 1_300))
        assert not any(isinstance(each, SegmentsLeftOut) for each in told)
