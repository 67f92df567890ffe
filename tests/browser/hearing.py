"""What a page has played, recorded at the audio graph's end."""

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Page

from local.engines.tone_alphabet import WORD_SECONDS
from local.engines.tone_hearing import HeardWord, ToneEar

_HERE: Final = Path(__file__).parent

WORKLET: Final = _HERE / "recording-worklet.js"
"""Pages may load it from their own origin alone, as any script."""

_FASTEST_TEMPO: Final = 1.3
"""Source: frontend/packages/shared/src/playback/drift-control.ts."""
_TOLERANCE_S: Final = 0.015
"""The hop of frontend/packages/shared/src/playback/time-stretch.ts."""
_SHORTEST_S: Final = WORD_SECONDS / _FASTEST_TEMPO - _TOLERANCE_S
_LONGEST_S: Final = WORD_SECONDS + _TOLERANCE_S


@dataclass(slots=True)
class Recording:
    """One audio context, mono, signed 16-bit little-endian.

    Frames that a browser leaves out when it has no time to compute them are silence in it, as on the device. Chromium
    sometimes counts 128 frames twice that it gives once.
    """

    rate_hz: int
    pcm: bytearray = field(default_factory=bytearray)
    next_frame: int | None = None

    def add(self, first_frame: int, pcm: bytes) -> bytes:
        """Append a block; returns it with silence for what is missing before it."""
        begins = first_frame if self.next_frame is None else max(first_frame, self.next_frame)
        missing = 0 if self.next_frame is None else begins - self.next_frame
        self.next_frame = begins + len(pcm) // 2
        added = bytes(2 * missing) + pcm
        self.pcm += added
        return added


class Hearing:
    """Everything that a page has played, also before it was loaded again.

    Attributes:
        recordings: One for each audio context, in order.
        words: What has been heard of the tone language, in order.
    """

    def __init__(self) -> None:
        self._by_context: dict[float, tuple[Recording, ToneEar]] = {}
        self._arrival = asyncio.Event()
        self.words: list[HeardWord] = []

    @property
    def recordings(self) -> list[Recording]:
        return [recording for recording, _ in self._by_context.values()]

    async def listen(self, page: Page) -> None:
        """Tap the page; to be called before it is opened. Its origin serves `WORKLET` beside the app."""
        await page.expose_binding("tellHeard", self._take)
        await page.add_init_script(path=_HERE / "tap.js")

    @property
    def seconds(self) -> float:
        """How long the page has been ready to play, silence included."""
        return sum(len(each.pcm) / 2 / each.rate_hz for each in self.recordings)

    async def wait_for_words(self, count: int, *, seconds: float = 60) -> None:
        """Wait until so many words have been played."""
        await self._wait(lambda: len(self.words) >= count, seconds)

    async def wait_for_seconds(self, more: float) -> None:
        """Wait until so much more has been played, silence included."""
        await self.wait_until(self.seconds + more)

    async def wait_until(self, end: float) -> None:
        """Wait until so many seconds have been played in all."""
        await self._wait(lambda: self.seconds >= end, 30 + 3 * max(0.0, end - self.seconds))

    async def _wait(self, is_reached: Callable[[], bool], seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while not is_reached():
                self._arrival.clear()
                await self._arrival.wait()

    def finish(self) -> list[HeardWord]:
        """All words, the last one too."""
        for _, ear in self._by_context.values():
            self.words += ear.finish()
        return self.words

    def _take(self, _source: dict[str, Any], context: float, rate_hz: float, first_frame: int, pcm: str) -> None:
        if context not in self._by_context:
            self._by_context[context] = (Recording(round(rate_hz)), ToneEar(round(rate_hz)))
        recording, ear = self._by_context[context]
        for words in ear.hear(recording.add(first_frame, base64.b64decode(pcm))):
            self.words += words
        self._arrival.set()


def is_whole_at_any_tempo(word: HeardWord) -> bool:
    """Whether a word is as long as some tempo makes it, for a page that may have been catching up.

    It plays up to 1.3 times as fast then: words are shorter and their phases jump, either of which makes a broken word.
    """
    return word.is_whole or (word.word is not None and _SHORTEST_S <= word.end - word.start <= _LONGEST_S)
