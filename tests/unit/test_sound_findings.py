"""What the speaker is told: each kind of broken sound, soon and nothing else; of clean speech nothing."""

from collections.abc import Callable
from typing import Final

import numpy as np
import pytest

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import Signal
from babelcast.domain.sound_issue import SoundIssue
from benchmarks.signal.damage import (
    PINK,
    WHITE,
    clipped,
    restless_room,
    scaled,
    ticks,
    with_echo,
    with_holes,
    with_hum,
    with_noise,
    with_reverberation,
)
from benchmarks.signal.hearing import Hearing, Told, findings_of, issues_of
from benchmarks.signal.speech import SPEECH_LEVEL_DB, VOICES, programme
from local.engines.tone_alphabet import WORDS, tone_speech

Break = Callable[[Signal], Signal]

SOON_S: Final = 3.6
WITHIN_S: Final = {SoundIssue.SILENCE: 4.0, SoundIssue.TOO_QUIET: 5.0}
BROWN: Final = -1.0

BROKEN: Final[dict[str, tuple[SoundIssue, Break]]] = {
    "white noise at 0 dB": (SoundIssue.LOW_SNR, lambda speech: with_noise(speech, 0, exponent=WHITE)),
    "white noise at 5 dB": (SoundIssue.LOW_SNR, lambda speech: with_noise(speech, 5, exponent=WHITE)),
    "pink noise at 0 dB": (SoundIssue.LOW_SNR, lambda speech: with_noise(speech, 0, exponent=PINK)),
    "pink noise at 5 dB": (SoundIssue.LOW_SNR, lambda speech: with_noise(speech, 5, exponent=PINK)),
    "clipping of 1 %": (SoundIssue.CLIPPING, lambda speech: clipped(speech, 0.01)),
    "clipping of 5 %": (SoundIssue.CLIPPING, lambda speech: clipped(speech, 0.05)),
    "echo after 100 ms": (SoundIssue.ECHO, lambda speech: with_echo(speech, 0.1, -10)),
    "echo after 250 ms": (SoundIssue.ECHO, lambda speech: with_echo(speech, 0.25, -6)),
    "hum of 50 Hz": (SoundIssue.HUM, lambda speech: with_hum(speech, 50, -40)),
    "hum of 60 Hz": (SoundIssue.HUM, lambda speech: with_hum(speech, 60, -40)),
    "holes": (SoundIssue.DROPOUTS, lambda speech: with_holes(speech, per_s=15, hole_s=0.01)),
    "silence": (SoundIssue.SILENCE, np.zeros_like),
    "silence with an offset": (SoundIssue.SILENCE, lambda speech: np.full(len(speech), 0.003)),
    "a hiss": (SoundIssue.SILENCE, lambda speech: np.random.default_rng(1).normal(scale=1e-4, size=len(speech))),
    "far away": (SoundIssue.TOO_QUIET, lambda speech: scaled(speech, -50 - SPEECH_LEVEL_DB)),
}


def calm(voice: str, seconds: float) -> Signal:
    return programme(voice, seconds, room_level_db=-90.0)


def as_told(told: list[Told]) -> list[tuple[SoundIssue, bool]]:
    return [(each.finding.issue, each.finding.resolved) for each in told]


@pytest.mark.parametrize(("issue", "damage"), BROKEN.values(), ids=BROKEN)
def test_broken_sound_has_its_own_finding_soon_and_no_other(issue: SoundIssue, damage: Break) -> None:
    for voice in VOICES:
        told = findings_of(damage(calm(voice, 6.0)))
        assert issues_of(told) == {issue}, voice
        assert told[0].at_s <= WITHIN_S.get(issue, SOON_S), voice


def test_ten_minutes_of_clean_speech_have_no_finding() -> None:
    hearing = Hearing()
    for voice in VOICES:
        hearing.hear(programme(voice, 67.0))
    assert hearing.heard_samples >= 600 * SAMPLE_RATE_HZ
    assert hearing.told == []


@pytest.mark.parametrize("voice", VOICES)
def test_speech_without_any_noise_has_no_finding(voice: str) -> None:
    assert findings_of(programme(voice, 20.0, room_level_db=None)) == []


@pytest.mark.parametrize("by_db", [6, -12])
def test_loud_and_soft_clean_speech_have_none(by_db: float) -> None:
    for voice in VOICES:
        assert findings_of(scaled(calm(voice, 8.0), by_db)) == []


