"""Speech engines for the tone language: a recogniser, a translator and a speaker.

Together with `tone_alphabet` and `tone_hearing` they let a test follow each word by ear, from the speaker's
microphone to the listener's::

    river stone ─ToneDecoder→ "river stone." ─ToneTranslator→ "river-es stone-es." ─ToneSpeaker→ chords ─decode_tones

What goes wrong on the way stays visible to the end: a broken word (``river~``) is not in the vocabulary, so it is
not translated, and is spoken as `UNKNOWN`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from babelcast.domain.languages import LANGUAGES
from local.engines.speech import (
    RECOGNISER_RATE_HZ,
    SPEAKER_RATE_HZ,
    FinalResult,
    Item,
    ItemKind,
    PartialResult,
    Result,
    Stability,
    UnsupportedPairError,
    UnsupportedVoiceError,
)
from local.engines.tone_alphabet import (
    GAP_SECONDS,
    UNKNOWN,
    WORD_SECONDS,
    ToneWord,
    UnknownWordError,
    silence,
    speak_tones,
)
from local.engines.tone_hearing import FRAME_SECONDS, HeardWord, ToneEar

_PARTIAL_EVERY_FRAMES: Final = 50
_PAUSE_FRAMES: Final = 50
_LONGEST_RESULT_FRAMES: Final = 3000
_PAUSE_IN_NOISE_FRAMES: Final = 60
"""Without a word, while something else sounds."""
_TELLING_FRAMES: Final = 5
"""After so many more frames than its first, a word that is still being heard is guessed."""
_LOOK_EVERY_FRAMES: Final = 10
"""Outside a result, a sound is examined so often while it lasts."""
_TOKEN: Final = re.compile(r"""[^\s.,;:!?¿¡…"'()]+""")

