"""The tone language: words that are chords, so that audio itself tells what became of every word.

A word is one chord of 200 ms, followed by 60 ms of silence. Two of its tones say which word it is, the third, the
pilot, in which language it is spoken::

    tone     Hz           says
    low      640 … 1340   word (8 choices)
    high     1625 … 2025  word (9 choices)
    pilot    2350 … 3375  language, 25 Hz apart, one for each language of the table

Within a word, frequencies, phases and levels are constant but for ramps of 8 ms at its ends. So a word from which a
piece was taken, or into which one was put, is no chord of 200 ms any more. Nor is one whose pieces were swapped: no
multiple of 10 ms below 200 ms is a whole number of periods of both the low and the high tone.

In writing, an English word is itself (``river``), any other language's has the language's code (``river-es``,
``river-pt-BR``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt

from babelcast.domain.languages import LANGUAGES
from local.engines.speech import RECOGNISER_RATE_HZ

Signal = npt.NDArray[np.float64]
"""Mono samples between -1 and 1."""

WORD_SECONDS: Final = 0.2
GAP_SECONDS: Final = 0.06
RAMP_SECONDS: Final = 0.008

WORDS: Final = tuple(
    "water river stone house garden window table paper bread apple lemon honey sugar butter coffee summer "
    "winter spring autumn morning evening monday friday north south green yellow silver golden little happy "
    "quiet early under after over before between always never often again today seven eleven twenty hundred "
    "music letter story picture number doctor teacher sister brother mother father city village market "
    "station bridge mountain forest".split()
)
"""The vocabulary, in English."""

UNKNOWN: Final = "[unknown]"
"""What is spoken for text that is no word of the vocabulary."""

SOURCE_LANGUAGE: Final = "en"
"""The language whose words are written without a code."""

LOW_HZ: Final = tuple(640 + 100 * step for step in range(8))
HIGH_HZ: Final = tuple(1625 + 50 * step for step in range(9))
PILOT_HZ: Final[dict[str, int]] = {code: 2350 + 25 * step for step, code in enumerate(sorted(LANGUAGES))}
AMPLITUDES: Final = (0.22, 0.22, 0.14)
"""Of the low, high and pilot tone; full scale is 1."""

CHORDS: Final = dict(zip((*WORDS, UNKNOWN), ((low, high) for high, low in product(HIGH_HZ, LOW_HZ)), strict=False))
"""The low and the high tone of each word, in Hz."""


class UnknownWordError(ValueError):
    """Not a word of the tone language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneWord:
    """A word in a language.

    Attributes:
        word: One of `WORDS`, or `UNKNOWN`.
        language: A code of Babelcast's table.
    """

    word: str
    language: str = SOURCE_LANGUAGE

    def __post_init__(self) -> None:
        if self.word not in CHORDS or self.language not in PILOT_HZ:
            raise UnknownWordError("not a word of the tone language")

    @classmethod
    def read(cls, spelling: str) -> "ToneWord":
        """The word written so; capitals do not matter in it.

        Raises:
            UnknownWordError: There is none.
        """
        word, _, language = spelling.partition("-")
        return cls(word=word.lower(), language=language or SOURCE_LANGUAGE)

    @property
    def spelling(self) -> str:
        """The word in writing."""
        return self.word if self.language == SOURCE_LANGUAGE else f"{self.word}-{self.language}"

    @property
    def tones_hz(self) -> tuple[int, int, int]:
        """Its low, high and pilot tone."""
        return (*CHORDS[self.word], PILOT_HZ[self.language])


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledWord:
    """When a word of `tone_speech` is spoken, in seconds since its first sample."""

    spelling: str
    start: float
    end: float


def speak_tones(spellings: Iterable[str], rate_hz: int = RECOGNISER_RATE_HZ) -> bytes:
    """The words, each with its gap behind it, as mono signed 16-bit little-endian PCM.

    Args:
        spellings: Written words (``river``, ``river-es``).
        rate_hz: A multiple of 100 that is above 7000.

    Raises:
        UnknownWordError: One is not in the language.
    """
    return b"".join(_word_pcm(ToneWord.read(spelling), rate_hz) for spelling in spellings)


def tone_speech(
    sentences: Iterable[Sequence[str]], *, pause_s: float = 1.0, rate_hz: int = RECOGNISER_RATE_HZ
) -> bytes:
    """Sentences of written words with a pause behind each, as PCM like that of `speak_tones`."""
    pause = bytes(2 * round(pause_s * rate_hz))
    return b"".join(speak_tones(sentence, rate_hz) + pause for sentence in sentences)


def tone_schedule(sentences: Iterable[Sequence[str]], *, pause_s: float = 1.0) -> tuple[ScheduledWord, ...]:
    """When `tone_speech` speaks each word."""
    now = 0.0
    words = []
    for sentence in sentences:
        for spelling in sentence:
            words.append(ScheduledWord(spelling=spelling, start=now, end=now + WORD_SECONDS))
            now += WORD_SECONDS + GAP_SECONDS
        now += pause_s
    return tuple(words)


def silence(seconds: float, rate_hz: int) -> bytes:
    """Digital silence as PCM."""
    return bytes(2 * round(seconds * rate_hz))


@lru_cache(maxsize=1024)
def _word_pcm(word: ToneWord, rate_hz: int) -> bytes:
    times = np.arange(round(WORD_SECONDS * rate_hz)) / rate_hz
    chord: Signal = np.zeros(len(times))
    for tone_hz, amplitude in zip(word.tones_hz, AMPLITUDES, strict=True):
        chord += amplitude * np.sin(2 * np.pi * tone_hz * times)
    ramp = np.sin(np.linspace(0, np.pi / 2, round(RAMP_SECONDS * rate_hz), endpoint=False)) ** 2
    chord[: len(ramp)] *= ramp
    chord[len(chord) - len(ramp) :] *= ramp[::-1]
    return np.round(chord * 32767).astype("<i2").tobytes() + silence(GAP_SECONDS, rate_hz)
