"""Captions as WebVTT."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from local.client.record import HeardSegment
from local.report.broadcast import Broadcast
from local.report.summary import SegmentSummary

_READING_MS_PER_LETTER: Final = 60
_SHORTEST_MS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """A text and when it is on the screen, milliseconds since the first sample."""

    start_ms: int
    end_ms: int
    text: str


def source_cues(segments: Iterable[SegmentSummary]) -> list[Cue]:
    """The recognised text, while it is being spoken."""
    return [
        Cue(start_ms=segment.spoken_start_ms, end_ms=segment.spoken_end_ms, text=segment.source_text)
        for segment in segments
        if segment.spoken_start_ms is not None and segment.spoken_end_ms is not None
    ]


def translated_cues(broadcast: Broadcast, segments: Iterable[HeardSegment]) -> list[Cue]:
    """The translations: while they sound, or from their arrival for as long as reading takes."""
    cues = []
    for segment in segments:
        if segment.played_at is not None:
            start_ms = broadcast.since_start_ms(segment.played_at)
            end_ms = start_ms + round(segment.heard_s * 1000)
        else:
            start_ms = broadcast.since_start_ms(segment.received_at)
            end_ms = start_ms + max(_SHORTEST_MS, len(segment.text) * _READING_MS_PER_LETTER)
        cues.append(Cue(start_ms=start_ms, end_ms=end_ms, text=segment.text))
    return one_after_another(cues)


def one_after_another(cues: Iterable[Cue]) -> list[Cue]:
    """Cues in order of time, each gone when the next one comes."""
    ordered = sorted(cues, key=lambda cue: cue.start_ms)
    shortened = [
        Cue(start_ms=cue.start_ms, end_ms=max(cue.start_ms + 1, min(cue.end_ms, following.start_ms)), text=cue.text)
        for cue, following in pairwise(ordered)
    ]
    return [*shortened, *ordered[-1:]]


def write_vtt(path: Path, cues: Iterable[Cue]) -> None:
    """Write a WebVTT file, UTF-8."""
    blocks = [f"{_clock(cue.start_ms)} --> {_clock(cue.end_ms)}\n{_escaped(cue.text)}" for cue in cues]
    path.write_text("\n\n".join(["WEBVTT", *blocks]) + "\n", encoding="utf-8")


def _clock(time_ms: int) -> str:
    seconds, milliseconds = divmod(max(0, time_ms), 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{milliseconds:03d}"


def _escaped(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
