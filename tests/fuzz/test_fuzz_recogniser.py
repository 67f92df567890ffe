"""Whatever the recogniser says, its words become segments in order, once, or the stream counts as broken."""

import asyncio
import itertools
import math
import string
from collections.abc import AsyncIterator, Sequence
from types import SimpleNamespace
from typing import Any

from amazon_transcribe.model import Alternative, Transcript, TranscriptEvent
from amazon_transcribe.model import Item as SdkItem
from amazon_transcribe.model import Result as SdkResult
from hypothesis import example, given
from hypothesis import strategies as st

from babelcast.adapters.transcribe import TranscribeStream
from babelcast.domain.errors import TranscriptionUnavailableError
from babelcast.domain.languages import language
from babelcast.domain.segmenter import Commit, SegmenterLimits, SegmenterState, commits_if_over, segment_result
from babelcast.domain.transcript import FinalResult, Result, Word
from tests.fuzz.campaign import fuzz

ORIGIN_SAMPLE = 48_000
LIMITS = st.builds(
    SegmenterLimits,
    max_segment_samples=st.sampled_from((1, 16_000, 96_000)),
    phrase_samples=st.sampled_from((0, 16_000, 48_000)),
    breath_samples=st.sampled_from((0, 3_200, 10**9)),
    min_segment_words=st.integers(1, 4),
)
SOURCES = st.sampled_from(("en", "ja", "hi", "ar")).map(language)


def item(content: Any, start: Any, end: Any, *, kind: Any = "pronunciation", stable: Any = None) -> SdkItem:
    return SdkItem(start_time=start, end_time=end, item_type=kind, content=content, stable=stable)


def result(name: Any, items: Sequence[SdkItem] | None, *, partial: Any = False) -> SdkResult:
    alternatives = [Alternative(transcript=None, items=items, entities=None)]
    return SdkResult(result_id=name, is_partial=partial, alternatives=alternatives)


async def heard(results: Sequence[SdkResult], *, at_once: bool = False) -> tuple[list[Result], bool]:
    """What our stream makes of the service's events, and whether it counts as broken before its end."""

    async def events() -> AsyncIterator[Any]:
        for each in [list(results)] if at_once else [[one] for one in results]:
            yield TranscriptEvent(Transcript(each))

    async def end_stream() -> None:
        return

    input_stream = SimpleNamespace(end_stream=end_stream)
    stream = TranscribeStream(SimpleNamespace(input_stream=input_stream, output_stream=events()), ORIGIN_SAMPLE)
    await stream.end()
    found: list[Result] = []
    try:
        while not stream.is_finished:
            if (one := await stream.next_result(5)) is not None:
                found.append(one)
    except TranscriptionUnavailableError:
        return found, True
    return found, False


def committed(results: Sequence[Result], source: Any, limits: SegmenterLimits) -> list[Commit]:
    """What is committed, with the segmenter's promises looked after at every step."""
    state, commits = SegmenterState(), list[Commit]()
    for each in results:
        before = state
        state, new = segment_result(state, each, source=source, limits=limits)
        commits.extend(new)
        assert state.committed_sample >= before.committed_sample
        assert len(state.pending) <= len(each.items)
        if isinstance(each, FinalResult):
            assert state.is_idle
        said = "".join(one.text for one in each.items)
        for commit in new:
            assert commit.segment.text.replace(" ", "") in said.replace(" ", ""), "nothing is invented"
        expected = commits_if_over(state, source=source, limits=limits)
        assert [one.segment.number for one in expected] == list(
            range(state.next_number, state.next_number + len(expected))
        )
    assert [each.segment.number for each in commits] == list(range(len(commits)))
    for one, other in itertools.pairwise(commits):
        assert one.committed_sample <= other.committed_sample
    return commits


def items_of(one: SdkResult) -> Sequence[SdkItem]:
    return (one.alternatives[0].items or ()) if one.alternatives else ()


def has_no_place(each: SdkItem) -> bool:
    """Whether it is a word of which nobody knows when it was spoken."""
    times = (each.start_time, each.end_time)
    return each.item_type != "punctuation" and not all(one is not None and math.isfinite(one) for one in times)


