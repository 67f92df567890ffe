"""How late translated words are on the screen, by a measure of the field. Pure.

LAAL, the length-adaptive average lagging of a sentence X with the translation Y and the reference Y*::

    LAAL = 1/τ · Σ d(i) − (i − 1) · |X| / max(|Y|, |Y*|)      i = 1 … τ
    d(i)   when the i-th word of Y was shown, since the beginning of X
    |X|    how long X lasts; |Y|, |Y*|  words
    τ      the first word that was shown when all of X had been spoken

An ideal system shows each word when its share of the sentence has been spoken, and has 0. Stream LAAL is the same over
a whole talk: its words are shared out to the sentences of the reference, each sentence counts from its own beginning,
and the sentences' values are averaged. Here the reference is the talk itself, word for word, so that |Y*| = |X| in
words and the sharing out is exact. Times are computation-aware: what was waited for, on the listener's clock.

Source: S. Papi, M. Gaido, M. Negri, M. Turchi, "Over-Generation Cannot Be Rewarded: Length-Adaptive Average Lagging for
Simultaneous Speech Translation", 2022 (arXiv 2206.05807); S. Papi, M. Gaido, M. Negri, L. Bentivogli, "StreamAtt:
Direct Streaming Speech-to-Text Translation with Attention-based Audio History Selection", 2024, for the stream.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import Final

from benchmarks.latency.speech import SpokenWord
from benchmarks.soak.verdict import words_written
from benchmarks.span.hearing import match_words

_SENTENCE_PAUSE_S: Final = 0.45
"""Between two words of different sentences, at any rate of `talk`; breaths are shorter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """A translated caption as a listener was shown it.

    Attributes:
        number: Of its segment; a later caption of the same number takes the place of an earlier one.
        shown_at: Seconds since the talk's first sample.
        text: In the tone language's spelling (``river-es stone-es.``).
        spoken_s: The stretch of speech that it is said to translate.
    """

    number: int
    shown_at: float
    text: str
    spoken_s: tuple[float, float]


def stream_laal_s(spoken: Sequence[SpokenWord], captions: Sequence[Caption]) -> float | None:
    """Mean over the sentences of which anything was shown, in seconds; None without any."""
    shown_at: dict[int, float] = {}
    for caption in captions:
        words = [word.partition("-")[0] for word in words_written([caption.text])]
        for _, position in match_words(spoken, caption.spoken_s, words):
            shown_at.setdefault(position, caption.shown_at)
    lags = [lag for sentence in _sentences(spoken) if (lag := _laal_s(spoken, sentence, shown_at)) is not None]
    return fmean(lags) if lags else None


def _laal_s(spoken: Sequence[SpokenWord], sentence: range, shown_at: dict[int, float]) -> float | None:
    delays = [shown_at[position] for position in sentence if position in shown_at]
    if not delays:
        return None
    begins_s, ends_s = spoken[sentence.start].start_ms / 1000, spoken[sentence.stop - 1].end_ms / 1000
    step_s = (ends_s - begins_s) / max(len(delays), len(sentence))
    lags: list[float] = []
    for index, at in enumerate(delays):
        lags.append(at - begins_s - index * step_s)
        if at >= ends_s:
            break
    return fmean(lags)


def _sentences(spoken: Sequence[SpokenWord]) -> list[range]:
    """Positions of the words between two pauses."""
    starts = [0] + [
        index + 1
        for index, (before, after) in enumerate(pairwise(spoken))
        if after.start_ms - before.end_ms >= _SENTENCE_PAUSE_S * 1000
    ]
    return [range(start, end) for start, end in pairwise([*starts, len(spoken)])] if spoken else []


def longest_gap_s(captions: Sequence[Caption]) -> float:
    """The longest time without anything new on the screen, from the talk's beginning; the speaker's pauses count."""
    moments = [0.0, *sorted(caption.shown_at for caption in captions)]
    return max((after - before for before, after in pairwise(moments)), default=0.0)


def count_retractions(captions: Sequence[Caption]) -> int:
    """How many captions took the place of one with another text."""
    latest: dict[int, str] = {}
    retractions = 0
    for caption in sorted(captions, key=lambda each: each.shown_at):
        retractions += latest.setdefault(caption.number, caption.text) != caption.text
        latest[caption.number] = caption.text
    return retractions