_LANGUAGES_BY_TRANSLATE_CODE: Final = {row.translate_code: str(row.code) for row in LANGUAGES.values()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _StabilityRule:
    """A complete word is stable when so many words have begun after it, or so much time has passed since its end."""

    later_words: int
    age_seconds: float


_STABILITY_RULES: Final = {
    Stability.HIGH: _StabilityRule(later_words=1, age_seconds=0.15),
    Stability.MEDIUM: _StabilityRule(later_words=2, age_seconds=0.3),
    Stability.LOW: _StabilityRule(later_words=4, age_seconds=0.45),
}


@dataclass(slots=True, kw_only=True)
class _OpenResult:
    """The result being heard."""

    number: int
    first_frame: int
    words: list[HeardWord] = field(default_factory=list)
    stable_words: int = 0
    reported: tuple[Item, ...] = ()


class ToneDecoder:
    """A `StreamDecoder`. Results depend on the audio alone, not on how it is cut into calls.

    A result is open from its first word's beginning until half a second without words, or until the first gap between
    two words after 30 s. While it is open, its partial results come every half second, unless nothing changed. A word
    that is still being heard is in them as a guess. Sound that is not of the language is not heard.
    """

    def __init__(self, stability: Stability | None = None) -> None:
        self._rule = _STABILITY_RULES[stability] if stability else None
        self._ear = ToneEar(RECOGNISER_RATE_HZ)
        self._result: _OpenResult | None = None
        self._next_number = 0

    def accept(self, pcm: bytes) -> Sequence[Result]:
        """Hear the next audio."""
        return [result for words in self._ear.hear(pcm) for result in self._follow(_spoken(words))]

    def finish(self) -> Sequence[Result]:
        """The stream has ended: close what is open."""
        result = self._open_result(_spoken(self._ear.finish()))
        return self._end(result) if result else []

    def _follow(self, words: Sequence[HeardWord]) -> Sequence[Result]:
        """One frame after the other, with the words that ended in it."""
        result = self._open_result(words)
        if result is None:
            return []
        length = self._ear.frame - result.first_frame
        if self._is_over(result) or (words and length >= _LONGEST_RESULT_FRAMES):
            return self._end(result)
        return self._partial(result) if length % _PARTIAL_EVERY_FRAMES == 0 else []

    def _open_result(self, words: Sequence[HeardWord]) -> _OpenResult | None:
        if self._result is None and (words or (self._is_time_to_look() and self._told_word())):
            self._result = _OpenResult(number=self._next_number, first_frame=self._ear.sound_frame)
        if self._result:
            self._result.words.extend(words)
        return self._result

    def _is_time_to_look(self) -> bool:
        return (self._ear.frame - self._ear.sound_frame) % _LOOK_EVERY_FRAMES == _TELLING_FRAMES

    def _is_over(self, result: _OpenResult) -> bool:
        if self._ear.quiet_frames >= _PAUSE_FRAMES:
            return True
        spoken_until = round(result.words[-1].end / FRAME_SECONDS) if result.words else result.first_frame
        return self._ear.frame - spoken_until >= _PAUSE_IN_NOISE_FRAMES and not self._told_word()

    def _told_word(self) -> ToneWord | None:
        """The word that is being heard, once enough of it has been."""
        if not self._ear.is_sounding or self._ear.frame - self._ear.sound_frame < _TELLING_FRAMES:
            return None
        return self._ear.sounding_word()

    def _partial(self, result: _OpenResult) -> Sequence[Result]:
        now = self._ear.frame * FRAME_SECONDS
        if self._rule:
            begun = len(result.words) + self._ear.is_sounding
            stable = sum(
                begun - index > self._rule.later_words or now - word.end >= self._rule.age_seconds
                for index, word in enumerate(result.words)
            )
            result.stable_words = max(result.stable_words, stable)
        items = tuple(
            _item(word, is_stable=index < result.stable_words) for index, word in enumerate(result.words)
        ) + self._guess(now)
        if not items or items == result.reported:
            return []
        result.reported = items
        return [PartialResult(number=result.number, start=items[0].start, end=items[-1].end, items=items)]

    def _guess(self, now: float) -> tuple[Item, ...]:
        word = self._told_word()
        start = round(self._ear.sound_start, 3)
        return (Item(content=word.spelling, start=start, end=round(now, 3)),) if word else ()

    def _end(self, result: _OpenResult) -> Sequence[Result]:
        self._result = None
        if not result.words:
            return []  # a click
        self._next_number += 1
        end = result.words[-1].end
        items = (
            *(_item(word, is_stable=True) for word in result.words),
            Item(content=".", start=end, end=end, kind=ItemKind.PUNCTUATION, is_stable=True),
        )
        return [FinalResult(number=result.number, start=items[0].start, end=end, items=items)]


def _spoken(words: Sequence[HeardWord]) -> list[HeardWord]:
    return [word for word in words if word.is_spoken]


def _item(word: HeardWord, *, is_stable: bool) -> Item:
    return Item(
        content=word.content,
        start=word.start,
        end=word.end,
        is_stable=is_stable,
        confidence=1.0 if word.is_whole else 0.0,
    )


class ToneTranslator:
    """A `Translator`: the same words in the other language's spelling. What is no word of the source stays as it is."""

    async def translate(self, text: str, *, source: str, target: str) -> str:
        """The translation.

        Raises:
            UnsupportedPairError: One of them is no language of the table.
        """
        try:
            source_code, target_code = _LANGUAGES_BY_TRANSLATE_CODE[source], _LANGUAGES_BY_TRANSLATE_CODE[target]
        except KeyError:
            raise UnsupportedPairError(f"no tone language for {source!r} or {target!r}") from None

        def translated(token: re.Match[str]) -> str:
            word = _read_word(token[0])
            if word is None or word.language != source_code:
                return token[0]
            return ToneWord(word=word.word, language=target_code).spelling

        return _TOKEN.sub(translated, text)

    async def close(self) -> None:
        """Nothing to free."""


class ToneSpeaker:
    """A `Speaker`: chords, after a gap and with one behind each.

    A voice speaks the words of every language that the table gives to it (Spanish also Galician's). All other words
    are `UNKNOWN`, in the first of its languages. Punctuation is silent.

    Args:
        word_ms: From one word to the next at the voice's own pace, which a request may change as far as the words stay
            apart. Without it, words follow each other as they do in `speak_tones` at any pace.
    """

    def __init__(self, *, word_ms: int | None = None) -> None:
        self._word_s = None if word_ms is None else word_ms / 1000
        self._languages: dict[str, list[str]] = {}
        for row in LANGUAGES.values():
            if row.voice:
                self._languages.setdefault(row.voice.language_code, []).append(str(row.code))

    async def speak(
        self,
        text: str,
        *,
        language: str,
        rate_percent: int = 100,
        volume_db: float = 0.0,  # noqa: ARG002
        pitch_percent: int = 100,  # noqa: ARG002
    ) -> bytes:
        """The words as PCM at 24 000 Hz. Tones have one length, level and pitch, by which they are told apart.

        Raises:
            UnsupportedVoiceError: No voice of the table has this code.
        """
        try:
            languages = self._languages[language]
        except KeyError:
            raise UnsupportedVoiceError(f"no tone voice for {language!r}") from None
        unknown = ToneWord(word=UNKNOWN, language=languages[0]).spelling
        spellings = []
        for token in _TOKEN.findall(text):
            word = _read_word(token)
            spellings.append(word.spelling if word and word.language in languages else unknown)
        between = silence(self.gap_s(rate_percent) - GAP_SECONDS, SPEAKER_RATE_HZ)
        words = (speak_tones((spelling,), SPEAKER_RATE_HZ) + between for spelling in spellings)
        return silence(GAP_SECONDS, SPEAKER_RATE_HZ) + b"".join(words)

    def gap_s(self, rate_percent: int) -> float:
        """Between two words, and behind the last one."""
        if self._word_s is None:
            return GAP_SECONDS
        return max(GAP_SECONDS, round(self._word_s * 100 / rate_percent - WORD_SECONDS, 3))

    async def close(self) -> None:
        """Nothing to free."""


def _read_word(token: str) -> ToneWord | None:
    try:
        return ToneWord.read(token)
    except UnknownWordError:
        return None