TIMES = st.one_of(
    st.floats(0, 50), st.sampled_from((0, 0.1, 0.5, 1.0, 3_599.99)), st.sampled_from((-1.0, 1e9)), st.floats()
)


@st.composite
def any_results(draw: st.DrawFn) -> list[SdkResult]:
    """Results as no recogniser should send them: in any order, with anything missing, moved or taken back."""
    content = st.text(alphabet=string.ascii_lowercase, min_size=1, max_size=3) | st.sampled_from((",", ".", "", "۔"))
    items = st.builds(
        item,
        content,
        TIMES,
        TIMES,
        kind=st.sampled_from(("pronunciation", "pronunciation", "punctuation", "", None)),
        stable=st.sampled_from((None, True, False)),
    )
    odd = st.just(item(None, None, None)) | st.just(item("a", None, 1.0)) | items
    return draw(
        st.lists(
            st.builds(
                result,
                st.sampled_from(("a", "b", "c", "", None)),
                st.none() | st.lists(items, max_size=8) | st.lists(odd, max_size=3),
                partial=st.sampled_from((True, True, False, None)),
            ),
            max_size=6,
        )
    )


@fuzz(cases=1_000)
@given(any_results(), st.booleans(), SOURCES, LIMITS)
@example([result("a", [item("w", float("nan"), 1.0)])], False, language("en"), SegmenterLimits())
@example([result("a", [item(None, None, None)], partial=True)], False, language("en"), SegmenterLimits())
def test_odd_results_break_the_stream_or_are_segmented(
    results: list[SdkResult], at_once: bool, source: Any, limits: SegmenterLimits
) -> None:
    found, broken = asyncio.run(heard(results, at_once=at_once))
    assert broken or not any(has_no_place(each) for one in results for each in items_of(one))
    committed(found, source, limits)


@st.composite
def utterances(draw: st.DrawFn) -> list[SdkResult]:
    """Speech as the service tells it: times that touch, overlap or stand still, and words taken back until stable."""
    results: list[SdkResult] = []
    clock, number = 0.0, 0
    for name in range(draw(st.integers(1, 3))):
        told: list[SdkItem] = []
        for _ in range(draw(st.integers(0, 12))):
            start = clock + draw(st.sampled_from((0.0, 0.0, 0.1, 0.5, 3.0, 20.0)))
            clock = start + draw(st.sampled_from((0.0, 0.01, 0.3, 1.5)))
            told.append(item(f"w{number}", start, clock))
            number += 1
            if draw(st.integers(0, 3)) == 0:
                told.append(item(draw(st.sampled_from((",", ".", "?", "'"))), clock, clock, kind="punctuation"))
        stable = 0
        for _ in range(draw(st.integers(0, 4))):
            shown = draw(st.integers(stable, len(told)))
            stable = draw(st.integers(stable, shown))
            guess = [item(f"{each.content}x", each.start_time, each.end_time) for each in told[stable:shown]]
            sure = [
                item(each.content, each.start_time, each.end_time, kind=each.item_type, stable=True)
                for each in told[:stable]
            ]
            results.append(result(f"r{name}", [*sure, *guess], partial=True))
        results.append(result(f"r{name}", told))
    return results


@fuzz(cases=700)
@given(utterances(), st.booleans(), SOURCES, LIMITS)
def test_every_word_is_committed_once_and_in_order(
    results: list[SdkResult], at_once: bool, source: Any, limits: SegmenterLimits
) -> None:
    found, broken = asyncio.run(heard(results, at_once=at_once))
    assert not broken
    said = [one.text for each in found if isinstance(each, FinalResult) for one in each.items if isinstance(one, Word)]
    commits = committed(found, source, limits)
    text = " ".join(each.segment.text for each in commits)
    for mark in ",.?'":
        text = text.replace(mark, "")
    assert text.replace(" ", "") == "".join(said)
    for one, other in itertools.pairwise(commits):
        assert ORIGIN_SAMPLE <= one.segment.start_sample <= one.segment.end_sample <= other.segment.start_sample
