"""Fill rooms of one stack, hurt everything while the speakers speak, and collect what the listeners received."""

import asyncio
import random
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp

from benchmarks.chaos.faults import ChaosCounts, Fault, Seat, plan_faults, travel_s
from benchmarks.chaos.hurting import Hurting, Occurrence
from benchmarks.chaos.network import Network, NetworkDownloader
from benchmarks.chaos.recovery import Arrival
from benchmarks.soak.running import make_script, say, words_of
from local.broadcasting import unless_failing
from local.client.connection import ConnectionPolicy
from local.client.drift_control import DriftPolicy, QueuePatience
from local.client.http_api import HttpApi
from local.client.listener import Listener
from local.client.login import SpeakerLogin
from local.client.playback import Playback
from local.client.record import HeardSegment, ListenerRecord
from local.client.speaker import Speaker
from local.errors import UserError
from local.fault_injection import FaultInjector
from local.services.profiles import Profile
from local.stack import Engine, Stack, StackOptions

_POLICY: Final = ConnectionPolicy(open_timeout_s=12.0, ping_s=10.0, give_up_s=3600.0)
"""As the apps': a lost connection's handshake is given 12 s, a silent connection up after 10 to 20 s."""
_EVERY_WORD: Final = DriftPolicy(stale_after_s=float("inf"))
_FOREVER: Final = QueuePatience(hole_s=float("inf"), download_s=float("inf"))
"""These two: the listeners want what they have missed, however old it is and however late it comes."""
_ENDED_WITHIN_S: Final = 120.0
_SHORTEST_EXPIRY_S: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosPlan:
    """What is to be done.

    Attributes:
        seconds: Of speech in each room.
        languages: Of each room.
        listeners: For each language in each room.
        counts: How much goes wrong.
        directory: Receives clips, and the stack's logs.
    """

    seconds: float
    rooms: int
    languages: tuple[str, ...]
    listeners: int
    counts: ChaosCounts
    seed: int
    assembly_dir: Path
    directory: Path
    service_times: Profile = Profile.NONE

    @property
    def listening_seats(self) -> list[Seat]:
        """Every listener's."""
        return [
            Seat(room=room, language=language, number=number)
            for room in range(self.rooms)
            for language in self.languages
            for number in range(self.listeners)
        ]

    @property
    def seats(self) -> list[Seat]:
        """Everybody's; the traveller's last."""
        return [*(Seat(room=room) for room in range(self.rooms)), *self.listening_seats]

    @property
    def url_expiration_s(self) -> int:
        """How long the addresses of clips are good: shorter than the traveller is away, ten minutes at the most."""
        return int(min(600.0, max(_SHORTEST_EXPIRY_S, 0.9 * travel_s(self.seconds))))

    def chance(self, what: str) -> random.Random:
        """A source of chance of its own for each use, so that one use does not change the others."""
        return random.Random(f"{self.seed} {what}")

    def faults(self) -> tuple[Fault, ...]:
        """What goes wrong when."""
        return plan_faults(self.counts, self.seats, self.seconds, self.chance("faults"))


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomRecord:
    """One room, when it is over.

    Attributes:
        words: Spoken, in English.
        first_sample_at: When the speech began; monotonic seconds.
        resent: Chunks that the speaker sent more than once.
        failure: Why it ended early.
    """

    room: int
    words: tuple[str, ...]
    first_sample_at: float
    resent: int
    listeners: Mapping[Seat, ListenerRecord]
    failure: str | None

    def arrivals(self, seat: Seat) -> list[Arrival]:
        """A listener's segments in their order."""
        epoch_s = time.time() - time.monotonic()
        return [
            Arrival(
                said_at=self.first_sample_at + each.spoken_end_ms / 1000,
                committed_at=each.committed_at_epoch_ms / 1000 - epoch_s,
                on_hand_at=_on_hand_at(each),
            )
            for each in self.listeners[seat].segments
        ]


def _on_hand_at(segment: HeardSegment) -> float:
    return segment.received_at + (segment.download_ms or 0) / 1000


