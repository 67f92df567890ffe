"""How much of the sound is cut off."""

from collections.abc import Iterator

import numpy as np
import pytest

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import BLOCK_SAMPLES, Blocks, Signal
from babelcast.domain.sound.clipping import Clipping
from benchmarks.quiet.programmes import to_pcm
from benchmarks.signal.damage import clipped, scaled
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


def test_loud_speech_below_full_scale_is_not_clipped() -> None:
    speech = programme("slt", 3.0)
    assert set(ratios(scaled(speech, -20 * np.log10(np.max(np.abs(speech))) - 0.1))) == {0.0}


def test_what_was_cut_off_is_forgotten_after_two_seconds() -> None:
    speech = programme("slt", 4.0)
    cut = np.ones(BLOCK_SAMPLES)
    found = list(ratios(np.concatenate((cut, scaled(speech[:WINDOW], -3)))))
    assert found[WINDOW // BLOCK_SAMPLES - 1] == pytest.approx(0.05)
    assert found[-1] == 0.0
    assert Clipping().ratio == 0.0
