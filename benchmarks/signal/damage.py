"""What can go wrong with sound, done to a signal in a known measure, and a voice whose pitch is known."""

from typing import Final

import numpy as np

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import Signal
from benchmarks.quiet.signals import at_level, formants, harmonics, power_law, shaped_noise
from benchmarks.signal.truth import active_level_db

WHITE: Final = 0.0
PINK: Final = -0.5
"""Exponents of a noise's amplitudes over its frequencies."""

_HUM: Final = ((1, 1.0), (2, 0.5), (3, 0.7), (5, 0.35))
"""Harmonics of a hum, and their amplitudes."""
_VOWELS: Final = {
    "a": ((730.0, 90.0, 1.0), (1090.0, 110.0, 0.5), (2440.0, 150.0, 0.1)),
    "i": ((270.0, 60.0, 1.0), (2290.0, 120.0, 0.2), (3010.0, 170.0, 0.1)),
    "u": ((300.0, 60.0, 1.0), (870.0, 90.0, 0.3), (2240.0, 140.0, 0.03)),
}
"""Formants: frequency, width in Hz, amplitude. Source of the frequencies: G. E. Peterson and H. L. Barney, "Control
methods used in a study of the vowels", Journal of the Acoustical Society of America 24(2), 1952, men."""
VOWELS: Final = tuple(_VOWELS)


def scaled(signal: Signal, by_db: float) -> Signal:
    """Louder or softer."""
    return signal * 10 ** (by_db / 20)


def with_noise(speech: Signal, snr_db: float, *, exponent: float = WHITE, seed: int = 1) -> Signal:
    """With noise so far below the speech's active level."""
    noise = shaped_noise(len(speech) / SAMPLE_RATE_HZ, np.random.default_rng(seed), power_law(exponent))
    return speech + at_level(noise, active_level_db(speech) - snr_db)


def with_echo(speech: Signal, delay_s: float, level_db: float) -> Signal:
    """With itself once more."""
    delay = round(delay_s * SAMPLE_RATE_HZ)
    return speech + scaled(np.concatenate((np.zeros(delay), speech[:-delay])), level_db)


def clipped(speech: Signal, share: float) -> Signal:
    """So loud that this share of all samples is beyond full scale, and cut off there."""
    cut: Signal = np.clip(speech / np.quantile(np.abs(speech), 1 - share), -1, 1)
    return cut


def with_hum(speech: Signal, mains_hz: float, level_db: float) -> Signal:
    """With harmonics of mains whose root mean square is at this level of full scale."""
    times = np.arange(len(speech)) / SAMPLE_RATE_HZ
    hum = sum(
        (amplitude * np.sin(2 * np.pi * number * mains_hz * times + number) for number, amplitude in _HUM),
        start=np.zeros(len(speech)),
    )
    return speech + at_level(hum, level_db)


def with_holes(speech: Signal, *, per_s: float, hole_s: float, seed: int = 1) -> Signal:
    """With digital silence at random moments, so many times a second on average."""
    damaged = speech.copy()
    size = round(hole_s * SAMPLE_RATE_HZ)
    places = np.random.default_rng(seed).integers(0, len(speech) - size, round(per_s * len(speech) / SAMPLE_RATE_HZ))
    for place in places:
        damaged[place : place + size] = 0.0
    return damaged


def vowel(name: str, pitch_hz: Signal, *, level_db: float = -26.0) -> Signal:
    """A voice on one of `VOWELS` with this pitch at each sample; a glottal source's 12 dB an octave, and formants."""
    gain = formants(_VOWELS[name])
    return at_level(harmonics(pitch_hz, lambda hz: gain(hz) / hz, count=60), level_db)
