"""Holes in the sound."""

import numpy as np
import pytest

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import Blocks, Signal
from babelcast.domain.sound.dropouts import Dropouts
from benchmarks.quiet.programmes import to_pcm
from benchmarks.signal.damage import scaled, vowel
from benchmarks.signal.speech import VOICES, programme
from local.engines.tone_alphabet import WORDS, tone_speech

MS = SAMPLE_RATE_HZ // 1000


def counts(signal: Signal) -> list[int]:
    """Of the last ten seconds, after each block."""
    dropouts, found = Dropouts(), []
    for block in Blocks().add(to_pcm(signal), start_sample=0):
        dropouts = dropouts.after(block)
        found.append(dropouts.count)
    return found


def sound(seconds: float = 6.0) -> Signal:
    return vowel("a", np.full(round(seconds * SAMPLE_RATE_HZ), 130.0), level_db=-20)


@pytest.mark.parametrize("hole_ms", [4, 10, 50, 150, 299])
def test_each_hole_is_counted_once_wherever_it_is(hole_ms: int) -> None:
    for offset in range(0, SAMPLE_RATE_HZ // 10, 97):
        damaged = sound(1.2)
        start = 8_000 + offset
        damaged[start : start + hole_ms * MS] = 0.0
        assert counts(damaged)[-1] == 1, f"at {start}"


def test_holes_are_counted_for_ten_seconds() -> None:
    damaged = sound(14.0)
    for number in range(5):
        damaged[(2 * number + 1) * 8_000 : (2 * number + 1) * 8_000 + 20 * MS] = 0.0
    assert max(counts(damaged)) == 5
    assert counts(damaged)[-1] == 1


def test_what_is_too_short_or_too_long_or_soft_at_its_edges_is_no_hole() -> None:
    short, long, soft = sound(), sound(), sound()
    short[30_000 : 30_000 + 2 * MS] = 0.0
    long[30_000 : 30_000 + 400 * MS] = 0.0
    soft[30_000 : 30_000 + 100 * MS] = 0.0
    ramp = np.linspace(1, 0, 10 * MS) ** 2
    soft[30_000 - 10 * MS : 30_000] *= ramp
    soft[30_000 + 100 * MS : 30_000 + 110 * MS] *= ramp[::-1]
    assert [max(counts(each)) for each in (short, long, soft)] == [0, 0, 0]


@pytest.mark.parametrize("voice", VOICES)
def test_pauses_and_stops_of_digitally_silent_speech_are_no_holes(voice: str) -> None:
    speech = programme(voice, 30.0, room_level_db=None)
    assert np.mean(speech == 0.0) > 0.05
    assert max(counts(speech)) == 0
    assert max(counts(scaled(speech, 10))) == 0


def test_words_of_the_tone_language_end_softly_enough() -> None:
    pcm = tone_speech([WORDS], pause_s=0.3)
    assert max(counts(np.frombuffer(pcm, dtype="<i2") / 32768)) == 0
