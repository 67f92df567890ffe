"""Listen to how the speaker sounds, and tell them when something is wrong with it or is better again."""

import asyncio
from collections.abc import Collection

from babelcast.domain.connection import Audience, Connection
from babelcast.domain.errors import BabelcastError
from babelcast.domain.notices import QualityWarning
from babelcast.domain.session import SessionId
from babelcast.domain.session_step import SessionStep
from babelcast.domain.sound.meter import SoundMeter
from babelcast.domain.sound_issue import Finding
from babelcast.usecases.speech_tools import SpeechTools


class ReportSound:
    """One session's sound within one invocation; the speaker is told while the work goes on."""

    def __init__(self, tools: SpeechTools, session_id: SessionId, audience: Audience, meter: SoundMeter) -> None:
        self._tools = tools
        self._session_id = session_id
        self._speakers = audience.speakers
        self._meter = meter
        self._telling: list[asyncio.Task[None]] = []

    def hear(self, pcm: bytes, *, start_sample: int) -> None:
        """Take audio in.

        Args:
            pcm: Mono, signed 16-bit little-endian, 16 000 Hz.
            start_sample: Its place in the session.
        """
        for finding in self._meter.hear(pcm, start_sample=start_sample):
            self._tools.meter.count("QualityWarnings", int(not finding.resolved))
            self._tools.journal.note(
                SessionStep.SOUND_BETTER if finding.resolved else SessionStep.SOUND_WORSE,
                self._session_id,
                issue=finding.issue.value,
                value=f"{finding.value:.4g}",
            )
            self._telling.append(asyncio.ensure_future(self._tell(finding)))

    def measure(self) -> None:
        """Record how the speech sounds now, where somebody speaks."""
        quality = self._meter.quality
        if quality.noise.snr_db is not None and quality.speech_lufs is not None:
            self._tools.meter.level("SpeechSnr", quality.noise.snr_db)
            self._tools.meter.level("SpeechLoudness", quality.speech_lufs)

    async def told(self) -> None:
        """Wait until the speaker knows everything, or cannot be reached; what lasts is told again later."""
        await asyncio.gather(*self._telling)
        self._telling.clear()

    def abandon(self) -> None:
        """Stop telling."""
        for each in self._telling:
            each.cancel()

    async def _tell(self, finding: Finding) -> None:
        warning = QualityWarning.of(self._session_id, finding)
        unreached = await self._send(self._speakers, warning)
        if unreached and finding.resolved:
            # Only this is told no more.
            await self._tools.sleep(self._tools.limits.retry_pause_s)
            await self._send(unreached, warning)

    async def _send(self, receivers: Collection[Connection], warning: QualityWarning) -> Collection[Connection]:
        """Those that could not be reached."""
        try:
            return await self._tools.broadcast(receivers, warning)
        except BabelcastError:
            self._tools.meter.count("NotificationsFailed")
            return receivers
