"""The promise of stability: a word once declared stable never changes in its result."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from local.engines.speech import Item, Stability
from local.engines.stabilising import STABILITY_RULES, StablePrefix

WORDS = st.sampled_from(["we", "went", "to", "two", "three", "trees"])


def _said(*words: str, start: float = 0.0, length: float = 0.5) -> list[Item]:
    return [
        Item(content=word, start=start + index * length, end=start + (index + 1) * length)
        for index, word in enumerate(words)
    ]


@st.composite
def _hypotheses(draw: st.DrawFn) -> list[tuple[list[Item], float]]:
    """What a fickle recogniser says while it hears more: words and times change at will, but never overlap."""
    heard = 0.0
    hypotheses = []
    for _ in range(draw(st.integers(1, 12))):
        heard += 0.5
        words: list[Item] = []
        position = 0.0
        while position < heard:
            end = position + draw(st.sampled_from([0.1, 0.2, 0.25, 0.4, 0.5]))
            if end > heard:
                break
            words.append(Item(content=draw(WORDS), start=position, end=end))
            position = end + draw(st.sampled_from([0.0, 0.0, 0.1]))
        hypotheses.append((words, heard))
    return hypotheses


@given(hypotheses=_hypotheses(), last=_hypotheses(), stability=st.sampled_from(Stability))
def test_a_stable_word_never_changes(
    hypotheses: list[tuple[list[Item], float]], last: list[tuple[list[Item], float]], stability: Stability
) -> None:
    prefix = StablePrefix(STABILITY_RULES[stability])
    promised: list[Item] = []
    versions = [prefix.update(words, now=now) for words, now in hypotheses]
    versions.append(prefix.settle(last[-1][0]))
    for items in versions:
        stable = [item for item in items if item.is_stable]
        assert items[: len(stable)] == tuple(stable), "stable words come first"
        assert stable[: len(promised)] == promised
        promised = stable
    assert all(item.is_stable for item in versions[-1])


@given(hypotheses=_hypotheses(), stability=st.sampled_from(Stability))
def test_words_stay_in_order(hypotheses: list[tuple[list[Item], float]], stability: Stability) -> None:
    prefix = StablePrefix(STABILITY_RULES[stability])
    for words, now in hypotheses:
        items = prefix.update(words, now=now)
        assert all(item.start <= item.end for item in items)
        assert all(one.end <= other.start for one, other in pairwise(items))


def test_a_word_freezes_when_it_is_old_and_agreed_upon() -> None:
    prefix = StablePrefix(STABILITY_RULES[Stability.MEDIUM])
    words = _said("we", "went", "to")
    flags = [[item.is_stable for item in prefix.update(words, now=now)] for now in (1.5, 2.0, 2.5, 3.0)]
    assert flags == [
        [False, False, False],
        [False, False, False],
        [True, True, False],
        [True, True, True],
    ]


def test_an_old_word_that_keeps_changing_does_not_freeze() -> None:
    prefix = StablePrefix(STABILITY_RULES[Stability.HIGH])
    for index in range(8):
        items = prefix.update(_said("two" if index % 2 else "to", "trees"), now=2.0 + index / 2)
        assert not any(item.is_stable for item in items)


def test_a_frozen_word_wins_over_later_hypotheses() -> None:
    prefix = StablePrefix(STABILITY_RULES[Stability.HIGH])
    for now in (2.0, 2.5):
        prefix.update(_said("we", "went"), now=now)
    revised = prefix.settle([*_said("he", "sent"), *_said("home", start=1.0)])
    assert [item.content for item in revised] == ["we", "went", "home"]


def test_without_a_rule_only_settling_freezes() -> None:
    prefix = StablePrefix(None)
    for now in (5.0, 6.0, 7.0, 8.0):
        assert not any(item.is_stable for item in prefix.update(_said("we", "went"), now=now))
    assert prefix.settle(_said("he", "went")) == tuple(replace(item, is_stable=True) for item in _said("he", "went"))
