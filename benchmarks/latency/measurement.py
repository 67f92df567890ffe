"""Each segment's way, from the true end of its last word to the listener's ear."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from benchmarks.latency.function_metrics import FunctionMetrics
from benchmarks.latency.percentiles import percentile
from benchmarks.latency.speech import SpokenWord
from local.report.broadcast import Broadcast


class Hop(StrEnum):
    """The hops in their order; what happens at the same time is within one of them."""

    SENT = "chunk filled, sent, in the stream"
    STREAM = "stream → audio_processor"
    RECOGNISED = "recogniser says it is final"
    RENDERED = "translation, voice and clip ready"
    COMMITTED = "committed"
    TOLD = "listener told"
    FETCHED = "clip fetched"
    PLAYED = "clip begins (behind earlier ones)"


_METRICS = {
    Hop.STREAM: "StreamLatency",
    Hop.RECOGNISED: "TranscriptionLatency",
    Hop.RENDERED: "RenderLatency",
    Hop.COMMITTED: "CommitLatency",
    Hop.TOLD: "NotificationLatency",
}
"""Measured by the function, once for each segment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HopTimes:
    """How long a hop took; None where it could not be told apart."""

    hop: Hop
    p50_ms: int | None
    p95_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentTimes:
    """One segment; times in ms after its last word's end, but `spoken_end_ms`, which is after the first sample.

    Attributes:
        played_ms: None when it was not played.
        word_delays_ms: For each of its words, from the word's own end until the listener is told.
    """

    number: int
    spoken_end_ms: float
    notified_ms: float
    fetched_ms: float | None
    played_ms: float | None
    word_delays_ms: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One stage in numbers; times in ms.

    Attributes:
        max_segment_s: The stage's longest clause that goes on.
        clauses: Segments that were heard.
        notified_p50_ms, notified_p95_ms: End of a clause's last word until the listener has the clip's address.
        played_p50_ms, played_p95_ms: The same until the clip begins to sound.
        own_p50_ms, own_p95_ms: What of the way to `notified` is Babelcast's own (`overhead.py`); None where it could
            not be told apart.
        drift_ms: Median of `notified` in the last sixth of the clauses, less that in the first sixth.
        word_p50_ms, word_max_ms: End of a word until the listener has the address of the clip that says it.
        streams: Transcribe streams opened.
        drafts_begun, drafts_used: Translations and clips made ahead, and those that were right.
        busy_percent: How much of the time `audio_processor` was running and is paid for.
        faults: Words lost, doubled or wrong.
    """

    stage: str
    minutes: float
    max_segment_s: int
    clauses: int
    notified_p50_ms: int
    notified_p95_ms: int
    played_p50_ms: int
    played_p95_ms: int
    drift_ms: int
    word_p50_ms: int
    word_max_ms: int
    streams: int
    drafts_begun: int
    drafts_used: int
    invocations_per_minute: float
    busy_percent: float
    faults: int
    hops: tuple[HopTimes, ...]
    segments: tuple[SegmentTimes, ...]
    own_p50_ms: int | None = None
    own_p95_ms: int | None = None


def segment_times(broadcast: Broadcast, spoken: Sequence[SpokenWord]) -> tuple[tuple[SegmentTimes, ...], int]:
    """The segments that the one listener received, and how many words are lost, doubled or wrong."""
    (listener,) = broadcast.listeners
    times: list[SegmentTimes] = []
    wrong, position = 0, 0
    for segment in listener.segments:
        said = [word.strip(".,") for word in segment.source_text.split()]
        own = spoken[position : position + len(said)]
        position += len(said)
        wrong += sum(word != truth.word for word, truth in zip(said, own, strict=False)) + len(said) - len(own)
        if not own:
            continue
        end_ms = own[-1].end_ms
        notified_ms = broadcast.since_start_ms(segment.received_at)
        times.append(
            SegmentTimes(
                number=segment.number,
                spoken_end_ms=end_ms,
                notified_ms=notified_ms - end_ms,
                fetched_ms=None if segment.download_ms is None else notified_ms + segment.download_ms - end_ms,
                played_ms=None if segment.played_at is None else broadcast.since_start_ms(segment.played_at) - end_ms,
                word_delays_ms=tuple(notified_ms - word.end_ms for word in own),
            )
        )
    return tuple(times), wrong + max(0, len(spoken) - position)


def hop_times(segments: Sequence[SegmentTimes], metrics: FunctionMetrics) -> tuple[HopTimes, ...]:
    """Every hop. Those that the function measured are matched to the segments by their order."""
    measured = {hop: metrics.durations_ms.get(name, []) for hop, name in _METRICS.items()}
    times: dict[Hop, list[float]] = dict(measured)
    if all(len(values) == len(segments) for values in measured.values()):
        within = [sum(values) for values in zip(*measured.values(), strict=True)]
        times[Hop.SENT] = [each.notified_ms - known for each, known in zip(segments, within, strict=True)]
    times[Hop.FETCHED] = [each.fetched_ms - each.notified_ms for each in segments if each.fetched_ms is not None]
    times[Hop.PLAYED] = [
        each.played_ms - each.fetched_ms
        for each in segments
        if each.played_ms is not None and each.fetched_ms is not None
    ]
    return tuple(
        HopTimes(
            hop=hop,
            p50_ms=percentile(times[hop], 50) if times.get(hop) else None,
            p95_ms=percentile(times[hop], 95) if times.get(hop) else None,
        )
        for hop in Hop
    )
