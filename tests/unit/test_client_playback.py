"""Clips are played in order, one after the other, and listeners who fall behind catch up."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.client.playback import DriftControl, Fate, Playback

STEADY = DriftControl(comfortable_s=1000.0, pressing_s=2000.0, stale_after_s=1000.0, hole_patience_s=6.0)


def playing(drift: DriftControl = STEADY, first: int = 0) -> Playback:
    playback = Playback(drift=drift)
    playback.begin(first)
    return playback


def deliver(
    playback: Playback, number: int, at: float, *, downloaded: float | None = None, lasting: float = 2.0
) -> None:
    playback.announce(number, received_at=at, duration_s=lasting)
    if downloaded is not None:
        playback.downloaded(number, downloaded)


def played_at(playback: Playback) -> list[float | None]:
    return [playback.clips[number].played_at for number in sorted(playback.clips)]


def test_a_clip_is_played_as_soon_as_it_is_downloaded() -> None:
    playback = playing()
    deliver(playback, 0, 1.0, downloaded=1.3)
    playback.advance(math.inf)
    assert played_at(playback) == [1.3]


def test_a_clip_waits_for_the_end_of_the_one_before() -> None:
    playback = playing()
    deliver(playback, 0, 1.0, downloaded=1.0, lasting=3.0)
    deliver(playback, 1, 2.0, downloaded=2.5)
    deliver(playback, 2, 9.0, downloaded=9.5)
    playback.advance(math.inf)
    assert played_at(playback) == [1.0, 4.0, 9.5]


def test_clips_downloaded_out_of_order_are_played_in_order() -> None:
    playback = playing()
    deliver(playback, 0, 1.0)
    deliver(playback, 1, 1.1, downloaded=1.2)
    playback.downloaded(0, 2.0)
    playback.advance(math.inf)
    assert played_at(playback) == [2.0, 4.0]


def test_a_clip_that_cannot_be_had_is_passed_over_when_that_is_known() -> None:
    playback = playing()
    deliver(playback, 0, 1.0)
    deliver(playback, 1, 1.1, downloaded=1.2)
    playback.failed(0, 5.0)
    playback.advance(math.inf)
    assert playback.clips[0].fate is Fate.FAILED
    assert playback.clips[1].played_at == 5.0


def test_text_only_takes_no_time() -> None:
    playback = playing()
    playback.announce(0, received_at=1.0, duration_s=None)
    deliver(playback, 1, 1.5, downloaded=1.6)
    playback.advance(math.inf)
    assert playback.clips[0].fate is Fate.TEXT_ONLY
    assert playback.clips[1].played_at == 1.6


def test_a_missing_segment_is_waited_for_and_then_passed_over() -> None:
    playback = playing()
    deliver(playback, 1, 1.0, downloaded=1.1)
    playback.advance(6.9)
    assert playback.clips[1].fate is Fate.PENDING
    playback.advance(7.0)
    assert playback.clips[1].played_at == 7.0


def test_a_segment_sent_again_in_time_is_played_in_its_place() -> None:
    playback = playing()
    deliver(playback, 1, 1.0, downloaded=1.1)
    deliver(playback, 0, 3.0, downloaded=3.2)
    playback.advance(math.inf)
    assert played_at(playback) == [3.2, 5.2]


def test_a_segment_that_comes_after_a_later_one_was_played_is_left_out() -> None:
    playback = playing()
    deliver(playback, 1, 1.0, downloaded=1.1)
    deliver(playback, 0, 8.0, downloaded=8.1)
    playback.advance(math.inf)
    assert playback.clips[0].fate is Fate.SKIPPED
    assert playback.clips[1].fate is Fate.PLAYED


def test_playing_begins_with_the_first_segment_after_joining() -> None:
    playback = playing(first=7)
    deliver(playback, 7, 1.0, downloaded=1.0)
    playback.advance(1.0)
    assert playback.clips[7].played_at == 1.0


def test_a_listener_who_falls_behind_hears_faster_speech() -> None:
    playback = playing(DriftControl(comfortable_s=3.0, pressing_s=10.0, max_tempo=1.3))
    for number in range(5):
        deliver(playback, number, 0.0, lasting=2.0)
    for number in range(5):
        playback.downloaded(number, 0.1)
    playback.advance(math.inf)
    tempos = [playback.clips[number].tempo for number in range(5)]
    assert tempos[0] == pytest.approx(1.0 + 0.3 * (8.0 - 3.0) / 7.0)
    assert tempos == sorted(tempos, reverse=True)
    assert tempos[-1] == 1.0
    first, second = playback.clips[0], playback.clips[1]
    assert first.played_at == 0.1
    assert second.played_at == pytest.approx(0.1 + 2.0 / first.tempo)


def test_a_clip_that_has_waited_too_long_is_left_out() -> None:
    playback = playing(DriftControl(comfortable_s=1000.0, pressing_s=2000.0, stale_after_s=5.0))
    deliver(playback, 0, 0.0, downloaded=0.0, lasting=10.0)
    deliver(playback, 1, 1.0, downloaded=1.0)
    deliver(playback, 2, 6.0, downloaded=6.0)
    playback.advance(math.inf)
    assert playback.clips[1].fate is Fate.SKIPPED
    assert playback.clips[2].played_at == 10.0


@given(st.floats(0, 1000), st.floats(0, 1000))
def test_the_tempo_grows_with_what_is_waiting_and_stays_within_its_limits(one: float, other: float) -> None:
    drift = DriftControl()
    assert 1.0 <= drift.tempo(one) <= 1.3
    assert drift.tempo(min(one, other)) <= drift.tempo(max(one, other))


@pytest.mark.parametrize(("waiting_s", "tempo"), [(0.0, 1.0), (3.0, 1.0), (6.5, 1.15), (10.0, 1.3), (99.0, 1.3)])
def test_the_tempo_at_its_corners(waiting_s: float, tempo: float) -> None:
    assert DriftControl().tempo(waiting_s) == pytest.approx(tempo)


@st.composite
def deliveries(draw: st.DrawFn) -> list[tuple[int, float, float, float]]:
    numbers = draw(st.lists(st.integers(0, 12), unique=True, max_size=12))
    received = sorted(draw(st.lists(st.floats(0, 60), min_size=len(numbers), max_size=len(numbers))))
    return [
        (number, at, draw(st.floats(0, 5)), draw(st.floats(0.1, 6)))
        for number, at in zip(numbers, received, strict=True)
    ]


@given(deliveries(), st.lists(st.floats(0, 90), max_size=20))
def test_no_two_clips_overlap_and_advancing_at_other_moments_changes_nothing(
    script: list[tuple[int, float, float, float]], moments: list[float]
) -> None:
    assert run(script, []) == run(script, moments)
    clips = [clip for clip in run(script, []) if clip[1] is not None]
    for (_, start, heard), (_, following, _) in pairwise(clips):
        assert start is not None
        assert following is not None
        assert following >= start + heard - 1e-9


def run(script: list[tuple[int, float, float, float]], moments: list[float]) -> list[tuple[int, float | None, float]]:
    """Number, start and length of every clip, in the order of their numbers."""
    playback = playing(DriftControl())
    events = [(at, 0, number, lasting) for number, at, _, lasting in script]
    events += [(at + takes, 1, number, lasting) for number, at, takes, lasting in script]
    events += [(at, 2, 0, 0.0) for at in moments]
    for at, kind, number, lasting in sorted(events):
        if kind == 0:
            playback.announce(number, received_at=at, duration_s=lasting)
        elif kind == 1:
            playback.downloaded(number, at)
        else:
            playback.advance(at)
    playback.advance(math.inf)
    return [(number, clip.played_at, clip.heard_s) for number, clip in sorted(playback.clips.items())]
