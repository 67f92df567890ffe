"""Downloading clips by their presigned addresses, a few at a time, each more than once if need be, as the app does."""

import asyncio
import io
import itertools
import random
from pathlib import Path
from typing import Final

import aiohttp
import soundfile

from local.client.backoff import Backoff
from local.client.errors import ClipUnavailableError

_REFUSALS: Final = frozenset({400, 403, 404})
_MAX_CLIP_BYTES: Final = 8 * 1024 * 1024


def save_clip(directory: Path, number: int, clip: bytes) -> Path:
    """Save a segment's clip as ``00000000.mp3``.

    Raises:
        ClipUnavailableError: It is not a sound that a player could decode.
    """
    try:
        with soundfile.SoundFile(io.BytesIO(clip)) as sound:
            is_sound = sound.frames > 0
    except soundfile.LibsndfileError:
        is_sound = False
    if not is_sound:
        raise ClipUnavailableError(f"the clip of segment {number} is not sound", is_expired=False)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{number:08d}.mp3"
    path.write_bytes(clip)
    return path


class ClipDownloader:
    """Fetches clips; up to ``parallel`` at the same time, so that the next ones are there before they are due."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        *,
        parallel: int = 3,
        give_up_s: float = 60.0,
        timeout_s: float = 10.0,
        backoff: Backoff | None = None,
        chance: random.Random | None = None,
    ) -> None:
        """Prepare.

        Args:
            http: Session of the caller, who closes it.
            parallel: Clips on their way at the same time at most.
            give_up_s: A clip is tried for so long; longer than a listener's network is away while clips stay fresh.
            timeout_s: For one attempt.
            backoff: Waits between the attempts.
            chance: Source of the jitter.
        """
        self._http = http
        self._slots = asyncio.Semaphore(parallel)
        self._give_up_s = give_up_s
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._backoff = backoff or Backoff(floor_s=0.2, ceiling_s=2.0)
        self._chance = chance or random.Random()

    async def fetch(self, url: str) -> bytes:
        """The clip's bytes.

        Raises:
            ClipUnavailableError: All attempts failed; refused at once with 400, 403 or 404, where trying again is vain.
        """
        loop = asyncio.get_running_loop()
        async with self._slots:
            gives_up_at = loop.time() + self._give_up_s
            for failures in itertools.count(1):
                clip = await self._try(url)
                if clip:
                    return clip
                delay_s = self._backoff.delay_s(failures, self._chance)
                if loop.time() + delay_s > gives_up_at:
                    break
                await asyncio.sleep(delay_s)
        raise ClipUnavailableError(f"a clip could not be downloaded in {self._give_up_s:.0f} s", is_expired=False)

    async def _try(self, url: str) -> bytes | None:
        try:
            async with self._http.get(url, timeout=self._timeout) as response:
                if response.status in _REFUSALS:
                    raise ClipUnavailableError(f"storage refused a clip with status {response.status}", is_expired=True)
                if response.status != 200:
                    return None
                clip = await response.content.read(_MAX_CLIP_BYTES)
                while not response.content.at_eof() and len(clip) < _MAX_CLIP_BYTES:
                    clip += await response.content.read(_MAX_CLIP_BYTES - len(clip))
                return clip
        except (aiohttp.ClientError, TimeoutError):
            return None
