"""Loudness in LUFS."""

import numpy as np
import pytest

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import Blocks, Signal
from babelcast.domain.sound.loudness import QUIETEST_LUFS, gated_loudness, k_weighted_power, loudest_moment, lufs
from benchmarks.quiet.programmes import to_pcm
from benchmarks.quiet.signals import shaped_noise
from benchmarks.signal.damage import WHITE, scaled
from benchmarks.signal.speech import VOICES, programme
from benchmarks.signal.truth import loudness_lufs


def powers_of(signal: Signal) -> list[float]:
    return [k_weighted_power(block) for block in Blocks().add(to_pcm(signal), start_sample=0)]


def sine(frequency_hz: float, seconds: float = 3.0) -> Signal:
    return np.sin(2 * np.pi * frequency_hz * np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ)


@pytest.mark.parametrize("level_db", [0, -6, -20, -40, -60])
def test_a_sine_of_997_hz_has_the_loudness_that_the_standard_says(level_db: float) -> None:
    """Source: ITU-R BS.1770-5, annex 1: -3.01 LKFS at full scale in one channel."""
    assert gated_loudness(powers_of(scaled(sine(997), level_db))[5:]) == pytest.approx(-3.01 + level_db, abs=0.1)


@pytest.mark.parametrize("frequency_hz", [60, 100, 200, 500, 1500, 3000, 6000])
def test_other_frequencies_are_weighted(frequency_hz: float) -> None:
    tone = scaled(sine(frequency_hz), -20)
    assert gated_loudness(powers_of(tone)[5:]) == pytest.approx(loudness_lufs(tone), abs=0.3)


@pytest.mark.parametrize("voice", VOICES)
def test_speech_is_as_loud_as_the_standard_says(voice: str) -> None:
    speech = programme(voice, 10.0)
    for by_db in (15, 0, -10, -20, -30):
        louder = np.clip(scaled(speech, by_db), -1, 1)
        assert gated_loudness(powers_of(louder)) == pytest.approx(loudness_lufs(louder), abs=1.0)


def test_pauses_do_not_make_speech_softer() -> None:
    speech = programme("slt", 8.0)
    with_pauses = np.concatenate((speech, 1e-4 * shaped_noise(8.0, np.random.default_rng(1), lambda hz: hz**WHITE)))
    assert gated_loudness(powers_of(with_pauses)) == pytest.approx(gated_loudness(powers_of(speech)) or 0.0, abs=0.3)


def test_soft_passages_do_not_make_speech_softer() -> None:
    loud, soft = scaled(sine(997, 3.0), -20), scaled(sine(997, 9.0), -45)
    assert gated_loudness(powers_of(np.concatenate((loud, soft)))) == pytest.approx(-23.01, abs=0.6)


def test_what_is_below_the_absolute_gate_has_no_loudness() -> None:
    assert gated_loudness(powers_of(np.zeros(SAMPLE_RATE_HZ))) is None
    assert gated_loudness(powers_of(scaled(sine(997), -70))) is None
    assert gated_loudness([]) is None
    assert lufs(0.0) == QUIETEST_LUFS


def test_the_loudest_moment_is_the_loudest_400_ms() -> None:
    quiet, loud = scaled(sine(997, 2.0), -40), scaled(sine(997, 0.6), -10)
    powers = powers_of(np.concatenate((quiet, loud, quiet)))
    assert loudest_moment(powers) == pytest.approx(-13.01, abs=0.2)
    assert loudest_moment(powers[:2]) == pytest.approx(-43.01, abs=0.5)
