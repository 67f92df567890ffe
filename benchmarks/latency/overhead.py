"""What Babelcast itself adds to a clause's way: everything but service times, the network and the chunk's length. Pure.

::

    word's end      chunk is full     recogniser has it    says so           told
    ├────────────────────┼─────────────────────┼───────────────┼────────────────┤
      the pause by which      own: sent, stream,   service's time   own, less the translation's, the
      speech ends; chunk      function, stream                      voice's and the storage's times

The recogniser says a clause's last word for good either in a final result or as a stable word of a partial one; the
first such event counts, so that everything for which the segmenter waits from then on is Babelcast's own. Until the
chunk is full in which the recogniser found it, the time is the speech's and the chunk's.

The service times are those which the local services slept: the recogniser's from its result to its event, and those
answers of translation and voice that were under way after the event (a translation made ahead takes no more time). An
answer that is meant for another clause counts, too, should one be under way. The clips' storage draws its times one
after the other from the seed: the k-th clip has the k-th; two that are stored at once may have swapped theirs.

An upper bound: the engines' own work (recognising, encoding a clip), the local stand-ins for DynamoDB, Kinesis and API
Gateway and their loopback are in it, since they could not be told apart.
"""

from collections.abc import Sequence
from typing import Final

from benchmarks.latency.measurement import SegmentTimes
from local.services.behaviour import ServiceClock, ServiceTimes, Step
from local.services.waits import Answer, SentResult, Waits

_SAME_WORD_MS: Final = 100.0
"""Less than half a word, more than the recogniser is off."""


def own_times_ms(
    segments: Sequence[SegmentTimes], waits: Waits, *, first_sample_epoch_ms: float, storing_ms: Sequence[float]
) -> tuple[float, ...]:
    """What is Babelcast's own of each clause's way, in milliseconds.

    Args:
        segments: In their order.
        waits: On the same wall clock as `first_sample_epoch_ms`.
        first_sample_epoch_ms: When the speaker's first sample was captured.
        storing_ms: What storing each segment's clip took; nothing where it is shorter.

    Returns:
        Of those clauses that can be followed: none, when the recogniser's stream was opened anew on the way, whose
        times would begin anywhere.
    """
    if {each.stream for each in waits.results} != {1}:
        return ()
    results = iter(waits.results)
    said = next(results, None)
    own: list[float] = []
    for index, segment in enumerate(segments):
        while said is not None and said.stable_end_ms < segment.spoken_end_ms - _SAME_WORD_MS:
            said = next(results, None)
        if said is None:
            break
        stored_ms = storing_ms[index] if index < len(storing_ms) else 0.0
        told_at_ms = first_sample_epoch_ms + segment.spoken_end_ms + segment.notified_ms
        own.append(_own_ms(said, waits.answers, told_at_ms, first_sample_epoch_ms=first_sample_epoch_ms) - stored_ms)
    return tuple(own)


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
