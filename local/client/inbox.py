"""Which segments a listener has, which it has twice, and which are missing. Pure."""

from dataclasses import dataclass, field
from enum import StrEnum


class Arrival(StrEnum):
    """What a delivered segment is to the listener."""

    NEW = "new"
    DUPLICATE = "duplicate"
    BEFORE_JOINING = "before_joining"


@dataclass(slots=True, kw_only=True)
class _Missing:
    ask_at: float
    asked: int = 0


@dataclass(slots=True, kw_only=True)
class SegmentInbox:
    """Accepts each sequence number once and says when to ask for the missing ones.

    A number is missing when a later one has been delivered, or when its source caption has been seen for a while. All
    times are seconds of one monotonic clock.

    Attributes:
        overtaken_patience_s: Segments may overtake each other for this long before a hole is asked for.
        caption_patience_s: A translation follows its source caption within this time, or is asked for.
        asks: How often one segment is asked for at most.
        redelivered: Deliveries of a number the listener already had; not heard again.
        first_number: The first segment after joining.
        last_contiguous: Highest number up to which nothing is missing; one below the first when there is nothing yet.
    """

    overtaken_patience_s: float = 1.0
    caption_patience_s: float = 10.0
    asks: int = 5
    redelivered: int = 0
    first_number: int | None = None
    last_contiguous: int = -1
    _received: set[int] = field(default_factory=set)
    _missing: dict[int, _Missing] = field(default_factory=dict)

    def begin(self, next_number: int) -> None:
        """The listener has joined for the first time: the next segment will be this one."""
        if self.first_number is None:
            self.first_number = next_number
            self.last_contiguous = next_number - 1

    @property
    def holes(self) -> list[int]:
        """Numbers that are known to exist and have not arrived."""
        return sorted(self._missing)

    def accept(self, number: int, now: float) -> Arrival:
        """A segment was delivered."""
        if number < (self.first_number or 0):
            return Arrival.BEFORE_JOINING
        if number in self._received:
            self.redelivered += 1
            return Arrival.DUPLICATE
        self._settle(number)
        for earlier in range(self.last_contiguous + 1, number):
            self._expect(earlier, now + self.overtaken_patience_s)
        return Arrival.NEW

    def announce(self, number: int, now: float) -> None:
        """A source caption shows that this segment exists."""
        self._expect(number, now + self.caption_patience_s)

    def leave_out(self, first: int, last: int) -> list[int]:
        """These are not sent any more; the numbers of those that had not come, which are waited for no longer."""
        start = max(first, self.first_number or 0)
        left_out = [number for number in range(start, last + 1) if number not in self._received]
        for number in left_out:
            self._settle(number)
        return left_out

    def resume_after(self, now: float) -> int | None:
        """The ``lastSequenceNumber`` to ask with now, or None when nothing is to be asked for.

        Each call that returns a number counts as one request for every hole that was due; a hole is due again after
        the time it was waited for, doubled with each request.
        """
        due = [number for number, missing in self._missing.items() if missing.ask_at <= now]
        due = [number for number in due if self._missing[number].asked < self.asks]
        if not due:
            return None
        for number in due:
            missing = self._missing[number]
            missing.ask_at = now + self.overtaken_patience_s * 2**missing.asked
            missing.asked += 1
        return min(due) - 1

    def next_ask_at(self) -> float | None:
        """When `resume_after` is worth calling next."""
        return min((each.ask_at for each in self._missing.values() if each.asked < self.asks), default=None)

    def _settle(self, number: int) -> None:
        self._received.add(number)
        self._missing.pop(number, None)
        while self.last_contiguous + 1 in self._received:
            self.last_contiguous += 1

    def _expect(self, number: int, ask_at: float) -> None:
        if number in self._received or number < (self.first_number or 0):
            return
        missing = self._missing.setdefault(number, _Missing(ask_at=ask_at))
        if not missing.asked:
            missing.ask_at = min(missing.ask_at, ask_at)
