"""What is said in the tests, and whether it arrived.

A browser on a busy machine has no time for its audio threads now and then: a word from the microphone, whose sound the
browser reads from a file by a timer, or one that is played, then has a crack. Such a word is broken and yet one word,
known and at its place; of those there may be a few. None may be missing, come twice or come at another place.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final

from benchmarks.soak.verdict import compare, words_written
from local.engines.speech import RECOGNISER_RATE_HZ
from local.engines.tone_alphabet import GAP_SECONDS, UNKNOWN, WORD_SECONDS, WORDS, ToneWord, tone_speech
from local.engines.tone_hearing import BROKEN_MARK, HeardWord, hear_words
from tests.browser.hearing import is_whole_at_any_tempo
from tests.browser.pages import ListenerPage, SpeakerPage

RATE_HZ: Final = 48_000
_PAUSE_S: Final = 1.0
_MOST_CRACKED_BY_MICROPHONE: Final = 0.15
_MOST_CRACKED: Final = 0.05
_CLOSE_S: Final = 0.01
"""A piece that begins this much sooner than the next word would is a piece of the same word."""


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

    @property
    def pcm(self) -> bytes:
        return tone_speech(self.sentences, pause_s=_PAUSE_S, rate_hz=RATE_HZ)


class Sent:
    """The words as a speaker's page has sent them, each as it was spoken."""

    def __init__(self, speaker: SpeakerPage, spoken: Sequence[str]) -> None:
        heard = hear_words(speaker.sent, RECOGNISER_RATE_HZ)
        _assert_captured(spoken, _whole_again(heard, _captured_whole))
        self._words = [each.word.word if each.word else "" for each in heard]
        self._is_whole = [each.is_whole for each in heard]

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
        heard = _whole_again(listener.hearing.finish(), _played_whole)
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


def _assert_captured(spoken: Sequence[str], heard: Sequence[HeardWord]) -> None:
    """All words are there, in their order; of a broken one it cannot always be told which it was."""
    found = [each.word.word if each.word else UNKNOWN for each in heard]
    if len(found) == len(spoken):
        found = [word if each.is_whole else said for word, each, said in zip(found, heard, spoken, strict=True)]
    _assert_same(spoken, found, "sent")
    _assert_few_cracks([each.is_whole for each in heard], "sent", most=_MOST_CRACKED_BY_MICROPHONE)


def _captured_whole(last: HeardWord, piece: HeardWord) -> bool:
    """Words are spoken at their own speed: what begins too soon for the next word belongs to the last one."""
    return piece.start - last.start < WORD_SECONDS + GAP_SECONDS - _CLOSE_S


def _played_whole(last: HeardWord, piece: HeardWord) -> bool:
    """The next word may come sooner when the page catches up; a piece of the same one is still of that word."""
    return piece.word == last.word and piece.end - last.start <= WORD_SECONDS + GAP_SECONDS


def _whole_again(heard: Iterable[HeardWord], belongs: Callable[[HeardWord, HeardWord], bool]) -> list[HeardWord]:
    """With the pieces of a word put together that a crack has torn into several."""
    words: list[HeardWord] = []
    for each in heard:
        last = words[-1] if words else None
        if last and not last.is_whole and not each.is_whole and belongs(last, each):
            words[-1] = replace(last, end=each.end)
        else:
            words.append(each)
    return words


def _spelling(heard: HeardWord) -> str:
    return heard.word.spelling if heard.word else UNKNOWN


def _assert_same(expected: Sequence[str], found: Sequence[str], where: str) -> None:
    places = compare(expected, found).places
    assert places == (), f"{where}: {places}"


def _assert_few_cracks(is_whole: Sequence[bool], where: str, *, most: float = _MOST_CRACKED) -> None:
    cracked = is_whole.count(False)
    assert cracked <= most * len(is_whole), f"{where}: {cracked} of {len(is_whole)} words are broken"
