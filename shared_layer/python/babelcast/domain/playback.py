"""How clips fare at a listener."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipPlayback:
    """One clip. Times are epoch milliseconds by the listener's clock.

    Attributes:
        received_at: When its address came.
        played_at: When its first sound was heard; None when it was not.
        download_ms: Between the address and the clip.
        delay_ms: From the moment at which the clause's audio had reached the server to its first sound.
        failed: It could not be fetched or decoded.
        skipped: It was left out to catch up.
    """

    received_at: int
    played_at: int | None = None
    download_ms: int | None = None
    delay_ms: int | None = None
    failed: bool = False
    skipped: bool = False
