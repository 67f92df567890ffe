"""Which faults hit a stack and its clients when, from a seed. Pure."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MARGIN_S: Final = 5.0
"""No fault before: everybody joins first."""
_LAST_S: Final = 14.0
"""No fault begins so close to the end that needs later batches to take place."""
_LASTS_S: Final = (2.0, 6.0)
_INVOCATIONS_ELSEWHERE: Final = (1, 5)
_AWAY_LEFT_S: Final = 6.0
"""Everybody's network is back so long before the end."""
_APART_S: Final = 2.0
"""Between two cuts of one network."""
_SHORT_CUT_S: Final = (1.0, 9.0)
_LONG_CUT_S: Final = (21.0, 35.0)
"""Longer than the 20 s after which a client gives a silent connection up."""
_LONG_SHARE: Final = 0.3
_LONG_FITS_S: Final = 150.0
"""In a shorter run, no fault lasts long but the traveller's journey."""
_SHORT_RUN_S: Final = (1.0, 3.0)
_TRAVEL_SHARE: Final = 0.35
_WEAK_S: Final = 7.0
"""When the traveller leaves, clips stop coming first: their addresses expire before they are downloaded."""
_LONGEST_TRAVEL_S: Final = 660.0
"""Longer than the ten minutes for which a clip's address is good."""

FUNCTIONS: Final = (
    "audio_processor",
    "connection_handler",
    "authorizer",
    "disconnect_handler",
    "http_session_handler",
    "notification_sender",
)


class FaultKind(StrEnum):
    """What goes wrong."""

    GATEWAY_KILLED = "gateway killed"
    EVENT_SOURCE_KILLED = "event source killed"
    LAMBDA_KILLED = "Lambda killed"
    """With every execution environment."""
    SERVICES_KILLED = "speech services killed"
    ENVIRONMENTS_KILLED = "environments killed"
    """All of one function, whatever they are doing."""
    REPLACEMENT = "environment replaced"
    """Another environment serves some batches, and then the one from before again, which has slept through them."""
    DOUBLE = "batch delivered twice"
    BREAK = "recogniser broken"
    """A stream is reset when its next audio arrives."""
    TRANSCRIBE_THROTTLED = "Transcribe throttled"
    TRANSLATE_THROTTLED = "Translate throttled"
    POLLY_THROTTLED = "Polly throttled"
    DYNAMODB_THROTTLED = "DynamoDB throttled"
    WRITES_THROTTLED = "Kinesis writes throttled"
    READS_FAIL = "Kinesis reads fail"
    READS_THROTTLED = "Kinesis reads throttled"
    CONNECTIONS_THROTTLED = "@connections throttled"
    PUTS_FAIL = "S3 puts fail"
    SPEAKER_CUT = "speaker's network cut"
    LISTENER_CUT = "listener's network cut"


