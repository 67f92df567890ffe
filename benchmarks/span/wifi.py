"""A venue's Wi-Fi as a listener's device has it: delays that vary, losses that hold everything up, short cuts.

Nothing is lost for good, since everything goes over TCP: a lost packet holds back what follows it on its connection
until it is sent again, and a cut holds back everything. So the network is a function from the moment at which
something is sent to the moment at which it is there; `Wifi` is that function, and `WifiRelay` puts it between a client
and a server.

Assumed, for a hall in which several hundred devices share the air: one way 12 ms, spread widely; one piece of a hundred
waits for a repetition, 200 ms at the least, which is Linux's shortest time-out of TCP (TCP_RTO_MIN); every 40 s on
average there is an episode of contention of about 1.5 s in which one piece of four does; every three minutes the air
is gone for 1 to 3 s, as when a device changes its access point. 5 Mbit/s for each device.
"""

import asyncio
import bisect
import contextlib
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Self

from benchmarks.relays import Relays

_PIECE_BYTES: Final = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class WifiProfile:
    """How good the air is; times are means or medians, in seconds.

    Attributes:
        one_way_s, spread: Median of the way of a piece that is not lost, and the sigma of its logarithm.
        loss, contended_loss: Share of the pieces that are sent again, in quiet and in contended air.
        repeat_s: The shortest wait for a repetition; a second one takes twice as long.
        calm_s, contended_s: How long the air is so, on average.
        between_cuts_s, cut_s: How long there is none, on average, and the shortest and longest time without.
        bytes_per_s: What a device gets.
    """

    one_way_s: float = 0.012
    spread: float = 0.8
    loss: float = 0.01
    contended_loss: float = 0.25
    repeat_s: float = 0.2
    calm_s: float = 40.0
    contended_s: float = 1.5
    between_cuts_s: float = 180.0
    cut_s: tuple[float, float] = (1.0, 3.0)
    bytes_per_s: float = 5e6 / 8


VENUE: Final = WifiProfile()
PERFECT: Final = WifiProfile(
    one_way_s=0.0, spread=0.0, loss=0.0, contended_loss=0.0, between_cuts_s=1e12, bytes_per_s=1e12
)
"""Of a device beside the server."""


class Wifi:
    """One device's air, the same for all its connections. Times are seconds since an origin of the caller's.

    Args:
        profile: How good it is.
        seed: The same seed has the same episodes and cuts; the pieces' own chance depends on their order as well.
    """

    def __init__(self, profile: WifiProfile, *, seed: int) -> None:
        self._profile = profile
        self._chance = random.Random(f"{seed} pieces")
        self._episodes = _Intervals(
            random.Random(f"{seed} contention"),
            between_s=profile.calm_s,
            lasting=lambda chance: chance.expovariate(1 / profile.contended_s),
        )
        self._cuts = _Intervals(
            random.Random(f"{seed} cuts"),
            between_s=profile.between_cuts_s,
            lasting=lambda chance: chance.uniform(*profile.cut_s),
        )

    def there_at(self, sent_at: float, size_bytes: int) -> float:
        """When a piece is at the other end, if nothing of its connection is before it."""
        profile, at = self._profile, sent_at
        repeat_s = profile.repeat_s
        while True:
            at = self._cuts.end_of(at)
            is_contended = self._episodes.end_of(at) > at
            if self._chance.random() >= (profile.contended_loss if is_contended else profile.loss):
                break
            at += repeat_s
            repeat_s *= 2
        way_s = profile.one_way_s * self._chance.lognormvariate(0.0, profile.spread)
        return at + way_s + size_bytes / profile.bytes_per_s


class _Intervals:
    """Stretches of time, made as far as they are asked for; they begin at moments of a Poisson process."""

    def __init__(self, chance: random.Random, *, between_s: float, lasting: Callable[[random.Random], float]) -> None:
        self._chance = chance
        self._between_s = between_s
        self._lasting = lasting
        self._starts: list[float] = []
        self._ends: list[float] = []

    def end_of(self, at: float) -> float:
        """The end of the stretch that the moment is in; the moment itself if it is in none."""
        while not self._ends or self._ends[-1] <= at:
            start = (self._ends[-1] if self._ends else 0.0) + self._chance.expovariate(1 / self._between_s)
            self._starts.append(start)
            self._ends.append(start + self._lasting(self._chance))
        index = bisect.bisect_right(self._starts, at) - 1
        return max(at, self._ends[index]) if index >= 0 else at


class ConnectionWay:
    """One direction of one connection: what was sent first is there first."""

    def __init__(self, wifi: Wifi) -> None:
        self._wifi = wifi
        self._last_there_at = float("-inf")

    def there_at(self, sent_at: float, size_bytes: int) -> float:
        """When a piece is at the other end."""
        self._last_there_at = max(self._last_there_at, self._wifi.there_at(sent_at, size_bytes))
        return self._last_there_at


class WifiRelay(Relays):
    """Puts a device's air between it and the servers on this machine. An async context manager.

    Args:
        wifi: The air; its origin is the moment of entering.
    """

    def __init__(self, wifi: Wifi) -> None:
        super().__init__()
        self._wifi = wifi
        self._origin = 0.0

    async def __aenter__(self) -> Self:
        self._origin = asyncio.get_running_loop().time()
        return await super().__aenter__()

    async def via(self, url: str) -> str:
        """The same address over the air."""
        return await self._via(url, opening=self._shake_hands, pump=self._pump)

    async def _shake_hands(self) -> None:
        """There and back, before anything is sent."""
        await self._until(self._wifi.there_at(self._wifi.there_at(self._now(), 0), 0))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until the one side closes; then the other one is told as late as it would have been."""
        way = ConnectionWay(self._wifi)
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def read() -> None:
            piece = b""
            with contextlib.suppress(OSError):
                while piece := await reader.read(_PIECE_BYTES):
                    under_way.put_nowait((way.there_at(self._now(), len(piece)), piece))
            under_way.put_nowait((way.there_at(self._now(), 0), b""))

        reading = asyncio.create_task(read())
        try:
            while True:
                there_at, piece = await under_way.get()
                await self._until(there_at)
                if not piece:
                    writer.write_eof()
                    return
                writer.write(piece)
                await writer.drain()
        finally:
            reading.cancel()

    def _now(self) -> float:
        return asyncio.get_running_loop().time() - self._origin

    def _until(self, at: float) -> Awaitable[None]:
        return asyncio.sleep(max(0.0, at - self._now()))