async def hold(plan: ChaosPlan) -> tuple[list[RoomRecord], list[Occurrence]]:
    """Hold every room to its end while everything goes wrong.

    Raises:
        UserError: The stack did not start, one of its processes died by itself, or a room could not be opened.
    """
    environment = {"PRESIGNED_URL_EXPIRATION": str(plan.url_expiration_s)}
    options = StackOptions(
        state_dir=plan.directory / "state",
        assembly_dir=plan.assembly_dir,
        engine=Engine.TONES,
        service_times=plan.service_times.times,
        environment={"audio_processor": environment, "connection_handler": environment},
    )
    async with Stack(options) as stack, FaultInjector(stack) as injector:
        return await unless_failing(_hold(plan, stack, injector), stack.wait())


async def _hold(plan: ChaosPlan, stack: Stack, injector: FaultInjector) -> tuple[list[RoomRecord], list[Occurrence]]:
    async with AsyncExitStack() as exits:
        http = await exits.enter_async_context(aiohttp.ClientSession())
        networks = {seat: await exits.enter_async_context(Network()) for seat in plan.seats}
        venue = _Venue(plan=plan, stack=stack, http=http, networks=networks, exits=exits)
        rooms = [await venue.open_room(room) for room in range(plan.rooms)]
        clients = {seat: client for room in rooms for seat, client in room.clients.items()}
        hurting = Hurting(stack, injector, networks=networks, clients=clients)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(hurting.run(plan.faults()))
            held = [tasks.create_task(room.hold()) for room in rooms]
        return [each.result() for each in held], hurting.occurrences


class _Room:
    """A speaker with listeners, all connected."""

    def __init__(
        self, room: int, words: tuple[str, ...], pcm: bytes, speaker: Speaker, listeners: Mapping[Seat, Listener]
    ) -> None:
        self._room = room
        self._words = words
        self._pcm = pcm
        self._speaker = speaker
        self._listeners = listeners

    @property
    def clients(self) -> dict[Seat, Speaker | Listener]:
        return {Seat(room=self._room): self._speaker, **self._listeners}

    async def hold(self) -> RoomRecord:
        """Speak to the end, and wait until everybody knows of it."""
        failure = None
        try:
            await self._speaker.speak(self._pcm)
            await self._speaker.end_session()
            async with asyncio.timeout(_ENDED_WITHIN_S):
                await asyncio.gather(*(listener.wait_ended() for listener in self._listeners.values()))
        except TimeoutError:
            waiting = [str(seat) for seat, listener in self._listeners.items() if not listener.has_ended]
            failure = f"listeners who wait for the end or for clips: {', '.join(waiting) or 'clips only'}"
        except UserError as error:
            failure = str(error)
        return RoomRecord(
            room=self._room,
            words=self._words,
            first_sample_at=self._speaker.first_sample_at or 0.0,
            resent=self._speaker.resent,
            listeners={seat: listener.record() for seat, listener in self._listeners.items()},
            failure=failure,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Venue:
    """What rooms are opened with; `exits` closes them."""

    plan: ChaosPlan
    stack: Stack
    http: aiohttp.ClientSession
    networks: Mapping[Seat, Network]
    exits: AsyncExitStack

    async def open_room(self, room: int) -> _Room:
        """Create a session and connect everybody."""
        login = SpeakerLogin(self.stack.endpoints)
        websocket_url = self.stack.endpoints.websocket_url
        async with HttpApi(self.stack.endpoints.http_api_url) as api:
            created = await api.create_session(
                await login.access_token(), source_language="en", target_languages=self.plan.languages
            )
        listeners = {
            seat: Listener(
                websocket_url=await self.networks[seat].via(websocket_url),
                session_id=created.session_id,
                language=seat.language or "",
                downloader=NetworkDownloader(self.http, self.networks[seat]),
                clips_directory=self.plan.directory / "clips" / str(seat),
                policy=_POLICY,
                playback=Playback(policy=_EVERY_WORD, patience=_FOREVER),
            )
            for seat in self.plan.listening_seats
            if seat.room == room
        }
        for listener in listeners.values():
            await self.exits.enter_async_context(listener)
        speaker = Speaker(
            websocket_url=await self.networks[Seat(room=room)].via(websocket_url),
            session_id=created.session_id,
            token=login.access_token,
            policy=_POLICY,
        )
        await self.exits.enter_async_context(speaker)
        script = make_script(self.plan.seconds, self.plan.chance(f"speech {room}"))
        return _Room(
            room,
            words=words_of(script),
            pcm=say(script),
            speaker=speaker,
            listeners=listeners,
        )
