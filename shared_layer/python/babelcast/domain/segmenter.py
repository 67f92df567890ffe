"""Which recognised words are ready to commit: the pure policy between the recogniser and the listeners.

A recogniser's result grows while somebody speaks. Its stable items never change, so a prefix of them can be
committed, translated and spoken before the sentence is over. Nothing is committed twice, retracted or invented.

::

    partial  "good morning everyone , and wel"      stable: good morning everyone ,
              └──── segment 0 ─────┘ committed at the comma
    partial  "good morning everyone , and welcome to the"        nothing new is ready
    final    "good morning everyone , and welcome to the hall ."
                                     └────── segment 1 ──────┘ committed because it is final
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.languages import Language
from babelcast.domain.segment import SourceSegment
from babelcast.domain.transcript import FinalResult, Item, Punctuation, Result, Word, join_items

_COMPLETE_TIMES: Final = 2
"""A clause that is complete may be so many times as long as one that goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmenterLimits:
    """How long and how short a segment may be.

    Attributes:
        max_segment_samples: A clause that goes on for longer is cut at its widest pause; one that is complete, and that
            cutting would bring no sooner, from twice as much on.
        phrase_samples: A clause that goes on is cut at a breath when what was said before it is so long.
        breath_samples: Words so far apart belong to different phrases.
        min_segment_words: Fewer words wait for the next clause, unless the result is final: a word spoken
            alone is hard to translate and to listen to.
    """

    max_segment_samples: int = 3 * SAMPLE_RATE_HZ
    phrase_samples: int = 3 * SAMPLE_RATE_HZ // 2
    breath_samples: int = SAMPLE_RATE_HZ // 5
    min_segment_words: int = 3

    @classmethod
    def up_to(cls, max_segment_samples: int) -> "SegmenterLimits":
        """The limits for segments of at most so many samples; half of them is a phrase."""
        return cls(max_segment_samples=max_segment_samples, phrase_samples=max_segment_samples // 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmenterState:
    """Where committing stands.

    Attributes:
        next_number: Number of the next segment.
        committed_sample: Everything before it is committed.
        open_result_id: The result that is growing, or None between results.
        taken_items: Items of the open result that are committed.
        pending: Items of the open result that are not, as last heard.
    """

    next_number: int = 0
    committed_sample: int = 0
    open_result_id: str | None = None
    taken_items: int = 0
    pending: tuple[Item, ...] = ()

    @property
    def is_idle(self) -> bool:
        """Whether no speech is waiting to be committed."""
        return not self.pending

    def without_pending(self) -> "SegmenterState":
        """The state when no more results of the open one will come."""
        return replace(self, open_result_id=None, taken_items=0, pending=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A segment that is ready.

    Attributes:
        words: That it is made of.
        committed_sample: The position up to which committing it settles the audio.
    """

    segment: SourceSegment
    words: tuple[Word, ...]
    committed_sample: int


def segment_result(
    state: SegmenterState, result: Result, *, source: Language, limits: SegmenterLimits
) -> tuple[SegmenterState, tuple[Commit, ...]]:
    """Take a result into account.

    Args:
        state: What has been committed so far.
        result: The next partial or final; results come in order, a final closes its partials.
        source: Decides how words are joined.
        limits: Sizes.

    Returns:
        The new state, and what became ready, in spoken order.
    """
    taken = state.taken_items if result.result_id == state.open_result_id else 0
    items = result.items[taken:]
    final = isinstance(result, FinalResult)
    commits: list[Commit] = []
    committed, number = state.committed_sample, state.next_number
    while (size := _ready_items(items, final=final, limits=limits)) > 0:
        ready, items = items[:size], items[size:]
        taken += size
        commit = _commit(ready, items, number=number, not_before=committed, source=source)
        if commit is not None:
            commits.append(commit)
            committed, number = commit.committed_sample, number + 1
    return (
        replace(
            state,
            next_number=number,
            committed_sample=committed,
            open_result_id=None if final else result.result_id,
            taken_items=0 if final else taken,
            pending=() if final else items,
        ),
        tuple(commits),
    )


def commits_if_over(state: SegmenterState, *, source: Language, limits: SegmenterLimits) -> tuple[Commit, ...]:
    """What will be committed if the speaker has finished and the recogniser changes none of the pending words.

    A sentence that the recogniser has not closed yet is taken to be a statement.
    """
    if not any(isinstance(item, Word) for item in state.pending):
        return ()
    closing = () if isinstance(state.pending[-1], Punctuation) else (Punctuation(text=source.full_stop, stable=True),)
    over = FinalResult(result_id="", items=(*state.pending, *closing))
    return segment_result(state.without_pending(), over, source=source, limits=limits)[1]


def _ready_items(items: Sequence[Item], *, final: bool, limits: SegmenterLimits) -> int:
    """How many leading items are ready to be committed as one segment; 0 when none are."""
    stable = len(items) if final else _stable_length(items)
    clause = _clause_length(items[:stable], limits)
    rest_is_short = final and _word_count(items[clause:]) < limits.min_segment_words
    size = (len(items) if rest_is_short else clause) if clause else (len(items) if final else 0)
    if size:
        is_overlong = _duration(items[:size]) > _COMPLETE_TIMES * limits.max_segment_samples
        return (_widest_pause(_pauses(items[:size], size, limits), limits) if is_overlong else 0) or size
    pauses = _pauses(items, stable, limits)
    if phrase := _phrase_length(pauses, limits):
        return phrase
    return _widest_pause(pauses, limits) if _duration(items) > limits.max_segment_samples else 0


def _stable_length(items: Sequence[Item]) -> int:
    for index, item in enumerate(items):
        if not item.stable:
            return index
    return len(items)


def _word_count(items: Sequence[Item]) -> int:
    return sum(isinstance(item, Word) for item in items)


def _clause_length(items: Sequence[Item], limits: SegmenterLimits) -> int:
    """Length of the first clause with enough words, closing marks included; 0 when there is none."""
    words = 0
    for index, item in enumerate(items):
        if isinstance(item, Word):
            words += 1
        elif item.ends_clause and words >= limits.min_segment_words:
            end = index + 1
            while end < len(items) and isinstance(items[end], Punctuation):
                end += 1
            return end
    return 0


def _duration(items: Sequence[Item]) -> int:
    words = [item for item in items if isinstance(item, Word)]
    return words[-1].end_sample - words[0].start_sample if words else 0


def _phrase_length(pauses: Sequence["_Pause"], limits: SegmenterLimits) -> int:
    """Number of items before the latest breath behind a long phrase; 0 when there is none."""
    phrases = [
        pause.items_before
        for pause in pauses
        if pause.samples >= limits.breath_samples and pause.spoken_samples >= limits.phrase_samples
    ]
    return phrases[-1] if phrases else 0


def _widest_pause(pauses: Sequence["_Pause"], limits: SegmenterLimits) -> int:
    """Number of items before the widest pause, the later one of equals, a phrase before it if possible; 0 for none."""
    early = [pause for pause in pauses if pause.spoken_samples <= limits.max_segment_samples]
    late = [pause for pause in early if pause.spoken_samples >= limits.phrase_samples]
    widest = max(late or early, key=lambda pause: (pause.samples, pause.items_before), default=None)
    return widest.items_before if widest else 0


@dataclass(frozen=True, slots=True)
class _Pause:
    """Between two words: how much was said before it, and how long it is."""

    items_before: int
    spoken_samples: int
    samples: int


def _pauses(items: Sequence[Item], stable: int, limits: SegmenterLimits) -> list[_Pause]:
    """The pauses behind stable items that leave enough words before them; the word that ends one may still change."""
    words = [(index, item) for index, item in enumerate(items) if isinstance(item, Word)]
    return [
        _Pause(index, before.end_sample - words[0][1].start_sample, word.start_sample - before.end_sample)
        for (_, before), (index, word) in itertools.pairwise(words[limits.min_segment_words - 1 :])
        if index <= stable
    ]


def _commit(
    ready: Sequence[Item], following: Sequence[Item], *, number: int, not_before: int, source: Language
) -> Commit | None:
    words = [item for item in ready if isinstance(item, Word)]
    if not words:
        return None
    end = words[-1].end_sample
    next_word = next((item for item in following if isinstance(item, Word)), None)
    boundary = end if next_word is None else max(end, (end + next_word.start_sample) // 2)
    return Commit(
        segment=SourceSegment(
            number=number, text=join_items(ready, source), start_sample=words[0].start_sample, end_sample=end
        ),
        words=tuple(words),
        committed_sample=max(boundary, not_before),
    )
