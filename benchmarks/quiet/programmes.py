"""Minutes of silence, noise and music, put together from their parts with fades, the same for the same seed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from benchmarks.quiet import music, noises
from benchmarks.quiet.signals import faded
from local.engines.tone_alphabet import Signal
from local.wav import SAMPLE_RATE_HZ

_LONGEST_PART_SECONDS: Final = 15.0
_SHORTEST_PART_SECONDS: Final = 4.0
_FADES_SECONDS: Final = (0.02, 0.3, 1.5)
"""A part may set in at once, or come gradually."""

Make = Callable[[float, np.random.Generator], Signal]
"""Makes so many seconds of a sound at a level of its own choice, in ±1."""


class Kind(StrEnum):
    """What is heard instead of speech."""

    SILENCE = "silence"
    NOISE = "noise"
    MUSIC = "music"


PARTS: Final[Mapping[Kind, tuple[Make, ...]]] = {
    Kind.SILENCE: (
        noises.digital_silence,
        noises.idle_converter,
        noises.quiet_room,
        noises.clicks,
        noises.coughs,
        noises.knocks,
    ),
    Kind.NOISE: (
        noises.white,
        noises.pink,
        noises.swelling,
        noises.flutter,
        noises.bursts,
        noises.fan,
        noises.traffic,
        noises.applause,
        noises.wind,
        noises.alarms,
        noises.birds,
        noises.machine,
    ),
    Kind.MUSIC: (
        music.organ,
        music.strings,
        music.piano,
        music.guitar,
        music.flute,
        music.brass,
        music.violin,
        music.synthesiser,
        music.whistling,
        music.bells,
        music.drums,
        music.band_playing,
        music.singing,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A stretch of a programme, in seconds since its beginning."""

    name: str
    start: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """Sound without speech.

    Attributes:
        pcm: Mono, signed 16-bit little-endian, 16 000 Hz.
        parts: What it consists of, in order.
    """

    pcm: bytes
    parts: tuple[Part, ...]


def compose(kind: Kind, seconds: float, *, seed: int) -> Programme:
    """So many seconds: every part in turn, each time another one of its sort; in a short programme, some of them."""
    rng = np.random.default_rng([seed, list(Kind).index(kind)])
    makes = PARTS[kind]
    part_s = min(max(seconds / len(makes), _SHORTEST_PART_SECONDS), _LONGEST_PART_SECONDS)
    count = max(1, round(seconds / part_s))
    part_s = seconds / count
    order = rng.permutation(len(makes)) if count < len(makes) else np.arange(len(makes))
    signals: list[Signal] = []
    parts: list[Part] = []
    for number in range(count):
        make = makes[order[number % len(makes)]]
        signals.append(faded(make(part_s, rng), min(part_s / 3, float(rng.choice(_FADES_SECONDS)))))
        parts.append(Part(name=make.__name__, start=number * part_s, end=(number + 1) * part_s))
    whole = np.concatenate(signals)[: round(seconds * SAMPLE_RATE_HZ)]
    return Programme(pcm=to_pcm(whole), parts=tuple(parts))


def to_pcm(signal: Signal) -> bytes:
    """As mono, signed 16-bit little-endian; what is too loud is clipped, as in a sound card."""
    return np.rint(np.clip(signal, -1, 32767 / 32768) * 32768).astype("<i2").tobytes()
