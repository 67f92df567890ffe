"""Everything that is measured of one session's sound."""

import itertools
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.dynamics import Dynamics
from babelcast.domain.sound.blocks import BLOCK_SAMPLES, BLOCKS_PER_S, Blocks, Signal
from babelcast.domain.sound.loudness import gated_loudness, k_weighted_power, loudest_moment
from babelcast.domain.sound.pitch import pitches_hz
from babelcast.domain.sound.quality import SoundQuality
from babelcast.domain.sound_issue import Finding
from babelcast.domain.transcript import Word

_KEPT_BLOCKS: Final = 60 * BLOCKS_PER_S
"""A segment is committed long before its audio is that old."""
_PAUSE_SAMPLES: Final = SAMPLE_RATE_HZ // 4
"""A gap between two words that is so long is a pause, a shorter one articulation. Source: F. Goldman-Eisler, 1968,
after N. H. de Jong and H. R. Bosker, "Choosing a threshold for silent pauses to measure second language fluency"."""
_ENOUGH_SAMPLES: Final = SAMPLE_RATE_HZ // 2
"""Less speech says nothing about how it was said."""
_ENOUGH_VOICED: Final = 10
"""Frames."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Heard:
    """A block: where it begins, its K-weighted power and the pitch of its frames."""

    start_sample: int
    power: float
    pitches_hz: Signal


class SoundMeter:
    """Takes a session's audio in; says what is wrong with it, and how something in it was said.

    Attributes:
        quality: The measurements after all whole blocks so far.
    """

    def __init__(self, quality: SoundQuality) -> None:
        self.quality = quality
        self._blocks = Blocks()
        self._heard: deque[_Heard] = deque(maxlen=_KEPT_BLOCKS)

    def begin_anew(self) -> None:
        """Nothing that was measured or told until now says anything of what comes; words heard keep their dynamics."""
        self.quality = SoundQuality(thresholds=self.quality.thresholds)
        self._blocks = Blocks()

    def hear(self, pcm: bytes, *, start_sample: int) -> list[Finding]:
        """Take audio in.

        Args:
            pcm: Mono, signed 16-bit little-endian, 16 000 Hz.
            start_sample: Its place in the session.

        Returns:
            What has become wrong, or right again.
        """
        found: list[Finding] = []
        for block in self._blocks.add(pcm, start_sample=start_sample):
            power, pitches = k_weighted_power(block), pitches_hz(block)
            self._heard.append(_Heard(start_sample=block.start_sample, power=power, pitches_hz=pitches))
            self.quality, findings = self.quality.after(block, power, pitches)
            found += findings
        return found

    def dynamics(self, words: Sequence[Word]) -> Dynamics | None:
        """How consecutive words were said, by the whole blocks that they fill; None where that is too little."""
        if not words:
            return None
        start, end = words[0].start_sample, words[-1].end_sample
        blocks = [
            each for each in self._heard if each.start_sample >= start and each.start_sample + BLOCK_SAMPLES <= end
        ]
        gaps = [after.start_sample - before.end_sample for before, after in itertools.pairwise(words)]
        paused = sum(gap for gap in gaps if gap >= _PAUSE_SAMPLES)
        spoken = end - start - paused
        powers = [each.power for each in blocks]
        loudness = gated_loudness(powers)
        letters = sum(len(word.text) for word in words)
        if loudness is None or spoken < _ENOUGH_SAMPLES or letters == 0:
            return None
        pitches = np.concatenate([each.pitches_hz for each in blocks])
        voiced = pitches[~np.isnan(pitches)]
        has_voice = len(voiced) >= _ENOUGH_VOICED
        low, middle, high = np.percentile(voiced, (10, 50, 90)) if has_voice else (1.0, 1.0, 1.0)
        return Dynamics(
            loudness_lufs=loudness,
            letters_per_s=letters * SAMPLE_RATE_HZ / spoken,
            pitch_hz=float(middle) if has_voice else None,
            pitch_range_semitones=12 * float(np.log2(high / low)) if has_voice else None,
            pause_share=paused / (end - start),
            emphasis_lu=max(0.0, loudest_moment(powers) - loudness),
            spoken_s=spoken / SAMPLE_RATE_HZ,
        )
