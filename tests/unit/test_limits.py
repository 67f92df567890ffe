"""Limits let through what they say, whenever it comes, and no more."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babelcast.domain.connection import ConnectionId
from babelcast.domain.errors import (
    BabelcastError,
    LimitReachedError,
    NotAllowedError,
    SessionEndedError,
    SessionNotFoundError,
    StorageUnavailableError,
)
from babelcast.domain.limits import FAILED_JOINS, MESSAGES, Limit
from babelcast.domain.session import SessionId
from babelcast.domain.source_address import AddressKey, address_key
from babelcast.usecases.limit_joins import LimitJoins
from babelcast.usecases.limit_messages import LimitMessages
from tests.in_memory import CountingMeter, InMemoryRateLimits

A, B = ConnectionId("a="), ConnectionId("b=")
ROOM, OTHER_ROOM = SessionId("joyful-hope-911"), SessionId("quiet-river-204")


class Clock:
    def __init__(self) -> None:
        self.s = 1_000.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def meter() -> CountingMeter:
    return CountingMeter()


@pytest.fixture
def messages(clock: Clock, meter: CountingMeter) -> LimitMessages:
    return LimitMessages(meter=meter, monotonic_s=clock)


def chunks_taken(limits: LimitMessages, session_id: SessionId, count: int) -> int:
    taken = 0
    for _ in range(count):
        try:
            limits.audio(session_id, 0.25)
        except LimitReachedError:
            break
        taken += 1
    return taken


@given(
    st.lists(st.integers(0, 400), min_size=1, max_size=60),
    st.integers(1, 20),
    st.integers(1, 10),
    st.integers(0, 2_000_000_000_000),
)
def test_in_any_time_no_more_than_the_burst_and_the_rate(
    pauses_ms: list[int], burst: int, per_s: int, now_ms: int
) -> None:
    limit, ahead_ms, taken_ms = Limit(name="x", burst=burst, per_s=per_s), 0.0, []
    for pause_ms in pauses_ms:
        now_ms += pause_ms
        try:
            ahead_ms = limit.take(ahead_ms, now_ms=now_ms)
        except LimitReachedError:
            continue
        taken_ms.append(now_ms)
    for start, first in enumerate(taken_ms):
        for end, last in enumerate(taken_ms[start:], start=start):
            assert end - start + 1 <= burst + (last - first) * per_s / 1000 + 1e-6


def test_what_is_refused_costs_nothing() -> None:
    limit, ahead_ms = Limit(name="x", burst=2, per_s=1), 0.0
    for _ in range(2):
        ahead_ms = limit.take(ahead_ms, now_ms=0)
    for now_ms in (0, 500, 999):
        with pytest.raises(LimitReachedError):
            limit.take(ahead_ms, now_ms=now_ms)
    assert limit.take(ahead_ms, now_ms=1000) == 3000


@pytest.mark.parametrize(("burst", "per_s"), [(0.5, 1), (1, 0)])
def test_a_limit_that_lets_nothing_through_is_refused(burst: float, per_s: float) -> None:
    with pytest.raises(ValueError, match="limit"):
        Limit(name="x", burst=burst, per_s=per_s)


def test_a_speaker_at_real_time_is_never_held_up(messages: LimitMessages, clock: Clock) -> None:
    for _ in range(4 * 3600):
        messages.audio(ROOM, 0.25)
        clock.s += 0.25


def test_a_minute_is_sent_again_at_once_and_then_half_as_much_again_as_is_spoken(
    messages: LimitMessages, clock: Clock, meter: CountingMeter
) -> None:
    assert chunks_taken(messages, ROOM, 1_000) == 60 * 4
    assert meter.counts["AudioChunksLimited"] == 1
    clock.s += 10
    assert chunks_taken(messages, ROOM, 1_000) == 15 * 4
    assert chunks_taken(messages, OTHER_ROOM, 4) == 4, "another session has its own"


def test_other_messages_come_in_a_burst_and_then_four_a_second(
    messages: LimitMessages, clock: Clock, meter: CountingMeter
) -> None:
    def taken() -> int:
        for count in range(1_000):
            try:
                messages.message(A)
            except LimitReachedError:
                return count
        return 1_000

    assert taken() == MESSAGES.burst
    clock.s += 2
    assert taken() == 8
    messages.message(B)
    assert chunks_taken(messages, ROOM, 4) == 4, "audio is counted on its own"
    messages.replay(A)
    assert meter.counts["MessagesLimited"] == 2


@pytest.mark.parametrize(("others", "taken"), [(4_095, 0), (4_096, 240)])
def test_only_those_who_were_heard_last_are_remembered(others: int, taken: int, messages: LimitMessages) -> None:
    assert chunks_taken(messages, ROOM, 1_000) == 240
    for number in range(others):
        messages.audio(SessionId(f"{number}"), 0.25)
    assert chunks_taken(messages, ROOM, 240) == taken


def test_whoever_keeps_on_is_not_forgotten(messages: LimitMessages) -> None:
    assert chunks_taken(messages, ROOM, 1_000) == 240
    for number in range(3 * 4_096):
        messages.audio(SessionId(f"{number}"), 0.25)
        if number % 1_000 == 0:
            assert chunks_taken(messages, ROOM, 1) == 0


ADDRESS = address_key("192.0.2.1")


async def test_an_address_that_has_guessed_too_often_is_not_told_whether_it_is_right(meter: CountingMeter) -> None:
    now_ms = 1_795_000_000_000
    joins = LimitJoins(limits=InMemoryRateLimits(), meter=meter, now_ms=lambda: now_ms)

    async def told(outcome: Exception | None, address: AddressKey = ADDRESS) -> object:
        async def look_up() -> str:
            if outcome is not None:
                raise outcome
            return "a room"

        try:
            return await joins.told(address, look_up())
        except BabelcastError as error:
            return type(error)

    none, key, over = SessionNotFoundError("none"), NotAllowedError("key"), SessionEndedError("over")
    assert await told(over) is SessionEndedError
    for number in range(int(FAILED_JOINS.burst)):
        assert await told(None) == "a room"
        assert await told([none, key][number % 2]) is [SessionNotFoundError, NotAllowedError][number % 2]
    assert [await told(each) for each in (None, none, key, over)] == [LimitReachedError] * 4
    assert await told(StorageUnavailableError("down")) is StorageUnavailableError, "which says nothing about the guess"
    assert await told(None, address_key("192.0.2.2")) == "a room"
    now_ms += 1000
    assert await told(None) == "a room"
    assert meter.counts["JoinsLimited"] == 4


async def test_a_store_that_fails_or_hangs_locks_nobody_out(
    meter: CountingMeter, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(InMemoryRateLimits):
        async def take(self, key: str, limit: Limit, *, now_ms: int) -> None:
            raise StorageUnavailableError("gone")

        async def require_room(self, key: str, limit: Limit, *, now_ms: int) -> None:
            await asyncio.sleep(3600)

    monkeypatch.setattr("babelcast.usecases.limit_joins._DEADLINE_S", 0.01)
    joins = LimitJoins(limits=Broken(), meter=meter, now_ms=lambda: 0)
    async with asyncio.timeout(5):
        await joins.listener(ADDRESS)
        assert await joins.told(ADDRESS, asyncio.sleep(0, "a room")) == "a room"
    assert meter.counts["LimitsUnchecked"] == 2


def test_an_address_is_kept_as_a_hash_and_ipv6_by_its_household() -> None:
    home = address_key("2001:db8:1:2:aaaa::1")
    assert home == address_key("2001:db8:1:2:bbbb:cccc:dddd:2")
    assert home != address_key("2001:db8:1:3::1")
    assert address_key("192.0.2.2") != ADDRESS
    assert address_key("::ffff:192.0.2.1") == ADDRESS
    assert "192" not in ADDRESS
    assert len({ADDRESS, home, address_key(""), address_key("nonsense")}) == 4
