"""How long it takes after a fault until everybody hears everything again. Pure; seconds of one monotonic clock.

From the end of a fault (a process is killed, a network is back, the last failing request is over) until every listener
who has a network has on hand all that was said before it, and the first segment said after it. What the speaker still
had to say of a segment does not count, and of several faults that hit a listener, the wait belongs to the last to end.

::

    fault ▒▒▒▒▒▒▒▒│                    recovery is the longest of a, b and c
    said     ███  │ ██████
    on hand       ├──a──●              said during the fault
                  │       ├──b──●      said after it

The first part alone, from the first segment that is committed after the fault, is `first_s`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.chaos.faults import FaultKind, Seat
from benchmarks.chaos.hurting import Occurrence


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A segment at a listener.

    Attributes:
        said_at: When its last word was over in the speaker's mouth.
        committed_at: When it was committed.
        on_hand_at: When the listener had it, with its clip if it has one.
    """

    said_at: float
    committed_at: float
    on_hand_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What followed a fault; None where nothing was said or committed after it that no later fault held up.

    Attributes:
        first_s: Until the first segment committed after it was on hand.
        all_s: Until everything was.
    """

    occurrence: Occurrence
    first_s: float | None
    all_s: float | None


def affects(occurrence: Occurrence, listener: Seat) -> bool:
    """Whether a fault can be noticed by a listener."""
    seat = occurrence.fault.seat
    if seat is None:
        return True
    return seat.room == listener.room and (occurrence.fault.kind is FaultKind.SPEAKER_CUT or seat == listener)


def recoveries(occurrences: Sequence[Occurrence], arrivals: Sequence[tuple[Seat, Sequence[Arrival]]]) -> list[Recovery]:
    """The recovery from each fault, by the slowest listener."""
    return [_recovery(each, occurrences, arrivals) for each in occurrences]


def _recovery(
    occurrence: Occurrence, occurrences: Sequence[Occurrence], arrivals: Sequence[tuple[Seat, Sequence[Arrival]]]
) -> Recovery:
    firsts: list[float] = []
    alls: list[float] = []
    ended_at = occurrence.ended_at
    for seat, segments in arrivals:
        if not affects(occurrence, seat):
            continue
        others = [each for each in occurrences if each is not occurrence and affects(each, seat)]
        committed = [each for each in segments if each.committed_at >= ended_at]
        firsts += _waits(committed[:1], ended_at, others)
        behind = [each for each in segments if each.said_at <= ended_at < each.on_hand_at]
        after = [each for each in segments if each.said_at > ended_at]
        alls += _waits((*behind, *after[:1]), ended_at, others)
    return Recovery(occurrence=occurrence, first_s=max(firsts, default=None), all_s=max(alls, default=None))


def _waits(segments: Iterable[Arrival], ended_at: float, others: Sequence[Occurrence]) -> Iterator[float]:
    """How long a listener waited for each segment that nothing but the fault held up any more."""
    for segment in segments:
        if not any(other.began_at <= segment.on_hand_at and other.ended_at > ended_at for other in others):
            yield max(0.0, segment.on_hand_at - max(ended_at, segment.said_at))
