"""How a listener's app plays clips one after another, as a model: what is heard when, how fast, what is left out. Pure.

All times are seconds of one monotonic clock. The model never looks ahead: what happens at a moment depends only on what
had arrived by then, so it may be advanced late without changing its result.

It decides as the app's `ClipQueue` does, when a clip begins to sound; the app itself hands clips to the audio graph up
to 1.5 s before that, without seeing what comes meanwhile.
"""

import math
from dataclasses import dataclass, field
from enum import StrEnum

from local.client.drift_control import DriftPolicy, QueuePatience, StandingDelay


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
        ready_at: When it had been downloaded.
        played_at: When its first sample was heard, for `Fate.PLAYED`.
        tempo: How fast it was played.
    """

    number: int
    received_at: float
    committed_at: float
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

    A segment that arrives when a later one has already been played is skipped: it would be heard out of order.
    """

    policy: DriftPolicy = field(default_factory=DriftPolicy)
    patience: QueuePatience = field(default_factory=QueuePatience)
    clips: dict[int, ClipPlay] = field(default_factory=dict)
    _ahead: dict[int, ClipPlay] = field(default_factory=dict)
    _standing: StandingDelay = field(init=False)
    _next: int = 0
    _now: float = -math.inf
    _free_at: float = -math.inf

    def __post_init__(self) -> None:
        self._standing = StandingDelay(window_s=self.policy.standing_window_s)

    def begin(self, first_number: int) -> None:
        """The first segment to play."""
        self._next = first_number

    def announce(self, number: int, *, received_at: float, committed_at: float, duration_s: float | None) -> None:
        """A new segment was delivered; without a duration it is text only."""
        self.advance(received_at)
        clip = ClipPlay(number=number, received_at=received_at, committed_at=committed_at, duration_s=duration_s or 0.0)
        self.clips[number] = clip
        if duration_s is None:
            clip.fate = Fate.TEXT_ONLY
        elif number < self._next:
            clip.fate = Fate.SKIPPED
        if number >= self._next:
            self._ahead[number] = clip

    def leave_out(self, first: int, last: int, at: float) -> None:
        """These segments do not come; a listener who is among them goes on behind them."""
        self.advance(at)
        if first <= self._next <= last:
            self._skip([clip for clip in self._waiting() if clip.number <= last])
            self._go_on_with(last + 1)

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
            clip.fate = Fate.FAILED

    def advance(self, now: float) -> None:
        """Decide everything that has happened up to now; infinity plays out what is there."""
        while any(self._decide(at) for at in self._turns() if at <= now):
            pass  # each decision opens the next one
        if math.isfinite(now):
            self._now = max(self._now, now)

    def _turns(self) -> list[float]:
        """When something may be decided, as long as nothing arrives."""
        free_at = max(self._now, self._free_at)
        moments = [free_at, self._hole_passed_at(), self._overdue_at()]
        clip = self._ahead.get(self._next)
        if clip is not None:
            moments.append(self._stale_at(clip))
        return sorted({max(free_at, moment) for moment in moments if math.isfinite(moment)})

    def _decide(self, at: float) -> bool:
        """Whether there was something to decide at a moment when nothing sounds."""
        clip = self._ahead.get(self._next)
        if clip is None:
            if at < self._hole_passed_at():
                return False
            self._go_on_with(self._next + 1)
        elif clip.fate is not Fate.PENDING:
            self._go_on_with(self._next + 1)
        elif at >= self._stale_at(clip):
            self._skip(self._stale_clips(at))
        elif clip.ready_at is not None:
            self._play(clip, at, lateness_s=at - clip.ready_at)
        elif at >= self._overdue_at():
            clip.fate = Fate.FAILED
        else:
            return False
        self._now = at
        return True

    def _play(self, clip: ClipPlay, at: float, *, lateness_s: float) -> None:
        clip.fate, clip.played_at = Fate.PLAYED, at
        self._go_on_with(clip.number + 1)
        clip.tempo = self.policy.tempo(
            waiting_s=_seconds(self._waiting()), standing_s=self._standing.note(at, lateness_s)
        )
        self._free_at = at + clip.heard_s

    def _skip(self, clips: list[ClipPlay]) -> None:
        for clip in clips:
            clip.fate = Fate.SKIPPED
        self._standing.forget()
        if clips:
            self._go_on_with(max(self._next, clips[-1].number + 1))

    def _go_on_with(self, number: int) -> None:
        self._next = number
        for passed in [known for known in self._ahead if known < number]:
            del self._ahead[passed]

    def _waiting(self) -> list[ClipPlay]:
        return [clip for _, clip in sorted(self._ahead.items()) if clip.fate is Fate.PENDING]

    def _stale_clips(self, now: float) -> list[ClipPlay]:
        """All that waits but for the newest that fit into ``kept_s``, and of those the stale ones too."""
        waiting = self._waiting()
        first = len(waiting) - 1
        while first > 0 and _seconds(waiting[first - 1 :]) <= self.policy.kept_s:
            first -= 1
        return [clip for index, clip in enumerate(waiting) if index < first or now >= self._stale_at(clip)]

    def _stale_at(self, clip: ClipPlay) -> float:
        return clip.committed_at + self.policy.stale_after_s

    def _hole_passed_at(self) -> float:
        """When a missing number is passed over; infinity while no later one has come."""
        later = (clip.received_at for number, clip in self._ahead.items() if number > self._next)
        return min(later, default=math.inf) + self.patience.hole_s

    def _overdue_at(self) -> float:
        """When a download is passed over; infinity while no later clip is ready."""
        later = (clip.ready_at for clip in self._waiting() if clip.number > self._next and clip.ready_at is not None)
        return min(later, default=math.inf) + self.patience.download_s


def _seconds(clips: list[ClipPlay]) -> float:
    return sum(clip.duration_s for clip in clips)
