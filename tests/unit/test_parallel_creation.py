"""A speaker's sessions stay within their places, whatever the order in which several creations come forward."""

import asyncio
import random
from types import NoneType
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from babelcast.domain.errors import SpeakerAtCapacityError
from babelcast.domain.languages import LanguageOffer
from babelcast.domain.limits import session_creations
from babelcast.domain.session import BroadcastCommand, Session, UserId
from babelcast.usecases.create_session import CreateSession
from tests.in_memory import InMemoryCapacity, InMemoryRateLimits, InMemorySessions, InMemorySpeakerPlaces

PLACES = 3
TIMEOUT_S = 29
"""After which API Gateway and Lambda give a request up."""


class Turns:
    """Steps that are taken one at a time, in the order in which they are told to."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []

    def of(self, port: Any) -> Any:
        """The port, of which every call waits for its turn."""
        return _InTurns(port, self)

    async def wait(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        await turn

    async def next(self, which: int) -> None:
        """One of those who wait goes on, up to where it waits again."""
        self._waiting = [each for each in self._waiting if not each.done()]
        if self._waiting:
            self._waiting.pop(which % len(self._waiting)).set_result(None)
        for _ in range(5):
            await asyncio.sleep(0)


class _InTurns:
    def __init__(self, port: Any, turns: Turns) -> None:
        self._port, self._turns = port, turns

    def __getattr__(self, name: str) -> Any:
        async def call(*arguments: Any, **named: Any) -> Any:
            await self._turns.wait()
            return await getattr(self._port, name)(*arguments, **named)

        return call


class Stage:
    """One speaker, their creations that are under way, and a clock."""

    def __init__(self) -> None:
        self.now_s = 1_795_000_000
        self.turns = Turns()
        self.sessions = InMemorySessions()
        self.under_way: dict[asyncio.Task[Session], int] = {}
        self._create = CreateSession(
            sessions=self.turns.of(self.sessions),
            capacity=self.turns.of(InMemoryCapacity(cells=2, sessions_per_cell=PLACES)),
            places=self.turns.of(InMemorySpeakerPlaces(sessions_per_speaker=PLACES)),
            limits=InMemoryRateLimits(),
            creations=session_creations(100_000),
            offer=LanguageOffer.of(sources=["en"], targets=["es"]),
            rng=random.Random(1),
            now_ms=lambda: self.now_s * 1000,
        )

    @property
    def live(self) -> list[Session]:
        return [each for each in self.sessions.by_id.values() if not each.is_over]

    def begin(self) -> asyncio.Task[Session]:
        task = asyncio.create_task(
            self._create(UserId("ada"), source_language="en", target_languages=None, join_key=None)
        )
        self.under_way[task] = self.now_s
        return task

    async def end(self, which: int) -> None:
        if self.live:
            session = self.live[which % len(self.live)]
            await self.sessions.apply(session.session_id, BroadcastCommand.END, now_ms=self.now_s * 1000)

    def die(self, which: int) -> None:
        if self.under_way:
            list(self.under_way)[which % len(self.under_way)].cancel()

    def wait(self, for_s: int) -> None:
        self.now_s += for_s
        for task, began_s in self.under_way.items():
            if self.now_s - began_s > TIMEOUT_S:
                task.cancel()

    async def step(self, which: int) -> None:
        await self.turns.next(which)
        self.under_way = {task: began_s for task, began_s in self.under_way.items() if not task.done()}


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 59), max_size=60),
    st.lists(
        st.tuples(st.sampled_from(["step", "step", "step", "begin", "end", "die", "wait"]), st.integers(0, 59)),
        max_size=100,
    ),
)
async def test_there_are_never_more_live_sessions_than_places(turns: list[int], course: list[tuple[str, int]]) -> None:
    stage = Stage()
    begun = [stage.begin() for _ in range(2 * PLACES)]
    for action, number in [*(("step", turn) for turn in turns), *course]:
        match action:
            case "begin":
                begun.append(stage.begin())
            case "end":
                await stage.end(number)
            case "die":
                stage.die(number)
            case "wait":
                stage.wait(number)
        await stage.step(number)
        assert len(stage.live) <= PLACES
    while stage.under_way:
        await stage.step(0)
        assert len(stage.live) <= PLACES
    for each in begun:
        assert each.cancelled() or isinstance(each.exception(), SpeakerAtCapacityError | NoneType)

    # Whatever has gone wrong, a minute later every place can be had.
    while stage.live:
        await stage.end(0)
    stage.wait(60)
    last = [stage.begin() for _ in range(PLACES)]
    while stage.under_way:
        await stage.step(0)
    assert len(stage.live) == len([each.result() for each in last]) == PLACES
