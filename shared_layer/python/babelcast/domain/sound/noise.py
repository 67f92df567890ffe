"""The signal-to-noise ratio of speech, with a noise floor that is tracked over time.

The floor is what remains of each band in its quietest moments of the last five seconds (minimum statistics, R. Martin,
IEEE Transactions on Speech and Audio Processing 9(5), 2001). Speech is what rises above it; its level is the mean over
the time in which somebody speaks, short breaks between words included, as the active speech level of ITU-T P.56 is.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from babelcast.domain.sound.blocks import FRAMES_PER_BLOCK, FRAMES_PER_S, Block, Signal

_EDGES: Final = np.array([4, 8, 12, 16, 20, 26, 32, 40, 50, 62, 76, 92, 112, 136, 164, 200])
_END: Final = 240
"""Bands from 125 to 7500 Hz, in columns of `Block.powers`; mains hum lies below."""
_BIAS: Final = np.array(
    (2.90, 2.97, 2.89, 2.92, 2.42, 2.46, 2.13, 2.02, 1.94, 1.81, 1.73, 1.65, 1.60, 1.54, 1.47, 1.40)
)
"""How far the quietest moment of steady noise lies below its mean, by band, as `tests/unit/test_sound_noise.py` has it
of white noise."""
_KEPT: Final = 0.5
"""Of the smoothed power from one frame to the next."""
_MINIMA: Final = 5
"""Seconds in which a quietest moment is looked for, the present one included: as long as noise that begins is taken for
speech. In 4 s some voices are never quiet in all bands, and 40 dB read as 27."""
_NOTHING: Final = 1e-11
"""A hundredth of the power of the quietest bit: digital silence."""

_HEARD_FRAMES: Final = 5 * FRAMES_PER_S
_ACTIVE_ABOVE_NOISE: Final = 1.8
_AROUND: Final = np.ones(3) / 3
_HANGOVER: Final = np.ones(FRAMES_PER_S // 5 + 1)
"""200 ms, and the frame itself. Source: ITU-T P.56, method B, hangover time."""
_ENOUGH_ACTIVE: Final = FRAMES_PER_S // 2

GREATEST_SNR_DB: Final = 60.0
"""Beyond it there is no noise to speak of."""
LEAST_SNR_DB: Final = -20.0
"""Below it no speech can be told from the noise."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Noise:
    """What has been heard of the noise, and of what rises above it.

    Attributes:
        smoothed: Power by band.
        minima: The quietest of each second, the present one last.
        frames: How many frames of the present second there are.
        heard: Power of the last 5 s' frames.
    """

    smoothed: Signal | None = None
    minima: tuple[Signal, ...] = ()
    frames: int = 0
    heard: Signal = field(default_factory=lambda: np.zeros(0))

    def after(self, block: Block) -> "Noise":
        """With one more block; the first one after a gap only prepares the next."""
        if block.known_samples <= len(block.samples):
            return self
        bands = np.add.reduceat(block.powers[:, :_END], _EDGES, axis=1)
        totals = np.sum(bands, axis=1)
        smoothed, minima, frames = self.smoothed, list(self.minima), self.frames
        for band in bands:
            smoothed = band if smoothed is None else _KEPT * smoothed + (1 - _KEPT) * band
            if frames == 0:
                minima = [*minima[1 - _MINIMA :], smoothed]
            else:
                minima[-1] = np.minimum(minima[-1], smoothed)
            frames = (frames + 1) % FRAMES_PER_S
        heard = np.concatenate((self.heard, totals))[-_HEARD_FRAMES:]
        return Noise(smoothed=smoothed, minima=tuple(minima), frames=frames, heard=heard)

    @property
    def floor(self) -> float:
        """The noise's power."""
        return float(np.sum(np.min(self.minima, axis=0) * _BIAS)) if self.minima else 0.0

    @property
    def snr_db(self) -> float | None:
        """Of the speech in the last 5 s, up to `GREATEST_SNR_DB`; None while there is too little speech."""
        if len(self.heard) < FRAMES_PER_BLOCK:
            return None
        floor = self.floor
        is_active = np.convolve(self.heard, _AROUND, "same") > max(floor * _ACTIVE_ABOVE_NOISE, _NOTHING)
        is_speech = np.convolve(is_active, _HANGOVER)[: len(is_active)] > 0
        if np.count_nonzero(is_active) < _ENOUGH_ACTIVE:
            return None
        speech = float(np.mean(self.heard[is_speech])) - floor
        if speech > floor * 10 ** (GREATEST_SNR_DB / 10):
            return GREATEST_SNR_DB
        return max(LEAST_SNR_DB, 10 * float(np.log10(speech / floor))) if speech > 0 else LEAST_SNR_DB
