"""The signal benchmark, in short: it measures what it says, and sees what is not as promised."""

import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.echo import LONGEST_DELAY_S
from benchmarks.signal.__main__ import TOLD_WITHIN_S, main, wrongly_told
from benchmarks.signal.accuracy import ECHO_MISSED, ECHO_TOLD, measure_accuracy, measure_echoes
from benchmarks.signal.clean import hear_clean
from benchmarks.signal.cost import ALLOWED_MS, Cost, measure_cost
from benchmarks.signal.damage import clipped, scaled, vowel, with_echo, with_holes, with_hum, with_noise
from benchmarks.signal.hearing import findings_of
from benchmarks.signal.measured import Errors
from benchmarks.signal.speech import FLITE_VOICES, SPEECH_LEVEL_DB, VOICES, programme, reading, utter
from benchmarks.signal.telling import CLEAN, Warned, broken_sounds
from benchmarks.signal.truth import active_level_db, loudness_lufs


def level_db(signal: np.typing.NDArray[np.float64]) -> float:
    return 10 * float(np.log10(np.mean(signal**2)))


def test_the_cost_is_measured_in_all_and_part_by_part() -> None:
    cost = measure_cost(2.0)
    assert cost.everything > 0
    assert len(cost.parts) == 8
    assert min(cost.parts.values()) >= 0
    assert Cost(everything=ALLOWED_MS, parts={}).problems == []
    assert Cost(everything=ALLOWED_MS + 1, parts={}).problems == [
        "measuring takes 16.0 ms for a second of audio instead of 15"
    ]


def test_measurements_are_as_near_the_truth_as_promised() -> None:
    found = list(measure_accuracy(8.0, ("slt",)))
    assert [problem for each in found for problem in each.problems] == []
    assert {each.measure for each in found} >= {
        "signal-to-noise ratio, dB",
        "echo's delay, ms",
        "loudness, LU",
        "pitch, %",
    }


def test_a_voice_that_is_measured_wrongly_is_a_problem() -> None:
    errors = Errors(
        measure="pitch, %", condition="vowels", by_voice={"one": [0.0, 0.1, 9.0], "other": [-4.0, -4.0]}, allowed=3.0
    )
    assert (errors.median, errors.of_the_worst_voice, errors.furthest) == (0.0, -4.0, 9.0)
    assert errors.problems == ["pitch, %, vowels: -4.00 off instead of 3"]
    assert errors.row == ["pitch, %", "vowels", "0", "-4.00", "+9.00", "± 3"]


@pytest.mark.parametrize("readings", [[0.0, float("nan")], [float("inf"), 0.0, 0.0], []])
def test_a_voice_that_is_not_measured_is_a_problem(readings: list[float]) -> None:
    errors = Errors(measure="pitch, %", condition="vowels", by_voice={"one": [0.1], "other": readings}, allowed=3.0)
    assert errors.problems == ["pitch, %, vowels: something is not measured at all"]
    assert replace(errors, allowed=None).problems == []


def test_echoes_that_are_not_found_are_a_problem() -> None:
    found = measure_echoes(8.0, ("slt",), delays_s=[LONGEST_DELAY_S + 0.1], levels_db=[-20])
    assert [problem for each in found for problem in each.problems] == [
        f"{ECHO_MISSED}, 610 ms, -20 dB: 100.00 off instead of 25",
        f"{ECHO_TOLD}, 610 ms, -20 dB: 10.00 off instead of 5",
    ]


def test_a_voice_with_an_echo_of_its_own_is_not_clean() -> None:
    assert hear_clean("awb", 15.0, seed=1).problems == []
    echoing = hear_clean("en-us+f3", 30.0, seed=1)
    assert "en-us+f3's clean speech: echo" in echoing.problems
    assert echoing.lasting_evidence > 0.03


def test_each_broken_sound_is_heard_to_be_what_it_is_within_five_seconds() -> None:
    for name, signal in broken_sounds(9.0).items():
        told = findings_of(signal)
        assert [each.finding.issue.value for each in told] == ([] if name == CLEAN else [name])
        assert all(each.at_s <= TOLD_WITHIN_S for each in told)


