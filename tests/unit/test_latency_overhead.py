"""What is Babelcast's own of a clause's way, from when the recogniser had it and what clients waited for."""

import pytest

from benchmarks.latency.measurement import SegmentTimes
from benchmarks.latency.overhead import own_times_ms, storing_times_ms
from local.services.profiles import Profile
from local.services.waits import Answer, SaidItem, SentResult, Waits

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


def said(*ends_ms: float, stable: int, is_over: bool) -> tuple[SaidItem, ...]:
    """Words of 300 ms, so many of them stable, and the mark that closes them."""
    words = tuple(
        SaidItem(start_ms=end_ms - 300, end_ms=end_ms, is_stable=index < stable) for index, end_ms in enumerate(ends_ms)
    )
    return (*words, SaidItem(start_ms=ends_ms[-1], end_ms=ends_ms[-1], is_stable=True, mark=".")) if is_over else words


def result(
    *ends_ms: float,
    heard: float,
    recognised: float,
    sent: float,
    stable: int | None = None,
    number: int = 0,
    stream: int = 1,
) -> SentResult:
    """A final result; with so many stable words a partial one."""
    is_over = stable is None
    return SentResult(
        stream=stream,
        heard_ms=heard,
        recognised_at_ms=BEGAN_MS + recognised,
        sent_at_ms=BEGAN_MS + sent,
        number=number,
        is_final=is_over,
        items=said(*ends_ms, stable=len(ends_ms) if stable is None else stable, is_over=is_over),
    )


def answer(began: float, ended: float) -> Answer:
    return Answer(service="polly", began_at_ms=BEGAN_MS + began, ended_at_ms=BEGAN_MS + ended)


FINAL = result(900, 1_500, 2_100, heard=2_750, recognised=2_830, sent=3_500)
"""80 ms on the way of the chunk that is full at 2,750 ms; the service takes 670 ms."""


def own(
    segments: list[SegmentTimes], results: list[SentResult], answers: list[Answer], storing: tuple[float, ...] = ()
) -> tuple[float, ...]:
    waits = Waits(results=tuple(results), answers=tuple(answers))
    return own_times_ms(segments, waits, max_segment_s=3, first_sample_epoch_ms=BEGAN_MS, storing_ms=storing)


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


def test_the_event_counts_by_which_the_clause_is_made() -> None:
    words = (900, 1_500, 2_100)
    unsure = result(*words, heard=2_500, recognised=2_550, sent=3_050, stable=2)
    sure = result(*words, heard=2_600, recognised=2_650, sent=3_200, stable=3)
    assert own([CLAUSE], [unsure, sure, FINAL], []) == pytest.approx((80 + 700,)), "nothing ends it before"
    behind_a_breath = result(*words, 2_700, heard=3_000, recognised=3_060, sent=3_600, stable=3)
    last = result(*words, 2_700, heard=3_250, recognised=3_300, sent=4_500)
    assert own([CLAUSE, segment(end_ms=2_700, told_ms=5_000)], [sure, behind_a_breath, last], []) == pytest.approx(
        (60 + 4_200 - 3_600, 50 + 5_000 - 4_500)
    )


def test_each_clause_has_its_own_event() -> None:
    later = result(3_400, 4_000, 4_600, heard=6_000, recognised=6_040, sent=6_700, number=1)
    assert own([CLAUSE, segment(end_ms=4_600, told_ms=7_000)], [FINAL, later], []) == pytest.approx((780, 40 + 300))


def test_what_cannot_be_followed_has_no_figure() -> None:
    anew = result(9_100, heard=500, recognised=9_000, sent=9_100, stream=2)
    assert own([CLAUSE], [FINAL, anew], []) == ()
    assert own([CLAUSE], [], []) == ()
    assert own([CLAUSE, CLAUSE], [FINAL], []) == ()
    assert own([segment(end_ms=2_700, told_ms=4_200)], [FINAL], []) == ()


def test_storing_takes_what_the_stack_draws() -> None:
    drawn = storing_times_ms(Profile.AWS.times, seed=3, clips=3)
    assert drawn == storing_times_ms(Profile.AWS.times, seed=3, clips=5)[:3]
    assert drawn != storing_times_ms(Profile.AWS.times, seed=4, clips=3)
    assert all(10 < each < 150 for each in drawn)
    assert storing_times_ms({}, seed=3, clips=2) == (0, 0)
