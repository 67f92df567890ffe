"""What listeners tell of the clips they have heard: metrics, and the delay that the speaker sees."""

from collections.abc import Sequence
from dataclasses import dataclass

from babelcast.domain.caller import Caller
from babelcast.domain.connection import Role
from babelcast.domain.playback import ClipPlayback
from babelcast.ports import Connections, Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class NotePlayback:
    """Note how clips fared at a listener."""

    connections: Connections
    meter: Meter

    async def __call__(self, caller: Caller, clips: Sequence[ClipPlayback]) -> None:
        """Count and time them; the last delay stands for the listener's.

        Raises:
            NotAllowedError: The caller is no listener.
        """
        caller.require(Role.LISTENER)
        self.meter.count("ClipsReported", len(clips))
        for clip in clips:
            self.meter.count("ClipDownloadFailures", int(clip.failed))
            self.meter.count("ClipsSkipped", int(clip.skipped))
            if clip.played_at is not None:
                self.meter.duration_ms("PlaybackWait", max(0, clip.played_at - clip.received_at))
            if clip.download_ms is not None:
                self.meter.duration_ms("S3DownloadLatency", clip.download_ms)
            if clip.delay_ms is not None:
                self.meter.duration_ms("EndToEndLatency", clip.delay_ms)
        delays_ms = [clip.delay_ms for clip in clips if clip.delay_ms is not None]
        if delays_ms:
            await self.connections.change(caller.connection_id, delay_ms=delays_ms[-1])
