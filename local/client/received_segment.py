"""A segment that has come to a listener, on its way to the ear."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from local.client.messages import TranslatedAudio
from local.client.playback import ClipPlay
from local.client.record import HeardSegment


@dataclass(slots=True, kw_only=True)
class ReceivedSegment:
    """A segment's message, its clip's latest address and what came of the download."""

    message: TranslatedAudio
    url: str | None
    received_at: float
    readdressed: asyncio.Event
    download_ms: int | None = None
    clip: Path | None = None

    def heard(self, play: ClipPlay, *, clock_offset_ms: int) -> HeardSegment:
        """What became of it.

        Args:
            play: What the listener heard of it.
            clock_offset_ms: How far the server's clock is ahead of the listener's.
        """
        message = self.message
        return HeardSegment(
            number=message.sequence_number,
            text=message.text,
            source_text=message.source_text,
            spoken_start_ms=message.spoken_start_ms,
            spoken_end_ms=message.spoken_end_ms,
            committed_at_epoch_ms=message.timestamp - clock_offset_ms,
            received_at=self.received_at,
            download_ms=self.download_ms,
            played_at=play.played_at,
            tempo=play.tempo,
            duration_s=play.duration_s,
            fate=play.fate,
            translated=message.translated,
            clip=self.clip,
        )
