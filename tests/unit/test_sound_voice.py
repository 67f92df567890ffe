"""Whether somebody speaks."""

import numpy as np
import pytest

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import BLOCKS_PER_S, Blocks, Signal
from babelcast.domain.sound.pitch import pitches_hz
from babelcast.domain.sound.voice import Voice
from benchmarks.quiet.programmes import to_pcm
from benchmarks.signal.damage import PINK, WHITE, restless_room, scaled, ticks, with_noise
from benchmarks.signal.speech import VOICES, programme

FIRST_BLOCKS = 25
"""No judgement is made before."""


def heard(signal: Signal) -> list[bool]:
    """After each block."""
    voice, found = Voice(), []
    for block in Blocks().add(to_pcm(signal), start_sample=0):
        voice = voice.after(pitches_hz(block))
        found.append(voice.is_heard)
    return found


@pytest.mark.parametrize("exponent", [WHITE, PINK])
@pytest.mark.parametrize("snr_db", [0, 5, 20])
def test_a_voice_in_noise_is_heard(snr_db: float, exponent: float) -> None:
    for voice in VOICES:
        found = heard(with_noise(programme(voice, 8.0, room_level_db=None), snr_db, exponent=exponent))
        assert all(found[FIRST_BLOCKS:]), voice


@pytest.mark.parametrize("by_db", [10, -24, -36])
def test_a_loud_voice_is_heard_and_one_that_is_far_away(by_db: float) -> None:
    for voice in VOICES:
        assert all(heard(scaled(programme(voice, 6.0, room_level_db=-90), by_db))[FIRST_BLOCKS:]), voice


@pytest.mark.parametrize("exponent", [WHITE, -0.25, PINK, -0.75, -1.0])
def test_noise_that_comes_and_goes_is_no_voice(exponent: float) -> None:
    for seed in range(3):
        assert not any(heard(restless_room(30.0, -45, wobble_db=3.0, exponent=exponent, seed=seed)))


@pytest.mark.parametrize("level_db", [-45, -25, -10])
def test_typing_is_no_voice(level_db: float) -> None:
    assert not any(heard(ticks(20.0, 0.18, level_db, jitter_s=0.05)))


def test_a_voice_is_forgotten_after_five_seconds() -> None:
    speech = programme("slt", 3.0)
    found = heard(np.concatenate((speech, np.zeros(6 * SAMPLE_RATE_HZ))))
    assert found[3 * BLOCKS_PER_S]
    assert not found[-1]
