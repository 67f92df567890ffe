"""What a listener reports of a clip."""

from typing import Final

from local.client.messages import ClipReport
from local.client.playback import ClipPlay, Fate

MAX_REPORTED_CLIPS: Final = 200
"""In one ``playbackReport``."""
REPORTED_FATES: Final = frozenset({Fate.PLAYED, Fate.FAILED, Fate.SKIPPED})
"""Those that are decided, of what was to be heard."""


def clip_report(clip: ClipPlay, *, download_ms: int | None, spoken_at_ms: int, epoch_offset_ms: float) -> ClipReport:
    """The report of a clip whose fate is decided.

    Args:
        download_ms: Between its address and the clip, if it was fetched.
        spoken_at_ms: When its speech had reached the server, epoch milliseconds by our clock.
        epoch_offset_ms: Our epoch less our monotonic clock.
    """
    played_at = None if clip.played_at is None else round(clip.played_at * 1000 + epoch_offset_ms)
    return ClipReport(
        sequence_number=clip.number,
        received_at=round(clip.received_at * 1000 + epoch_offset_ms),
        played_at=played_at,
        download_ms=download_ms,
        delay_ms=None if played_at is None else max(0, played_at - spoken_at_ms),
        failed=clip.fate is Fate.FAILED,
        skipped=clip.fate is Fate.SKIPPED,
    )
