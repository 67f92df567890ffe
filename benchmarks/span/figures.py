"""A talk's course in numbers. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from benchmarks.latency.speech import SpokenWord
from benchmarks.load.slopes import Slope, slope
from benchmarks.span.captions import count_retractions, longest_gap_s, stream_laal_s
from benchmarks.span.course import Clock, Course, Design
from benchmarks.span.hearing import HeardWords, follow_words
from benchmarks.span.playing import Playing

_BLOCK_S: Final = 30.0
"""Of the slope; several sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One talk through one design; times in seconds.

    Attributes:
        rate: How fast it was given.
        minutes: Its length.
        span_p50, span_p95: Ear-voice span: from the end of a word in the speaker's mouth until its translation has
            been heard. None when nothing was heard.
        clause_p50, clause_p95: From the end of a clip's last word in the speaker's mouth until the clip begins.
        slope_s_per_hour: Of the ear-voice span; None of a talk too short for one.
        ending_offset: From the end of the talk's last word until the listener has heard the last sound.
        duration_ratio: Clips at tempo 1 against the talk.
        heard_ratio: What sounded, at the tempo at which it was played, against the talk.
        skipped: Speech that was left out to catch up, at tempo 1.
        silence_ratio: Share of the time from the first sound to the last in which the listener hears nothing.
        words: Spoken.
        words_lost: Of them, those that no clip has whole.
        words_broken: Sounds in clips that are no whole word.
        words_extra: Whole words in clips that were not spoken there.
        words_skipped: In a clip that was not heard.
        laal: See `captions`.
        caption_gap: The longest time without anything new on the screen.
        retractions: Captions that took the place of one with another text.
        lost_batches: What failed and was not tried again.
    """

    design: Design
    clock: Clock
    rate: float
    minutes: float
    span_p50: float | None
    span_p95: float | None
    clause_p50: float | None
    clause_p95: float | None
    slope_s_per_hour: Slope | None
    ending_offset: float | None
    duration_ratio: float
    heard_ratio: float
    skipped: float
    silence_ratio: float
    words: int
    words_lost: int
    words_broken: int
    words_extra: int
    words_skipped: int
    laal: float | None
    caption_gap: float
    retractions: int
    lost_batches: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A course's figures, and the ear-voice span over the talk.

    Attributes:
        course_s: Moment of a word's end and its ear-voice span, in seconds each.
    """

    figures: Figures
    course_s: tuple[tuple[float, float], ...]


def measure(course: Course, spoken: Sequence[SpokenWord], *, rate: float, clock: Clock) -> Measured:
    """Put a course into numbers."""
    heard = follow_words(spoken, course.arrived, course.playing)
    talk_s = (spoken[-1].end_ms - spoken[0].start_ms) / 1000
    spans = [each.span_s for each in heard.spans]
    ended_at = max((each.ended_at for each in course.playing.clips), default=None)
    figures = Figures(
        design=course.design,
        clock=clock,
        rate=rate,
        minutes=round(talk_s / 60, 2),
        span_p50=_percentile(spans, 50),
        span_p95=_percentile(spans, 95),
        clause_p50=_percentile(heard.clause_spans_s, 50),
        clause_p95=_percentile(heard.clause_spans_s, 95),
        slope_s_per_hour=_slope(heard),
        ending_offset=None if ended_at is None else round(ended_at - spoken[-1].end_ms / 1000, 3),
        duration_ratio=round(sum(each.duration_s for each in course.arrived) / talk_s, 3),
        heard_ratio=round(sum(each.ended_at - each.started_at for each in course.playing.clips) / talk_s, 3),
        skipped=round(course.playing.skipped_s, 2),
        silence_ratio=round(_silence_ratio(course.playing), 3),
        words=heard.spoken,
        words_lost=heard.lost,
        words_broken=heard.broken,
        words_extra=heard.extra,
        words_skipped=heard.skipped,
        laal=_rounded(stream_laal_s(spoken, course.captions)),
        caption_gap=round(longest_gap_s(course.captions), 2),
        retractions=count_retractions(course.captions),
        lost_batches=course.lost_batches,
    )
    return Measured(figures=figures, course_s=tuple((each.spoken_end_s, each.span_s) for each in heard.spans))


def _slope(heard: HeardWords) -> Slope | None:
    if not heard.spans:
        return None
    return slope([each.spoken_end_s for each in heard.spans], [each.span_s for each in heard.spans], block_s=_BLOCK_S)


def _silence_ratio(playing: Playing) -> float:
    clips = sorted(playing.clips, key=lambda each: each.started_at)
    if not clips:
        return 0.0
    silent_s = sum(max(0.0, after.started_at - before.ended_at) for before, after in pairwise(clips))
    return silent_s / (clips[-1].ended_at - clips[0].started_at)


def _percentile(values: Iterable[float], percent: float) -> float | None:
    given = list(values)
    return round(float(np.percentile(given, percent)), 3) if given else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
