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

_FIRST_REFLECTION_S: Final = 0.004
_CLICK_SAMPLES: Final = SAMPLE_RATE_HZ // 50
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


def with_reverberation(speech: Signal, rt60_s: float, direct_db: float, *, seed: int = 1) -> Signal:
    """As loud as before, in a room: noise that has decayed by 60 dB after `rt60_s`, from 4 ms on, follows each sound.

    Args:
        direct_db: How much louder what comes straight from the mouth is than all that follows.
    """
    times = np.arange(round(1.2 * rt60_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tail = np.random.default_rng(seed).normal(size=len(times)) * 10 ** (-3 * times / rt60_s)
    tail[times < _FIRST_REFLECTION_S] = 0.0
    response = tail * 10 ** (-direct_db / 20) / np.sqrt(np.sum(tail**2))
    response[0] = 1.0
    length = len(speech) + len(response)
    heard = np.fft.irfft(np.fft.rfft(speech, length) * np.fft.rfft(response, length), length)[: len(speech)]
    return at_level(heard, 10 * float(np.log10(np.mean(speech**2))))


def restless_room(
    seconds: float, level_db: float, *, wobble_db: float = 2.0, exponent: float = PINK, seed: int = 1
) -> Signal:
    """Noise of this level that becomes louder and softer: by so much (standard deviation), twice a second."""
    rng = np.random.default_rng(seed)
    noise = at_level(shaped_noise(seconds, rng, power_law(exponent)), level_db)
    turns_s = np.arange(0.0, seconds + 1.0, 0.5)
    by_db = np.interp(np.arange(len(noise)) / SAMPLE_RATE_HZ, turns_s, rng.normal(scale=wobble_db, size=len(turns_s)))
    restless: Signal = noise * 10 ** (by_db / 20)
    return restless


def ticks(seconds: float, every_s: float, level_db: float, *, jitter_s: float = 0.0, seed: int = 1) -> Signal:
    """Short clicks, as of a metronome, or of somebody who types where they come irregularly."""
    rng = np.random.default_rng(seed)
    click = rng.normal(scale=10 ** (level_db / 20), size=_CLICK_SAMPLES) * np.exp(-np.arange(_CLICK_SAMPLES) / 60)
    signal = np.zeros(round(seconds * SAMPLE_RATE_HZ))
    for at_s in np.arange(every_s, seconds - every_s, every_s):
        place = round((at_s + rng.uniform(-jitter_s, jitter_s)) * SAMPLE_RATE_HZ)
        signal[place : place + _CLICK_SAMPLES] += click
    return signal


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
