"""Which words of a result are stable: a prefix that is frozen word by word and never changes afterwards.

A recogniser revises its words while it hears more. Each new hypothesis covers the whole result so far::

    hypothesis 1   we | went to | tree
    hypothesis 2   we | went to | three | towns        "we", "went", "to" agree
    hypothesis 3   we | went to | three | towns in     old enough and agreed upon: frozen

A word freezes when it ended long enough ago and stood unchanged in enough successive hypotheses. The frozen words then
replace whatever later hypotheses say about that stretch of time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from local.engines.speech import Item, Stability

_SAME_PLACE_SECONDS: Final = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class StabilityRule:
    """When a word freezes.

    Attributes:
        age_seconds: Time since its end.
        agreements: Successive hypotheses that have it, in the same place after the same words.
    """

    age_seconds: float
    agreements: int


STABILITY_RULES: Final = {
    Stability.HIGH: StabilityRule(age_seconds=0.9, agreements=2),
    Stability.MEDIUM: StabilityRule(age_seconds=1.4, agreements=3),
    Stability.LOW: StabilityRule(age_seconds=2.2, agreements=4),
}
"""Rules for hypotheses about twice a second."""


class StablePrefix:
    """The stable words of one result. Without a rule nothing is stable before the end."""

    def __init__(self, rule: StabilityRule | None) -> None:
        self._rule = rule
        self._frozen: list[Item] = []
        self._pending: list[Item] = []
        self._agreements: list[int] = []

    @property
    def frozen(self) -> tuple[Item, ...]:
        """The stable words so far."""
        return tuple(self._frozen)

    @property
    def frozen_end(self) -> float:
        """Where the stable words end, in seconds; 0 without any."""
        return self._frozen[-1].end if self._frozen else 0.0

    def update(self, words: Sequence[Item], *, now: float) -> tuple[Item, ...]:
        """The result's items given a new hypothesis for all words since its start, heard until ``now``."""
        pending = self._after_frozen(words)
        agreements: list[int] = []
        for index, word in enumerate(pending):
            agrees = (
                index < len(self._pending)
                and len(agreements) == index
                and (index == 0 or agreements[index - 1] > 1)
                and _is_same(word, self._pending[index])
            )
            agreements.append(self._agreements[index] + 1 if agrees else 1)
        while self._rule and pending and self._is_ready(pending[0], agreements[0], now, self._rule):
            self._freeze(pending.pop(0))
            agreements.pop(0)
        self._pending, self._agreements = pending, agreements
        return (*self._frozen, *pending)

    def settle(self, words: Sequence[Item]) -> tuple[Item, ...]:
        """Freeze everything: ``words`` is the recogniser's last word on the result so far."""
        for word in self._after_frozen(words):
            self._freeze(word)
        self._pending, self._agreements = [], []
        return tuple(self._frozen)

    def _freeze(self, word: Item) -> None:
        self._frozen.append(replace(word, is_stable=True))

    def _after_frozen(self, words: Sequence[Item]) -> list[Item]:
        """The words after the boundary nearest to the frozen words' end."""
        if not self._frozen or not words:
            return list(words)
        boundaries = [word.start for word in words] + [words[-1].end]
        distances = [abs(boundary - self.frozen_end) for boundary in boundaries]
        first = distances.index(min(distances))
        return [
            replace(word, start=max(word.start, self.frozen_end), end=max(word.end, self.frozen_end))
            for word in words[first:]
        ]

    @staticmethod
    def _is_ready(word: Item, agreements: int, now: float, rule: StabilityRule) -> bool:
        return word.end <= now - rule.age_seconds and agreements >= rule.agreements


def _is_same(one: Item, other: Item) -> bool:
    return one.content == other.content and abs(one.start - other.start) <= _SAME_PLACE_SECONDS
