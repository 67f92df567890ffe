"""Whether somebody speaks: what is voiced for longer than a moment, and rises and falls no faster than a voice can.

Noise that comes and goes rises above its own floor as speech does, but has a pitch for single frames at most. Vowels
are voiced for longer: in noise that is as loud as the speech, too.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from babelcast.domain.sound.blocks import FRAMES_PER_S, Signal

_KEPT_FRAMES: Final = 5 * FRAMES_PER_S
"""As long as the level of the speech is measured over (`babelcast.domain.sound.noise`)."""
_RUN_FRAMES: Final = 3
"""So many voiced frames in a row are a run."""
_LARGEST_STEP: Final = 0.05
"""Of the pitch, from one frame to the next."""
_ENOUGH_FRAMES: Final = 5
"""In runs. In 40 minutes of noise between white and brown that wobbled by 2 dB (standard deviation, twice a second) no
five seconds had more than 4; typing had none. The first two seconds and a half of nine voices had 5 or more in pink
noise as loud as they were, 12 in white noise, and 45 without any."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Voice:
    """What has been heard of voices.

    Attributes:
        pitches_hz: Of the last 5 s' frames; NaN where there is no voice.
    """

    pitches_hz: Signal = field(default_factory=lambda: np.zeros(0))

    def after(self, pitches_hz: Signal) -> "Voice":
        """With one more block's."""
        return Voice(pitches_hz=np.concatenate((self.pitches_hz, pitches_hz))[-_KEPT_FRAMES:])

    @property
    def frames(self) -> int:
        """How many frames of the last 5 s are in runs."""
        steps = np.abs(np.diff(self.pitches_hz)) <= _LARGEST_STEP * self.pitches_hz[:-1]
        edges = np.flatnonzero(np.diff(np.concatenate(([False], steps, [False]))))
        lengths = edges[1::2] - edges[::2] + 1
        return int(np.sum(lengths[lengths >= _RUN_FRAMES]))

    @property
    def is_heard(self) -> bool:
        """Whether somebody has spoken in the last 5 s."""
        return self.frames >= _ENOUGH_FRAMES
