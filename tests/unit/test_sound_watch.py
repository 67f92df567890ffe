"""When a value is bad for long enough to be told, and good for long enough to be over."""

from dataclasses import replace

import numpy as np
import pytest

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import BLOCK_SAMPLES, FRAMES_PER_BLOCK, FREQUENCIES_HZ, MEMORY_SAMPLES, Block
from babelcast.domain.sound.echo import Echo
from babelcast.domain.sound.quality import SoundQuality, Watch
from babelcast.domain.sound.voice import Voice
from babelcast.domain.sound_issue import ADVICE, SoundIssue, SoundThresholds, Threshold
from babelcast.domain.speaker_memory import SpeakerMemory
from benchmarks.signal.hearing import Hearing
from benchmarks.signal.speech import programme

HIGH = Threshold(wrong=10.0, right=5.0, wrong_after_s=0.3, right_after_s=0.5, surely_wrong=50.0)
LOW = Threshold(wrong=5.0, right=10.0, wrong_after_s=0.3, right_after_s=0.5)
NEVER_AGAIN_S = 1e6
VOICE = Voice(pitches_hz=np.full(50, 120.0))


def told(threshold: Threshold, *values: float, again_after_s: float = 0.0, watch: Watch | None = None) -> str:
    """One value every tenth of a second; after each of them "x" where it is told, "o" where it is over, else "."."""
    watch = watch or Watch()
    line = ""
    for number, value in enumerate(values, start=1):
        sample = number * SAMPLE_RATE_HZ // 10
        after = watch.after(value, threshold, elapsed_s=0.1, sample=sample, again_after_s=again_after_s)
        line += ("x" if after.is_told else "o") if after.is_news_after(watch) else "."
        watch = after
    return line


@pytest.mark.parametrize(("threshold", "bad", "between", "good"), [(HIGH, 12, 7, 3), (LOW, 3, 7, 12)])
class TestHysteresis:
    def test_it_is_told_once_it_has_lasted(self, threshold: Threshold, bad: float, between: float, good: float) -> None:
        assert told(threshold, bad, bad, bad, bad, again_after_s=NEVER_AGAIN_S) == "...x"
        assert told(threshold, bad, bad, bad, between, bad, bad, bad, bad, again_after_s=NEVER_AGAIN_S) == ".......x"

    def test_between_the_two_nothing_changes(
        self, threshold: Threshold, bad: float, between: float, good: float
    ) -> None:
        assert told(threshold, *9 * [between], again_after_s=NEVER_AGAIN_S) == "........."
        assert told(threshold, *4 * [bad], *9 * [between], again_after_s=NEVER_AGAIN_S) == "...x........."

    def test_it_is_over_once_it_has_been_good_for_long_enough(
        self, threshold: Threshold, bad: float, between: float, good: float
    ) -> None:
        values = (*4 * [bad], *3 * [good], between, *6 * [good])
        assert told(threshold, *values, again_after_s=NEVER_AGAIN_S) == "...x.........o"

    def test_what_comes_back_is_told_no_sooner_than_allowed(
        self, threshold: Threshold, bad: float, between: float, good: float
    ) -> None:
        values = (*4 * [bad], *6 * [good], *12 * [bad])
        assert told(threshold, *values, again_after_s=1.5) == "...x.....o........x..."

    def test_what_lasts_is_told_again_but_not_while_it_gets_better(
        self, threshold: Threshold, bad: float, between: float, good: float
    ) -> None:
        assert told(threshold, *10 * [bad], again_after_s=0.4) == "...x...x.."
        assert told(threshold, *6 * [bad], *6 * [good], again_after_s=0.4) == "...x.......o"


def test_what_is_surely_wrong_is_told_at_once() -> None:
    assert told(HIGH, 3, 50, 50, again_after_s=NEVER_AGAIN_S) == ".x."


def test_of_what_was_told_before_only_the_end_is_news() -> None:
    known = Watch(is_told=True)
    assert told(HIGH, *4 * [12.0], *6 * [3.0], again_after_s=NEVER_AGAIN_S, watch=known) == ".........o"
    assert told(HIGH, *8 * [12.0], again_after_s=0.5, watch=known) == ".....x.."


def echoes_told(*looks: Echo | None) -> list[bool]:
    """Whether an echo was told after each look, one every half second."""
    quality, earlier, line = SoundQuality(), None, []
    for number, echo in enumerate(looks, start=6):
        end = number * SAMPLE_RATE_HZ // 2
        block = Block(
            start_sample=end - BLOCK_SAMPLES,
            memory=np.zeros(MEMORY_SAMPLES),
            known_samples=MEMORY_SAMPLES,
            powers=np.zeros((FRAMES_PER_BLOCK, len(FREQUENCIES_HZ))),
        )
        quality, findings = replace(quality, echo=echo, voice=VOICE).judged(block, earlier)
        line.append([finding.issue for finding in findings] == [SoundIssue.ECHO])
        earlier = echo
    return line


def test_an_echo_is_told_when_three_looks_agree_or_one_is_sure() -> None:
    weak, sure = 0.04, 0.07
    same = [Echo(delay_s=delay_s, evidence=weak) for delay_s in (0.2, 0.201, 0.2)]
    assert echoes_told(*same) == [False, False, True]
    assert echoes_told(Echo(delay_s=0.2, evidence=sure)) == [True]
    elsewhere = Echo(delay_s=0.3, evidence=weak)
    assert echoes_told(*same[:2], elsewhere, *same[:2], elsewhere) == 6 * [False]
    assert echoes_told(*same[:2], None, *same[:2]) == 5 * [False]


def test_the_weaker_of_two_looks_counts() -> None:
    strong, weak = Echo(delay_s=0.2, evidence=0.05), Echo(delay_s=0.2, evidence=0.02)
    assert echoes_told(strong, weak, strong, weak, strong) == 5 * [False]
    assert echoes_told(weak, strong, strong, strong) == [False, False, False, True]


def test_another_meter_goes_on_where_the_first_one_was() -> None:
    memory = SpeakerMemory(has_heard=True, told=frozenset({SoundIssue.TOO_QUIET}))
    quality = SoundQuality.remembered(memory, SoundThresholds())
    assert quality.told == {SoundIssue.TOO_QUIET}
    assert quality.has_heard
    hearing = Hearing()
    hearing.meter.quality = quality
    hearing.hear(programme("slt", 8.0))
    [over] = hearing.told
    assert (over.finding.issue, over.finding.resolved) == (SoundIssue.TOO_QUIET, True)
    assert SoundQuality.remembered(None, SoundThresholds()).told == frozenset()


def test_every_issue_has_a_threshold_and_advice() -> None:
    thresholds = SoundThresholds()
    for issue in SoundIssue:
        threshold = getattr(thresholds, issue.value)
        assert threshold.is_wrong(threshold.wrong)
        assert threshold.is_right(threshold.right)
        assert not threshold.is_wrong(threshold.right)
        assert not threshold.is_right(threshold.wrong)
        assert ADVICE[issue]
