"""How a listener who falls behind catches up, as the app does. Pure.

Source: `drift-control.ts`, `standing-delay.ts` and `clip-queue.ts` of frontend/packages/shared/src/playback, which say
why.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftPolicy:
    """How fast clips play, and what is left out.

    Two lines say how fast a clip plays, and the faster one counts: one from ``comfortable_s`` of unheard speech behind
    it to ``pressing_s``, one from no delay that stands before it to ``standing_s``, each from tempo 1 to ``max_tempo``.
    When a clip was committed ``stale_after_s`` ago, everything up to the last ``kept_s`` is left out at once.

    Attributes:
        standing_window_s: A delay that does not last as long as this does not stand.
    """

    comfortable_s: float = 3.0
    pressing_s: float = 10.0
    standing_s: float = 2.5
    standing_window_s: float = 10.0
    max_tempo: float = 1.3
    stale_after_s: float = 60.0
    kept_s: float = 6.0

    def __post_init__(self) -> None:
        if not 0 <= self.comfortable_s < self.pressing_s or self.max_tempo < 1 or self.stale_after_s <= 0:
            raise ValueError(
                "a drift policy needs 0 <= comfortable < pressing, a tempo of at least 1 and a time to stale"
            )
        if self.standing_s <= 0 or self.standing_window_s <= 0:
            raise ValueError("a drift policy needs a standing delay and a window of more than 0 s")

    def tempo(self, *, waiting_s: float, standing_s: float) -> float:
        """Tempo of the next clip, 1.0 to ``max_tempo``.

        Args:
            waiting_s: Speech behind it, at tempo 1.
            standing_s: Delay that stands before it.
        """
        waiting = (waiting_s - self.comfortable_s) / (self.pressing_s - self.comfortable_s)
        pressure = max(waiting, standing_s / self.standing_s)
        return 1.0 + (self.max_tempo - 1.0) * min(1.0, max(0.0, pressure))


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePatience:
    """What is waited for, and how long.

    Attributes:
        hole_s: A missing number, from the arrival of a later one.
        download_s: A download, from the moment that a later clip is ready.
    """

    hole_s: float = 6.0
    download_s: float = 8.0


@dataclass(slots=True, kw_only=True)
class StandingDelay:
    """The least of what the clips of a window had to wait for those before them."""

    window_s: float
    _latenesses: list[tuple[float, float]] = field(default_factory=list)

    def note(self, at: float, lateness_s: float) -> float:
        """A clip begins to sound.

        Args:
            at: In the order of the clips.
            lateness_s: How long it could have been played before.

        Returns:
            Seconds of delay that stand before this clip; 0 until clips have been heard for a whole window.
        """
        self._latenesses.append((at, lateness_s))
        before = sum(moment <= at - self.window_s for moment, _ in self._latenesses)
        if not before:
            return 0.0
        self._latenesses = self._latenesses[before - 1 :]
        return min(lateness for _, lateness in self._latenesses)

    def forget(self) -> None:
        """What comes now does not follow on what was heard."""
        self._latenesses = []
