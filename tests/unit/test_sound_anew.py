"""What is measured after a pause, of audio that follows on as if there had been none."""

import numpy as np

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import Signal
from babelcast.domain.sound_issue import SoundIssue
from babelcast.domain.transcript import Word
from benchmarks.signal.damage import clipped, with_hum
from benchmarks.signal.hearing import Hearing, issues_of
from benchmarks.signal.speech import programme

WORDS = [Word(text="abcdefgh", start_sample=SAMPLE_RATE_HZ, end_sample=3 * SAMPLE_RATE_HZ, stable=True)]


def heard_after(sound: Signal, following: Signal) -> tuple[set[SoundIssue], set[SoundIssue]]:
    """What was told of one sound, and of another one behind it that was measured anew."""
    hearing = Hearing()
    hearing.hear(sound)
    before = issues_of(hearing.told)
    hearing.told.clear()
    hearing.meter.begin_anew()
    hearing.hear(following)
    return before, issues_of(hearing.told)


def test_a_hum_from_before_is_not_measured() -> None:
    speech = programme("slt", 8.0)
    assert heard_after(with_hum(speech, 50, -40), speech) == ({SoundIssue.HUM}, set())


def test_what_is_still_wrong_is_told_again() -> None:
    distorted = clipped(programme("rms", 8.0), 0.02)
    assert heard_after(distorted, distorted) == ({SoundIssue.CLIPPING}, {SoundIssue.CLIPPING})


def test_a_microphone_that_is_dead_is_told_as_soon_as_at_the_beginning() -> None:
    before, after = heard_after(programme("slt", 4.0), np.zeros(5 * SAMPLE_RATE_HZ))
    assert (before, after) == (set(), {SoundIssue.SILENCE})


def test_how_words_before_it_were_said_is_still_known() -> None:
    hearing = Hearing()
    hearing.hear(programme("slt", 4.0))
    hearing.meter.begin_anew()
    hearing.hear(np.zeros(SAMPLE_RATE_HZ))
    assert hearing.meter.dynamics(WORDS) is not None