KILLED_PROCESSES: Final = {
    FaultKind.GATEWAY_KILLED: "gateway",
    FaultKind.EVENT_SOURCE_KILLED: "event_source",
    FaultKind.LAMBDA_KILLED: "lambda_runtime",
    FaultKind.SERVICES_KILLED: "services",
}
CUTS: Final = frozenset({FaultKind.SPEAKER_CUT, FaultKind.LISTENER_CUT})
STACK_FAULTS: Final = tuple(kind for kind in FaultKind if kind not in CUTS)
_LASTING: Final = frozenset(
    {
        FaultKind.TRANSCRIBE_THROTTLED,
        FaultKind.TRANSLATE_THROTTLED,
        FaultKind.POLLY_THROTTLED,
        FaultKind.DYNAMODB_THROTTLED,
        FaultKind.WRITES_THROTTLED,
        FaultKind.READS_FAIL,
        FaultKind.READS_THROTTLED,
        FaultKind.CONNECTIONS_THROTTLED,
        FaultKind.PUTS_FAIL,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A place in one of the rooms: the speaker's, or a listener's.

    Attributes:
        language: A listener's; None for the speaker.
        number: Of the listeners of a language in a room.
    """

    room: int
    language: str | None = None
    number: int = 0

    @property
    def kind(self) -> FaultKind:
        """What it is called when their network is cut."""
        return FaultKind.SPEAKER_CUT if self.language is None else FaultKind.LISTENER_CUT

    def __str__(self) -> str:
        return f"{self.room}/speaker" if self.language is None else f"{self.room}/{self.language}/{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault at a moment of the speech.

    Attributes:
        at_s: Since the speakers began.
        seconds: How long it lasts; 0 for what happens at once.
        function: Whose environments are killed.
        invocations: For a replacement: how many batches another environment serves.
        seat: Whose network is cut.
        silent: Nobody is told of the cut, and what was sent arrives afterwards.
        weak_s: Of the time, at first only downloads hang.
    """

    kind: FaultKind
    at_s: float
    seconds: float = 0.0
    function: str | None = None
    invocations: int = 0
    seat: Seat | None = None
    silent: bool = False
    weak_s: float = 0.0

    @property
    def variant(self) -> str:
        """The kind, and what tells faults of a kind apart."""
        if self.seat is not None:
            return f"{self.kind}, {'silently' if self.silent else 'loudly'}"
        return f"{self.kind}, {self.function}" if self.function else self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosCounts:
    """How much goes wrong.

    Attributes:
        of_each: How often each kind of fault hits the stack; of environments, those of each function.
        cuts: For each seat.
    """

    of_each: int
    cuts: int


def plan_faults(counts: ChaosCounts, seats: Sequence[Seat], seconds: float, chance: random.Random) -> tuple[Fault, ...]:
    """Faults in the order of time.

    Faults of the stack are spread evenly in random order; cuts come at random, those of one network one after the
    other. The last listener is the traveller: away once for so long that the addresses of clips expire.

    Raises:
        ValueError: The speech is too short.
    """
    if seconds < MARGIN_S + 2 * _LAST_S:
        raise ValueError(f"{seconds:.0f} s of speech are too short for chaos")
    faults = _stack_faults(counts.of_each, seconds, chance)
    for seat in seats:
        if counts.cuts:
            travels = seat == seats[-1]
            faults += _cuts(seat, counts.cuts, seconds, chance, travels=travels)
    return tuple(sorted(faults, key=lambda each: each.at_s))


def travel_s(seconds: float) -> float:
    """How long the traveller is away."""
    return min(_LONGEST_TRAVEL_S, round(_TRAVEL_SHARE * seconds, 1))


def _stack_faults(of_each: int, seconds: float, chance: random.Random) -> list[Fault]:
    kinds: list[tuple[FaultKind, str | None]] = []
    for kind in STACK_FAULTS:
        functions = FUNCTIONS if kind is FaultKind.ENVIRONMENTS_KILLED else (None,)
        kinds += [(kind, function) for function in functions] * of_each
    chance.shuffle(kinds)
    step_s = (seconds - MARGIN_S - _LAST_S) / max(1, len(kinds))
    return [
        _stack_fault(
            kind,
            function,
            MARGIN_S + (place + chance.uniform(0, 0.5)) * step_s,
            chance.uniform(*(_LASTS_S if seconds >= _LONG_FITS_S else _SHORT_RUN_S)),
            chance,
        )
        for place, (kind, function) in enumerate(kinds)
    ]


def _stack_fault(kind: FaultKind, function: str | None, at_s: float, lasting_s: float, chance: random.Random) -> Fault:
    return Fault(
        kind=kind,
        at_s=round(at_s, 2),
        seconds=round(lasting_s, 2) if kind in _LASTING else 0.0,
        function=function,
        invocations=chance.randint(*_INVOCATIONS_ELSEWHERE) if kind is FaultKind.REPLACEMENT else 0,
    )


def _cuts(seat: Seat, count: int, seconds: float, chance: random.Random, *, travels: bool) -> list[Fault]:
    """Loud and silent ones in turn, with pauses of chance between them."""
    if seconds < _LONG_FITS_S:
        lengths = [chance.uniform(*_SHORT_RUN_S) for _ in range(count)]
    else:
        lengths = [
            chance.uniform(*(_LONG_CUT_S if chance.random() < _LONG_SHARE else _SHORT_CUT_S)) for _ in range(count)
        ]
    if travels:
        lengths[0] = travel_s(seconds)
        chance.shuffle(lengths)
    free_s = seconds - MARGIN_S - _AWAY_LEFT_S - sum(lengths) - count * _APART_S
    if free_s < 0:
        raise ValueError(f"{seconds:.0f} s of speech are too short for {count} cuts of each network")
    starts = sorted(chance.uniform(0, free_s) for _ in range(count))
    loud_first = chance.randint(0, 1)
    faults, gone_s = [], MARGIN_S
    for number, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        is_journey = travels and length == travel_s(seconds)
        faults.append(
            Fault(
                kind=seat.kind,
                at_s=round(start + gone_s, 2),
                seconds=round(length, 2),
                seat=seat,
                silent=number % 2 == loud_first or is_journey,
                weak_s=_WEAK_S if is_journey else 0.0,
            )
        )
        gone_s += length + _APART_S
    return faults


def count_kinds(faults: Sequence[Fault]) -> Mapping[str, int]:
    """How many of each variant."""
    return Counter(fault.variant for fault in faults)
