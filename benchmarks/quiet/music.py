"""Music without words: instruments, drums, a band, and a voice that sings a vowel."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from benchmarks.quiet.signals import (
    at_level,
    band,
    formants,
    harmonics,
    held,
    low_pass,
    power_law,
    put,
    shaped_noise,
    silence,
    smooth_walk,
    stroke,
    times,
)
from local.engines.tone_alphabet import Signal

_MAJOR: Final = (0, 2, 4, 5, 7, 9, 11)
_MINOR: Final = (0, 2, 3, 5, 7, 8, 10)
_PROGRESSIONS: Final = ((0, 3, 4, 0), (0, 5, 3, 4), (5, 3, 0, 4), (0, 4, 5, 3))
_VOWELS: Final = {
    "ah": ((730, 90, 1.0), (1090, 110, 0.6), (2440, 170, 0.2)),
    "oo": ((310, 70, 1.0), (870, 100, 0.3), (2240, 170, 0.05)),
    "oh": ((500, 80, 1.0), (900, 100, 0.5), (2400, 170, 0.1)),
    "ee": ((280, 60, 1.0), (2250, 140, 0.4), (2890, 170, 0.3)),
}
"""Frequencies of the resonances. Source: Peterson and Barney 1952, men."""


class _Key:
    """A scale with its root, to take notes from."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._root_hz = 55 * 2 ** (rng.integers(0, 12) / 12)
        self._scale = _MAJOR if rng.random() < 0.6 else _MINOR

    def hz(self, degree: int, octave: int) -> float:
        """Pitch of a degree of the scale, counted from 0."""
        steps = self._scale[degree % 7] + 12 * (octave + degree // 7)
        return float(self._root_hz * 2 ** (steps / 12))

    def chord(self, degree: int, octave: int) -> list[float]:
        """A triad on the degree."""
        return [self.hz(degree + step, octave) for step in (0, 2, 4)]


def organ(seconds: float, rng: np.random.Generator) -> Signal:
    """Held chords of pipes with a tremulant."""
    return _chords(seconds, rng, octave=2, attack_s=0.05, vibrato=0.004, brightness_hz=1200, beat_s=rng.uniform(1, 3))


def strings(seconds: float, rng: np.random.Generator) -> Signal:
    """Bowed chords that swell, with vibrato."""
    return _chords(seconds, rng, octave=2, attack_s=0.3, vibrato=0.012, brightness_hz=2500, beat_s=rng.uniform(1, 3))


def piano(seconds: float, rng: np.random.Generator) -> Signal:
    """A struck melody over broken chords; every tone decays."""
    key, track = _Key(rng), silence(seconds)
    beat_s = rng.uniform(0.18, 0.5)
    for number, (at_s, degree) in enumerate(_melody(seconds, rng, beat_s)):
        put(track, _struck(key.hz(degree, 3), rng), at_s)
        if number % 2 == 0:
            put(track, 0.6 * _struck(key.hz(int(rng.choice([0, 2, 4])), 1), rng), at_s)
    return at_level(track, rng.uniform(-34, -16))


def guitar(seconds: float, rng: np.random.Generator) -> Signal:
    """Plucked strings, by the algorithm of Karplus and Strong."""
    key, track = _Key(rng), silence(seconds)
    for at_s, degree in _melody(seconds, rng, rng.uniform(0.15, 0.4)):
        put(track, _plucked(key.hz(degree, 2), rng), at_s)
    return at_level(track, rng.uniform(-34, -16))


def flute(seconds: float, rng: np.random.Generator) -> Signal:
    """A melody of held tones with vibrato and breath."""
    key, track = _Key(rng), silence(seconds)
    beat_s = rng.uniform(0.25, 0.7)
    for at_s, degree in _melody(seconds, rng, beat_s):
        length_s = beat_s * rng.uniform(0.8, 1.0)
        pitch = _vibrato(key.hz(degree, 3), length_s, rng, depth=0.008)
        tone = harmonics(pitch, lambda hz: np.minimum(1.0, 900 / hz), count=6)
        breath = shaped_noise(length_s, rng, band(1500, 5000)) * 0.04
        put(track, (tone + breath) * held(length_s, attack_s=0.05, release_s=0.06), at_s)
    return at_level(track, rng.uniform(-34, -16))


def brass(seconds: float, rng: np.random.Generator) -> Signal:
    """A bright melody in a man's range; tones slide into one another."""
    key, track = _Key(rng), silence(seconds)
    beat_s = rng.uniform(0.25, 0.8)
    last_hz = key.hz(0, 2)
    for at_s, degree in _melody(seconds, rng, beat_s):
        pitch_hz = key.hz(degree, 1)
        glide = np.minimum(times(beat_s) / 0.08, 1.0)
        pitch = _vibrato(1.0, beat_s, rng, depth=0.006) * (last_hz + (pitch_hz - last_hz) * glide)
        tone = harmonics(pitch, lambda hz: np.minimum(1.0, (1500 / hz) ** 2))
        put(track, tone * held(beat_s, attack_s=0.03, release_s=0.04), at_s)
        last_hz = pitch_hz
    return at_level(track, rng.uniform(-34, -16))


def violin(seconds: float, rng: np.random.Generator) -> Signal:
    """A bowed melody with wide vibrato, slides and swells in the tone."""
    key, track = _Key(rng), silence(seconds)
    beat_s = rng.uniform(0.3, 1.0)
    last_hz = key.hz(0, 3)
    body = formants([(280, 80, 1.0), (450, 100, 1.0), (1000, 500, 0.5), (2500, 1000, 0.4)])
    for at_s, degree in _melody(seconds, rng, beat_s):
        pitch_hz = key.hz(degree, 3)
        glide = np.minimum(times(beat_s) / rng.uniform(0.05, 0.2), 1.0)
        pitch = _vibrato(1.0, beat_s, rng, depth=0.02) * (last_hz + (pitch_hz - last_hz) * glide)
        bowing = held(beat_s, attack_s=0.08, release_s=0.03) * (0.4 + 0.6 * smooth_walk(beat_s, rng, hz=3))
        put(track, harmonics(pitch, body) * bowing, at_s)
        last_hz = pitch_hz
    return at_level(track, rng.uniform(-34, -16)) + at_level(shaped_noise(seconds, rng, power_law(-0.5)), -58)


def synthesiser(seconds: float, rng: np.random.Generator) -> Signal:
    """A fast broken chord of bright, short tones, through a filter that opens and closes."""
    key, track = _Key(rng), silence(seconds)
    beat_s = rng.uniform(0.09, 0.18)
    progression = rng.choice(_PROGRESSIONS)
    opening = smooth_walk(seconds + 1, rng, hz=0.5)
    for number in range(int(seconds / beat_s)):
        degree = int(progression[number // 16 % 4]) + (0, 2, 4, 7, 4, 2)[number % 6]
        cutoff_hz = 300 + 3000 * float(opening[int(number * beat_s * 16_000)])
        tone = harmonics(np.full(round(beat_s * 16_000), key.hz(degree, 2)), low_pass(cutoff_hz))
        put(track, tone * held(tone.size / 16_000, attack_s=0.005, release_s=0.03)[: tone.size], number * beat_s)
    return at_level(track, rng.uniform(-34, -16))


def whistling(seconds: float, rng: np.random.Generator) -> Signal:
    """Somebody whistles a tune: one sliding sine with breath."""
    key = _Key(rng)
    beat_s = rng.uniform(0.2, 0.6)
    pitch, loudness = np.full(round(seconds * 16_000), key.hz(4, 4)), silence(seconds)
    for at_s, degree in _melody(seconds, rng, beat_s):
        start = round(at_s * 16_000)
        pitch[start:] = key.hz(degree, 4)
        put(loudness, held(beat_s, attack_s=0.04, release_s=0.05), at_s)
    glide = np.hanning(1600)
    pitch = np.convolve(np.pad(pitch, 800, mode="edge"), glide / glide.sum(), "same")[800:-800]
    breath = shaped_noise(seconds, rng, band(1000, 4000)) * 0.05
    return at_level((np.sin(2 * np.pi * np.cumsum(pitch) / 16_000) + breath) * loudness, rng.uniform(-34, -18))


def bells(seconds: float, rng: np.random.Generator) -> Signal:
    """Bells with partials that are no harmonics, ringing into one another."""
    key, track = _Key(rng), silence(seconds)
    for at_s, degree in _melody(seconds, rng, rng.uniform(0.4, 1.2)):
        pitch_hz, length_s = key.hz(degree, 3), 3.0
        time = times(length_s)
        for ratio, loudness, decay_s in (
            (0.5, 0.5, 1.5),
            (1, 1, 1),
            (1.19, 0.7, 0.8),
            (2, 0.6, 0.5),
            (3.01, 0.3, 0.25),
        ):
            put(track, loudness * np.sin(2 * np.pi * ratio * pitch_hz * time) * np.exp(-time / decay_s), at_s)
    return at_level(track, rng.uniform(-34, -16))


def drums(seconds: float, rng: np.random.Generator) -> Signal:
    """A drummer alone."""
    return at_level(_beat(seconds, rng, rng.uniform(0.2, 0.35)), rng.uniform(-30, -14))


def band_playing(seconds: float, rng: np.random.Generator) -> Signal:
    """Drums, bass, chords and a melody together."""
    key, beat_s = _Key(rng), rng.uniform(0.2, 0.35)
    track = at_level(_beat(seconds, rng, beat_s), -6)
    lead, bass = silence(seconds), silence(seconds)
    for at_s, degree in _melody(seconds, rng, 2 * beat_s):
        put(lead, _plucked(key.hz(degree, 3), rng), at_s)
    progression = rng.choice(_PROGRESSIONS)
    for number in range(int(seconds / beat_s)):
        degree = int(progression[number // 8 % 4])
        if number % 2 == 0:
            put(bass, _struck(key.hz(degree, 0), rng), number * beat_s)
        if number % 8 == 0:
            for hz in key.chord(degree, 2):
                tone = harmonics(_vibrato(hz, 8 * beat_s, rng, depth=0.006), lambda hz: np.minimum(1.0, 1500 / hz))
                put(lead, 0.15 * tone * held(8 * beat_s, attack_s=0.1, release_s=0.1), number * beat_s)
    return at_level(track + at_level(bass, -8) + at_level(lead, -4), rng.uniform(-30, -14))


def singing(seconds: float, rng: np.random.Generator) -> Signal:
    """A voice that sings a melody on vowels, with vibrato and slides, without consonants."""
    key, track = _Key(rng), silence(seconds)
    beat_s = rng.uniform(0.4, 1.2)
    octave = int(rng.integers(1, 3))
    last_hz = key.hz(0, octave)
    for at_s, degree in _melody(seconds, rng, beat_s):
        pitch_hz = key.hz(degree, octave)
        glide = np.minimum(times(beat_s) / 0.12, 1.0)
        pitch = _vibrato(1.0, beat_s, rng, depth=0.015) * (last_hz + (pitch_hz - last_hz) * glide)
        vowel = formants(_VOWELS[str(rng.choice(list(_VOWELS)))])
        put(track, harmonics(pitch, vowel, count=40) * held(beat_s, attack_s=0.05, release_s=0.05), at_s)
        last_hz = pitch_hz
    breath = shaped_noise(seconds, rng, power_law(-0.5))
    return at_level(track, rng.uniform(-30, -16)) + at_level(breath, -60)


def _chords(
    seconds: float,
    rng: np.random.Generator,
    *,
    octave: int,
    attack_s: float,
    vibrato: float,
    brightness_hz: float,
    beat_s: float,
) -> Signal:
    key, track = _Key(rng), silence(seconds)
    progression = rng.choice(_PROGRESSIONS)
    for number in range(int(seconds / beat_s) + 1):
        degree = int(progression[number % 4])
        for hz in (*key.chord(degree, octave), key.hz(degree, octave - 1)):
            length_s = beat_s + attack_s / 2
            tone = harmonics(
                _vibrato(hz, length_s, rng, depth=vibrato), lambda hz: np.minimum(1.0, brightness_hz / hz) ** 1.5
            )
            put(track, tone * held(length_s, attack_s=attack_s, release_s=attack_s), number * beat_s)
    return at_level(track, rng.uniform(-34, -16))


def _melody(seconds: float, rng: np.random.Generator, beat_s: float) -> list[tuple[float, int]]:
    """Tones with their beginnings and degrees: steps and small leaps, a rest now and then."""
    degree, tones = 4, []
    for number in range(int(seconds / beat_s)):
        degree = int(np.clip(degree + rng.choice([-2, -1, -1, 0, 1, 1, 2, 4, -4]), 0, 10))
        if rng.random() > 0.12:
            tones.append((number * beat_s, degree))
    return tones


def _vibrato(pitch_hz: float, seconds: float, rng: np.random.Generator, *, depth: float) -> Signal:
    time = times(seconds)
    return pitch_hz * (
        1
        + depth * np.sin(2 * np.pi * rng.uniform(4.8, 6.2) * time + rng.uniform(0, 6)) * np.minimum(time / 0.3, 1)
        + 0.003 * (smooth_walk(seconds, rng, hz=4) - 0.5)
    )


def _struck(pitch_hz: float, rng: np.random.Generator) -> Signal:
    """A piano's tone: partials a little too high, the higher ones shorter."""
    length_s = 1.5
    time = times(length_s)
    tone = np.zeros_like(time)
    for partial in range(1, 16):
        hz = partial * pitch_hz * np.sqrt(1 + 0.0004 * partial**2)
        if hz < 7500:
            tone += (
                np.sin(2 * np.pi * hz * time + rng.uniform(0, 6)) / partial**1.3 * np.exp(-time * (1.5 + 0.7 * partial))
            )
    return tone * np.minimum(time / 0.004, 1.0)


def _plucked(pitch_hz: float, rng: np.random.Generator) -> Signal:
    """A string: a burst of noise that goes round and round and loses its treble."""
    period = round(16_000 / pitch_hz)
    table = rng.uniform(-1, 1, period)
    rounds: list[Signal] = []
    for _ in range(int(1.2 * pitch_hz)):
        rounds.append(table)
        table = 0.498 * (table + np.roll(table, 1))
    tone = np.concatenate(rounds)
    return tone * held(tone.size / 16_000, attack_s=0.002, release_s=0.05)[: tone.size]


def _beat(seconds: float, rng: np.random.Generator, beat_s: float) -> Signal:
    track = silence(seconds)
    time = times(0.4)
    kick = np.sin(2 * np.pi * np.cumsum(50 + 100 * np.exp(-time / 0.03)) / 16_000) * np.exp(-time / 0.09)
    snare = shaped_noise(0.4, rng, band(200, 6000, order=1)) * stroke(0.4, attack_s=0.002, decay_s=0.06)
    snare += 0.5 * np.sin(2 * np.pi * 185 * time) * np.exp(-time / 0.06)
    tom = np.sin(2 * np.pi * np.cumsum(90 + 60 * np.exp(-time / 0.1)) / 16_000) * np.exp(-time / 0.15)
    hat = shaped_noise(0.4, rng, band(5000, 7900)) * stroke(0.4, attack_s=0.001, decay_s=0.03)
    pattern: Sequence[tuple[Signal, float, tuple[int, ...]]] = (
        (kick, 1.0, (0, 4 + int(rng.integers(0, 2)), 7 if rng.random() < 0.4 else 0)),
        (snare, 0.6, (2, 6)),
        (hat, 0.25, tuple(range(8)) if rng.random() < 0.7 else (0, 2, 4, 6)),
        (tom, 0.7, (3, 5) if rng.random() < 0.4 else ()),
    )
    for number in range(int(seconds / beat_s)):
        for sound, loudness, places in pattern:
            if number % 8 in places:
                put(track, sound * loudness * rng.uniform(0.7, 1), number * beat_s)
    return track
