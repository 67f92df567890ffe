"""However requests come, no more go out than the rate and the burst allow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babelcast.domain.token_bucket import TokenBucket


def test_a_burst_goes_at_once_and_the_rest_at_the_rate() -> None:
    bucket = TokenBucket.full(rate_per_s=8, burst=3, now_s=0)
    waits = []
    for _ in range(5):
        bucket, wait_s = bucket.take(0)
        waits.append(wait_s)
    assert waits == [0, 0, 0, 1 / 8, 2 / 8]


def test_a_rested_bucket_is_full_and_no_fuller() -> None:
    bucket = TokenBucket.full(rate_per_s=8, burst=2, now_s=0)
    for _ in range(2):
        bucket, _ = bucket.take(0)
    for expected in (0, 0, 1 / 8):
        bucket, wait_s = bucket.take(100)
        assert wait_s == pytest.approx(expected)


@given(st.lists(st.floats(0, 0.5), min_size=1, max_size=60), st.integers(1, 20), st.integers(1, 10))
def test_in_any_second_no_more_than_rate_and_burst(pauses: list[float], rate: int, burst: int) -> None:
    bucket, now_s = TokenBucket.full(rate_per_s=rate, burst=burst, now_s=0), 0.0
    sent = []
    for pause in pauses:
        now_s += pause
        bucket, wait_s = bucket.take(now_s)
        sent.append(now_s + wait_s)
    assert sent == sorted(sent)
    for start in sent:
        assert sum(start <= each < start + 1 for each in sent) <= rate + burst + 1e-6


@pytest.mark.parametrize(("rate", "burst"), [(0, 1), (1, 0.5)])
def test_a_bucket_that_never_gives_is_refused(rate: float, burst: float) -> None:
    with pytest.raises(ValueError, match="bucket"):
        TokenBucket.full(rate_per_s=rate, burst=burst, now_s=0)
