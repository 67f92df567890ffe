"""How something was said, against how the speaker usually speaks, and what of it is carried over."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.dynamics import NEUTRAL, Dynamics, Prosody, SpeakerBaseline, carried_over, kept_up
from babelcast.domain.sound.blocks import Signal
from babelcast.domain.sound.meter import SoundMeter
from babelcast.domain.transcript import Word
from benchmarks.continuity import SENTENCES
from benchmarks.signal.damage import scaled, vowel
from benchmarks.signal.hearing import Hearing
from benchmarks.signal.speech import FLITE_VOICES, utter
from benchmarks.signal.truth import loudness_lufs
from scripts.make_samples import read_sentences

USUAL = Dynamics(
    loudness_lufs=-26.0,
    letters_per_s=14.0,
    pitch_hz=120.0,
    pitch_range_semitones=6.0,
    pause_share=0.1,
    emphasis_lu=4.0,
    spoken_s=3.0,
)
LOUDNESSES = st.floats(-45, -10)
PACES = st.floats(5, 35)
PITCHES = st.floats(75, 400)
TEXTS = (
    "If there is a problem, we will tell you at once.",
    "The street will be open again before the end of the month.",
    "Yes, every one of them will stay where it is.",
)


def baseline_of(*segments: Dynamics) -> SpeakerBaseline:
    baseline = None
    for segment in segments:
        baseline = SpeakerBaseline.after(baseline, segment)
    assert baseline is not None
    return baseline


USUALLY = baseline_of(USUAL)


class TestBaseline:
    def test_the_first_segment_is_how_the_speaker_usually_speaks(self) -> None:
        assert USUALLY.loudness_lufs == pytest.approx(USUAL.loudness_lufs)
        assert USUALLY.letters_per_s == pytest.approx(USUAL.letters_per_s)
        assert USUALLY.pitch_hz == pytest.approx(USUAL.pitch_hz)
        assert carried_over(USUAL, USUALLY) == NEUTRAL

    def test_one_segment_stands_out_and_a_few_minutes_are_the_new_usual(self) -> None:
        loud = replace(USUAL, loudness_lufs=-16.0, letters_per_s=20.0)
        once, always = baseline_of(USUAL, loud), baseline_of(USUAL, *100 * [loud])
        assert once.loudness_lufs < -24
        assert once.letters_per_s < 15.2
        assert always.loudness_lufs == pytest.approx(-16, abs=0.2)
        assert always.letters_per_s == pytest.approx(20, rel=0.02)

    def test_a_loud_word_of_greeting_is_not_how_the_speaker_usually_speaks(self) -> None:
        greeting = replace(USUAL, loudness_lufs=USUAL.loudness_lufs + 10, spoken_s=0.6)
        assert baseline_of(greeting, USUAL).loudness_lufs <= USUAL.loudness_lufs + 5
        assert baseline_of(greeting, *3 * [USUAL]).loudness_lufs < USUAL.loudness_lufs + 3

    def test_a_long_first_segment_counts_for_twenty_seconds_more_than_it_is(self) -> None:
        first, loud = replace(USUAL, spoken_s=12.0), replace(USUAL, loudness_lufs=-16.0, spoken_s=12.0)
        assert baseline_of(first, loud).loudness_lufs == pytest.approx(-26 + 10 * 12 / (20 + 12 + 12))

    def test_pitch_is_learnt_when_it_is_heard(self) -> None:
        whispered = replace(USUAL, pitch_hz=None, pitch_range_semitones=None)
        assert baseline_of(whispered).pitch_hz is None
        assert baseline_of(whispered, USUAL).pitch_hz == USUAL.pitch_hz
        assert baseline_of(USUAL, whispered).pitch_hz == pytest.approx(USUAL.pitch_hz)

    @given(st.lists(st.tuples(LOUDNESSES, PACES, PITCHES, st.floats(0.5, 60)), min_size=1, max_size=20))
    def test_it_lies_within_what_was_heard(self, heard: list[tuple[float, float, float, float]]) -> None:
        segments = [
            replace(USUAL, loudness_lufs=loudness, letters_per_s=pace, pitch_hz=pitch, spoken_s=spoken)
            for loudness, pace, pitch, spoken in heard
        ]
        baseline = baseline_of(*segments)
        for value, values in (
            (baseline.loudness_lufs, [each.loudness_lufs for each in segments]),
            (baseline.letters_per_s, [each.letters_per_s for each in segments]),
            (baseline.pitch_hz or 0.0, [each.pitch_hz or 0.0 for each in segments]),
        ):
            assert min(values) - 1e-6 <= value <= max(values) + 1e-6


class TestCarriedOver:
    def test_nothing_is_carried_over_where_nothing_is_known(self) -> None:
        assert carried_over(None, USUALLY) == carried_over(USUAL, None) == NEUTRAL
        assert Prosody() == NEUTRAL
        assert Prosody(rate_percent=105) != NEUTRAL

    @given(LOUDNESSES, PACES, PITCHES)
    def test_it_stays_natural_and_in_steps(self, loudness: float, pace: float, pitch: float) -> None:
        prosody = carried_over(replace(USUAL, loudness_lufs=loudness, letters_per_s=pace, pitch_hz=pitch), USUALLY)
        assert -6 <= prosody.volume_db <= 6
        assert 75 <= prosody.rate_percent <= 125
        assert 90 <= prosody.pitch_percent <= 110
        assert prosody.volume_db == round(prosody.volume_db)
        assert prosody.rate_percent % 5 == prosody.pitch_percent % 5 == 0

    @given(PACES, PACES, LOUDNESSES, LOUDNESSES)
    def test_louder_is_never_softer_and_faster_never_slower(
        self, pace: float, other_pace: float, loudness: float, other_loudness: float
    ) -> None:
        one = carried_over(replace(USUAL, loudness_lufs=loudness, letters_per_s=pace), USUALLY)
        other = carried_over(replace(USUAL, loudness_lufs=other_loudness, letters_per_s=other_pace), USUALLY)
        assert (one.volume_db - other.volume_db) * (loudness - other_loudness) >= 0
        assert (one.rate_percent - other.rate_percent) * (pace - other_pace) >= 0

    @given(st.floats(-9, 9), st.floats(-9, 9))
    def test_at_least_a_third_of_a_difference_in_loudness(self, one_lu: float, other_lu: float) -> None:
        assume(abs(one_lu - other_lu) >= 4)
        one, other = (
            carried_over(replace(USUAL, loudness_lufs=USUAL.loudness_lufs + by_lu), USUALLY)
            for by_lu in (one_lu, other_lu)
        )
        assert (one.volume_db - other.volume_db) / (one_lu - other_lu) >= 1 / 3

    @given(st.floats(0.7, 1.35), st.floats(0.7, 1.35))
    def test_at_least_a_third_of_a_difference_in_pace(self, one: float, other: float) -> None:
        assume(abs(one - other) >= 0.12)
        faster, slower = (
            carried_over(replace(USUAL, letters_per_s=USUAL.letters_per_s * by), USUALLY).rate_percent / 100
            for by in (max(one, other), min(one, other))
        )
        assert (faster - slower) / abs(one - other) >= 1 / 3

    def test_pitch_follows_where_it_is_known(self) -> None:
        assert carried_over(replace(USUAL, pitch_hz=145.0), USUALLY).pitch_percent == 110
        assert carried_over(replace(USUAL, pitch_hz=100.0), USUALLY).pitch_percent == 90
        assert carried_over(replace(USUAL, pitch_hz=None), USUALLY).pitch_percent == 100


class TestKeptUp:
    @pytest.mark.parametrize(
        ("pace_needed", "rate_percent"),
        [
            (0.5, 100),
            (1.0, 100),
            (1.001, 105),
            (1.05, 105),
            (1.1, 110),
            (1.15, 115),
            (1.16, 120),
            (1.25, 125),
            (9, 125),
        ],
    )
    def test_it_is_as_fast_as_it_has_to_be(self, pace_needed: float, rate_percent: int) -> None:
        assert kept_up(NEUTRAL, pace_needed=pace_needed).rate_percent == rate_percent

    @given(st.floats(0, 10), st.sampled_from(range(75, 130, 5)))
    def test_it_is_no_slower_than_the_speaker_would_have_it(self, pace_needed: float, rate_percent: int) -> None:
        prosody = Prosody(rate_percent=rate_percent, volume_db=3.0, pitch_percent=105)
        kept = kept_up(prosody, pace_needed=pace_needed)
        assert rate_percent <= kept.rate_percent <= 125
        assert kept.rate_percent >= min(125.0, 100 * pace_needed) - 1e-6
        assert replace(kept, rate_percent=rate_percent) == prosody


def heard(samples: Signal) -> SoundMeter:
    hearing = Hearing()
    hearing.hear(samples)
    return hearing.meter


def words(*times_s: tuple[float, float]) -> list[Word]:
    return [
        Word(
            text="abcde",
            start_sample=round(start * SAMPLE_RATE_HZ),
            end_sample=round(end * SAMPLE_RATE_HZ),
            stable=True,
        )
        for start, end in times_s
    ]


class TestMeasured:
    @pytest.mark.parametrize("stretch", [0.75, 1.0, 1.4])
    @pytest.mark.parametrize("voice", FLITE_VOICES)
    def test_the_pace_is_letters_by_the_time_of_articulation(self, voice: str, stretch: float) -> None:
        for text in (*TEXTS, *read_sentences(SENTENCES)[:3]):
            utterance = utter(voice, text, stretch=stretch)
            dynamics = heard(utterance.samples).dynamics(utterance.words())
            assert dynamics is not None
            assert dynamics.letters_per_s == pytest.approx(utterance.letters_per_s, rel=0.1)

    def test_three_speeds_of_a_voice_differ_as_they_were_set(self) -> None:
        paces = []
        for stretch in (0.75, 1.0, 1.4):
            utterance = utter("slt", TEXTS[1], stretch=stretch)
            dynamics = heard(utterance.samples).dynamics(utterance.words())
            assert dynamics is not None
            paces.append(dynamics.letters_per_s)
        assert paces[0] / paces[1] == pytest.approx(1 / 0.75, rel=0.1)
        assert paces[2] / paces[1] == pytest.approx(1 / 1.4, rel=0.1)

    @pytest.mark.parametrize("by_db", [-12, 0, 6])
    def test_the_loudness_is_that_of_the_words(self, by_db: float) -> None:
        utterance = utter("rms", TEXTS[1])
        samples = scaled(utterance.samples, by_db - 6)
        spoken = utterance.words()
        dynamics = heard(samples).dynamics(spoken)
        assert dynamics is not None
        truth = loudness_lufs(samples[spoken[0].start_sample : spoken[-1].end_sample])
        assert dynamics.loudness_lufs == pytest.approx(truth, abs=1.0)

    def test_a_voice_that_rises_has_its_median_and_its_range(self) -> None:
        pitch_hz = 120 * 2 ** np.linspace(0, 1, 2 * SAMPLE_RATE_HZ)
        dynamics = heard(vowel("a", pitch_hz)).dynamics(words((0.1, 1.9)))
        assert dynamics is not None
        assert dynamics.pitch_hz == pytest.approx(120 * 2**0.5, rel=0.03)
        assert dynamics.pitch_range_semitones == pytest.approx(0.8 * 0.9 * 12, abs=0.7)

    def test_long_gaps_are_pauses_and_short_ones_are_not(self) -> None:
        meter = heard(vowel("a", np.full(3 * SAMPLE_RATE_HZ, 120.0)))
        dynamics = meter.dynamics(words((0.0, 0.5), (0.7, 1.0), (1.5, 2.0)))
        assert dynamics is not None
        assert dynamics.pause_share == pytest.approx(0.25)
        assert dynamics.spoken_s == pytest.approx(1.5)
        assert dynamics.letters_per_s == pytest.approx(10.0)

    def test_emphasis_is_how_much_the_loudest_moment_stands_out(self) -> None:
        sound = vowel("a", np.full(3 * SAMPLE_RATE_HZ, 120.0))
        even = heard(sound).dynamics(words((0.0, 3.0)))
        sound[SAMPLE_RATE_HZ : SAMPLE_RATE_HZ * 3 // 2] *= 2
        stressed = heard(sound).dynamics(words((0.0, 3.0)))
        assert even is not None
        assert stressed is not None
        assert even.emphasis_lu < 0.5
        assert stressed.emphasis_lu == pytest.approx(6 - 10 * np.log10((2.5 + 0.5 * 4) / 3), abs=0.5)

    def test_what_is_too_short_or_silent_or_not_heard_any_more_says_nothing(self) -> None:
        meter = heard(vowel("a", np.full(SAMPLE_RATE_HZ, 120.0)))
        assert meter.dynamics([]) is None
        assert meter.dynamics(words((0.1, 0.5))) is None
        assert meter.dynamics(words((5.0, 6.0))) is None
        assert heard(np.zeros(SAMPLE_RATE_HZ)).dynamics(words((0.0, 0.9))) is None

    def test_a_whisper_has_no_pitch(self) -> None:
        noise = np.random.default_rng(1).normal(scale=0.05, size=2 * SAMPLE_RATE_HZ)
        dynamics = heard(noise).dynamics(words((0.0, 1.9)))
        assert dynamics is not None
        assert dynamics.pitch_hz is None
        assert dynamics.pitch_range_semitones is None
