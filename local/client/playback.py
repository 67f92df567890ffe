"""How a listener's app plays clips one after another, as a model: what is heard when, how fast, what is left out. Pure.

All times are seconds of one monotonic clock. The model never looks ahead: what happens at a moment depends only on what
had arrived by then, so it may be advanced late without changing its result.
"""

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftControl:
    """How a listener who falls behind catches up.

    Translated speech is often longer than its source. Up to ``comfortable_s`` of unheard speech plays as it is; from
    there the tempo rises in a straight line to ``max_tempo`` at ``pressing_s``; a clip that has waited longer than
    ``stale_after_s`` is left out, and a missing one is not waited for longer than ``hole_patience_s``.
    """

    comfortable_s: float = 3.0
    pressing_s: float = 10.0
    max_tempo: float = 1.3
    stale_after_s: float = 20.0
    hole_patience_s: float = 6.0

    def __post_init__(self) -> None:
        if not 0 <= self.comfortable_s < self.pressing_s or self.max_tempo < 1 or self.stale_after_s <= 0:
            raise ValueError(
                "drift control needs 0 <= comfortable < pressing, a tempo of at least 1 and a time to stale"
            )

    def tempo(self, waiting_s: float) -> float:
        """Tempo of the next clip, 1.0 to ``max_tempo``, with so much speech waiting behind it."""
        pressure = (waiting_s - self.comfortable_s) / (self.pressing_s - self.comfortable_s)
        return 1.0 + (self.max_tempo - 1.0) * min(1.0, max(0.0, pressure))

    def is_stale(self, waited_s: float) -> bool:
        """Whether a clip that has waited so long is left out."""
        return waited_s > self.stale_after_s


class Fate(StrEnum):
    """What became of a segment in the listener's ear."""

    PENDING = "pending"
    TEXT_ONLY = "text_only"
    PLAYED = "played"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(slots=True, kw_only=True)
class ClipPlay:
    """One segment on its way to the ear.

    Attributes:
        duration_s: Of the clip at tempo 1; 0 for text only.
        ready_at: When it can be played or passed over: downloaded, failed, or at once for text only.
        played_at: When its first sample was heard, for `Fate.PLAYED`.
        tempo: How fast it was played.
    """

    number: int
    received_at: float
    duration_s: float
    ready_at: float | None = None
    fate: Fate = Fate.PENDING
    played_at: float | None = None
    tempo: float = 1.0

    @property
    def heard_s(self) -> float:
        """How long it sounded."""
        return self.duration_s / self.tempo if self.fate is Fate.PLAYED else 0.0


@dataclass(slots=True, kw_only=True)
class Playback:
    """Plays segments in the order of their numbers, each from ``max(downloaded, end of the one before)``.

    A missing number is waited for, the drift control's ``hole_patience_s`` from the arrival of a later one, and then
    passed over. A segment that arrives when a later one has already been played is skipped: it would be heard out of
    order.
    """

    drift: DriftControl = field(default_factory=DriftControl)
    clips: dict[int, ClipPlay] = field(default_factory=dict)
    _next: int = 0
    _free_at: float = 0.0

    def begin(self, first_number: int) -> None:
        """The first segment to play."""
        self._next = first_number

    def announce(self, number: int, *, received_at: float, duration_s: float | None) -> None:
        """A new segment was delivered; without a duration it is text only."""
        self.advance(received_at)
        clip = ClipPlay(number=number, received_at=received_at, duration_s=duration_s or 0.0)
        self.clips[number] = clip
        if duration_s is None:
            clip.fate, clip.ready_at = Fate.TEXT_ONLY, received_at
        elif number < self._next:
            clip.fate, clip.ready_at = Fate.SKIPPED, received_at

    def leave_out(self, first: int, last: int, at: float) -> None:
        """These segments do not come; a listener who is among them goes on behind them."""
        self.advance(at)
        if first <= self._next <= last:
            for number in range(self._next, last + 1):
                clip = self.clips.get(number)
                if clip is not None and clip.fate is Fate.PENDING:
                    clip.fate, clip.ready_at = Fate.SKIPPED, at
            self._next = last + 1

    def downloaded(self, number: int, at: float) -> None:
        """The clip of a segment can be played from now on."""
        self.advance(at)
        clip = self.clips[number]
        if clip.fate is Fate.PENDING:
            clip.ready_at = at

    def failed(self, number: int, at: float) -> None:
        """The clip of a segment cannot be had."""
        self.advance(at)
        clip = self.clips[number]
        if clip.fate is Fate.PENDING:
            clip.fate, clip.ready_at = Fate.FAILED, at

    def advance(self, now: float) -> None:
        """Decide everything that has happened up to now; infinity plays out what is there."""
        while self._step(now):
            pass

    def _step(self, now: float) -> bool:
        clip = self.clips.get(self._next)
        if clip is None:
            return self._pass_over_hole(now)
        if clip.ready_at is None:
            return False
        starts_at = max(clip.ready_at, self._free_at)
        if starts_at > now:
            return False
        self._next += 1
        self._free_at = starts_at
        if clip.fate is Fate.PENDING:
            self._play(clip, starts_at)
        return True

    def _play(self, clip: ClipPlay, starts_at: float) -> None:
        if self.drift.is_stale(starts_at - (clip.ready_at or starts_at)):
            clip.fate = Fate.SKIPPED
            return
        waiting_s = sum(
            other.duration_s
            for other in self.clips.values()
            if other.number > clip.number and other.received_at <= starts_at and other.fate is Fate.PENDING
        )
        clip.fate, clip.played_at, clip.tempo = Fate.PLAYED, starts_at, self.drift.tempo(waiting_s)
        self._free_at = starts_at + clip.heard_s

    def _pass_over_hole(self, now: float) -> bool:
        later = [clip.received_at for clip in self.clips.values() if clip.number > self._next]
        if not later:
            return False
        passed_at = max(min(later) + self.drift.hole_patience_s, self._free_at)
        if passed_at > now:
            return False
        self._next += 1
        self._free_at = passed_at
        return True
