"""What use cases may rely on, kept by both kinds of adapters."""

import asyncio
from dataclasses import replace

import boto3
import pytest

from babelcast.adapters.dynamodb.sessions import DynamoDbCursors, DynamoDbSessions
from babelcast.domain.audio import AudioChunk
from babelcast.domain.connection import Connection, ConnectionId, Role
from babelcast.domain.errors import (
    AtCapacityError,
    CursorMovedError,
    LimitReachedError,
    NotAllowedError,
    RoomFullError,
    SessionEndedError,
    SessionNotFoundError,
    SpeakerAtCapacityError,
)
from babelcast.domain.languages import LanguageCode
from babelcast.domain.limits import Limit
from babelcast.domain.segment import Rendition, Segment, SourceSegment
from babelcast.domain.session import BroadcastCommand, Cursor, Session, SessionId, SessionState, UserId
from babelcast.domain.stream_record import Control, ControlKind
from tests import aws
from tests.in_memory import InMemoryStream
from tests.ports.conftest import Stores

SESSION_ID = SessionId("joyful-hope-911")
ES, FR = LanguageCode("es"), LanguageCode("fr")
SESSION = Session(
    session_id=SESSION_ID,
    speaker_id=UserId("user"),
    source_language=LanguageCode("en"),
    target_languages=frozenset({ES, FR}),
    created_at_ms=1_795_000_000_000,
    expires_at_s=1_795_086_400,
    cell=1,
    volume=0.7,
    join_key_hash="ab" * 32,
    expressive=False,
)


def segment(number: int) -> Segment:
    return Segment(
        session_id=SESSION_ID,
        source=SourceSegment(number=number, text="Good morning.", start_sample=0, end_sample=16_000),
        spoken_at_ms=1_795_000_000_000,
        committed_at_ms=1_795_000_001_000,
        renditions={
            ES: Rendition(language=ES, text="Buenos días.", clip_key="sessions/x.mp3", duration_s=1.234),
            FR: Rendition(language=FR, text="Good morning.", clip_key=None, duration_s=0.0, translated=False),
        },
    )


def connection(name: str, language: LanguageCode | None = None) -> Connection:
    return Connection(
        connection_id=ConnectionId(name),
        session_id=SESSION_ID,
        role=Role.LISTENER if language else Role.SPEAKER,
        joined_at_ms=1_795_000_000_000,
        target_language=language,
    )


async def test_a_session_is_stored_whole_and_its_id_is_taken_once(stores: Stores) -> None:
    assert await stores.sessions.create(SESSION)
    assert await stores.sessions.get(SESSION_ID) == SESSION
    assert not await stores.sessions.create(replace(SESSION, speaker_id=UserId("another")))
    assert (await stores.sessions.get(SESSION_ID)).speaker_id == "user"


async def test_a_session_of_before_there_was_a_choice_is_expressive(monkeypatch: pytest.MonkeyPatch) -> None:
    with aws.aws(monkeypatch):
        sessions = DynamoDbSessions(aws.SESSIONS)
        await sessions.create(SESSION)
        table = boto3.resource("dynamodb").Table(aws.SESSIONS)
        table.update_item(Key={"sessionId": SESSION_ID}, UpdateExpression="REMOVE expressive")
        assert await sessions.get(SESSION_ID) == replace(SESSION, expressive=True)


async def test_an_unknown_session_is_not_found(stores: Stores) -> None:
    with pytest.raises(SessionNotFoundError):
        await stores.sessions.get(SESSION_ID)
    with pytest.raises(SessionNotFoundError):
        await stores.sessions.apply(SESSION_ID, BroadcastCommand.PAUSE, now_ms=5)
    with pytest.raises(SessionNotFoundError):
        await stores.sessions.set_volume(SESSION_ID, 0.5)


async def test_commands_change_the_state_as_the_state_machine_allows(stores: Stores) -> None:
    await stores.sessions.create(SESSION)
    assert (await stores.sessions.apply(SESSION_ID, BroadcastCommand.MUTE, now_ms=5)).state is SessionState.MUTED
    with pytest.raises(NotAllowedError):
        await stores.sessions.apply(SESSION_ID, BroadcastCommand.RESUME, now_ms=5)
    assert (await stores.sessions.apply(SESSION_ID, BroadcastCommand.END, now_ms=5)).is_over
    assert (await stores.sessions.get(SESSION_ID)).ended_at_ms == 5
    with pytest.raises(SessionEndedError):
        await stores.sessions.apply(SESSION_ID, BroadcastCommand.PAUSE, now_ms=5)


