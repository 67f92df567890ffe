"""Mains hum."""

import numpy as np
import pytest

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import MEMORY_SAMPLES, Signal
from babelcast.domain.sound.hum import NO_HUM_DBFS, hum_dbfs
from babelcast.domain.sound_issue import SoundThresholds
from benchmarks.quiet.signals import at_level
from benchmarks.signal.damage import PINK, vowel, with_hum, with_noise
from benchmarks.signal.hearing import as_heard
from benchmarks.signal.speech import VOICES, programme

THRESHOLD = SoundThresholds().hum


def levels(signal: Signal) -> list[float]:
    heard = as_heard(signal)
    ends = range(MEMORY_SAMPLES, len(heard) + 1, SAMPLE_RATE_HZ // 2)
    return [hum_dbfs(heard[end - MEMORY_SAMPLES : end]) for end in ends]


@pytest.mark.parametrize("mains_hz", [50, 60, 49.8, 60.2])
@pytest.mark.parametrize("level_db", [-30, -45])
def test_the_level_of_hum_behind_speech(mains_hz: float, level_db: float) -> None:
    for voice in VOICES:
        found = np.array(levels(with_hum(programme(voice, 8.0), mains_hz, level_db)))
        assert abs(np.median(found) - level_db) <= 3, voice
        assert np.max(found - level_db) <= 6
        assert np.min(found - level_db) >= -6


def test_hum_alone_is_measured_exactly() -> None:
    silence = np.zeros(MEMORY_SAMPLES)
    for level_db in (-20, -40, -60):
        for mains_hz in (49.8, 50, 50.1, 60.2):
            assert hum_dbfs(with_hum(silence, mains_hz, level_db)) == pytest.approx(level_db, abs=0.3)


@pytest.mark.parametrize(("mains_hz", "is_hum"), [(49.8, True), (50.2, True), (60.2, True), (49.3, False), (51, False)])
def test_mains_are_looked_for_as_far_as_they_go(mains_hz: float, is_hum: bool) -> None:
    times = np.arange(MEMORY_SAMPLES) / SAMPLE_RATE_HZ
    lines = sum(
        (np.sin(2 * np.pi * multiple * mains_hz * times) for multiple in (5, 6)), start=np.zeros(MEMORY_SAMPLES)
    )
    hum = at_level(lines, -30) + np.random.default_rng(1).normal(scale=1e-3, size=MEMORY_SAMPLES)
    assert hum_dbfs(hum) == pytest.approx(-30 if is_hum else NO_HUM_DBFS, abs=0.5)


def test_speech_has_none() -> None:
    for voice in VOICES:
        assert max(levels(programme(voice, 30.0))) < THRESHOLD.wrong


@pytest.mark.parametrize("pitch_hz", [100, 120, 150])
def test_a_voice_that_stays_on_a_multiple_of_mains_moves_more_than_mains_do(pitch_hz: float) -> None:
    times = np.arange(8 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    wandering = pitch_hz * 2 ** (np.sin(2 * np.pi * 0.31 * times) / 12)
    assert max(levels(vowel("a", wandering))) < THRESHOLD.wrong


def test_noise_and_a_tone_elsewhere_are_no_hum() -> None:
    rumble = with_noise(programme("slt", 8.0), 5, exponent=2 * PINK)
    assert max(levels(rumble)) < THRESHOLD.wrong
    times = np.arange(MEMORY_SAMPLES) / SAMPLE_RATE_HZ
    assert hum_dbfs(at_level(np.sin(2 * np.pi * 85 * times), -20)) == NO_HUM_DBFS
    assert hum_dbfs(at_level(np.sin(2 * np.pi * 100 * times), -20)) == NO_HUM_DBFS, "a single line above the mains"
    assert hum_dbfs(np.zeros(MEMORY_SAMPLES)) == NO_HUM_DBFS
