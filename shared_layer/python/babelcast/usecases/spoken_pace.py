"""How long a text will take to be said: learnt, language by language, from the clips that were made."""

import unicodedata
from typing import Final

from babelcast.domain.languages import LanguageCode

_USUAL_LETTERS_PER_S: Final = 15.0
"""Of a language that was not heard yet: quick, so that nobody is hurried before the voice's pace is known.

Source: F. Pellegrino, C. Coupé and E. Marsico, "A cross-language perspective on speech information rate", Language
87(3), 2011: 5.2 (Mandarin) to 7.8 (Japanese) syllables a second in read speech, pauses left out."""

_LETTERS_PER_SYLLABLE: Final = 3
"""What a sign counts for that is a syllable, or more: Chinese, Japanese, Korean."""

_ENOUGH_LETTERS: Final = 20
"""Of a shorter text, the silence at the ends of the clip is too large a part."""

_PLAUSIBLE_LETTERS_PER_S: Final = (4.0, 40.0)
"""What lies outside is no speech of this text."""

_KEPT: Final = 0.9
"""What was heard before counts for so much, clip after clip."""


class SpokenPace:
    """The pace of each language at its voice's own rate; a pair of numbers for each language of the table at most."""

    def __init__(self) -> None:
        self._heard: dict[LanguageCode, tuple[float, float]] = {}

    def expected_s(self, text: str, code: LanguageCode) -> float | None:
        """How long the text takes at the voice's own rate, in seconds; None of a text too short to say."""
        letters = _letters(text)
        if letters < _ENOUGH_LETTERS:
            return None
        heard_letters, heard_s = self._heard.get(code, (_USUAL_LETTERS_PER_S, 1.0))
        return letters * heard_s / heard_letters

    def learn(self, text: str, code: LanguageCode, *, duration_s: float, rate_percent: int) -> None:
        """Take in how long a text has taken.

        Args:
            text: What was said.
            code: In which language.
            duration_s: The clip's.
            rate_percent: What the voice was asked for.
        """
        letters = _letters(text)
        own_s = duration_s * rate_percent / 100
        slowest, fastest = _PLAUSIBLE_LETTERS_PER_S
        if letters < _ENOUGH_LETTERS or not slowest * own_s <= letters <= fastest * own_s:
            return
        heard_letters, heard_s = self._heard.get(code, (0.0, 0.0))
        self._heard[code] = (_KEPT * heard_letters + letters, _KEPT * heard_s + own_s)


def _letters(text: str) -> int:
    """Letters and digits, of which signs for syllables count for several."""
    return sum(
        _LETTERS_PER_SYLLABLE if unicodedata.east_asian_width(each) in "WF" else 1 for each in text if each.isalnum()
    )
