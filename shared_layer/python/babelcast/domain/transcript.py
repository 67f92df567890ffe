"""What a recogniser says: words with their place in the audio, in results that are partial until they are final."""

from collections.abc import Sequence
from dataclasses import dataclass

from babelcast.domain.languages import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A spoken word.

    Attributes:
        start_sample, end_sample: Absolute positions in the session's audio.
        stable: The recogniser promises not to change it again.
    """

    text: str
    start_sample: int
    end_sample: int
    stable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Punctuation:
    """A mark that belongs to the word before it; it takes no time."""

    text: str
    stable: bool

    @property
    def ends_clause(self) -> bool:
        """Whether a listener would pause here."""
        return self.text in CLAUSE_MARKS


CLAUSE_MARKS = frozenset(".,;:!?…。，、；：！？؟،؛।")
"""Clause and sentence punctuation of the source languages."""

Item = Word | Punctuation


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialResult:
    """A hypothesis that may still change, except for its stable items.

    Attributes:
        result_id: Names the result over its partials and its final.
        items: In spoken order.
    """

    result_id: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalResult:
    """The recogniser's last word on a stretch of speech."""

    result_id: str
    items: tuple[Item, ...]


Result = PartialResult | FinalResult


def join_items(items: Sequence[Item], source: Language) -> str:
    """Text as the language writes it: punctuation follows its word; words are apart unless the language joins them."""
    text = ""
    for item in items:
        if text and isinstance(item, Word) and not source.joins_words:
            text += " "
        text += item.text
    return text
