"""What became of every spoken word at a listener. Pure but for reading the clips.

Words are compared in writing; a broken one has the tone language's mark (``river~``), one in another language has that
language's code, so that it is another word::

    spoken   river stone  house garden window  table
    heard    river stone~ garden house window window
                   cut    one is moved        extra, and table is lost
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Final

import soundfile

from local.client.playback import Fate
from local.client.record import HeardSegment, ListenerRecord
from local.engines.tone_alphabet import UNKNOWN, ToneWord
from local.engines.tone_hearing import BROKEN_MARK, hear_words
from local.report.broadcast import Broadcast
from local.report.summary import count_duplicated, known_numbers

_MARKS: Final = ".,;:!?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where what was received differs.

    Attributes:
        word: Number of the first spoken word of the place.
    """

    word: int
    spoken: tuple[str, ...]
    received: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """How words differ from what was spoken; nothing when they are the same words in the same order.

    Attributes:
        lost: Spoken and missing.
        extra: Heard and not spoken there: repeated or invented.
        cut: Sounds that are no whole word; a word in two pieces is two.
        moved: Missing at their place and whole at another.
        places: Where.
    """

    lost: int = 0
    extra: int = 0
    cut: int = 0
    moved: int = 0
    places: tuple[Place, ...] = ()

    @property
    def in_words(self) -> str:
        """The numbers for a line of text."""
        return f"{self.lost} lost, {self.extra} extra, {self.cut} cut, {self.moved} moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One listener's broadcast.

    Attributes:
        words: How many were spoken.
        segments: How many arrived.
        heard: By the sound of the clips, in the order in which they were played.
        read: By the text that came with the clips.
        captions: By the final captions in the source language.
        numbers_missing: Segment numbers between 0 and the highest that did not come.
        told_twice: Stretches of speech that came under two numbers.
        redelivered: Segments that came again and were dropped by their number, which is no fault.
        overtaken: Segments that came after a later one and were put back in order, which is no fault either.
    """

    language: str
    words: int
    segments: int
    heard: Damage
    read: Damage
    captions: Damage
    numbers_missing: int
    told_twice: int
    redelivered: int
    overtaken: int

    @property
    def problems(self) -> list[str]:
        """What is wrong, one line each; empty when every word arrived once, whole and in order."""
        found = [
            f"{how}: {damage.in_words}"
            for how, damage in (("heard", self.heard), ("read", self.read), ("captions", self.captions))
            if damage.places
        ]
        if self.numbers_missing:
            found.append(f"{self.numbers_missing} segment numbers are missing")
        if self.told_twice:
            found.append(f"{self.told_twice} stretches of speech came under two numbers")
        return found


def compare(spoken: Sequence[str], received: Sequence[str]) -> Damage:
    """What happened to words on their way.

    Args:
        spoken: Whole words.
        received: Words, of which some may be broken: they have the mark, or are the word for what is no word.
    """
    matcher = SequenceMatcher(a=spoken, b=received, autojunk=False)
    places = [
        Place(word=first, spoken=tuple(spoken[first:last]), received=tuple(received[start:end]))
        for kind, first, last, start, end in matcher.get_opcodes()
        if kind != "equal"
    ]
    missing: Counter[str] = Counter()
    added: Counter[str] = Counter()
    cut = 0
    for place in places:
        pieces = [word for word in place.received if _is_broken(word)]
        cut += len(pieces)
        missing.update(_unaccounted(place.spoken, pieces))
        added.update(word for word in place.received if not _is_broken(word))
    moved = missing & added
    return Damage(
        lost=(missing - moved).total(),
        extra=(added - moved).total(),
        cut=cut,
        moved=moved.total(),
        places=tuple(places),
    )


def _is_broken(word: str) -> bool:
    return BROKEN_MARK in word or word.startswith(UNKNOWN)


def _unaccounted(words: Sequence[str], pieces: Iterable[str]) -> list[str]:
    """The words of a stretch for which there is no broken sound; one that cannot be told stands for any of them."""
    left = list(words)
    nameless = 0
    for piece in pieces:
        named = [word for word in left if _base(word) == _base(piece)]
        if named:
            left.remove(named[0])
        elif not _base(piece) or piece.startswith(UNKNOWN):
            nameless += 1
    return left[nameless:]


def _base(word: str) -> str:
    """The word in any language, broken or not: a broken one is not translated in writing."""
    return word.replace(BROKEN_MARK, "").partition("-")[0]


def judge(broadcast: Broadcast, language: str, spoken: Sequence[str]) -> Verdict:
    """Follow the words to the first listener of a language.

    Args:
        broadcast: When it is over; the clips are still where they were saved.
        language: The listener's.
        spoken: The words in English, in their order.
    """
    record = broadcast.listener_of(language)
    translated = in_language(spoken, language)
    return Verdict(
        language=language,
        words=len(spoken),
        segments=len(record.segments),
        heard=compare(translated, words_heard(record)),
        read=compare(translated, words_written(each.text for each in record.segments)),
        captions=compare(spoken, words_written(each.text for each in record.captions)),
        numbers_missing=count_missing(
            (each.number for each in record.segments), highest=max(known_numbers(broadcast), default=-1)
        ),
        told_twice=count_duplicated(record.segments),
        redelivered=record.redelivered,
        overtaken=count_overtaken(record.segments),
    )


def in_language(words: Iterable[str], language: str) -> list[str]:
    """English words as they are written in a language of the tone alphabet."""
    return [ToneWord(word=word, language=language).spelling for word in words]


def words_heard(record: ListenerRecord) -> list[str]:
    """The words in a listener's ear, by the sound of what was played, in the order in which it was played."""
    played = [(each.played_at, each.clip) for each in record.segments if each.fate is Fate.PLAYED]
    clips = [clip for _, clip in sorted(played, key=lambda each: each[0] or 0.0) if clip is not None]
    return [word for clip in clips for word in words_of_clip(clip)]


def words_of_clip(clip: Path) -> list[str]:
    """The words in a clip, by their sound."""
    samples, rate_hz = soundfile.read(clip, dtype="int16")
    return [word.content for word in hear_words(samples.tobytes(), rate_hz)]


def words_written(texts: Iterable[str]) -> list[str]:
    """The words of texts, without punctuation."""
    words = (token.strip(_MARKS) for text in texts for token in text.split())
    return [word for word in words if word]


def count_missing(numbers: Iterable[int], *, highest: int) -> int:
    """How many numbers from 0 to the highest are not there."""
    return len(set(range(highest + 1)).difference(numbers))


def count_overtaken(segments: Iterable[HeardSegment]) -> int:
    """How many came after one with a higher number."""
    overtaken = 0
    first_later = float("inf")
    for each in sorted(segments, key=lambda each: each.number, reverse=True):
        overtaken += each.received_at > first_later
        first_later = min(first_later, each.received_at)
    return overtaken
