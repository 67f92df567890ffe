"""What became of every spoken word at each listener. Pure but for reading the clips.

A word is received when it was heard, by the sound of its clip, or read where there was honestly no clip: speech that
could not be made in time is delivered as text (docs/architecture.md, section 4). A clip that was promised and not
played is lost.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.chaos.faults import Seat
from benchmarks.soak.verdict import (
    Damage,
    compare,
    count_missing,
    count_overtaken,
    in_language,
    words_of_clip,
    words_written,
)
from local.client.playback import Fate
from local.client.record import HeardSegment, ListenerRecord
from local.report.summary import count_duplicated


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerVerdict:
    """One listener's broadcast.

    Attributes:
        words: How many were spoken.
        heard, read, read_untranslated: How they were received.
        damage: How what was received differs from what was spoken.
        clips_missed: Clips that were promised and not played.
        numbers_missing: Segment numbers between 0 and the highest that did not come.
        told_twice: Stretches of speech that came under two numbers.
        redelivered: Segments that came again and were dropped by their number, which is no fault.
        overtaken: Segments that came after a later one and were put back in order, which is no fault either.
    """

    seat: Seat
    words: int
    heard: int
    read: int
    read_untranslated: int
    damage: Damage
    clips_missed: int
    numbers_missing: int
    told_twice: int
    redelivered: int
    overtaken: int
    reconnections: int

    @property
    def problems(self) -> list[str]:
        """What is wrong, one line each; empty when every word arrived once, whole and in order."""
        found = [self.damage.in_words] if self.damage.places else []
        if self.clips_missed:
            found.append(f"{self.clips_missed} clips were not played")
        if self.numbers_missing:
            found.append(f"{self.numbers_missing} segment numbers are missing")
        if self.told_twice:
            found.append(f"{self.told_twice} stretches of speech came under two numbers")
        return [f"listener {self.seat}: {problem}" for problem in found]


class Ear:
    """Hears clips; the listeners of a language have the same ones, which are heard once."""

    def __init__(self) -> None:
        self._known: dict[bytes, list[str]] = {}

    def words(self, clip: Path | None) -> list[str]:
        """The words of a clip."""
        if clip is None:
            return []
        digest = hashlib.sha256(clip.read_bytes()).digest()
        if digest not in self._known:
            self._known[digest] = words_of_clip(clip)
        return self._known[digest]


def judge_listener(
    seat: Seat, record: ListenerRecord, spoken: Sequence[str], *, highest: int, ear: Ear
) -> ListenerVerdict:
    """Follow the words to a listener.

    Args:
        seat: Whose.
        record: When the broadcast is over; the clips are still where they were saved.
        spoken: The words in English, in their order.
        highest: Number of the room's last segment.
        ear: Hears the clips.
    """
    assert seat.language is not None
    heard: list[str] = []
    counts = {Fate.PLAYED: 0, Fate.TEXT_ONLY: 0}
    untranslated = 0
    for segment in _as_received(record.segments):
        words = ear.words(segment.clip) if segment.fate is Fate.PLAYED else _words_read(segment, seat.language)
        heard += words
        counts[segment.fate] += len(words)
        untranslated += 0 if segment.translated else len(words)
    return ListenerVerdict(
        seat=seat,
        words=len(spoken),
        heard=counts[Fate.PLAYED],
        read=counts[Fate.TEXT_ONLY],
        read_untranslated=untranslated,
        damage=compare(in_language(spoken, seat.language), heard),
        clips_missed=sum(segment.fate not in counts for segment in record.segments),
        numbers_missing=count_missing((each.number for each in record.segments), highest=highest),
        told_twice=count_duplicated(record.segments),
        redelivered=record.redelivered,
        overtaken=count_overtaken(record.segments),
        reconnections=record.reconnections,
    )


def _as_received(segments: Iterable[HeardSegment]) -> list[HeardSegment]:
    """In the order in which they were played; what is text only stands behind what was played before its number."""
    placed: list[tuple[float, HeardSegment]] = []
    last = 0.0
    for segment in segments:
        if segment.fate is Fate.PLAYED:
            last = segment.played_at or last
        if segment.fate in {Fate.PLAYED, Fate.TEXT_ONLY}:
            placed.append((last, segment))
    return [segment for _, segment in sorted(placed, key=lambda each: each[0])]


def _words_read(segment: HeardSegment, language: str) -> list[str]:
    """The words of a text; those in the source language count as the words that they mean."""
    words = words_written([segment.text])
    return words if segment.translated else in_language(words, language)