def test_who_is_told_late_or_of_something_else_is_a_problem() -> None:
    def told(issue: str, after_s: float) -> Warned:
        return Warned(issue=issue, after_s=after_s, resolved=False)

    assert wrongly_told({"clean": [], "echo": [told("echo", 4.0)]}) == []
    assert wrongly_told({"clean": [told("hum", 1.0)], "echo": [told("echo", 6.0)], "clipping": []}) == [
        "clean: told of hum",
        "echo: told after 6.0 s",
        "clipping: told of nothing",
    ]


def test_the_command_line_measures_and_writes_it_down(tmp_path: Path) -> None:
    out = tmp_path / "signal.json"
    status = main(["--minutes", "0.1", "--voices", "1", "--no-words", "--no-stack", "--out", str(out)])
    numbers = json.loads(out.read_text())
    assert status == int(not numbers["passed"]) == int(bool(numbers["problems"]))
    assert set(numbers) == {"cost", "accuracy", "clean", "problems", "passed"}
    assert [each["findings"] for each in numbers["clean"]] == [[]]


class TestMakers:
    """What is done to signals is done in the measure that it is said to be."""

    def test_speech_has_its_level_and_its_length_and_is_the_same_again(self) -> None:
        for voice in VOICES:
            speech = programme(voice, 6.0, room_level_db=None)
            assert active_level_db(speech) == pytest.approx(SPEECH_LEVEL_DB, abs=0.1)
            assert len(speech) == 6 * SAMPLE_RATE_HZ
            assert np.max(np.abs(speech)) < 1
        assert np.array_equal(programme.__wrapped__("slt", 6.0), programme("slt", 6.0))
        assert not np.array_equal(programme("slt", 6.0, seed=2), programme("slt", 6.0))

    def test_damages(self) -> None:
        speech = programme("rms", 6.0, room_level_db=None)
        assert level_db(with_noise(speech, 12) - speech) == pytest.approx(active_level_db(speech) - 12, abs=0.01)
        echo = with_echo(speech, 0.25, -10) - speech
        assert np.allclose(echo[4000:], speech[:-4000] * 10**-0.5, atol=1e-9)
        assert np.mean(np.abs(clipped(speech, 0.02)) == 1.0) == pytest.approx(0.02, rel=0.01)
        assert level_db(with_hum(speech, 50, -40) - speech) == pytest.approx(-40, abs=0.01)
        assert level_db(scaled(speech, 6)) == pytest.approx(level_db(speech) + 6)
        noisy = with_noise(speech, 30)
        assert np.count_nonzero(with_holes(noisy, per_s=2, hole_s=0.01) == 0.0) <= 12 * 160

    def test_a_vowel_repeats_itself_after_a_period(self) -> None:
        sound = vowel("i", np.full(SAMPLE_RATE_HZ, 160.0))
        assert np.allclose(sound[:-100], sound[100:], atol=1e-6)
        assert level_db(sound) == pytest.approx(-26.0, abs=0.01)

    def test_the_truth_of_a_sine(self) -> None:
        """Source: ITU-R BS.1770-5, annex 1: -3.01 LKFS of 997 Hz at full scale in one channel."""
        sine = np.sin(2 * np.pi * 997 * np.arange(4 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ)
        assert loudness_lufs(sine) == pytest.approx(-3.01, abs=0.02)
        assert active_level_db(sine) == pytest.approx(-3.01, abs=0.1)
        half = np.concatenate((sine, np.zeros(4 * SAMPLE_RATE_HZ)))
        assert active_level_db(half) == pytest.approx(-3.01 - 10 * np.log10(4.28 / 4), abs=0.1)
        with pytest.raises(ValueError, match="nothing"):
            active_level_db(np.zeros(SAMPLE_RATE_HZ))
        with pytest.raises(ValueError, match="nothing"):
            loudness_lufs(np.zeros(SAMPLE_RATE_HZ))

    def test_flites_words_lie_where_its_sounds_do(self) -> None:
        for voice in FLITE_VOICES:
            utterance = utter(voice, "Good morning, and thank you for coming.")
            words = utterance.words(start_sample=1000)
            assert [word.text for word in words] == "Good morning and thank you for coming".split()
            assert all(before.end_sample <= after.start_sample for before, after in itertools.pairwise(words))
            assert words[1].end_sample < words[2].start_sample, "the comma is a pause"
            assert words[-1].end_sample <= 1000 + len(utterance.samples)
        slow, fast = reading("slt", 2, stretch=1.4), reading("slt", 2, stretch=0.75)
        assert fast.letters_per_s / slow.letters_per_s == pytest.approx(1.4 / 0.75, rel=0.01)
