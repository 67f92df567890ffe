"""How much of the sound is cut off."""

from collections.abc import Iterator

import numpy as np
import pytest
import soxr

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import BLOCK_SAMPLES, Blocks, Signal
from babelcast.domain.sound.clipping import Clipping
from benchmarks.quiet.programmes import to_pcm
from benchmarks.signal.damage import clipped, scaled, vowel
from benchmarks.signal.speech import VOICES, programme

WINDOW = 2 * SAMPLE_RATE_HZ
SAMPLES_OFF = 4 / WINDOW


def ratios(signal: Signal) -> Iterator[float]:
    """After each block."""
    clipping = Clipping()
    for block in Blocks().add(to_pcm(signal), start_sample=0):
        clipping = clipping.after(block)
        yield clipping.ratio


@pytest.mark.parametrize("share", [0.001, 0.003, 0.01, 0.05, 0.2])
def test_the_ratio_is_the_share_of_samples_that_are_cut_off(share: float) -> None:
    for voice in VOICES:
        speech = programme(voice, 4.0)
        is_cut = np.abs(speech) > np.quantile(np.abs(speech), 1 - share)
        for number, ratio in enumerate(ratios(clipped(speech, share)), start=1):
            end = number * BLOCK_SAMPLES
            truth = np.mean(is_cut[max(0, end - WINDOW) : end])
            assert ratio == pytest.approx(truth, rel=0.1, abs=SAMPLES_OFF)


@pytest.mark.parametrize("by_db", [-1, -6, -17])
@pytest.mark.parametrize("share", [0.003, 0.01, 0.05])
def test_what_is_turned_down_afterwards_is_still_clipped(share: float, by_db: float) -> None:
    for voice in VOICES:
        loud = clipped(programme(voice, 4.0), share)
        found, truth = list(ratios(scaled(loud, by_db)))[-1], np.mean(np.abs(loud[-WINDOW:]) == 1.0)
        assert found == pytest.approx(truth, rel=0.1, abs=SAMPLES_OFF), voice


@pytest.mark.parametrize("share", [0.005, 0.02])
def test_what_clips_at_48_khz_is_counted_by_half_at_least(share: float) -> None:
    for voice in VOICES:
        fast = soxr.resample(programme(voice, 4.0), SAMPLE_RATE_HZ, 48_000)
        loud = clipped(fast, share)
        truth = np.mean(np.abs(loud[-3 * WINDOW :]) == 1.0)
        found = list(ratios(soxr.resample(loud, 48_000, SAMPLE_RATE_HZ)))[-1]
        assert 0.5 * truth <= found <= 1.1 * truth, voice


@pytest.mark.parametrize("peak_db", [-0.1, -1, -10])
def test_loud_speech_below_full_scale_is_not_clipped(peak_db: float) -> None:
    for voice in VOICES:
        speech = programme(voice, 20.0)
        assert set(ratios(scaled(speech, peak_db - 20 * np.log10(np.max(np.abs(speech)))))) == {0.0}, voice


def test_tones_and_vowels_and_noise_have_no_flat_tops() -> None:
    times = np.arange(WINDOW) / SAMPLE_RATE_HZ
    for frequency_hz in (120, 440, 1000, 7999):
        assert set(ratios(0.5 * np.sin(2 * np.pi * frequency_hz * times))) == {0.0}
    for pitch_hz in (80.0, 160.0, 300.0):
        assert set(ratios(vowel("u", np.full(WINDOW, pitch_hz), level_db=-12))) == {0.0}
    assert set(ratios(np.random.default_rng(1).normal(scale=2 / 32768, size=WINDOW))) == {0.0}


def test_what_was_cut_off_is_forgotten_after_two_seconds() -> None:
    speech = programme("slt", 4.0)
    cut = np.ones(BLOCK_SAMPLES)
    found = list(ratios(np.concatenate((cut, scaled(speech[:WINDOW], -3)))))
    assert found[WINDOW // BLOCK_SAMPLES - 1] == pytest.approx(0.05)
    assert found[-1] == 0.0
    assert Clipping().ratio == 0.0
