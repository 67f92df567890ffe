"""Tone speech with the rhythm of somebody who speaks freely: sentences of all lengths, breaths, pauses.

Pauses within sentences are brief and medium ones, below the half second by which a recogniser ends a result; those
between sentences are medium and long. Source of the kinds (brief below 200 ms, medium to a second, long above):
Campione and Véronis, A large-scale multilingual study of silent pause duration, 2002.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from local.engines.speech import RECOGNISER_RATE_HZ
from local.engines.tone_alphabet import GAP_SECONDS, WORD_SECONDS, WORDS, silence, speak_tones

_SENTENCE_WORDS: Final = (3, 11, 24)
"""Least, most frequent and most words of a sentence: 0.8, 2.9 and 6.2 s."""
_PHRASE_WORDS: Final = (4, 8)
_BREATH_S: Final = (0.1, 0.35)
_PAUSE_S: Final = (0.6, 1.6)
_LONG_PAUSE_S: Final = (2.0, 4.0)
_LONG_PAUSE_SHARE: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenWord:
    """A word and when it is spoken, in ms since the first sample."""

    word: str
    start_ms: float
    end_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """Speech with the truth about it.

    Attributes:
        pcm: Mono s16le at 16 000 Hz.
    """

    pcm: bytes
    words: tuple[SpokenWord, ...]


def natural_speech(seconds: float, *, seed: int) -> Speech:
    """About so much of it; the same seed says the same."""
    rng = random.Random(seed)
    return _spoken(natural_phrases(rng), seconds)


def fluent_speech(seconds: float, *, seed: int) -> Speech:
    """Word after word without a pause, and a pause at the end."""
    rng = random.Random(seed)
    words = round(seconds / (WORD_SECONDS + GAP_SECONDS))
    return _spoken(iter([(tuple(rng.choices(WORDS, k=words)), _PAUSE_S[1])]), seconds)


def natural_phrases(
    rng: random.Random, *, breath_s: tuple[float, float] = _BREATH_S
) -> Iterator[tuple[tuple[str, ...], float]]:
    """Phrases as people speak freely, without end, each with the pause behind it in seconds.

    Args:
        rng: Draws words and pauses.
        breath_s: The shortest and the longest pause within a sentence.
    """
    least, usual, most = _SENTENCE_WORDS
    while True:
        left = round(rng.triangular(least, most, usual))
        while left:
            size = rng.randint(*_PHRASE_WORDS)
            # A phrase of one or two words is not spoken apart.
            size = left if left - size < least else size
            left -= size
            is_long = rng.random() < _LONG_PAUSE_SHARE
            pause_s = rng.uniform(*breath_s) if left else rng.uniform(*(_LONG_PAUSE_S if is_long else _PAUSE_S))
            yield tuple(rng.choices(WORDS, k=size)), pause_s


def _spoken(phrases: Iterator[tuple[tuple[str, ...], float]], seconds: float) -> Speech:
    pcm, words = bytearray(), []
    for phrase, pause_s in phrases:
        start_ms = len(pcm) / 2 / RECOGNISER_RATE_HZ * 1000
        for index, word in enumerate(phrase):
            word_ms = start_ms + index * (WORD_SECONDS + GAP_SECONDS) * 1000
            words.append(SpokenWord(word=word, start_ms=word_ms, end_ms=word_ms + WORD_SECONDS * 1000))
        pcm += speak_tones(phrase) + silence(pause_s, RECOGNISER_RATE_HZ)
        if len(pcm) >= seconds * RECOGNISER_RATE_HZ * 2:
            break
    return Speech(pcm=bytes(pcm), words=tuple(words))