async def test_the_volume_is_kept_exactly(stores: Stores) -> None:
    await stores.sessions.create(SESSION)
    assert (await stores.sessions.set_volume(SESSION_ID, 0.35)).volume == 0.35
    assert (await stores.sessions.get(SESSION_ID)).volume == 0.35


async def test_a_status_can_be_claimed_once_per_interval(stores: Stores) -> None:
    assert not await stores.sessions.claim_status(SESSION_ID, now_ms=10_000, interval_ms=2000)
    await stores.sessions.create(SESSION)
    claims = [
        await stores.sessions.claim_status(SESSION_ID, now_ms=now, interval_ms=2000)
        for now in (10_000, 10_001, 11_999, 12_000)
    ]
    assert claims == [True, False, False, True]


async def test_a_commit_stores_the_segment_and_moves_the_cursor(stores: Stores) -> None:
    await stores.sessions.create(SESSION)
    moved = Cursor(committed_sample=16_000, sequence_number="49000", next_segment=1)
    await stores.cursors.commit(segment(0), expected=Cursor(), moved=moved, expires_at_s=1)
    assert (await stores.sessions.get(SESSION_ID)).cursor == moved
    assert list(await stores.segments.since(SESSION_ID, 0, limit=10)) == [segment(0)]


@pytest.mark.parametrize(
    ("session_ends_at_s", "kept_until_s"),
    [(1_795_086_400, 1_795_000_001 + 3_600), (1_795_000_900, 1_795_000_900)],
    ids=["the stage's hour after it was final", "and no longer than its session"],
)
async def test_a_segment_is_kept_so_long(
    session_ends_at_s: int, kept_until_s: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with aws.aws(monkeypatch):
        session = replace(SESSION, expires_at_s=session_ends_at_s)
        await DynamoDbSessions(aws.SESSIONS).create(session)
        cursors = DynamoDbCursors(
            sessions_table_name=aws.SESSIONS, segments_table_name=aws.SEGMENTS, segment_retention_s=3_600
        )
        moved = Cursor(next_segment=1)
        await cursors.commit(segment(0), expected=Cursor(), moved=moved, expires_at_s=session.expires_at_s)
        table = boto3.resource("dynamodb").Table(aws.SEGMENTS)

        assert table.get_item(Key={"sessionId": SESSION_ID, "segment": 0})["Item"]["expiresAt"] == kept_until_s


async def test_only_one_of_two_environments_commits(stores: Stores) -> None:
    await stores.sessions.create(SESSION)
    first = Cursor(committed_sample=16_000, sequence_number="49000", next_segment=1)
    await stores.cursors.commit(segment(0), expected=Cursor(), moved=first, expires_at_s=1)
    other = replace(segment(0), committed_at_ms=5)
    with pytest.raises(CursorMovedError):
        await stores.cursors.commit(other, expected=Cursor(), moved=first, expires_at_s=1)
    with pytest.raises(CursorMovedError):
        await stores.cursors.move(SESSION_ID, expected=Cursor(), moved=first)
    assert list(await stores.segments.latest(SESSION_ID, limit=5)) == [segment(0)]


async def test_a_segment_number_is_committed_once_even_if_the_cursor_agrees(stores: Stores) -> None:
    await stores.sessions.create(SESSION)
    await stores.cursors.commit(segment(0), expected=Cursor(), moved=Cursor(next_segment=1), expires_at_s=1)
    with pytest.raises(CursorMovedError):
        await stores.cursors.commit(segment(0), expected=Cursor(next_segment=1), moved=Cursor(), expires_at_s=1)
    assert (await stores.sessions.get(SESSION_ID)).cursor.next_segment == 1


async def test_the_cursor_moves_without_a_segment_and_closes(stores: Stores) -> None:
    await stores.sessions.create(SESSION)
    closed = Cursor(committed_sample=5, sequence_number="49001", closed=True)
    await stores.cursors.move(SESSION_ID, expected=Cursor(), moved=closed)
    assert (await stores.sessions.get(SESSION_ID)).cursor == closed


async def test_segments_come_in_order_and_within_limits(stores: Stores) -> None:
    await stores.sessions.create(SESSION)
    cursor = Cursor()
    for number in range(12):
        moved = Cursor(committed_sample=number, next_segment=number + 1)
        await stores.cursors.commit(segment(number), expected=cursor, moved=moved, expires_at_s=1)
        cursor = moved
    assert [each.source.number for each in await stores.segments.since(SESSION_ID, 9, limit=10)] == [9, 10, 11]
    assert [each.source.number for each in await stores.segments.since(SESSION_ID, 3, limit=2)] == [3, 4]
    assert [each.source.number for each in await stores.segments.latest(SESSION_ID, limit=3)] == [9, 10, 11]
    assert [each.source.number for each in await stores.segments.latest(SESSION_ID, limit=2, since=9)] == [10, 11]
    assert [each.source.number for each in await stores.segments.latest(SESSION_ID, limit=9, since=10)] == [10, 11]
    await stores.segments.mark_delivered(SESSION_ID, 11)
    assert [each.delivered for each in await stores.segments.latest(SESSION_ID, limit=2)] == [False, True]


async def test_the_audience_is_everybody_with_their_language_now(stores: Stores) -> None:
    for each in (connection("s"), connection("a", ES), connection("b", ES), connection("c", FR)):
        await stores.connections.add(each)
    await stores.connections.add(replace(connection("x", ES), session_id=SessionId("other-room-100")))
    await stores.connections.change(ConnectionId("b"), language=FR)
    await stores.connections.change(ConnectionId("c"), listening=False)
    await stores.connections.change(ConnectionId("a"), delay_ms=2_400)
    audience = await stores.connections.audience(SESSION_ID)
    assert {each.connection_id for each in audience.speakers} == {"s"}
    assert audience.count_by_language == {"es": 1, "fr": 2}
    assert [each.connection_id for each in audience.listening_to(FR)] == ["b"]
    assert audience.wanted_languages(now_ms=0) == {ES: 1, FR: 1}
    assert audience.delay_ms == 2_400


async def test_a_language_is_wanted_until_its_listener_has_had_time_to_come_back(stores: Stores) -> None:
    await stores.connections.keep_language(SESSION_ID, ES, until_ms=1_795_000_060_000)
    await stores.connections.keep_language(SESSION_ID, ES, until_ms=1_795_000_070_000)
    await stores.connections.keep_language(SESSION_ID, ES, until_ms=1_795_000_065_000)
    await stores.connections.keep_language(SessionId("other-room-100"), FR, until_ms=1_795_000_070_000)
    audience = await stores.connections.audience(SESSION_ID)
    assert audience.wanted_languages(now_ms=1_795_000_069_999) == {ES: 1}
    assert audience.wanted_languages(now_ms=1_795_000_070_000) == {}
    assert audience.connections == ()


async def test_a_paused_listeners_language_is_wanted_until_they_have_had_time_to_go_on(stores: Stores) -> None:
    await stores.connections.add(connection("a", ES))
    await stores.connections.pause(ConnectionId("a"), returns_by_ms=1_795_000_060_000)
    await stores.connections.pause(ConnectionId("a"), returns_by_ms=1_795_000_090_000)
    changed = await stores.connections.change(ConnectionId("a"), language=FR)
    audience = await stores.connections.audience(SESSION_ID)
    assert (changed,) == audience.connections
    assert audience.wanted_languages(now_ms=1_795_000_059_999) == {FR: 1}
    assert audience.wanted_languages(now_ms=1_795_000_060_000) == {}
    await stores.connections.change(ConnectionId("a"), listening=True)
    await stores.connections.pause(ConnectionId("a"), returns_by_ms=1_795_000_120_000)
    assert (await stores.connections.audience(SESSION_ID)).wanted_languages(now_ms=1_795_000_119_999) == {FR: 1}


async def test_a_session_knows_whether_its_speaker_is_connected(stores: Stores) -> None:
    old, new = ConnectionId("old="), ConnectionId("new=")
    with pytest.raises(SessionNotFoundError):
        await stores.sessions.attach_speaker(SESSION_ID, old)
    assert not await stores.sessions.detach_speaker(SESSION_ID, old)
    await stores.sessions.create(SESSION)
    assert await stores.sessions.detach_speaker(SESSION_ID, old)
    for _ in range(2):
        assert await stores.sessions.attach_speaker(SESSION_ID, old)
    assert (await stores.sessions.get(SESSION_ID)).speaker_connected
    assert not await stores.sessions.attach_speaker(SESSION_ID, new)
    assert not await stores.sessions.detach_speaker(SESSION_ID, old)
    assert (await stores.sessions.get(SESSION_ID)).speaker_connected
    for _ in range(2):
        assert await stores.sessions.detach_speaker(SESSION_ID, new), "doing it again has the same answer"
    assert not (await stores.sessions.get(SESSION_ID)).speaker_connected


async def test_a_removed_connection_is_gone(stores: Stores) -> None:
    await stores.connections.add(connection("a", ES))
    assert await stores.connections.get(ConnectionId("a")) == connection("a", ES)
    assert await stores.connections.remove(ConnectionId("a")) == connection("a", ES)
    assert await stores.connections.remove(ConnectionId("a")) is None
    assert await stores.connections.get(ConnectionId("a")) is None
    assert await stores.connections.change(ConnectionId("a"), language=FR) is None
    assert (await stores.connections.audience(SESSION_ID)).connections == ()


async def test_cells_fill_evenly_and_refuse_when_full(stores: Stores) -> None:
    ids = [SessionId(f"room-name-{number}") for number in range(100, 105)]
    cells = [await stores.capacity.claim(each, expires_at_s=100, now_s=0) for each in ids[:4]]
    assert sorted(cells) == [0, 0, 1, 1]
    with pytest.raises(AtCapacityError):
        await stores.capacity.claim(ids[4], expires_at_s=100, now_s=0)
    await stores.capacity.release(ids[0], cells[0])
    assert await stores.capacity.claim(ids[4], expires_at_s=100, now_s=0) == cells[0]
    held = await stores.capacity.occupants()
    assert {each for cell in held for each in cell} == set(ids[1:])


async def test_places_of_expired_sessions_are_free_again(stores: Stores) -> None:
    for number in range(100, 104):
        await stores.capacity.claim(SessionId(f"room-name-{number}"), expires_at_s=50, now_s=0)
    assert await stores.capacity.claim(SessionId("late-comer-100"), expires_at_s=200, now_s=60) in (0, 1)


async def test_a_speakers_places_are_taken_given_back_and_expire(stores: Stores) -> None:
    one, two, three = (SessionId(f"room-name-{number}") for number in (100, 101, 102))
    ada, bob = UserId("ada"), UserId("bob")
    for each in (one, two):
        await stores.places.claim(ada, each, expires_at_s=100, now_s=0)
    with pytest.raises(SpeakerAtCapacityError):
        await stores.places.claim(ada, three, expires_at_s=100, now_s=0)
    await stores.places.claim(bob, three, expires_at_s=100, now_s=0)
    await stores.places.release(ada, one)
    await stores.places.release(ada, one)
    assert await stores.places.occupants(ada) == {two: 100}
    await stores.places.claim(ada, three, expires_at_s=100, now_s=0)
    await stores.places.claim(ada, one, expires_at_s=200, now_s=100)


async def test_seats_are_taken_and_given_back(stores: Stores) -> None:
    for name in ("a", "b"):
        await stores.seats.take(SESSION_ID, seats=2, now_ms=1_000)
        assert await stores.connections.add(connection(name, ES))
    with pytest.raises(RoomFullError):
        await stores.seats.take(SESSION_ID, seats=2, now_ms=1_000)
    await stores.seats.take(SessionId("other-room-100"), seats=2, now_ms=1_000)
    await stores.connections.remove(ConnectionId("a"))
    await stores.seats.give_back(SESSION_ID)
    await stores.seats.take(SESSION_ID, seats=2, now_ms=1_000)


async def test_seats_of_listeners_who_were_not_seen_to_leave_are_found_by_counting(stores: Stores) -> None:
    now_ms = 1_795_000_000_000
    await stores.connections.add(connection("s"))
    await stores.connections.keep_language(SESSION_ID, FR, until_ms=now_ms + 60_000)
    for name in ("a", "b", "c"):
        await stores.seats.take(SESSION_ID, seats=3, now_ms=now_ms)
        await stores.connections.add(connection(name, ES))
    with pytest.raises(RoomFullError):
        await stores.seats.take(SESSION_ID, seats=3, now_ms=now_ms)
    await stores.connections.remove(ConnectionId("a"))
    with pytest.raises(RoomFullError):
        # It was counted a moment ago.
        await stores.seats.take(SESSION_ID, seats=3, now_ms=now_ms + 9_999)
    await stores.seats.take(SESSION_ID, seats=3, now_ms=now_ms + 10_000)


async def test_a_seat_that_is_given_back_twice_makes_no_more_room(stores: Stores) -> None:
    await stores.seats.give_back(SESSION_ID)
    await stores.seats.take(SESSION_ID, seats=1, now_ms=1_000)
    await stores.connections.add(connection("a", ES))
    with pytest.raises(RoomFullError):
        await stores.seats.take(SESSION_ID, seats=1, now_ms=1_000)


LIMIT = Limit(name="knocks", burst=5, per_s=2)


async def test_a_bucket_gives_its_burst_at_once_and_then_its_rate(stores: Stores) -> None:
    now_ms = 1_795_000_000_000
    for _ in range(5):
        await stores.limits.take("ada", LIMIT, now_ms=now_ms)
    with pytest.raises(LimitReachedError):
        await stores.limits.require_room("ada", LIMIT, now_ms=now_ms)
    with pytest.raises(LimitReachedError):
        await stores.limits.take("ada", LIMIT, now_ms=now_ms + 499)
    await stores.limits.take("bob", LIMIT, now_ms=now_ms)
    await stores.limits.take("ada", replace(LIMIT, name="calls"), now_ms=now_ms)
    await stores.limits.require_room("ada", LIMIT, now_ms=now_ms + 500)
    await stores.limits.take("ada", LIMIT, now_ms=now_ms + 500)
    with pytest.raises(LimitReachedError):
        await stores.limits.take("ada", LIMIT, now_ms=now_ms + 500)


async def test_a_bucket_that_has_rested_is_full_and_no_fuller(stores: Stores) -> None:
    for now_ms in (1_795_000_000_000, 1_795_000_060_000):
        for _ in range(5):
            await stores.limits.take("ada", LIMIT, now_ms=now_ms)
        with pytest.raises(LimitReachedError):
            await stores.limits.take("ada", LIMIT, now_ms=now_ms)


async def test_a_clock_that_goes_back_locks_nobody_out(stores: Stores) -> None:
    now_ms = 1_795_000_000_000
    for _ in range(5):
        await stores.limits.take("ada", LIMIT, now_ms=now_ms + 180_000)
    await stores.limits.require_room("ada", LIMIT, now_ms=now_ms)
    for _ in range(5):
        await stores.limits.take("ada", LIMIT, now_ms=now_ms)
    with pytest.raises(LimitReachedError):
        await stores.limits.take("ada", LIMIT, now_ms=now_ms)


async def test_many_at_the_same_time_get_no_more_than_is_there(stores: Stores) -> None:
    knocks = (stores.limits.take("ada", LIMIT, now_ms=1_795_000_000_000) for _ in range(20))
    answers = await asyncio.gather(*knocks, return_exceptions=True)
    assert sum(answer is None for answer in answers) == 5
    assert sum(isinstance(answer, LimitReachedError) for answer in answers) == 15


async def test_what_is_appended_can_be_read_again_by_its_place(stores: Stores) -> None:
    chunks = [
        AudioChunk(chunk_index=index, sample_offset=index * 4000, captured_at_ms=1, pcm=bytes([index]) * 8000)
        for index in range(5)
    ]
    for chunk in chunks:
        await stores.stream.append(SESSION_ID, 0, chunk)
        await stores.stream.append(SessionId("other-room-100"), 0, chunk)
    await stores.stream.append(SESSION_ID, 0, Control(kind=ControlKind.END, at_ms=9))
    everything = [each async for each in stores.history.read(SESSION_ID, start=await _first(stores), before="9" * 60)]
    assert [each.payload for each in everything] == [*chunks, Control(kind=ControlKind.END, at_ms=9)]
    some = [
        each
        async for each in stores.history.read(
            SESSION_ID, start=everything[1].sequence_number, before=everything[3].sequence_number
        )
    ]
    assert some == everything[1:3]


async def _first(stores: Stores) -> str:

    if isinstance(stores.stream, InMemoryStream):
        return stores.stream.records[0].sequence_number
    return str(aws.stream_records()[0]["SequenceNumber"])
