"""Echoes: their delay, their strength, and none where there is none."""

import numpy as np
import pytest

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import MEMORY_SAMPLES, Signal
from babelcast.domain.sound.echo import LONGEST_DELAY_S, SHORTEST_DELAY_S, Echo, find_echo
from babelcast.domain.sound_issue import SoundIssue, SoundThresholds
from benchmarks.signal.damage import with_echo, with_noise, with_reverberation
from benchmarks.signal.hearing import as_heard, findings_of
from benchmarks.signal.speech import VOICES, programme

DELAYS_S = (0.1, 0.13, 0.2, 0.3, 0.4, 0.5)
LEVELS_DB = (-6, -10, -15, -20)
CERTAIN = SoundThresholds().echo.surely_wrong or 0.0
LIKELY = SoundThresholds().echo.wrong


def looks(signal: Signal, *, every_s: float = 0.5) -> list[Echo]:
    """What is found in each three seconds of it."""
    heard = as_heard(signal)
    ends = range(MEMORY_SAMPLES, len(heard) + 1, round(every_s * SAMPLE_RATE_HZ))
    found = [find_echo(heard[end - MEMORY_SAMPLES : end]) for end in ends]
    return [echo for echo in found if echo is not None]


@pytest.mark.parametrize("level_db", LEVELS_DB)
@pytest.mark.parametrize("delay_s", DELAYS_S)
def test_the_delay_of_an_echo(delay_s: float, level_db: float) -> None:
    shift = DELAYS_S.index(delay_s) + LEVELS_DB.index(level_db)
    for voice in VOICES[shift % 3 :: 3]:
        [told] = findings_of(with_echo(programme(voice, 9.0), delay_s, level_db))
        assert told.finding.issue is SoundIssue.ECHO
        assert told.finding.value == pytest.approx(1000 * delay_s, abs=5), voice
        assert told.at_s <= (3.5 if level_db >= -10 and delay_s <= 0.3 else 5.0), voice


@pytest.mark.parametrize("level_db", LEVELS_DB)
def test_an_echo_of_a_quarter_of_a_second_is_found_at_nearly_every_look(level_db: float) -> None:
    for voice in VOICES:
        found = looks(with_echo(programme(voice, 12.0), 0.25, level_db))
        assert len(found) >= 17
        assert np.mean([abs(echo.delay_s - 0.25) <= 0.005 for echo in found]) >= 0.9


@pytest.mark.parametrize("delay_s", [0.1, 0.2, 0.35, 0.5])
def test_the_strength_is_about_the_echos_level(delay_s: float) -> None:
    for level_db in LEVELS_DB:
        errors_db = [
            echo.strength_db - level_db
            for voice in VOICES
            for echo in looks(with_echo(programme(voice, 9.0), delay_s, level_db))
            if abs(echo.delay_s - delay_s) <= 0.005
        ]
        assert -5.0 <= np.median(errors_db) <= 1.0


def test_an_echo_in_a_noisy_room_is_still_found() -> None:
    for voice in VOICES:
        found = looks(with_noise(with_echo(programme(voice, 9.0), 0.2, -10), 20))
        assert np.median([echo.delay_s for echo in found]) == pytest.approx(0.2, abs=0.005)


@pytest.mark.parametrize("direct_db", [10, 3, 0, -5])
@pytest.mark.parametrize("rt60_s", [0.5, 0.8, 1.1, 1.5])
def test_reverberation_is_no_echo(rt60_s: float, direct_db: float) -> None:
    for seed, voice in enumerate(VOICES):
        found = looks(with_reverberation(programme(voice, 6.0), rt60_s, direct_db, seed=seed))
        assert max(echo.evidence for echo in found) == 0.0, voice


def test_an_echo_in_a_reverberant_room_is_still_found() -> None:
    for seed, voice in enumerate(VOICES):
        room = with_reverberation(programme(voice, 9.0), 0.5, 10, seed=seed)
        found = looks(with_echo(room, 0.25, -10))
        assert np.mean([echo.evidence >= LIKELY and abs(echo.delay_s - 0.25) <= 0.005 for echo in found]) >= 0.9, voice


@pytest.mark.parametrize("delay_s", [0.12, 0.25, 0.4])
def test_what_goes_round_and_round_is_an_echo(delay_s: float) -> None:
    """A microphone that hears the loudspeaker that it speaks through, at -6 dB each time."""
    delay = round(delay_s * SAMPLE_RATE_HZ)
    for voice in VOICES[::2]:
        heard = programme(voice, 9.0).copy()
        for start in range(delay, len(heard), delay):
            end = min(start + delay, len(heard))
            heard[start:end] += 0.5 * heard[start - delay : end - delay]
        first = findings_of(heard)[0]
        assert (first.finding.issue, first.at_s <= 5.0) == (SoundIssue.ECHO, True), voice
        assert first.finding.value == pytest.approx(1000 * delay_s, abs=5)


def test_a_word_that_is_said_twice_is_no_echo() -> None:
    for voice in VOICES:
        speech = programme(voice, 4.0, room_level_db=None)
        word = speech[SAMPLE_RATE_HZ : SAMPLE_RATE_HZ + 4_800]
        again = speech.copy()
        again[SAMPLE_RATE_HZ + 4_800 : SAMPLE_RATE_HZ + 9_600] = word
        assert all(echo.evidence < CERTAIN for echo in looks(again))
        assert findings_of(again) == []


def test_where_nothing_can_be_judged_nothing_is_found() -> None:
    times = np.arange(MEMORY_SAMPLES) / SAMPLE_RATE_HZ
    assert find_echo(np.zeros(MEMORY_SAMPLES)) is None
    assert find_echo(0.3 * np.sin(2 * np.pi * 440 * times)) is None
    assert find_echo(programme("slt", 3.0) * 1e-3) is None


def test_delays_are_looked_for_where_the_range_says() -> None:
    [within, _] = looks(with_echo(programme("awb", 3.5), SHORTEST_DELAY_S + 0.005, -6))
    assert within.delay_s == pytest.approx(SHORTEST_DELAY_S + 0.005, abs=0.005)
    for delay_s in (SHORTEST_DELAY_S - 0.02, LONGEST_DELAY_S + 0.02):
        for echo in looks(with_echo(programme("awb", 9.0), delay_s, -10)):
            assert SHORTEST_DELAY_S <= echo.delay_s <= LONGEST_DELAY_S


def test_speech_without_an_echo_shows_little_evidence() -> None:
    for voice in VOICES:
        assert max(echo.evidence for echo in looks(programme(voice, 60.0))) < CERTAIN
