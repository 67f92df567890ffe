"""The segmenter commits every word once, in order, as early as the recogniser allows."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babelcast.domain.languages import language
from babelcast.domain.segmenter import Commit, SegmenterLimits, SegmenterState, commits_if_over, segment_result
from babelcast.domain.transcript import FinalResult, Item, PartialResult, Punctuation, Result, Word

ENGLISH = language("en")
SECOND = 16_000


def items(text: str, *, stable: int | None = None, start: int = 0) -> tuple[Item, ...]:
    """Words of half a second a second apart; ``|`` before a word makes its pause two seconds longer."""
    made: list[Item] = []
    position = start
    for index, token in enumerate(text.split()):
        is_stable = stable is None or index < stable
        if token in ",.?!、。":
            made.append(Punctuation(text=token, stable=is_stable))
            continue
        if token.startswith("|"):
            position += 2 * SECOND
        made.append(
            Word(
                text=token.removeprefix("|"), start_sample=position, end_sample=position + SECOND // 2, stable=is_stable
            )
        )
        position += SECOND
    return tuple(made)


def run(*results: Result, limits: SegmenterLimits | None = None, source: str = "en") -> list[Commit]:
    state = SegmenterState()
    commits: list[Commit] = []
    for result in results:
        state, new = segment_result(
            state, result, source=language(source), limits=limits or SegmenterLimits(max_segment_samples=100 * SECOND)
        )
        commits.extend(new)
    return commits


def cut_at(seconds: int) -> SegmenterLimits:
    """Limits that pay no heed to breaths."""
    return SegmenterLimits(max_segment_samples=seconds * SECOND, phrase_samples=0, breath_samples=100 * SECOND)


def partial(text: str, *, stable: int, result_id: str = "r") -> PartialResult:
    return PartialResult(result_id=result_id, items=items(text, stable=stable))


def final(text: str, *, result_id: str = "r", start: int = 0) -> FinalResult:
    return FinalResult(result_id=result_id, items=items(text, start=start))


def texts(commits: list[Commit]) -> list[str]:
    return [each.segment.text for each in commits]


def test_a_clause_is_committed_once_every_item_up_to_its_mark_is_stable() -> None:
    text = "good morning everyone , and welcome"
    assert texts(run(partial(text, stable=3))) == []
    assert texts(run(partial(text, stable=4))) == ["good morning everyone,"]


def test_the_final_commits_the_rest_and_nothing_twice() -> None:
    whole = "good morning everyone , and welcome to the hall ."
    commits = run(partial("good morning everyone , and", stable=4), partial(whole, stable=6), final(whole))
    assert texts(commits) == ["good morning everyone,", "and welcome to the hall."]
    assert [each.segment.number for each in commits] == [0, 1]


def test_a_single_word_waits_for_the_next_clause() -> None:
    assert texts(run(partial("yes , we can do it , and", stable=7))) == ["yes, we can do it,"]


def test_a_single_word_is_committed_when_it_is_all_that_was_said() -> None:
    assert texts(run(final("yes ."))) == ["yes."]


def test_a_short_last_clause_is_not_left_alone() -> None:
    assert texts(run(final("we can do it , yes ."))) == ["we can do it, yes."]


def test_a_long_clause_is_cut_at_its_widest_pause() -> None:
    text = "one two three four |five six seven eight nine ten"
    commits = run(partial(text, stable=9), limits=cut_at(8))
    assert texts(commits) == ["one two three four"]


BREATHS = SegmenterLimits(max_segment_samples=20 * SECOND, phrase_samples=2 * SECOND, breath_samples=SECOND)


@pytest.mark.parametrize(
    ("heard", "committed"),
    [
        ("one two three |four five six", ["one two three"]),
        ("one two three four five six", []),
        ("one two |three four five six", []),
        ("one two three |four |five six", ["one two three four"]),
    ],
)
def test_a_clause_that_goes_on_is_cut_at_the_latest_breath_behind_a_phrase(heard: str, committed: list[str]) -> None:
    assert texts(run(partial(heard, stable=5), limits=BREATHS)) == committed


@pytest.mark.parametrize(("stable", "committed"), [(3, []), (4, ["one two three four"])])
def test_a_breath_is_known_by_the_word_behind_it_though_that_may_change(stable: int, committed: list[str]) -> None:
    assert texts(run(partial("one two three four |five", stable=stable), limits=BREATHS)) == committed


def test_a_breath_does_not_cut_a_clause_that_is_complete() -> None:
    assert texts(run(final("one two three |four five six ."), limits=BREATHS)) == ["one two three four five six."]


def test_no_word_waits_longer_than_the_longest_segment() -> None:
    state, limits, waits = SegmenterState(), SegmenterLimits(), []
    said = " ".join(f"w{index}" for index in range(240))
    fluent = tuple(
        Word(text=each, start_sample=index * SECOND // 4, end_sample=(index + 1) * SECOND // 4, stable=True)
        for index, each in enumerate(said.split())
    )
    for heard in range(2, len(fluent), 2):
        shown = tuple(replace(each, stable=index < heard - 2) for index, each in enumerate(fluent[:heard]))
        state, commits = segment_result(state, PartialResult(result_id="r", items=shown), source=ENGLISH, limits=limits)
        waits += [shown[-1].end_sample - each.segment.start_sample for each in commits]
    assert waits
    assert max(waits) <= limits.max_segment_samples + SECOND


def test_what_is_expected_is_what_a_final_of_the_same_words_commits() -> None:
    limits = SegmenterLimits()
    state, first = segment_result(
        SegmenterState(), partial("good morning everyone , and welcome here", stable=4), source=ENGLISH, limits=limits
    )
    expected = commits_if_over(state, source=ENGLISH, limits=limits)
    _, second = segment_result(
        state, final("good morning everyone , and welcome here ."), source=ENGLISH, limits=limits
    )
    assert texts([*first, *expected]) == ["good morning everyone,", "and welcome here."]
    assert [(each.segment, each.committed_sample) for each in expected] == [
        (each.segment, each.committed_sample) for each in second
    ]
    assert commits_if_over(SegmenterState(), source=ENGLISH, limits=limits) == ()


@pytest.mark.parametrize(
    ("source", "said", "expected"), [("ja", "今日 は 晴れ", "今日は晴れ。"), ("hi", "आज धूप है", "आज धूप है।")]
)
def test_a_statement_closes_as_its_language_does(source: str, said: str, expected: str) -> None:
    limits = SegmenterLimits()
    state, _ = segment_result(SegmenterState(), partial(said, stable=1), source=language(source), limits=limits)
    assert texts(list(commits_if_over(state, source=language(source), limits=limits))) == [expected]


def test_a_long_final_without_punctuation_is_cut_and_nothing_is_lost() -> None:
    text = " ".join(f"w{index}" for index in range(40))
    commits = run(final(text), limits=cut_at(8))
    assert max(each.segment.end_sample - each.segment.start_sample for each in commits) <= 2 * 8 * SECOND
    assert " ".join(texts(commits)) == text


@pytest.mark.parametrize(("words", "segments"), [(8, 1), (16, 1), (17, 2)])
def test_a_sentence_that_is_complete_may_be_twice_as_long_as_one_that_goes_on(words: int, segments: int) -> None:
    text = " ".join(f"w{index}" for index in range(words))
    assert len(run(final(f"{text} ."), limits=cut_at(8))) == segments
    assert len(run(partial(f"{text} so", stable=words), limits=cut_at(8))) == (words >= 8) * (words // 8)


def test_silence_and_empty_results_commit_nothing() -> None:
    assert run(FinalResult(result_id="r", items=())) == []
    assert run(FinalResult(result_id="r", items=(Punctuation(text=".", stable=True),))) == []


def test_words_of_languages_without_spaces_are_joined() -> None:
    assert texts(run(final("こんにちは 世界 。"), source="ja")) == ["こんにちは世界。"]


def test_committed_positions_lie_between_the_words() -> None:
    commits = run(final("we can do it . and so we did ."))
    first, second = commits
    assert first.segment.start_sample == 0
    assert first.segment.end_sample == 3 * SECOND + SECOND // 2
    assert first.segment.end_sample < first.committed_sample <= second.segment.start_sample
    assert second.committed_sample == second.segment.end_sample


def test_a_result_that_will_never_be_finished_holds_nothing_up() -> None:
    limits = SegmenterLimits()
    state, _ = segment_result(SegmenterState(), partial("we can do", stable=1), source=ENGLISH, limits=limits)
    assert not state.is_idle
    state = state.without_pending()
    assert state.is_idle
    _, commits = segment_result(state, final("we can do it ."), source=ENGLISH, limits=limits)
    assert texts(list(commits)) == ["we can do it."]


@st.composite
def utterances(draw: st.DrawFn) -> list[Result]:
    """Any speech as any sequence of partials, whose stable items never change, and finals."""
    results: list[Result] = []
    word = 0
    for number in range(draw(st.integers(1, 4))):
        length = draw(st.integers(1, 25))
        tokens: list[str] = []
        for _ in range(length):
            tokens.append(f"w{word}")
            word += 1
            if draw(st.integers(0, 4)) == 0:
                tokens.append(draw(st.sampled_from([",", ".", "?"])))
        start = number * 1000 * SECOND
        stable = 0
        for _ in range(draw(st.integers(0, 5))):
            shown = draw(st.integers(stable, len(tokens)))
            stable = draw(st.integers(stable, shown))
            heard = items(" ".join(tokens[:shown]), stable=stable, start=start)
            changed = tuple(
                Word(
                    text=f"{each.text}-guess", start_sample=each.start_sample, end_sample=each.end_sample, stable=False
                )
                if isinstance(each, Word) and not each.stable
                else each
                for each in heard
            )
            results.append(PartialResult(result_id=f"r{number}", items=changed))
        results.append(FinalResult(result_id=f"r{number}", items=items(" ".join(tokens), start=start)))
    return results


@given(utterances(), st.integers(1, 12), st.integers(1, 5))
def test_commits_are_the_final_transcript_whatever_the_partials(
    results: list[Result], max_seconds: int, min_words: int
) -> None:
    limits = SegmenterLimits(max_segment_samples=max_seconds * SECOND, min_segment_words=min_words)
    commits = run(*results, limits=limits)
    said = [
        item.text
        for result in results
        if isinstance(result, FinalResult)
        for item in result.items
        if isinstance(item, Word)
    ]
    committed = [token.rstrip(",.?") for each in commits for token in each.segment.text.split()]
    assert committed == said
    assert [each.segment.number for each in commits] == list(range(len(commits)))
    for before, after in itertools.pairwise(commits):
        assert before.segment.end_sample <= after.segment.start_sample
        assert before.committed_sample <= after.committed_sample
