"""Downloading clips by their presigned addresses, a few at a time and each more than once if need be."""

import asyncio
import io
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
        attempts: int = 4,
        timeout_s: float = 10.0,
        backoff: Backoff | None = None,
        chance: random.Random | None = None,
    ) -> None:
        """Prepare.

        Args:
            http: Session of the caller, who closes it.
            parallel: Clips on their way at the same time at most.
            attempts: How often a clip is tried.
            timeout_s: For one attempt.
            backoff: Waits between the attempts.
            chance: Source of the jitter.
        """
        self._http = http
        self._slots = asyncio.Semaphore(parallel)
        self._attempts = attempts
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._backoff = backoff or Backoff(floor_s=0.2, ceiling_s=2.0)
        self._chance = chance or random.Random()

    async def fetch(self, url: str) -> bytes:
        """The clip's bytes.

        Raises:
            ClipUnavailableError: All attempts failed; refused at once with 400, 403 or 404, where trying again is vain.
        """
        async with self._slots:
            for attempt in range(1, self._attempts + 1):
                clip = await self._try(url)
                if clip:
                    return clip
                if attempt < self._attempts:
                    await asyncio.sleep(self._backoff.delay_s(attempt, self._chance))
        raise ClipUnavailableError(f"a clip could not be downloaded in {self._attempts} attempts", is_expired=False)

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