def test_a_voice_with_an_echo_of_its_own_is_found_out() -> None:
    """espeak-ng's variant f3 says of itself: echo 120."""
    [first, *_] = findings_of(programme("en-us+f3", 30.0))
    assert first.finding.issue is SoundIssue.ECHO
    assert first.finding.value == pytest.approx(120, abs=5)


def test_the_tone_language_has_no_finding() -> None:
    sentences = [WORDS[start : start + 8] for start in range(0, len(WORDS), 8)]
    for pause_s in (0.3, 1.0):
        pcm = tone_speech(sentences, pause_s=pause_s)
        assert findings_of(np.frombuffer(pcm, dtype="<i2") / 32768) == []


@pytest.mark.parametrize(
    ("name", "over_after_s"),
    [
        ("white noise at 0 dB", 12.0),
        ("clipping of 1 %", 8.0),
        ("echo after 250 ms", 9.0),
        ("hum of 50 Hz", 7.0),
        ("holes", 11.0),
        ("silence", 0.8),
        ("far away", 8.0),
    ],
)
def test_what_is_better_is_told_once(name: str, over_after_s: float) -> None:
    issue, damage = BROKEN[name]
    for voice in VOICES[::4]:
        speech = calm(voice, 25.0)
        told = findings_of(np.concatenate((damage(speech[: 8 * SAMPLE_RATE_HZ]), speech[8 * SAMPLE_RATE_HZ :])))
        assert as_told(told) == [(issue, False), (issue, True)], voice
        assert 8.0 < told[1].at_s <= 8.0 + over_after_s


@pytest.mark.parametrize(
    ("name", "within_s"),
    [
        ("white noise at 0 dB", 6.0),
        ("pink noise at 5 dB", 6.0),
        ("clipping of 1 %", 2.0),
        ("echo after 250 ms", 5.0),
        ("hum of 60 Hz", 5.0),
    ],
)
def test_what_breaks_in_the_middle_is_told_as_well(name: str, within_s: float) -> None:
    issue, damage = BROKEN[name]
    for voice in VOICES[::4]:
        speech = calm(voice, 30.0)
        told = findings_of(np.concatenate((speech[: 12 * SAMPLE_RATE_HZ], damage(speech)[12 * SAMPLE_RATE_HZ :])))
        assert as_told(told) == [(issue, False)], voice
        assert 12.0 < told[0].at_s <= 12.0 + within_s


@pytest.mark.parametrize("exponent", [WHITE, PINK])
@pytest.mark.parametrize("snr_db", [-3, -5, -10])
def test_noise_that_hides_the_speech_is_told_within_five_seconds(snr_db: float, exponent: float) -> None:
    for voice in VOICES:
        [told] = findings_of(with_noise(calm(voice, 8.0), snr_db, exponent=exponent))
        assert (told.finding.issue, told.finding.resolved) == (SoundIssue.LOW_SNR, False), voice
        assert told.at_s <= 5.0, voice


def test_noise_that_hides_the_speech_from_some_time_on_is_told() -> None:
    for voice in VOICES[::4]:
        speech = calm(voice, 24.0)
        told = findings_of(
            np.concatenate((speech[: 10 * SAMPLE_RATE_HZ], with_noise(speech, -8)[10 * SAMPLE_RATE_HZ :]))
        )
        assert as_told(told) == [(SoundIssue.LOW_SNR, False)], voice
        assert 10.0 < told[0].at_s <= 19.0


@pytest.mark.parametrize("level_db", [-70, -60, -50])
@pytest.mark.parametrize("exponent", [PINK, BROWN])
def test_a_pause_in_a_room_whose_noise_comes_and_goes_has_no_finding(level_db: float, exponent: float) -> None:
    for seed, voice in enumerate(VOICES[::2]):
        speech = programme(voice, 10.0, room_level_db=None)
        heard = np.concatenate((speech, np.zeros(15 * SAMPLE_RATE_HZ), speech))
        room = restless_room(35.0, level_db, exponent=exponent, seed=seed)
        assert findings_of(heard + room[: len(heard)]) == [], voice


def test_a_room_in_which_nobody_speaks_has_none() -> None:
    for seed in range(4):
        assert findings_of(restless_room(40.0, -60, exponent=-0.25 * (seed + 1), seed=seed)) == []


