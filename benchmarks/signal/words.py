"""The local recogniser: what noise and clipping cost in words, and how well the words' times tell the pace."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import Signal
from babelcast.domain.transcript import Word
from benchmarks.continuity import compare, hear_in_one_stream
from benchmarks.quiet.programmes import to_pcm
from benchmarks.signal.damage import clipped, with_noise
from benchmarks.signal.hearing import Hearing
from benchmarks.signal.measured import Errors
from benchmarks.signal.speech import reading
from local.engines.recogniser_processes import ProcessRecogniser, pocketsphinx_recogniser
from local.engines.speech import FinalResult, ItemKind

NOTHING: Final = "nothing"
SNRS_DB: Final = (40, 35, 30, 25, 20, 15, 10)
CLIPPED_SHARES: Final = (0.001, 0.003, 0.01, 0.03, 0.1)
STRETCHES: Final = (0.75, 1.0, 1.4)
"""How long a text takes, of what it takes in a voice's own way."""
_ALLOWED_PACE_PERCENT: Final = 10.0

Damage = Callable[[Signal], Signal]


@dataclass(frozen=True, slots=True, kw_only=True)
class WordErrors:
    """Wrong, lost and inserted words of 100 spoken, by voice, where this was done to the speech."""

    damage: str
    percent: Mapping[str, float]

    @property
    def mean_percent(self) -> float:
        """Over the voices, which all say the same."""
        return sum(self.percent.values()) / len(self.percent)

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        by_voice = {voice: round(percent, 1) for voice, percent in self.percent.items()}
        return {"damage": self.damage, "percent": round(self.mean_percent, 1), "byVoice": by_voice}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the recogniser has made of everything."""

    errors: tuple[WordErrors, ...]
    paces: tuple[Errors, ...]


def damages(snrs_db: Sequence[int] = SNRS_DB, shares: Sequence[float] = CLIPPED_SHARES) -> Iterator[tuple[str, Damage]]:
    """What is done to speech, more and more of it."""
    yield NOTHING, _undamaged
    for snr_db in snrs_db:
        yield f"white noise at {snr_db} dB", partial(with_noise, snr_db=snr_db)
    for share in shares:
        yield f"{share:.1%} clipped", partial(clipped, share=share)


async def hear_words(
    voices: Sequence[str], sentences: int, done: Sequence[tuple[str, Damage]], stretches: Sequence[float] = STRETCHES
) -> Words:
    """Everything, one stream of the recogniser after the other.

    Raises:
        EngineFailedError: The recogniser broke.
    """
    recogniser = await pocketsphinx_recogniser()
    try:
        errors = [
            WordErrors(
                damage=name,
                percent={voice: await _words_wrong(recogniser, voice, sentences, damage) for voice in voices},
            )
            for name, damage in done
        ]
        paces = [
            Errors(
                measure="pace by the recogniser's words, %",
                condition=f"flite, {stretch:g} times as long",
                by_voice={voice: await _pace_errors(recogniser, voice, sentences, stretch) for voice in voices},
                allowed=_ALLOWED_PACE_PERCENT,
            )
            for stretch in stretches
        ]
    finally:
        await recogniser.close()
    return Words(errors=tuple(errors), paces=tuple(paces))


async def _words_wrong(recogniser: ProcessRecogniser, voice: str, sentences: int, damage: Damage) -> float:
    read = await asyncio.to_thread(reading, voice, sentences)
    results = await hear_in_one_stream(recogniser, to_pcm(damage(read.samples)))
    return compare(read.text, (result.text for result in results)).word_error_rate_percent


async def _pace_errors(recogniser: ProcessRecogniser, voice: str, sentences: int, stretch: float) -> list[float]:
    """Of all that is heard: the pace of each result, by the time spoken, against that of the whole text."""
    read = await asyncio.to_thread(reading, voice, sentences, stretch=stretch)
    hearing = Hearing()
    await asyncio.to_thread(hearing.hear, read.samples)
    spoken_s = letters = 0.0
    for result in await hear_in_one_stream(recogniser, to_pcm(read.samples)):
        dynamics = hearing.meter.dynamics(_words(result))
        if dynamics is not None:
            spoken_s += dynamics.spoken_s
            letters += dynamics.letters_per_s * dynamics.spoken_s
    return [100 * (letters / spoken_s / read.letters_per_s - 1)] if spoken_s else [-100.0]


def _words(result: FinalResult) -> list[Word]:
    return [
        Word(
            text=item.content,
            start_sample=round(item.start * SAMPLE_RATE_HZ),
            end_sample=round(item.end * SAMPLE_RATE_HZ),
            stable=True,
        )
        for item in result.items
        if item.kind is ItemKind.WORD
    ]


def _undamaged(speech: Signal) -> Signal:
    return speech
