"""Which spoken word was heard when. Pure."""

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from benchmarks.latency.speech import SpokenWord
from benchmarks.span.playing import ArrivedClip, Playing
from local.engines.tone_alphabet import UNKNOWN
from local.engines.tone_hearing import BROKEN_MARK

_TOLERANCE_S: Final = 0.05
"""Of the stretch of speech that a clip is said to translate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordSpan:
    """A spoken word that was heard; moments are seconds since the talk's first sample.

    Attributes:
        position: Among the spoken words.
        spoken_end_s: When it had been spoken.
        heard_end_s: When its translation had been heard.
    """

    position: int
    spoken_end_s: float
    heard_end_s: float

    @property
    def span_s(self) -> float:
        """Ear-voice span: how much later it was heard. Beginnings are as far apart at tempo 1: words last as long."""
        return self.heard_end_s - self.spoken_end_s


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardWords:
    """What became of the spoken words.

    Attributes:
        spoken: How many there are.
        spans: Of those that were heard whole, in spoken order.
        lost: Words that no clip has whole.
        broken: Sounds in clips that are no whole word.
        extra: Whole words in clips that were not spoken there, or that another clip has as well.
        skipped: Words that a clip has whole, and that were not heard because the clip was left out or did not come.
        clause_spans_s: For each clip that was played, from the end of its last whole word in the speaker's mouth until
            the clip began.
    """

    spoken: int
    spans: tuple[WordSpan, ...]
    lost: int
    broken: int
    extra: int
    skipped: int
    clause_spans_s: tuple[float, ...]


def follow_words(spoken: Sequence[SpokenWord], arrived: Sequence[ArrivedClip], playing: Playing) -> HeardWords:
    """Find the spoken words in the clips, and what was heard of those.

    Args:
        spoken: The talk.
        arrived: Every clip that was made, in the order of the speech.
        playing: What of them was heard.
    """
    found: dict[int, dict[int, int]] = {}
    taken: set[int] = set()
    broken = extra = 0
    for clip in arrived:
        contents = [word.content for word in clip.words]
        matches = match_words(spoken, clip.spoken_s, contents)
        own = {sound: position for sound, position in matches if position not in taken}
        taken.update(own.values())
        found[clip.number] = own
        broken_here = sum(_is_broken(word.content) for word in clip.words)
        broken += broken_here
        extra += len(clip.words) - broken_here - len(own)
    spans: dict[int, WordSpan] = {}
    clause_spans: list[float] = []
    for played in playing.clips:
        own = found[played.clip.number]
        for sound, position in own.items():
            end_s = spoken[position].end_ms / 1000
            heard_s = played.started_at + played.clip.words[sound].end_s / played.tempo
            spans.setdefault(position, WordSpan(position=position, spoken_end_s=end_s, heard_end_s=heard_s))
        if own:
            clause_spans.append(played.started_at - spoken[max(own.values())].end_ms / 1000)
    return HeardWords(
        spoken=len(spoken),
        spans=tuple(spans[position] for position in sorted(spans)),
        lost=len(spoken) - len(taken),
        broken=broken,
        extra=extra,
        skipped=len(taken) - len(spans),
        clause_spans_s=tuple(clause_spans),
    )


def match_words(
    spoken: Sequence[SpokenWord], stretch_s: tuple[float, float], contents: Sequence[str]
) -> Iterator[tuple[int, int]]:
    """For words that were spoken in a stretch, their index in the contents and their position in the talk."""
    first_ms, last_ms = ((at + by) * 1000 for at, by in zip(stretch_s, (-_TOLERANCE_S, _TOLERANCE_S), strict=True))
    near = range(
        bisect.bisect_right(spoken, first_ms, key=lambda word: word.end_ms),
        bisect.bisect_left(spoken, last_ms, key=lambda word: word.start_ms),
    )
    matcher = SequenceMatcher(a=[spoken[index].word for index in near], b=contents, autojunk=False)
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            yield block.b + step, near[block.a + step]


def _is_broken(content: str) -> bool:
    return BROKEN_MARK in content or content == UNKNOWN
