"""What is Babelcast's own of a clause's way, from when the recogniser had it and what clients waited for."""

import pytest

from benchmarks.latency.measurement import SegmentTimes
from benchmarks.latency.overhead import own_times_ms, storing_times_ms
from local.services.profiles import Profile
from local.services.waits import Answer, SentResult, Waits

BEGAN_MS = 1_800_000_000_000.0


def segment(*, end_ms: float, told_ms: float) -> SegmentTimes:
    """A clause whose last word ends, and is told, so long after the first sample."""
    return SegmentTimes(
        number=0,
        spoken_end_ms=end_ms,
        notified_ms=told_ms - end_ms,
        fetched_ms=None,
        played_ms=None,
        word_delays_ms=(),
    )


def result(*, heard: float, recognised: float, sent: float, stable: float, stream: int = 1) -> SentResult:
    return SentResult(
        stream=stream,
        heard_ms=heard,
        recognised_at_ms=BEGAN_MS + recognised,
        sent_at_ms=BEGAN_MS + sent,
        stable_end_ms=stable,
    )


def answer(began: float, ended: float) -> Answer:
    return Answer(service="polly", began_at_ms=BEGAN_MS + began, ended_at_ms=BEGAN_MS + ended)


FINAL = result(heard=2_750, recognised=2_830, sent=3_500, stable=2_100)
"""80 ms on the way of the chunk that is full at 2,750 ms; the service takes 670 ms."""


def own(
    segments: list[SegmentTimes], results: list[SentResult], answers: list[Answer], storing: tuple[float, ...] = ()
) -> tuple[float, ...]:
    waits = Waits(results=tuple(results), answers=tuple(answers))
    return own_times_ms(segments, waits, first_sample_epoch_ms=BEGAN_MS, storing_ms=storing)


CLAUSE = segment(end_ms=2_100, told_ms=4_200)


@pytest.mark.parametrize(
    ("answers", "storing", "expected"),
    [
        ([], (), 80 + 700),
        ([answer(3_520, 3_670), answer(3_680, 4_020)], (), 80 + 700 - 150 - 340),
        ([answer(3_520, 3_670), answer(3_680, 4_020)], (42.0,), 80 + 700 - 150 - 340 - 42),
        # What was made ahead takes time only as far as it is waited for; what is at the same time counts once.
        ([answer(3_000, 3_600)], (), 80 + 700 - 100),
        ([answer(3_500, 3_700), answer(3_600, 3_800)], (), 80 + 700 - 300),
        ([answer(3_500, 3_900), answer(3_600, 3_700)], (), 80 + 700 - 400),
        # Of something else, later or before.
        ([answer(2_000, 3_400), answer(4_300, 4_900)], (), 80 + 700),
    ],
)
def test_service_times_chunk_and_pause_are_taken_away(
    answers: list[Answer], storing: tuple[float, ...], expected: float
) -> None:
    assert own([CLAUSE], [FINAL], answers, storing) == pytest.approx((expected,))


def test_what_the_segmenter_waits_for_after_the_words_were_stable_is_own() -> None:
    early = result(heard=2_500, recognised=2_550, sent=3_050, stable=2_090)
    assert own([CLAUSE], [early, FINAL], []) == pytest.approx((50 + 4_200 - 3_050,))
    unstable = result(heard=2_500, recognised=2_550, sent=3_050, stable=1_800)
    assert own([CLAUSE], [unstable, FINAL], []) == pytest.approx((80 + 700,))


def test_each_clause_has_the_first_result_that_has_all_of_it() -> None:
    later = result(heard=6_000, recognised=6_040, sent=6_700, stable=5_300)
    clauses = [CLAUSE, segment(end_ms=4_000, told_ms=7_000), segment(end_ms=5_300, told_ms=7_100)]
    assert own(clauses, [FINAL, later], []) == pytest.approx((780, 40 + 300, 40 + 400))


def test_clauses_without_a_result_and_other_streams_are_not_followed() -> None:
    assert own([CLAUSE, segment(end_ms=9_000, told_ms=9_900)], [FINAL], []) == pytest.approx((780,))
    anew = result(heard=500, recognised=9_000, sent=9_100, stable=400, stream=2)
    assert own([CLAUSE], [FINAL, anew], []) == ()
    assert own([CLAUSE], [], []) == ()


def test_storing_takes_what_the_stack_draws() -> None:
    drawn = storing_times_ms(Profile.AWS.times, seed=3, clips=3)
    assert drawn == storing_times_ms(Profile.AWS.times, seed=3, clips=5)[:3]
    assert drawn != storing_times_ms(Profile.AWS.times, seed=4, clips=3)
    assert all(10 < each < 150 for each in drawn)
    assert storing_times_ms({}, seed=3, clips=2) == (0, 0)
