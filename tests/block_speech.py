"""Block speech: an exact stand-in for speech in tests of the streaming core.

A word is a block of 0.2 s of a square wave whose height says the word's number; between words are 50 ms of silence,
between sentences a second. The recogniser reads the samples it is fed, so a word that is cut, lost, doubled or moved
shows as such. Results come as Transcribe's do: partials with stable items (all but the last word), finals after half a
second of silence, closed with a full stop.
"""

import asyncio
from array import array
from collections import deque
from dataclasses import dataclass, field

from babelcast.domain.audio import SAMPLE_RATE_HZ, AudioChunk
from babelcast.domain.errors import TranscriptionUnavailableError
from babelcast.domain.languages import Language
from babelcast.domain.transcript import FinalResult, Item, PartialResult, Punctuation, Result, Word

WORD_SAMPLES = SAMPLE_RATE_HZ // 5
PAUSE_SAMPLES = SAMPLE_RATE_HZ // 20
SENTENCE_PAUSE_SAMPLES = SAMPLE_RATE_HZ
ENDPOINT_SAMPLES = SAMPLE_RATE_HZ // 2
CHUNK_SAMPLES = SAMPLE_RATE_HZ // 4
_LOWEST, _STEP = 8_000, 8


def block_speech(*sentences: int, first_word: int = 1) -> bytes:
    """Sentences of so many words each, with numbered words, a second of silence after each sentence."""
    samples = array("h")
    number = first_word
    for words in sentences:
        for _ in range(words):
            samples.extend(_block(number))
            samples.extend([0] * PAUSE_SAMPLES)
            number += 1
        samples.extend([0] * SENTENCE_PAUSE_SAMPLES)
    return samples.tobytes()


def _block(number: int) -> list[int]:
    height = _LOWEST + number * _STEP
    return [height, -height] * (WORD_SAMPLES // 2)


def chunks_of(
    pcm: bytes, *, samples: int = CHUNK_SAMPLES, origin_sample: int = 0, first_index: int = 0
) -> list[AudioChunk]:
    """Speech as the speaker's app sends it; from index 0 on when it has just been loaded."""
    size = samples * 2
    return [
        AudioChunk(
            chunk_index=first_index + index,
            sample_offset=origin_sample + index * samples,
            captured_at_ms=0,
            pcm=pcm[start : start + size],
        )
        for index, start in enumerate(range(0, len(pcm) - size + 1, size))
    ]


@dataclass
class Clock:
    """Time that passes only when somebody waits."""

    now_s: float = 1000.0

    def monotonic_s(self) -> float:
        return self.now_s

    def now_ms(self) -> int:
        return int(self.now_s * 1000)

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@dataclass
class BlockTranscriber:
    """Opens streams; ``refusals`` of the next openings fail; results come ``lag_s`` after their audio."""

    clock: Clock
    refusals: int = 0
    refused_languages: set[str] = field(default_factory=set)
    lag_s: float = 0.0
    opened: int = 0
    streams: list["BlockStream"] = field(default_factory=list)

    async def open(self, source: Language, *, origin_sample: int) -> "BlockStream":
        if source.code in self.refused_languages:
            raise TranscriptionUnavailableError("refused")
        if self.refusals:
            self.refusals -= 1
            raise TranscriptionUnavailableError("refused")
        self.opened += 1
        stream = BlockStream(self.clock, origin_sample, name=f"stream-{self.opened}", lag_s=self.lag_s)
        self.streams.append(stream)
        return stream


class BlockStream:
    def __init__(self, clock: Clock, origin_sample: int, *, name: str, lag_s: float) -> None:
        self._clock = clock
        self._origin = origin_sample
        self._name = name
        self._samples = array("h")
        self._lag_s = lag_s
        self._results: deque[tuple[float, Result]] = deque()
        self._result_number = 0
        self._result_start = 0
        self._ended = False
        self.broken = False
        self.closed = False

    async def send(self, pcm: bytes) -> None:
        self._check()
        assert len(pcm) <= SAMPLE_RATE_HZ * 2, "at most a second at once"
        assert not self.closed
        self._samples.frombytes(pcm)
        self._recognise()

    async def end(self) -> None:
        self._check()
        self._ended = True
        self._recognise()

    async def next_result(self, deadline_s: float) -> Result | None:
        await asyncio.sleep(0)  # a network lets others go on, too
        self._check()
        if self._results and self._results[0][0] <= self._clock.now_s + deadline_s:
            due_s, result = self._results.popleft()
            self._clock.now_s = max(self._clock.now_s, due_s)
            return result
        self._clock.now_s += deadline_s
        return None

    @property
    def is_finished(self) -> bool:
        return self._ended and not self._results

    async def close(self) -> None:
        self.closed = True

    def _check(self) -> None:
        if self.broken:
            raise TranscriptionUnavailableError("broken")

    def _recognise(self) -> None:
        words, end = self._words()
        silent = len(self._samples) - end
        while words:
            split = next(
                (
                    index
                    for index in range(1, len(words))
                    if words[index].start_sample - words[index - 1].end_sample >= ENDPOINT_SAMPLES
                ),
                None,
            )
            if split is None:
                break
            self._final(words[:split])
            words = words[split:]
        if words and (silent >= ENDPOINT_SAMPLES or self._ended):
            self._final(words)
        elif words:
            items: list[Item] = [*words[:-1]]
            items.append(Word(text=words[-1].text, start_sample=words[-1].start_sample,
                              end_sample=words[-1].end_sample, stable=False))  # fmt: skip
            self._add(PartialResult(result_id=f"{self._name}-{self._result_number}", items=tuple(items)))

    def _final(self, words: list[Word]) -> None:
        items: tuple[Item, ...] = (*words, Punctuation(text=".", stable=True))
        self._add(FinalResult(result_id=f"{self._name}-{self._result_number}", items=items))
        self._result_number += 1
        self._result_start = words[-1].end_sample - self._origin

    def _add(self, result: Result) -> None:
        self._results.append((self._clock.now_s + self._lag_s, result))

    def _words(self) -> tuple[list[Word], int]:
        """Words since the last final, and where the last sound ends in this stream's samples."""
        found: list[Word] = []
        index, end = self._result_start, self._result_start
        while index < len(self._samples):
            value = abs(self._samples[index])
            start = index
            while index < len(self._samples) and abs(self._samples[index]) == value:
                index += 1
            if value == 0:
                continue
            whole = index - start == WORD_SAMPLES
            growing = index == len(self._samples) and not self._ended
            end = index
            if growing and not whole:
                break
            text = f"w{(value - _LOWEST) // _STEP}" + ("" if whole else f"?{index - start}")
            found.append(
                Word(text=text, start_sample=self._origin + start, end_sample=self._origin + index, stable=True)
            )
        return found, end
