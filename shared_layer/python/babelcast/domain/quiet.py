"""How long the speaker has been quiet: a cheap guess, which only decides when work is begun ahead of time.

A frame is quiet when it stays 20 dB below the loudest speech of the last seconds. In a room so loud that it never
does, nothing is begun ahead.
"""

from dataclasses import dataclass
from typing import Final

from babelcast.domain.audio import SAMPLE_RATE_HZ

_FRAME_SAMPLES: Final = SAMPLE_RATE_HZ // 50
_QUIET_SHARE: Final = 0.1
_ALWAYS_QUIET: Final = 300
"""Peak to peak; about -47 dB of full scale."""
_KEPT_PER_FRAME: Final = 0.5 ** (_FRAME_SAMPLES / (5 * SAMPLE_RATE_HZ))
"""Half of the loudness is forgotten in 5 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """The end of the audio so far.

    Attributes:
        samples: Quiet audio since the last sound.
        loudness: Peak to peak, of the loudest recent sound.
    """

    samples: int = 0
    loudness: float = 0.0

    def after(self, pcm: bytes) -> "Quiet":
        """The end of the audio when more has come."""
        samples, loudness = self.samples, self.loudness
        audio = memoryview(pcm).cast("h")
        for start in range(0, len(audio), _FRAME_SAMPLES):
            frame = audio[start : start + _FRAME_SAMPLES]
            level = max(frame) - min(frame)
            loudness = max(level, loudness * _KEPT_PER_FRAME)
            is_quiet = level < max(_ALWAYS_QUIET, loudness * _QUIET_SHARE)
            samples = samples + len(frame) if is_quiet else 0
        return Quiet(samples=samples, loudness=loudness)
