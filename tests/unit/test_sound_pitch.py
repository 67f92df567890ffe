"""The pitch of voices."""

import numpy as np
import pytest

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import FRAMES_PER_S, Blocks, Signal
from babelcast.domain.sound.pitch import HIGHEST_HZ, LOWEST_HZ, pitches_hz
from benchmarks.quiet.programmes import to_pcm
from benchmarks.quiet.signals import shaped_noise
from benchmarks.signal.damage import PINK, VOWELS, WHITE, scaled, vowel, with_noise
from benchmarks.signal.speech import FLITE_VOICES, programme

PITCHES_HZ = (80, 90, 105, 125, 150, 180, 215, 250, 300)
SETTLED_FRAMES = 10
_DELAY_S = 0.042
"""From the middle of a frame to the end of the block's grid that it belongs to, for a pitch that moves."""


def pitches_of(signal: Signal) -> Signal:
    return np.concatenate([pitches_hz(block) for block in Blocks().add(to_pcm(signal), start_sample=0)])


def steady(pitch_hz: float, seconds: float = 1.0) -> Signal:
    return np.full(round(seconds * SAMPLE_RATE_HZ), float(pitch_hz))


@pytest.mark.parametrize("name", VOWELS)
def test_a_vowel_has_the_pitch_it_is_sung_with(name: str) -> None:
    for pitch_hz in PITCHES_HZ:
        found = pitches_of(vowel(name, steady(pitch_hz)))[SETTLED_FRAMES:]
        assert np.count_nonzero(np.isnan(found)) == 0, f"{pitch_hz} Hz is not heard as a voice"
        assert np.max(np.abs(found / pitch_hz - 1)) <= 0.03


@pytest.mark.parametrize("level_db", [12, 0, -25])
def test_the_level_makes_no_difference(level_db: float) -> None:
    found = pitches_of(scaled(vowel("a", steady(140), level_db=-20), level_db))[SETTLED_FRAMES:]
    assert np.nanmax(np.abs(found / 140 - 1)) <= 0.03
    assert np.mean(np.isnan(found)) <= 0.05


def test_a_little_noise_makes_no_difference() -> None:
    for pitch_hz in PITCHES_HZ:
        found = pitches_of(with_noise(vowel("a", steady(pitch_hz)), 15, exponent=PINK))[SETTLED_FRAMES:]
        assert np.nanmedian(found) == pytest.approx(pitch_hz, rel=0.03)
        assert np.mean(np.isnan(found)) <= 0.1


def test_a_pitch_that_moves_is_followed() -> None:
    times = np.arange(3 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    pitch_hz = 150 * 2 ** (0.5 * np.sin(2 * np.pi * 0.7 * times))
    found = pitches_of(vowel("a", pitch_hz))
    middles_s = (np.arange(len(found)) + 1) / FRAMES_PER_S - _DELAY_S
    truth = np.interp(middles_s, times, pitch_hz)
    assert np.nanmedian(np.abs(found / truth - 1)[SETTLED_FRAMES:]) <= 0.03
    assert np.nanmax(np.abs(found / truth - 1)[SETTLED_FRAMES:]) <= 0.1


def test_noise_and_silence_have_no_pitch() -> None:
    noise = 0.1 * shaped_noise(5.0, np.random.default_rng(3), lambda hz: hz**WHITE)
    assert np.mean(np.isnan(pitches_of(noise))) >= 0.98
    assert np.all(np.isnan(pitches_of(np.zeros(SAMPLE_RATE_HZ))))
    assert np.all(np.isnan(pitches_of(vowel("a", steady(150), level_db=-80))))


def test_only_voices_are_looked_for() -> None:
    for pitch_hz in (40, 600):
        found = pitches_of(vowel("a", steady(pitch_hz)))
        assert np.all((found[~np.isnan(found)] >= LOWEST_HZ - 1) & (found[~np.isnan(found)] <= HIGHEST_HZ + 10))


def test_men_and_women_speak_with_the_pitch_of_men_and_women() -> None:
    medians = {voice: float(np.nanmedian(pitches_of(programme(voice, 10.0)))) for voice in FLITE_VOICES}
    assert 150 < medians["slt"] < 220
    for man in ("rms", "awb", "kal16"):
        assert 80 < medians[man] < 145, man
