"""One step of load: open rooms, speak for a while, end, and give back what everybody noted."""

import asyncio
import random
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from benchmarks.load.clients import LoadClient, LoadListener, LoadSpeaker
from benchmarks.load.processes import ProcessWatch, Usage, usage
from benchmarks.load.speech import CHUNK_S, Programme, make_programme
from benchmarks.load.stage import SESSIONS_PER_SPEAKER
from local.client.http_api import HttpApi
from local.client.login import SpeakerLogin
from local.errors import UserError
from local.stack import Stack

_OPENING_AT_ONCE: Final = 8
"""A hall scans the code within half a minute, not within a moment; it keeps the functions that let people in busy."""
_ACKNOWLEDGED_WITHIN_S: Final = 30.0
_ENDED_WITHIN_S: Final = 60.0
_LAG_INTERVAL_S: Final = 0.02
_PROGRAMMES: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A load.

    Attributes:
        sessions: Speakers at the same time, each in a room of their own.
        listeners: Of the first room; every other room has one.
        seconds: Each speaks at least so long.
        languages: In which the listeners are told, in turn.
    """

    sessions: int
    listeners: int
    seconds: float
    languages: tuple[str, ...] = ("es",)

    @property
    def name(self) -> str:
        """For people."""
        rooms = f"{self.sessions} session{'s'[: self.sessions != 1]}"
        return f"{rooms}, {self.listeners} listener{'s'[: self.listeners != 1]}{' in the first' * (self.sessions > 1)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A speaker and listeners."""

    speaker: LoadSpeaker
    listeners: tuple[LoadListener, ...]
    rounds: int

    @property
    def words(self) -> list[str]:
        """All that is said."""
        return list(self.speaker.programme.words) * self.rounds

    @property
    def clients(self) -> tuple[LoadClient, ...]:
        """Everybody."""
        return (self.speaker, *self.listeners)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """What was seen of a step.

    Attributes:
        opening_s: How long everybody took to join.
        speaking_s: From the first chunk to the last acknowledgement.
        generator_lag_ms: Of the load generator's event loop, sampled while it spoke.
        usage: While they spoke.
        never_ended: Clients that were not told of the end in time.
    """

    step: Step
    rooms: Sequence[Room]
    opening_s: float
    speaking_s: float
    generator_lag_ms: Sequence[float]
    usage: Usage
    never_ended: int


class Venue:
    """Holds the steps of one stack, one after the other. An async context manager."""

    def __init__(self, stack: Stack, *, seed: int) -> None:
        self._stack = stack
        self._seed = seed
        self._exits = AsyncExitStack()
        self._logins: list[SpeakerLogin] = []
        self._http: aiohttp.ClientSession
        self.watch: ProcessWatch

    async def __aenter__(self) -> "Venue":
        connector = aiohttp.TCPConnector(limit=0)
        self._http = await self._exits.enter_async_context(
            aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=60))
        )
        self.watch = ProcessWatch(self._stack, self._http)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._exits.aclose()

    async def hold(self, step: Step) -> StepRecord:
        """Carry a step out; the first listener of each room fetches the clips.

        Raises:
            UserError: Somebody could not come in.
        """
        began = time.monotonic()
        rooms = await self._open(step)
        try:
            opened = time.monotonic()
            before = await self.watch.read()
            speaking_from = time.monotonic()
            lag = _LoopLag()
            async with asyncio.TaskGroup() as tasks:
                measuring = tasks.create_task(lag.measure())
                await asyncio.gather(*(self._speak(room, index) for index, room in enumerate(rooms)))
                measuring.cancel()
            speaking_s = time.monotonic() - speaking_from
            used = usage(before, await self.watch.read(), speaking_s)
            return StepRecord(
                step=step,
                rooms=rooms,
                opening_s=opened - began,
                speaking_s=speaking_s,
                generator_lag_ms=lag.lag_ms,
                usage=used,
                never_ended=await _end(rooms),
            )
        finally:
            await _each(lambda client: client.close(), (client for room in rooms for client in room.clients))

    async def _open(self, step: Step) -> list[Room]:
        chance = random.Random(f"{self._seed} {step.sessions}")
        programmes = [make_programme(step.seconds, chance) for _ in range(min(_PROGRAMMES, step.sessions))]
        rooms = [await self._room(step, index, programmes[index % len(programmes)]) for index in range(step.sessions)]
        try:
            await _each(lambda client: client.open(), (client for room in rooms for client in room.clients))
        except (aiohttp.ClientError, TimeoutError) as error:
            await _each(lambda client: client.close(), (client for room in rooms for client in room.clients))
            raise UserError(f"somebody could not come in: {type(error).__name__}") from error
        return rooms

    async def _room(self, step: Step, index: int, programme: Programme) -> Room:
        login = await self._login(index // SESSIONS_PER_SPEAKER)
        token = await login.access_token()
        async with HttpApi(self._stack.endpoints.http_api_url) as api:
            created = await api.create_session(token, source_language="en", target_languages=step.languages)
        websocket_url = self._stack.endpoints.websocket_url
        return Room(
            speaker=LoadSpeaker(
                self._http, websocket_url, session_id=created.session_id, token=token, programme=programme
            ),
            listeners=tuple(
                LoadListener(
                    self._http,
                    websocket_url,
                    session_id=created.session_id,
                    language=step.languages[number % len(step.languages)],
                    fetches_clips=number == 0,
                )
                for number in range(step.listeners if index == 0 else 1)
            ),
            rounds=programme.rounds(step.seconds),
        )

    async def _login(self, number: int) -> SpeakerLogin:
        """The account of so many sessions."""
        while len(self._logins) <= number:
            email, password = f"speaker-{len(self._logins)}@example.com", f"Aa1!{secrets.token_urlsafe(12)}"
            await self._stack.create_speaker(email, password)
            self._logins.append(SpeakerLogin(self._stack.endpoints, email=email, password=password))
        return self._logins[number]

    async def _speak(self, room: Room, index: int) -> None:
        # Microphones are not in step with each other.
        await asyncio.sleep(random.Random(f"{self._seed} {index}").uniform(0, CHUNK_S))
        await room.speaker.speak(room.rounds)
        await room.speaker.wait_acknowledged(_ACKNOWLEDGED_WITHIN_S)


async def _end(rooms: Iterable[Room]) -> int:
    """End all sessions; how many clients were not told in time."""
    clients = [client for room in rooms for client in room.clients]
    await asyncio.gather(*(room.speaker.end_session() for room in rooms))
    _, waiting = await asyncio.wait(
        [asyncio.create_task(client.ended.wait()) for client in clients], timeout=_ENDED_WITHIN_S
    )
    for task in waiting:
        task.cancel()
    listeners = [client for client in clients if isinstance(client, LoadListener)]
    await asyncio.gather(*(each.clips_fetched() for each in listeners))
    return len(waiting)


async def _each(do: Callable[[LoadClient], Any], clients: Iterable[LoadClient]) -> None:
    """Do something with each, some at once; the first failure is raised when none is under way any more."""
    slots = asyncio.Semaphore(_OPENING_AT_ONCE)

    async def one(client: LoadClient) -> None:
        async with slots:
            await do(client)

    for outcome in await asyncio.gather(*(one(client) for client in clients), return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome


class _LoopLag:
    """How late this process's event loop is: a slow load generator is not to be taken for a slow stack."""

    def __init__(self) -> None:
        self.lag_ms: list[float] = []

    async def measure(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due_at = loop.time() + _LAG_INTERVAL_S
            await asyncio.sleep(_LAG_INTERVAL_S)
            self.lag_ms.append((loop.time() - due_at) * 1000)
