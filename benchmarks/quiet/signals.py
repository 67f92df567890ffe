"""Building blocks of sounds without speech: shaped noise, tones with harmonics, strokes, levels and fades.

Signals are mono, at 16 000 Hz. What takes a generator of random numbers gives the same sound for the same seed.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from local.engines.tone_alphabet import Signal
from local.wav import SAMPLE_RATE_HZ

_NYQUIST_HZ: Final = SAMPLE_RATE_HZ / 2


def times(seconds: float) -> Signal:
    """The time of each sample, in seconds."""
    return np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ


def shaped_noise(seconds: float, rng: np.random.Generator, gain: Callable[[Signal], Signal]) -> Signal:
    """Gaussian noise whose spectrum is ``gain`` of the frequency in Hz, with a root mean square of 1."""
    white = rng.normal(size=round(seconds * SAMPLE_RATE_HZ))
    spectrum = np.fft.rfft(white)
    hz = np.maximum(np.fft.rfftfreq(white.size, 1 / SAMPLE_RATE_HZ), 1.0)
    return normalised(np.fft.irfft(spectrum * gain(hz), white.size))


def power_law(exponent: float, *, from_hz: float = 20.0) -> Callable[[Signal], Signal]:
    """The amplitudes of coloured noise: 0 is white, -0.5 pink, -1 brown; flat below ``from_hz``."""
    return lambda hz: np.maximum(hz, from_hz) ** exponent


def band(low_hz: float, high_hz: float, *, order: int = 2) -> Callable[[Signal], Signal]:
    """A smooth band-pass."""
    return lambda hz: 1 / np.sqrt((1 + (low_hz / hz) ** (2 * order)) * (1 + (hz / high_hz) ** (2 * order)))


def low_pass(cutoff_hz: float) -> Callable[[Signal], Signal]:
    """A steep filter: 24 dB an octave."""
    return lambda hz: 1 / (1 + (hz / cutoff_hz) ** 4)


def formants(peaks: Sequence[tuple[float, float, float]]) -> Callable[[Signal], Signal]:
    """Resonances: each with its frequency and width in Hz and its amplitude."""

    def gain(hz: Signal) -> Signal:
        total = np.full_like(hz, 1e-3)
        for peak_hz, width_hz, amplitude in peaks:
            total += amplitude / (1 + ((hz - peak_hz) / (width_hz / 2)) ** 2)
        return total

    return gain


def harmonics(pitch_hz: Signal, amplitudes: Callable[[Signal], Signal], *, count: int = 30) -> Signal:
    """A tone of the pitch at each sample; each harmonic has the amplitude of its frequency in Hz."""
    phase = 2 * np.pi * np.cumsum(pitch_hz) / SAMPLE_RATE_HZ
    total = np.zeros_like(pitch_hz)
    for harmonic in range(1, count + 1):
        hz = harmonic * pitch_hz
        if hz.min() > _NYQUIST_HZ * 0.95:
            break
        total += np.where(hz < _NYQUIST_HZ * 0.95, amplitudes(hz) / harmonic, 0.0) * np.sin(harmonic * phase)
    return total


def smooth_walk(seconds: float, rng: np.random.Generator, *, hz: float) -> Signal:
    """A random movement between 0 and 1 that turns about ``hz`` times a second."""
    count = max(2, round(seconds * hz) + 2)
    knots = rng.uniform(0, 1, count)
    position = times(seconds) * hz
    index = np.minimum(position.astype(int), count - 2)
    blend = 0.5 - 0.5 * np.cos(np.pi * np.clip(position - index, 0, 1))
    walk: Signal = knots[index] * (1 - blend) + knots[index + 1] * blend
    return walk


def stroke(seconds: float, *, attack_s: float, decay_s: float) -> Signal:
    """An envelope that rises and then falls exponentially to a third within ``decay_s``."""
    time = times(seconds)
    return np.minimum(time / attack_s, 1.0) * np.exp(-np.maximum(time - attack_s, 0.0) / decay_s)


def held(seconds: float, *, attack_s: float, release_s: float) -> Signal:
    """An envelope that stays at 1 between its ramps."""
    time = times(seconds)
    return np.minimum(np.minimum(time / attack_s, 1.0), np.maximum(seconds - time, 0.0) / release_s)


def put(track: Signal, sound: Signal, at_s: float) -> None:
    """Mix a sound into a track; what reaches beyond its end is left out."""
    start = round(at_s * SAMPLE_RATE_HZ)
    room = track[start : start + sound.size]
    room += sound[: room.size]


def silence(seconds: float) -> Signal:
    """Digital silence."""
    return np.zeros(round(seconds * SAMPLE_RATE_HZ))


def normalised(signal: Signal) -> Signal:
    """With a root mean square of 1; silence stays as it is."""
    level = float(np.sqrt(np.mean(signal**2))) if signal.size else 0.0
    return signal / level if level else signal


def at_level(signal: Signal, level_db: float) -> Signal:
    """With a root mean square of so many dB relative to full scale."""
    return normalised(signal) * 10 ** (level_db / 20)


def faded(signal: Signal, fade_s: float) -> Signal:
    """With both ends faded."""
    count = min(round(fade_s * SAMPLE_RATE_HZ), signal.size // 2)
    result = signal.copy()
    if count:
        ramp = np.sin(np.linspace(0, np.pi / 2, count, endpoint=False)) ** 2
        result[:count] *= ramp
        result[-count:] *= ramp[::-1]
    return result
