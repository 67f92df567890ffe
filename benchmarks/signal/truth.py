"""What is true of a signal, calculated slowly and from all of it, by the definitions in the standards."""

from typing import Final

import numpy as np
import numpy.typing as npt
import soxr

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import Signal

_TIME_CONSTANT_S: Final = 0.03
_HANGOVER_S: Final = 0.2
_MARGIN_DB: Final = 15.9
"""Source: ITU-T P.56, method B."""
_LOWEST_STEP: Final = -15
_SMOOTHED_AT_ONCE: Final = 4096

_LOUDNESS_RATE_HZ: Final = 48_000
_SHELF: Final = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
_HIGH_PASS: Final = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
_GATE_S: Final = 0.4
_STEP_S: Final = 0.1
_ABSOLUTE_LUFS: Final = -70.0
_RELATIVE_LU: Final = -10.0
_OFFSET_DB: Final = -0.691
"""Source: ITU-R BS.1770-5, annex 1."""


def active_level_db(signal: Signal) -> float:
    """The active speech level (ITU-T P.56, method B) in dB of a full-scale square wave.

    Raises:
        ValueError: There is nothing active in it.
    """
    envelope = _smoothed(_smoothed(np.abs(signal)))
    energy = float(np.sum(signal**2))
    before: tuple[float, float] | None = None
    for threshold in 2.0 ** np.arange(_LOWEST_STEP, 1):
        active = int(np.count_nonzero(_held(envelope >= threshold)))
        if active == 0:
            break
        level_db = 10 * float(np.log10(energy / active))
        above_db = level_db - 20 * float(np.log10(threshold))
        if before is not None and above_db <= _MARGIN_DB:
            share = (before[1] - _MARGIN_DB) / (before[1] - above_db)
            return before[0] + share * (level_db - before[0])
        before = (level_db, above_db)
    raise ValueError("nothing active")


def _smoothed(values: Signal) -> Signal:
    """Exponential smoothing, from nothing."""
    kept = float(np.exp(-1 / (SAMPLE_RATE_HZ * _TIME_CONSTANT_S)))
    decay = kept ** np.arange(1, _SMOOTHED_AT_ONCE + 1)
    smoothed = np.empty_like(values)
    last = 0.0
    for start in range(0, len(values), _SMOOTHED_AT_ONCE):
        piece = values[start : start + _SMOOTHED_AT_ONCE]
        falling = decay[: len(piece)]
        smoothed[start : start + len(piece)] = falling * (last + (1 - kept) * np.cumsum(piece / falling))
        last = float(smoothed[start + len(piece) - 1])
    return smoothed


def _held(is_active: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Active, and the hangover behind it."""
    places = np.arange(len(is_active))
    last_active = np.maximum.accumulate(np.where(is_active, places, -len(is_active) - SAMPLE_RATE_HZ))
    held: npt.NDArray[np.bool_] = places - last_active <= _HANGOVER_S * SAMPLE_RATE_HZ
    return held


def loudness_lufs(signal: Signal) -> float:
    """The gated loudness of ITU-R BS.1770-5, of one channel, filtered and gated at 48 000 Hz.

    Raises:
        ValueError: All of it is below the absolute gate.
    """
    weighted = _weighted(np.asarray(soxr.resample(signal, SAMPLE_RATE_HZ, _LOUDNESS_RATE_HZ)))
    energy = np.cumsum(np.concatenate(([0.0], weighted**2)))
    size, step = round(_GATE_S * _LOUDNESS_RATE_HZ), round(_STEP_S * _LOUDNESS_RATE_HZ)
    starts = np.arange(0, len(weighted) - size + 1, step)
    powers = (energy[starts + size] - energy[starts]) / size
    loud = powers[powers > _power(_ABSOLUTE_LUFS)]
    if len(loud) == 0:
        raise ValueError("nothing is loud enough")
    louder = loud[loud > np.mean(loud) * 10 ** (_RELATIVE_LU / 10)]
    return _OFFSET_DB + 10 * float(np.log10(np.mean(louder)))


def _weighted(signal: Signal) -> Signal:
    """K-weighted; the filters' tails are shorter than the second of zeros behind the signal."""
    length = len(signal) + _LOUDNESS_RATE_HZ
    delay = np.exp(-2j * np.pi * np.fft.rfftfreq(length))
    response = np.ones(len(delay), dtype=complex)
    for numerator, denominator in (_SHELF, _HIGH_PASS):
        response *= np.polyval(numerator[::-1], delay) / np.polyval(denominator[::-1], delay)
    weighted: Signal = np.fft.irfft(np.fft.rfft(signal, length) * response, length)[: len(signal)]
    return weighted


def _power(loudness: float) -> float:
    return float(10 ** ((loudness - _OFFSET_DB) / 10))
