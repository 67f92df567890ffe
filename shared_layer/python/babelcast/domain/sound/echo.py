"""The room's or the line's echo: how late it comes back, and how strong.

An echo repeats everything after a fixed time, so that the autocorrelation has a peak there. Speech itself is periodic,
too; taking the logarithm of the spectrum first flattens that (B. P. Bogert et al., "The quefrency alanysis of time
series for echoes", 1963), and a word that is said twice has its peak in one part of the audio but not in the other.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import MEMORY_SAMPLES, Signal

SHORTEST_DELAY_S: Final = 0.09
LONGEST_DELAY_S: Final = 0.51
"""Where echoes are looked for. Earlier ones are the room's own sound, later ones hardly come back."""

_PARTS: Final = 2
_PART_SAMPLES: Final = MEMORY_SAMPLES // _PARTS
_FFT_SAMPLES: Final = 32_768
_BINS: Final = _FFT_SAMPLES // 2 + 1
_BINS_PER_HZ: Final = _FFT_SAMPLES / SAMPLE_RATE_HZ
_VOICE: Final = slice(round(150 * _BINS_PER_HZ), round(7_000 * _BINS_PER_HZ))
_CORE: Final = slice(round(300 * _BINS_PER_HZ) - _VOICE.start, round(3_400 * _BINS_PER_HZ) - _VOICE.start)
"""Of the bins of `_VOICE`."""
_FIRST: Final = round(SHORTEST_DELAY_S * SAMPLE_RATE_HZ)
_LAST: Final = round(LONGEST_DELAY_S * SAMPLE_RATE_HZ)
_TWICE_REACH: Final = 3
"""Samples around twice the delay."""
_QUIETEST: Final = 10 ** (-55 / 10)
"""Mean square in which an echo could still be found."""
_FLATTEST_TONE: Final = 0.01
"""Tones repeat themselves; what has less of its power between them is not judged."""
_AROUND: Final = np.concatenate((np.arange(-320, -16), np.arange(17, 321)))
"""From 1 to 20 ms on both sides of a peak, in samples."""
_ABOVE_AROUND: Final = 5.0
"""An echo's peak is so many times as high as what is around it (root mean square); all of a room's reverberation is
alike. Echoes at -20 dB had 5.3 or more, nearly all 8; rooms of 0.5 to 1.5 s had 4.4 at most
(`tests/unit/test_sound_echo.py`)."""
_AT_TWICE: Final = 0.25
"""Of its peak: what is repeated again and again as loud as before, as ticks are, has half of it at twice the delay."""
_AT_TWICE_OF_SQUARE: Final = 0.8
"""What is repeated softer each time, as by a microphone that hears its loudspeaker, has half of the peak's square."""
_LEAST_CORE: Final = 0.01
"""Share of the power; what has less of it where voices are is no speech. The voices of flite and espeak-ng have
at least 0.03."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """The likeliest echo.

    Attributes:
        delay_s: Within `SHORTEST_DELAY_S` and `LONGEST_DELAY_S`.
        evidence: Height of the peak; 0 where it does not stand out, or comes again. In 90 minutes of speech without an
            echo it was 0.033 at most, and three looks in a row, half a second apart, never found the same delay
            (`make bench-signal`).
    """

    delay_s: float
    evidence: float

    @property
    def strength_db(self) -> float:
        """The echo's level against what it repeats, about: from 1 dB too low at 100 ms to 4 dB too low at 500 ms."""
        overlap = 1 - self.delay_s * SAMPLE_RATE_HZ / _PART_SAMPLES
        return 20 * float(np.log10(min(1.0, max(1e-3, self.evidence / overlap))))


def find_echo(memory: Signal) -> Echo | None:
    """The likeliest echo in three seconds; None where there is nothing that could be judged."""
    parts = memory.reshape(_PARTS, _PART_SAMPLES)
    if np.min(np.mean(parts**2, axis=1)) < _QUIETEST:
        return None
    spectra = np.fft.rfft(parts, _FFT_SAMPLES, axis=1)
    powers = spectra.real**2 + spectra.imag**2
    voice = powers[:, _VOICE]
    logarithms = np.log(voice + 1e-12 * np.max(powers, axis=1, keepdims=True))
    core = voice[:, _CORE]
    core_share = np.sum(core, axis=1) / np.sum(powers, axis=1)
    flatness = np.exp(np.mean(logarithms[:, _CORE], axis=1)) / np.mean(core, axis=1)
    if np.min(flatness) < _FLATTEST_TONE or np.min(core_share) < _LEAST_CORE:
        return None
    flat = np.zeros((_PARTS, _BINS))
    flat[:, _VOICE] = (logarithms - np.mean(logarithms, axis=1, keepdims=True)) * (_BINS / logarithms.shape[1])
    correlations = np.fft.irfft(flat, axis=1)[:, : 2 * _LAST + _TWICE_REACH + 1]
    lower = np.min(correlations, axis=0)
    best = _FIRST + int(np.argmax(lower[_FIRST : _LAST + 1]))
    is_echo = _stands_out(np.mean(correlations, axis=0), best, lower[best]) and not _comes_again(lower, best)
    return Echo(delay_s=best / SAMPLE_RATE_HZ, evidence=float(lower[best]) if is_echo else 0.0)


def _stands_out(correlation: Signal, place: int, height: float) -> bool:
    return bool(height >= _ABOVE_AROUND * np.sqrt(np.mean(correlation[place + _AROUND] ** 2)))


def _comes_again(correlation: Signal, place: int) -> bool:
    again = correlation[2 * place - _TWICE_REACH : 2 * place + _TWICE_REACH + 1]
    peak = float(correlation[place])
    return bool(np.max(again) >= max(_AT_TWICE * peak, _AT_TWICE_OF_SQUARE * peak**2))
