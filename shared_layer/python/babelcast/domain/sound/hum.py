"""Mains hum: lines at multiples of 50 or 60 Hz, too narrow and too steady for any voice."""

from typing import Final

import numpy as np

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import MEMORY_SAMPLES, Signal

_WINDOW: Final = np.hanning(MEMORY_SAMPLES)
_SCALE: Final = 2.0 / (MEMORY_SAMPLES * np.sum(_WINDOW**2))
_HZ_PER_BIN: Final = SAMPLE_RATE_HZ / MEMORY_SAMPLES
_MAINS_HZ: Final = (50, 60)
_TOLERANCE_HZ: Final = 0.2
"""At 50 or 60 Hz; twice as much at twice the frequency. Source: ENTSO-E, Operation Handbook, policy 1 (load-frequency
control): in normal operation the frequency is between 49.8 and 50.2 Hz. EN 50160 allows 0.5 Hz in 99.5 % of a year."""
_HIGHEST_HZ: Final = 420
_LINE_BINS: Final = 2
"""A steady tone's power lies within so many bins of its middle."""
_BESIDE_BINS: Final = 24
_ABOVE_BESIDE: Final = 30.0
"""A line's peak is so many times as strong as the median of the 8 Hz on both sides of it."""
_LINES: Final = 2
"""Above the mains' own frequency, where no voice is, a line alone may be anything."""

NO_HUM_DBFS: Final = -120.0
"""Where there is none."""


def hum_dbfs(memory: Signal) -> float:
    """The level of the hum in three seconds, in dB of a full-scale square wave; `NO_HUM_DBFS` for none."""
    spectrum = np.fft.rfft(memory * _WINDOW)[: int((_HIGHEST_HZ + 60) / _HZ_PER_BIN)]
    powers = _SCALE * (spectrum.real**2 + spectrum.imag**2)
    power = max(_lines(powers, mains) for mains in _MAINS_HZ)
    return NO_HUM_DBFS if power <= 0 else max(NO_HUM_DBFS, 10 * float(np.log10(power)))


def _lines(powers: Signal, mains_hz: int) -> float:
    """The power of all lines of mains of a frequency."""
    found: dict[int, float] = {}
    for multiple in range(1, _HIGHEST_HZ // mains_hz + 1):
        middle = round(multiple * mains_hz / _HZ_PER_BIN)
        reach = round(multiple * _TOLERANCE_HZ / _HZ_PER_BIN) + 1
        peak = middle - reach + int(np.argmax(powers[middle - reach : middle + reach + 1]))
        around = powers[peak - _BESIDE_BINS : peak + _BESIDE_BINS + 1]
        if powers[peak] > _ABOVE_BESIDE * float(np.median(around)):
            found[multiple] = float(np.sum(powers[peak - _LINE_BINS : peak + _LINE_BINS + 1]))
    return sum(found.values()) if 1 in found or len(found) >= _LINES else 0.0
