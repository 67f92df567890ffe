"""Clips are played in order, one after the other, and listeners who fall behind catch up."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.client.drift_control import DriftPolicy, StandingDelay
from local.client.playback import Fate, Playback

STEADY = DriftPolicy(comfortable_s=1000.0, pressing_s=2000.0, standing_s=1000.0, stale_after_s=1000.0)


def playing(policy: DriftPolicy = STEADY, first: int = 0) -> Playback:
    playback = Playback(policy=policy)
    playback.begin(first)
    return playback


def deliver(
    playback: Playback, number: int, at: float, *, downloaded: float | None = None, lasting: float = 2.0
) -> None:
    playback.announce(number, received_at=at, committed_at=at, duration_s=lasting)
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
    playback.announce(0, received_at=1.0, committed_at=1.0, duration_s=None)
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
    playback = playing(DriftPolicy())
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


def test_what_is_too_old_is_left_out_but_for_the_last_seconds() -> None:
    playback = playing(DriftPolicy(stale_after_s=5.0))
    deliver(playback, 0, 0.0, downloaded=0.0, lasting=20.0)
    for number, at in enumerate((1.0, 12.0, 13.0, 14.0), start=1):
        deliver(playback, number, at, downloaded=at, lasting=3.0)
    deliver(playback, 5, 18.0, downloaded=18.0, lasting=3.0)
    deliver(playback, 6, 19.0, downloaded=19.0, lasting=3.0)
    playback.advance(math.inf)
    assert [playback.clips[number].fate for number in range(1, 5)] == [Fate.SKIPPED] * 4
    assert playback.clips[5].played_at == 20.0
    assert playback.clips[6].fate is Fate.PLAYED


def test_a_download_is_waited_for_but_not_for_ever_once_a_later_clip_is_there() -> None:
    playback = playing()
    deliver(playback, 0, 1.0)
    deliver(playback, 1, 9.0, downloaded=10.0)
    fates = []
    for at in (17.9, 18.0):
        playback.advance(at)
        fates.append(playback.clips[0].fate)
    playback.downloaded(0, 30.0)
    playback.advance(math.inf)
    assert [*fates, playback.clips[0].fate] == [Fate.PENDING, Fate.FAILED, Fate.FAILED]
    assert playback.clips[1].played_at == 18.0


def keep_late(playback: Playback, latenesses: list[float]) -> float:
    """Clips of 2 s, one behind the other without a pause; so late each, while nothing waits behind it.

    Returns:
        When the last one has been heard.
    """
    ends_at = 0.0
    for number, lateness_s in enumerate(latenesses):
        deliver(playback, number, ends_at - lateness_s, downloaded=ends_at - lateness_s)
        playback.advance(ends_at)
        ends_at += playback.clips[number].heard_s
    return ends_at


def tempos_of(playback: Playback) -> list[float]:
    return [clip.tempo for _, clip in sorted(playback.clips.items())]


def test_a_delay_that_stands_makes_speech_faster_though_nothing_waits() -> None:
    playback = playing(DriftPolicy())
    keep_late(playback, [0.0] + [1.25] * 12)
    assert tempos_of(playback) == [1.0] * 6 + [pytest.approx(1.15)] * 7


def test_a_delay_is_no_standing_one_when_a_clip_in_between_had_not_to_wait() -> None:
    playback = playing(DriftPolicy())
    keep_late(playback, [0.0, 1.25, 1.25, 1.25] * 4)
    assert tempos_of(playback) == [1.0] * 16


def test_what_is_left_out_takes_the_standing_delay_with_it() -> None:
    playback = playing(DriftPolicy())
    ends_at = keep_late(playback, [0.0] + [1.25] * 12)
    playback.leave_out(13, 900, ends_at - 0.5)
    deliver(playback, 901, ends_at - 0.5, downloaded=ends_at - 0.5)
    playback.advance(math.inf)
    assert tempos_of(playback)[-2:] == [pytest.approx(1.15), 1.0]


def test_a_standing_delay_is_the_least_in_a_window_that_has_been_seen() -> None:
    delay = StandingDelay(window_s=10.0)
    assert [delay.note(at, late) for at, late in ((0, 4), (5, 3), (9.9, 5), (12, 4), (16, 6))] == [0, 0, 0, 3, 3]
    assert delay.note(20, 6) == 4
    delay.forget()
    assert delay.note(22, 6) == 0


@given(st.floats(0, 1000), st.floats(0, 1000), st.floats(0, 1000))
def test_the_tempo_grows_with_what_presses_and_stays_within_its_limits(one: float, other: float, fixed: float) -> None:
    policy = DriftPolicy()
    less, more = sorted((one, other))
    assert 1.0 <= policy.tempo(waiting_s=one, standing_s=fixed) <= 1.3
    assert policy.tempo(waiting_s=less, standing_s=fixed) <= policy.tempo(waiting_s=more, standing_s=fixed)
    assert policy.tempo(waiting_s=fixed, standing_s=less) <= policy.tempo(waiting_s=fixed, standing_s=more)


@pytest.mark.parametrize(("waiting_s", "tempo"), [(0.0, 1.0), (3.0, 1.0), (6.5, 1.15), (10.0, 1.3), (99.0, 1.3)])
def test_the_tempo_at_the_corners_of_what_waits(waiting_s: float, tempo: float) -> None:
    assert DriftPolicy().tempo(waiting_s=waiting_s, standing_s=0.0) == pytest.approx(tempo)


@pytest.mark.parametrize(("standing_s", "tempo"), [(0.0, 1.0), (1.25, 1.15), (2.5, 1.3), (99.0, 1.3)])
def test_the_tempo_at_the_corners_of_the_delay_that_stands(standing_s: float, tempo: float) -> None:
    assert DriftPolicy().tempo(waiting_s=0.0, standing_s=standing_s) == pytest.approx(tempo)


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
    playback = playing(DriftPolicy())
    events = [(at, 0, number, lasting) for number, at, _, lasting in script]
    events += [(at + takes, 1, number, lasting) for number, at, takes, lasting in script]
    events += [(at, 2, 0, 0.0) for at in moments]
    for at, kind, number, lasting in sorted(events):
        if kind == 0:
            playback.announce(number, received_at=at, committed_at=at, duration_s=lasting)
        elif kind == 1:
            playback.downloaded(number, at)
        else:
            playback.advance(at)
    playback.advance(math.inf)
    return [(number, clip.played_at, clip.heard_s) for number, clip in sorted(playback.clips.items())]
