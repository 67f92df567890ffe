"""What is said in the tests, and whether it arrived.

A browser on a busy machine has no time for its audio threads now and then: a word from the microphone, whose sound the
browser reads from a file by a timer, or one that is played, then has a crack. Such a word is broken and yet one word,
known and at its place; of those there may be a few. None may be missing, come twice or come at another place.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import chain, pairwise
from typing import Final

from benchmarks.soak.verdict import compare, words_written
from local.engines.speech import RECOGNISER_RATE_HZ
from local.engines.tone_alphabet import (
    GAP_SECONDS,
    UNKNOWN,
    WORD_SECONDS,
    WORDS,
    ScheduledWord,
    ToneWord,
    tone_schedule,
    tone_speech,
)
from local.engines.tone_hearing import BROKEN_MARK, HeardWord, hear_words
from tests.browser.hearing import is_whole_at_any_tempo
from tests.browser.pages import ListenerPage, SpeakerPage

RATE_HZ: Final = 48_000
_PAUSE_S: Final = 1.0
_MOST_CRACKED_BY_MICROPHONE: Final = 0.15
_MOST_CRACKED: Final = 0.05
_MOST_MISSING_S: Final = 0.15
"""Less than a word."""
_MOST_ADDED_S: Final = 1.5
_LONGEST_SPOKEN_GAP_S: Final = 5.0
"""Between two words that far apart the speaker may have paused, which leaves silence out."""


class Speech:
    """So much tone speech: sentences of up to 14 words, with a second behind each."""

    def __init__(self, seconds: float, *, seed: int) -> None:
        chance = random.Random(seed)
        self.sentences: list[list[str]] = []
        while seconds > 0:
            sentence = [chance.choice(WORDS) for _ in range(chance.randint(4, 14))]
            self.sentences.append(sentence)
            seconds -= (WORD_SECONDS + GAP_SECONDS) * len(sentence) + _PAUSE_S

    @property
    def words(self) -> list[str]:
        return list(chain.from_iterable(self.sentences))

    def schedule(self, *, after_s: float = 0.0) -> list[ScheduledWord]:
        """When each word is spoken, if the first is spoken after so many seconds."""
        return [
            replace(each, start=each.start + after_s, end=each.end + after_s)
            for each in tone_schedule(self.sentences, pause_s=_PAUSE_S)
        ]

    @property
    def seconds(self) -> float:
        """The pause behind the last sentence included."""
        return len(self.pcm) / 2 / RATE_HZ

    @property
    def pcm(self) -> bytes:
        return tone_speech(self.sentences, pause_s=_PAUSE_S, rate_hz=RATE_HZ)


class Sent:
    """The words as they were understood of what a speaker's page has sent; what arrives is compared with them exactly.

    How many pieces a broken word falls into depends on where the recogniser began, so that is the one thing in which it
    and the judge here may differ.
    """

    def __init__(self, speaker: SpeakerPage, spoken: Sequence[ScheduledWord]) -> None:
        heard = hear_words(speaker.sent, RECOGNISER_RATE_HZ)
        _assert_captured(spoken, heard)
        understood = words_written(speaker.understood)
        _assert_same(_without_pieces(each.content for each in heard), _without_pieces(understood), "understood")
        self._words = [each.removesuffix(BROKEN_MARK) for each in understood]
        self._is_whole = [not each.endswith(BROKEN_MARK) for each in understood]

    def __len__(self) -> int:
        """How many words, pieces counted one by one."""
        return len(self._words)

    def assert_understood(self, captions: Iterable[str]) -> None:
        """The captions in the source language are these words."""
        _assert_same(self._in_writing("en"), words_written(captions), "understood")

    async def assert_arrived(self, listener: ListenerPage, language: str) -> None:
        """What the page has played and shown is the translation, as fast as it likes."""
        await self.assert_arrived_in(listener, [language] * len(self._words))

    async def assert_arrived_in(self, listener: ListenerPage, languages: Sequence[str]) -> None:
        """The same for a listener who has changed the language."""
        expected = [
            ToneWord(word=word if is_whole else UNKNOWN, language=language).spelling
            for word, is_whole, language in zip(self._words, self._is_whole, languages, strict=True)
        ]
        heard = _whole_again(listener.hearing.finish())
        _assert_same(expected, [_spelling(each) for each in heard], "played")
        _assert_few_cracks([is_whole_at_any_tempo(each) for each in heard], "played")
        written = [self._in_writing(language)[index] for index, language in enumerate(languages)]
        _assert_same(written, words_written(await listener.captions()), "shown")

    def _in_writing(self, language: str) -> list[str]:
        """Translated; a broken word has its mark and is not translated."""
        return [
            ToneWord(word=word, language=language).spelling if is_whole else f"{word}{BROKEN_MARK}"
            for word, is_whole in zip(self._words, self._is_whole, strict=True)
        ]


def _assert_captured(spoken: Sequence[ScheduledWord], heard: Sequence[HeardWord]) -> None:
    """Everything that was spoken is there, in its order and once.

    Words that are whole are those that were spoken, and between two of them lies as much time as when they were spoken:
    none is missing where one is broken. A microphone that has no time puts silence into a word or cuts a piece out.
    """
    whole = [(each.word.word, each.start) for each in heard if each.is_whole and each.word]
    matcher = SequenceMatcher(None, [each.spelling for each in spoken], [word for word, _ in whole], autojunk=False)
    pairs = [
        (spoken[block.a + index].start, whole[block.b + index][1])
        for block in matcher.get_matching_blocks()
        for index in range(block.size)
    ]
    assert len(pairs) == len(whole), f"captured: {len(whole) - len(pairs)} words were not spoken"
    cracked = len(spoken) - len(pairs)
    assert cracked <= _MOST_CRACKED_BY_MICROPHONE * len(spoken), f"captured: {cracked} of {len(spoken)} are broken"
    for (spoken_at, heard_at), (spoken_next, heard_next) in pairwise(pairs):
        added = (heard_next - heard_at) - (spoken_next - spoken_at)
        is_break = spoken_next - spoken_at > _LONGEST_SPOKEN_GAP_S
        assert is_break or -_MOST_MISSING_S <= added <= _MOST_ADDED_S, (
            f"captured: {added:.3f} s more at {spoken_at:.3f} s"
        )


def _without_pieces(words: Iterable[str]) -> list[str]:
    """Words in writing, each run of broken ones as one mark."""
    joined: list[str] = []
    for word in words:
        written = BROKEN_MARK if word.endswith(BROKEN_MARK) else word
        if not (written == BROKEN_MARK and joined and joined[-1] == BROKEN_MARK):
            joined.append(written)
    return joined


def _whole_again(heard: Iterable[HeardWord]) -> list[HeardWord]:
    """With the pieces of a word put together that a crack has torn into several."""
    words: list[HeardWord] = []
    for each in heard:
        last = words[-1] if words else None
        is_next_piece = last and not last.is_whole and not each.is_whole and each.word == last.word
        if last and is_next_piece and each.end - last.start <= WORD_SECONDS + GAP_SECONDS:
            words[-1] = replace(last, end=each.end)
        else:
            words.append(each)
    return words


def _spelling(heard: HeardWord) -> str:
    return heard.word.spelling if heard.word else UNKNOWN


def _assert_same(expected: Sequence[str], found: Sequence[str], where: str) -> None:
    places = compare(expected, found).places
    assert places == (), f"{where}: {places}"


def _assert_few_cracks(is_whole: Sequence[bool], where: str) -> None:
    cracked = is_whole.count(False)
    assert cracked <= _MOST_CRACKED * len(is_whole), f"{where}: {cracked} of {len(is_whole)} words are broken"
