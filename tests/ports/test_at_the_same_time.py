"""Limits that are asked for by many at the same time hold for all of them together, on both kinds of stores."""

import asyncio
import random
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from babelcast.domain.errors import (
    AtCapacityError,
    LimitReachedError,
    SessionNotFoundError,
    SpeakerAtCapacityError,
    UnsupportedLanguageError,
)
from babelcast.domain.languages import LanguageOffer
from babelcast.domain.limits import FAILED_JOINS, session_creations
from babelcast.domain.session import BroadcastCommand, Session, SessionId, UserId
from babelcast.domain.source_address import address_key
from babelcast.ports import Sessions
from babelcast.usecases import limit_joins
from babelcast.usecases.create_session import CreateSession
from babelcast.usecases.limit_joins import LimitJoins
from tests.in_memory import CountingMeter
from tests.ports.conftest import Stores

HALL = address_key("192.0.2.1")
NOW_MS = 1_795_000_000_000
ADA = UserId("ada")


@pytest.fixture
def joins(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> LimitJoins:
    # A busy machine is no store that fails.
    monkeypatch.setattr(limit_joins, "_DEADLINE_S", 60.0)
    return LimitJoins(limits=stores.limits, meter=CountingMeter(), now_ms=lambda: NOW_MS)


@dataclass
class Guesses:
    """Look-ups that have found what they looked for, or not, before the outcome of any of them is told."""

    joins: LimitJoins
    count: int
    _found: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    def __post_init__(self) -> None:
        self._held = [asyncio.Event() for _ in range(self.count)]
        self._told: list[asyncio.Task[str]] = []

    async def make(self, outcomes: list[str | Exception]) -> None:
        for held, outcome in zip(self._held, outcomes, strict=True):
            self._told.append(asyncio.create_task(self.joins.told(HALL, self._look_up(held, outcome))))
        for _ in outcomes:
            await self._found.acquire()

    async def tell(self, which: slice) -> list[str | BaseException]:
        for each in self._held[which]:
            each.set()
        return await asyncio.gather(*self._told[which], return_exceptions=True)

    async def _look_up(self, held: asyncio.Event, outcome: str | Exception) -> str:
        self._found.release()
        await held.wait()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@pytest.mark.parametrize("outcome", ["a room", UnsupportedLanguageError("a room, but not this language")])
@pytest.mark.parametrize(("wrong_before", "is_told"), [(99, True), (100, False)])
async def test_guesses_at_the_same_time_are_worth_no_more_than_one_after_the_other(
    joins: LimitJoins, wrong_before: int, is_told: bool, outcome: str | Exception
) -> None:
    assert FAILED_JOINS.burst == 100
    guesses = Guesses(joins, 150)
    wrong: list[str | Exception] = [SessionNotFoundError("none") for _ in range(149)]
    await guesses.make([*wrong[:wrong_before], outcome, *wrong[wrong_before:]])

    before = await guesses.tell(slice(wrong_before))
    (right,) = await guesses.tell(slice(wrong_before, wrong_before + 1))
    after = await guesses.tell(slice(wrong_before + 1, None))

    assert all(isinstance(each, SessionNotFoundError) for each in before)
    assert right == outcome if is_told else isinstance(right, LimitReachedError)
    assert sum(isinstance(each, SessionNotFoundError) for each in (*before, *after)) == 100
    assert sum(isinstance(each, LimitReachedError) for each in (*before, *after)) == 49


async def test_a_hall_that_comes_in_at_once_is_let_in_whole(joins: LimitJoins) -> None:
    guesses = Guesses(joins, 550)
    outcomes: list[str | Exception] = ["a room"] * 500 + [SessionNotFoundError("mistyped") for _ in range(50)]
    random.Random(1).shuffle(outcomes)
    await asyncio.gather(*(joins.listener(HALL) for _ in outcomes))
    await guesses.make(outcomes)

    assert (await guesses.tell(slice(None))) == outcomes
    assert cast("CountingMeter", joins.meter).counts == {}, "nobody was let in unseen"


@dataclass
class HeldCreations:
    """Sessions of which so many are about to be stored, and are not before they may."""

    sessions: Sessions
    expected: int
    may: asyncio.Event = field(default_factory=asyncio.Event)
    everybody: asyncio.Event = field(default_factory=asyncio.Event)
    _came: int = 0

    async def create(self, session: Session) -> bool:
        self._came += 1
        assert self._came <= self.expected, "somebody without a place has come as far as this"
        if self._came == self.expected:
            self.everybody.set()
        await self.may.wait()
        return await self.sessions.create(session)

    async def get(self, session_id: SessionId) -> Session:
        return await self.sessions.get(session_id)


class Clock:
    now_ms = NOW_MS

    def __call__(self) -> int:
        return self.now_ms


def creator(stores: Stores, sessions: object, clock: Clock | None = None) -> CreateSession:
    return CreateSession(
        sessions=cast("Sessions", sessions),
        capacity=stores.capacity,
        places=stores.places,
        limits=stores.limits,
        creations=session_creations(300),
        offer=LanguageOffer.of(sources=["en"], targets=["es"]),
        rng=random.Random(1),
        now_ms=clock or Clock(),
    )


async def created(create: CreateSession, user: str = ADA) -> Session:
    wanted: Any = {"source_language": "en", "target_languages": None, "join_key": None}
    return await create(UserId(user), **wanted)


async def test_a_speaker_has_no_more_sessions_by_creating_them_at_the_same_time(stores: Stores) -> None:
    held = HeldCreations(stores.sessions, expected=2)
    create = creator(stores, held)
    first = [asyncio.create_task(created(create)) for _ in range(2)]
    await held.everybody.wait()
    for _ in range(3):
        with pytest.raises(SpeakerAtCapacityError):
            await created(create)
    held.may.set()
    sessions = await asyncio.gather(*first)
    assert set(await stores.places.occupants(ADA)) == {each.session_id for each in sessions}
    assert sum(map(len, await stores.capacity.occupants())) == 2


async def test_the_cells_have_no_more_sessions_when_they_are_created_at_the_same_time(stores: Stores) -> None:
    held = HeldCreations(stores.sessions, expected=4)
    create = creator(stores, held)
    first = [asyncio.create_task(created(create, f"user-{number}")) for number in range(4)]
    await held.everybody.wait()
    with pytest.raises(AtCapacityError):
        await created(create)
    held.may.set()
    sessions = await asyncio.gather(*first)
    assert sorted(each.cell for each in sessions) == [0, 0, 1, 1]
    assert not await stores.places.occupants(ADA)


async def test_what_dies_before_its_session_is_stored_holds_its_place_for_a_minute(stores: Stores) -> None:
    held, clock = HeldCreations(stores.sessions, expected=2), Clock()
    create = creator(stores, held, clock)
    dying = [asyncio.create_task(created(create)) for _ in range(2)]
    await held.everybody.wait()
    for each in dying:
        each.cancel()
    create = replace(create, sessions=stores.sessions)
    clock.now_ms += 59_000
    with pytest.raises(SpeakerAtCapacityError):
        await created(create)
    clock.now_ms += 1_000
    first, _ = await created(create), await created(create)
    await stores.sessions.apply(first.session_id, BroadcastCommand.END, now_ms=clock.now_ms)
    await created(create)
