"""The numbers of a broadcast, and ``summary.json``.

All times are milliseconds since the first sample was captured. A segment's latency in a language is the time from the
end of the clause in the speaker's mouth to the start of its translation in the listener's ear.

``lost`` counts, for every listener, the segments that should have reached it and did not: numbers from its joining up
to the highest that anybody knows of (another listener, a final source caption) whose message never came, and clips that
were promised by an address and not heard because they could not be downloaded or decoded or were left out to catch up.

``duplicated`` counts, for every listener, what it heard twice: segments whose stretch of speech is more than half
another's, which is the same clause committed under two numbers. A number that is delivered again is dropped by the
listener without being heard; delivery is at least once, so that is counted separately as ``redelivered`` and no fault.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from local.client.playback import Fate
from local.client.record import HeardSegment, ListenerRecord
from local.report.broadcast import Broadcast


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """A segment in one language.

    Attributes:
        audio_path: The clip, relative to the output directory; None for text only.
        duration_ms: Of the clip at tempo 1.
        heard_ms: How long it sounded.
        played_at_ms, latency_ms: None when it was not heard.
    """

    text: str
    audio_path: str | None
    duration_ms: int
    heard_ms: int
    received_at_ms: int
    played_at_ms: int | None
    latency_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentSummary:
    """A segment; its stretch of speech and its commit are None when only its source caption is known."""

    number: int
    source_text: str
    spoken_start_ms: int | None
    spoken_end_ms: int | None
    committed_at_ms: int | None
    languages: Mapping[str, Rendition]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A broadcast in numbers; the percentiles are None when nothing was heard."""

    audio_path: str
    audio_duration_ms: int
    source_language: str
    segments: tuple[SegmentSummary, ...]
    latency_p50_ms: int | None
    latency_p95_ms: int | None
    listeners: int
    lost: int
    duplicated: int
    redelivered: int

    def as_json(self) -> dict[str, Any]:
        """The members of ``summary.json``."""
        return {
            "audio": {"path": self.audio_path, "durationMs": self.audio_duration_ms},
            "sourceLanguage": self.source_language,
            "segments": [_segment_json(segment) for segment in self.segments],
            "latencyMs": {"p50": self.latency_p50_ms, "p95": self.latency_p95_ms},
            "listeners": self.listeners,
            "lost": self.lost,
            "duplicated": self.duplicated,
        }

    def save(self, path: Path) -> None:
        """Write ``summary.json``."""
        path.write_text(json.dumps(self.as_json(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def summarise(broadcast: Broadcast, out: Path) -> Summary:
    """Put a broadcast into numbers; clips' paths become relative to ``out``."""
    listeners = broadcast.listeners
    latencies = [
        _latency_ms(broadcast, segment)
        for listener in listeners
        for segment in listener.segments
        if segment.played_at is not None
    ]
    p50, p95 = (round(float(value)) for value in np.percentile(latencies, (50, 95))) if latencies else (None, None)
    known = known_numbers(broadcast)
    return Summary(
        audio_path=broadcast.audio_path,
        audio_duration_ms=broadcast.audio_duration_ms,
        source_language=broadcast.source_language,
        segments=tuple(_segment(broadcast, number, out) for number in known),
        latency_p50_ms=p50,
        latency_p95_ms=p95,
        listeners=len(listeners),
        lost=sum(count_lost(listener, known) for listener in listeners),
        duplicated=sum(count_duplicated(listener.segments) for listener in listeners),
        redelivered=sum(listener.redelivered for listener in listeners),
    )


def known_numbers(broadcast: Broadcast) -> range:
    """All segments there must have been, from the first anybody could receive to the highest anybody knows of."""
    numbers = {caption.number for caption in broadcast.captions}
    for listener in broadcast.listeners:
        numbers.update(segment.number for segment in listener.segments)
        numbers.update(caption.number for caption in listener.captions)
    first = min((listener.first_number for listener in broadcast.listeners), default=0)
    return range(min([first, *numbers]), max(numbers, default=first - 1) + 1)


def count_lost(listener: ListenerRecord, known: Iterable[int]) -> int:
    """Segments that should have reached a listener's ear, or its screen if text only, and did not."""
    received = {segment.number: segment for segment in listener.segments}
    lost = 0
    for number in known:
        segment = received.get(number)
        if segment is None:
            lost += number >= listener.first_number
        else:
            lost += segment.fate not in {Fate.PLAYED, Fate.TEXT_ONLY}
    return lost


def count_duplicated(segments: Iterable[HeardSegment]) -> int:
    """Segments whose stretch of speech covers more than half of an earlier one's, or lies mostly within it."""
    duplicated = 0
    earlier: list[HeardSegment] = []
    for segment in sorted(segments, key=lambda each: (each.spoken_start_ms, each.number)):
        earlier = [each for each in earlier if each.spoken_end_ms > segment.spoken_start_ms]
        duplicated += any(_is_mostly_shared(segment, each) for each in earlier)
        earlier.append(segment)
    return duplicated


def _is_mostly_shared(one: HeardSegment, other: HeardSegment) -> bool:
    start_ms = max(one.spoken_start_ms, other.spoken_start_ms)
    end_ms = min(one.spoken_end_ms, other.spoken_end_ms)
    shorter_ms = min(each.spoken_end_ms - each.spoken_start_ms for each in (one, other))
    return 2 * (end_ms - start_ms) > shorter_ms


def _latency_ms(broadcast: Broadcast, segment: HeardSegment) -> int:
    assert segment.played_at is not None
    return broadcast.since_start_ms(segment.played_at) - segment.spoken_end_ms


def _segment(broadcast: Broadcast, number: int, out: Path) -> SegmentSummary:
    heard: dict[str, HeardSegment] = {}
    for listener in broadcast.listeners:
        for segment in listener.segments:
            if segment.number == number:
                heard.setdefault(listener.language, segment)
    first = next(iter(heard.values()), None)
    return SegmentSummary(
        number=number,
        source_text=first.source_text if first else _caption(broadcast, number),
        spoken_start_ms=first.spoken_start_ms if first else None,
        spoken_end_ms=first.spoken_end_ms if first else None,
        committed_at_ms=first.committed_at_epoch_ms - broadcast.first_sample_epoch_ms if first else None,
        languages={language: _rendition(broadcast, segment, out) for language, segment in heard.items()},
    )


def _caption(broadcast: Broadcast, number: int) -> str:
    captions = [*broadcast.captions, *(caption for listener in broadcast.listeners for caption in listener.captions)]
    return next((caption.text for caption in captions if caption.number == number), "")


def _rendition(broadcast: Broadcast, segment: HeardSegment, out: Path) -> Rendition:
    is_played = segment.played_at is not None
    return Rendition(
        text=segment.text,
        audio_path=segment.clip.relative_to(out).as_posix() if segment.clip else None,
        duration_ms=round(segment.duration_s * 1000),
        heard_ms=round(segment.heard_s * 1000),
        received_at_ms=broadcast.since_start_ms(segment.received_at),
        played_at_ms=broadcast.since_start_ms(segment.played_at) if segment.played_at is not None else None,
        latency_ms=_latency_ms(broadcast, segment) if is_played else None,
    )


def _segment_json(segment: SegmentSummary) -> dict[str, Any]:
    return {
        "segment": segment.number,
        "sourceText": segment.source_text,
        "spokenStartMs": segment.spoken_start_ms,
        "spokenEndMs": segment.spoken_end_ms,
        "committedAtMs": segment.committed_at_ms,
        "languages": {
            language: {
                "text": rendition.text,
                "audioPath": rendition.audio_path,
                "durationMs": rendition.duration_ms,
                "receivedAtMs": rendition.received_at_ms,
                "playedAtMs": rendition.played_at_ms,
                "latencyMs": rendition.latency_ms,
            }
            for language, rendition in segment.languages.items()
        },
    }
