"""What Babelcast itself adds to a clause's way: all but service times, the network and what the clause is made of.

::

    word's end      chunk is full     recogniser has it    says so           told
    ├────────────────────┼─────────────────────┼───────────────┼────────────────┤
      what the clause and     own: sent, stream,   service's time   own, less the translation's, the
      its chunk are           function, stream                      voice's and the storage's times

The event that counts is the one by which the segmenter makes the clause, found by the segmenter itself: all events that
the recogniser sent are given to it once more. Until the audio of that event is in a full chunk, the time is the
speech's: how long a clause may become, and by how many words behind it a breath is known, is what clauses are made of
(docs/decisions/0010), and is in every ear-voice span.

The service times are those which the local services slept: the recogniser's from its result to its event, and those
answers of translation and voice that were under way after the event (a translation made ahead takes no more time). An
answer that is meant for another clause counts, too, should one be under way. The clips' storage draws its times one
after the other from the seed: the k-th clip has the k-th; two that are stored at once may have swapped theirs.

An upper bound: the engines' own work (recognising, encoding a clip), the local stand-ins for DynamoDB, Kinesis and API
Gateway and their loopback are in it, since they could not be told apart.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from babelcast.domain.audio import SAMPLE_RATE_HZ, ms_to_samples
from babelcast.domain.languages import language
from babelcast.domain.segmenter import SegmenterLimits, SegmenterState, segment_result
from babelcast.domain.transcript import FinalResult, Item, PartialResult, Punctuation, Result, Word
from benchmarks.latency.measurement import SegmentTimes
from local.services.behaviour import ServiceClock, ServiceTimes, Step
from local.services.waits import Answer, SaidItem, SentResult, Waits

_SOURCE: Final = language("en")
_SAME_CLAUSE_MS: Final = 400.0
"""How far the ends of a clause may be apart: less than two words, more than the recogniser is off."""


def own_times_ms(
    segments: Sequence[SegmentTimes],
    waits: Waits,
    *,
    max_segment_s: int,
    first_sample_epoch_ms: float,
    storing_ms: Sequence[float],
) -> tuple[float, ...]:
    """What is Babelcast's own of each clause's way, in milliseconds.

    Args:
        segments: In their order.
        waits: On the same wall clock as `first_sample_epoch_ms`.
        max_segment_s: Of the stage.
        first_sample_epoch_ms: When the speaker's first sample was captured.
        storing_ms: What storing each segment's clip took; nothing where it is shorter.

    Returns:
        One for each segment. None at all when they cannot be followed: the recogniser's stream was opened anew on the
        way, whose times would begin anywhere, or other clauses were made of its events.
    """
    if {each.stream for each in waits.results} != {1}:
        return ()
    made = tuple(_made(waits.results, max_segment_s=max_segment_s))
    if len(made) != len(segments):
        return ()
    own: list[float] = []
    for index, (segment, (end_ms, said)) in enumerate(zip(segments, made, strict=True)):
        if abs(segment.spoken_end_ms - end_ms) > _SAME_CLAUSE_MS:
            return ()
        stored_ms = storing_ms[index] if index < len(storing_ms) else 0.0
        told_at_ms = first_sample_epoch_ms + segment.spoken_end_ms + segment.notified_ms
        own.append(_own_ms(said, waits.answers, told_at_ms, first_sample_epoch_ms=first_sample_epoch_ms) - stored_ms)
    return tuple(own)


def _made(results: Sequence[SentResult], *, max_segment_s: int) -> Iterator[tuple[float, SentResult]]:
    """Where each clause ends, and the event by which it was made."""
    state, limits = SegmenterState(), SegmenterLimits.up_to(max_segment_s * SAMPLE_RATE_HZ)
    for each in results:
        state, commits = segment_result(state, _as_heard(each), source=_SOURCE, limits=limits)
        for commit in commits:
            yield commit.segment.end_sample * 1000 / SAMPLE_RATE_HZ, each


def _as_heard(sent: SentResult) -> Result:
    items = tuple(_item(each) for each in sent.items)
    kind = FinalResult if sent.is_final else PartialResult
    return kind(result_id=str(sent.number), items=items)


def _item(said: SaidItem) -> Item:
    if said.mark is not None:
        return Punctuation(text=said.mark, stable=said.is_stable)
    start, end = ms_to_samples(round(said.start_ms)), ms_to_samples(round(said.end_ms))
    return Word(text="-", start_sample=start, end_sample=end, stable=said.is_stable)


def _own_ms(said: SentResult, answers: Sequence[Answer], told_at_ms: float, *, first_sample_epoch_ms: float) -> float:
    way_in_ms = said.recognised_at_ms - (first_sample_epoch_ms + said.heard_ms)
    return way_in_ms + (told_at_ms - said.sent_at_ms) - _covered_ms(answers, said.sent_at_ms, told_at_ms)


def _covered_ms(answers: Sequence[Answer], begin_ms: float, end_ms: float) -> float:
    """How much of a stretch of time at least one answer was under way in."""
    covered_ms, reached_ms = 0.0, begin_ms
    for each in sorted(answers, key=lambda answer: answer.began_at_ms):
        start_ms, stop_ms = max(each.began_at_ms, reached_ms), min(each.ended_at_ms, end_ms)
        if stop_ms > start_ms:
            covered_ms += stop_ms - start_ms
            reached_ms = stop_ms
    return covered_ms


def storing_times_ms(times: ServiceTimes, *, seed: int, clips: int) -> tuple[float, ...]:
    """What storing each of so many clips takes, as the local stack draws it."""
    clock = ServiceClock(times, seed=seed)
    return tuple(clock.draw_ms(Step.S3_PUT) for _ in range(clips))