@pytest.mark.parametrize("level_db", [-45, -30, -20])
def test_typing_in_a_pause_has_none(level_db: float) -> None:
    speech = calm("slt", 8.0)
    typing = ticks(12.0, 0.18, level_db, jitter_s=0.05)
    hiss = np.random.default_rng(1).normal(scale=10 ** (-70 / 20), size=len(typing))
    assert findings_of(np.concatenate((speech, typing + hiss, speech))) == []


@pytest.mark.parametrize("level_db", [-20, -35])
def test_a_metronome_is_no_echo(level_db: float) -> None:
    for voice in VOICES[::4]:
        assert findings_of(programme(voice, 15.0) + ticks(15.0, 0.25, level_db)) == []
    alone = ticks(15.0, 0.5, level_db) + restless_room(15.0, -60)
    assert findings_of(alone) == []


@pytest.mark.parametrize("direct_db", [10, 3, 0])
@pytest.mark.parametrize("rt60_s", [0.5, 0.8, 1.1, 1.5])
def test_a_reverberant_room_has_no_finding(rt60_s: float, direct_db: float) -> None:
    for seed, voice in enumerate(VOICES):
        assert findings_of(with_reverberation(programme(voice, 10.0), rt60_s, direct_db, seed=seed)) == [], voice


def test_loud_clean_speech_with_breaths_has_none() -> None:
    rng = np.random.default_rng(3)
    for voice in VOICES[::4]:
        speech = scaled(programme(voice, 20.0, room_level_db=-60), 8).copy()
        for at_s in range(1, 19, 3):
            breath = rng.normal(scale=0.05, size=SAMPLE_RATE_HZ // 2) * np.hanning(SAMPLE_RATE_HZ // 2)
            speech[at_s * SAMPLE_RATE_HZ : at_s * SAMPLE_RATE_HZ + len(breath)] += breath
        assert findings_of(speech) == [], voice


def test_a_little_applause_has_none() -> None:
    speech = calm("slt", 8.0)
    applause = np.random.default_rng(1).normal(scale=10 ** (-22 / 20), size=6 * SAMPLE_RATE_HZ)
    assert findings_of(np.concatenate((speech, applause, speech))) == []


def test_a_microphone_that_dies_is_told_later_than_one_that_never_worked() -> None:
    told = findings_of(np.concatenate((calm("slt", 4.0), np.zeros(10 * SAMPLE_RATE_HZ))))
    [died] = told
    assert (died.finding.issue, died.finding.resolved) == (SoundIssue.SILENCE, False)
    assert died.finding.value == pytest.approx(8.0)
    assert died.at_s == pytest.approx(12.0, abs=0.9)


def test_silence_says_nothing_of_what_was_wrong_before() -> None:
    told = findings_of(np.concatenate((clipped(calm("slt", 4.0), 0.02), np.zeros(10 * SAMPLE_RATE_HZ))))
    assert as_told(told) == [(SoundIssue.CLIPPING, False), (SoundIssue.SILENCE, False)]


def test_what_lasts_is_told_again_every_half_minute() -> None:
    told = findings_of(np.zeros(70 * SAMPLE_RATE_HZ))
    assert [each.at_s for each in told] == pytest.approx([4.0, 34.0, 64.0])
    assert as_told(told) == 3 * [(SoundIssue.SILENCE, False)]


def test_what_comes_and_goes_is_told_at_most_every_half_minute() -> None:
    bad, good = clipped(calm("rms", 3.0), 0.02), calm("rms", 9.0)
    told = findings_of(np.concatenate(7 * [bad, good]))
    worse = [each.at_s for each in told if not each.finding.resolved]
    assert len(worse) == 3
    assert np.min(np.diff(worse)) >= 30.0
    assert [resolved for _, resolved in as_told(told)] == [False, True, False, True, False, True]


def test_after_a_break_in_the_audio_what_was_told_is_still_known() -> None:
    hearing = Hearing()
    hearing.hear(clipped(calm("rms", 4.0), 0.02))
    hearing.heard_samples += 100 * SAMPLE_RATE_HZ
    assert hearing.meter.quality.told == {SoundIssue.CLIPPING}
    hearing.hear(calm("rms", 8.0))
    assert as_told(hearing.told) == [(SoundIssue.CLIPPING, False), (SoundIssue.CLIPPING, True)]
