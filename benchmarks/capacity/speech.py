"""What a recogniser says of free speech, and when the product's own segmenter makes a segment of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.languages import language
from babelcast.domain.segmenter import Commit, SegmenterLimits, SegmenterState, commits_if_over, segment_result
from babelcast.domain.transcript import CLAUSE_MARKS, FinalResult, Item, PartialResult, Punctuation, Result, Word
from benchmarks.latency.speech import SpokenWord

_SOURCE: Final = language("en")
_PARTIAL_EVERY_S: Final = 0.5
_ENDING_PAUSE_S: Final = 0.5
_LONGEST_RESULT_S: Final = 30.0
_LATER_WORDS: Final = 2
_STABLE_AFTER_S: Final = 0.3
"""A word is stable when so many have begun behind it, or so much time has passed. Source: these four and the pause are
the local recogniser's (`local.engines.tones`, medium stability), which follows Transcribe's published behaviour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A segment.

    Attributes:
        words: Positions of its first word and of the one behind its last among the speech's words.
        start_s, end_s: Where it lies in the audio.
    """

    number: int
    words: tuple[int, int]
    start_s: float
    end_s: float

    @property
    def spoken_s(self) -> float:
        """How long it took to say."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A result of the recogniser, and what the segmenter makes of it.

    Attributes:
        at_s: How much audio it takes to say so.
        clauses: That are ready by it.
        expected: That will be ready if the speaker has finished.
        known_until_s: Where the last word that it has ends.
        is_pending: Whether there are words that are in no clause yet.
    """

    at_s: float
    is_final: bool
    clauses: tuple[Clause, ...]
    expected: tuple[Clause, ...]
    known_until_s: float
    is_pending: bool


def hear(words: Sequence[SpokenWord], *, max_segment_s: float) -> tuple[Heard, ...]:
    """All results, in their order; every word is in exactly one clause.

    The recogniser hears a mark with the word that it is written behind, and a full stop at the end of each result.
    """
    limits = SegmenterLimits.up_to(round(max_segment_s * SAMPLE_RATE_HZ))
    positions = {round(word.start_ms * SAMPLE_RATE_HZ / 1000): index for index, word in enumerate(words)}
    state = SegmenterState()
    heard = []
    for at_s, known_until_s, result in _results(words):
        state, commits = segment_result(state, result, source=_SOURCE, limits=limits)
        heard.append(
            Heard(
                at_s=at_s,
                is_final=isinstance(result, FinalResult),
                clauses=tuple(_clause(each, positions) for each in commits),
                expected=tuple(
                    _clause(each, positions) for each in commits_if_over(state, source=_SOURCE, limits=limits)
                ),
                known_until_s=known_until_s,
                is_pending=not state.is_idle,
            )
        )
    return tuple(heard)


def _clause(commit: Commit, positions: dict[int, int]) -> Clause:
    first = positions[commit.words[0].start_sample]
    return Clause(
        number=commit.segment.number,
        words=(first, first + len(commit.words)),
        start_s=commit.segment.start_sample / SAMPLE_RATE_HZ,
        end_s=commit.segment.end_sample / SAMPLE_RATE_HZ,
    )


def _results(words: Sequence[SpokenWord]) -> Iterator[tuple[float, float, Result]]:
    """Each with how much audio it takes, and where its last word ends, in seconds."""
    for number, said in enumerate(_utterances(words)):
        start_s, end_s = said[0].start_ms / 1000, said[-1].end_ms / 1000
        reported: tuple[int, int] = (0, 0)
        at_s = start_s + _PARTIAL_EVERY_S
        while at_s < end_s + _ENDING_PAUSE_S:
            known = [word for word in said if word.end_ms / 1000 <= at_s]
            begun = sum(word.start_ms / 1000 <= at_s for word in said)
            stable = sum(
                begun - index > _LATER_WORDS or at_s - word.end_ms / 1000 >= _STABLE_AFTER_S
                for index, word in enumerate(known)
            )
            if known and (len(known), stable) != reported:
                reported = (len(known), stable)
                items = tuple(item for index, word in enumerate(known) for item in _items(word, stable=index < stable))
                yield at_s, known[-1].end_ms / 1000, PartialResult(result_id=str(number), items=items)
            at_s += _PARTIAL_EVERY_S
        spoken = (item for word in said for item in _items(word, stable=True))
        closed: tuple[Item, ...] = (*spoken, Punctuation(text=".", stable=True))
        yield end_s + _ENDING_PAUSE_S, end_s, FinalResult(result_id=str(number), items=closed)


def _utterances(words: Sequence[SpokenWord]) -> Iterator[Sequence[SpokenWord]]:
    """Cut at pauses by which a recogniser ends a result."""
    said: list[SpokenWord] = []
    for word in words:
        if said and (
            word.start_ms - said[-1].end_ms >= _ENDING_PAUSE_S * 1000
            or said[-1].end_ms - said[0].start_ms >= _LONGEST_RESULT_S * 1000
        ):
            yield said
            said = []
        said.append(word)
    if said:
        yield said


def _items(word: SpokenWord, *, stable: bool) -> Iterator[Item]:
    """The word, and the mark at its end if it has one."""
    is_marked = word.word[-1] in CLAUSE_MARKS
    yield Word(
        text=word.word[:-1] if is_marked else word.word,
        start_sample=round(word.start_ms * SAMPLE_RATE_HZ / 1000),
        end_sample=round(word.end_ms * SAMPLE_RATE_HZ / 1000),
        stable=stable,
    )
    if is_marked:
        yield Punctuation(text=word.word[-1], stable=stable)
