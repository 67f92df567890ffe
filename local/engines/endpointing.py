"""Where speech begins and ends in a stream: an energy endpointer that follows the noise floor.

::

    level   floor ~~~~~~▁▂▆█▇▅▁▁▆█▇▃▁▁▁▁▁▁▁▁▁▁~~~~~~
    state         quiet │ speech                │ quiet
                        ↑ lead-in is included    ↑ after a pause as long as the speech so far asks for

Frames are 10 ms. A frame is loud when it stands well above the quietest frames of the last seconds, so that steady
noise is quiet whatever its level, and well above the noise of an idle converter.
"""

from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
import numpy.typing as npt

FRAME_SECONDS: Final = 0.01
FRAME_SAMPLES: Final = 160

_FLOOR_WINDOW_FRAMES: Final = 300
_SILENCE_DB: Final = -57.0
"""Level, relative to full scale, below which nothing is taken for speech."""
_ONSET_MARGIN_DB: Final = 12.0
_SPEECH_MARGIN_DB: Final = 9.0
_BELOW_SPEECH_DB: Final = 32.0
"""A frame this far below the speech's own level belongs to a pause."""
_ONSET_FRAMES: Final = 14
_ONSET_LOUD_FRAMES: Final = 7


class Sound(Enum):
    """What a frame is, given the frames before it."""

    QUIET = "quiet"
    ONSET = "onset"
    SPEECH = "speech"
    PAUSE = "pause"


@dataclass(slots=True)
class _Levels:
    """Running levels in dB relative to full scale."""

    floor: float = 0.0
    speech: float = -90.0


class Endpointer:
    """Classifies frames one by one.

    `pause_frames` counts the quiet frames since the last loud one; it is the caller's to say when a pause is long
    enough, and to call `end_speech` then.
    """

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=_FLOOR_WINDOW_FRAMES)
        self._onset: deque[bool] = deque(maxlen=_ONSET_FRAMES)
        self._levels = _Levels()
        self._last_sample = 0.0
        self._in_speech = False
        self.pause_frames = 0

    @property
    def in_speech(self) -> bool:
        """Between an onset and `end_speech`."""
        return self._in_speech

    def end_speech(self) -> None:
        """Back to waiting for an onset."""
        self._in_speech = False
        self.pause_frames = 0
        self._onset.clear()

    def classify(self, frame: npt.NDArray[np.int16]) -> Sound:
        """What the next frame (`FRAME_SAMPLES` samples) is."""
        level = self._level_db(frame)
        self._follow_floor(level)
        if not self._in_speech:
            loud = level > max(_SILENCE_DB, self._levels.floor + _ONSET_MARGIN_DB)
            self._onset.append(loud)
            if sum(self._onset) < _ONSET_LOUD_FRAMES:
                return Sound.QUIET
            self._in_speech = True
            self.pause_frames = 0
            self._levels.speech = level
            return Sound.ONSET
        self._levels.speech = max(level, self._levels.speech - 0.03)
        threshold = max(_SILENCE_DB, self._levels.floor + _SPEECH_MARGIN_DB, self._levels.speech - _BELOW_SPEECH_DB)
        if level > threshold:
            self.pause_frames = 0
            return Sound.SPEECH
        self.pause_frames += 1
        return Sound.PAUSE

    def _level_db(self, frame: npt.NDArray[np.int16]) -> float:
        """Level after a first difference, which takes away hum and the microphone's offset."""
        samples = frame.astype(np.float32)
        previous = np.empty_like(samples)
        previous[0] = self._last_sample
        previous[1:] = samples[:-1]
        self._last_sample = float(samples[-1])
        power = float(np.mean((samples - 0.95 * previous) ** 2))
        return 10.0 * float(np.log10(power / 32768.0**2 + 1e-12))

    def _follow_floor(self, level: float) -> None:
        """The quietest frame of the window: speech dips below itself within a few hundred ms, steady noise does not."""
        self._recent.append(level)
        if level <= self._levels.floor or len(self._recent) < _FLOOR_WINDOW_FRAMES:
            self._levels.floor = min(level, self._levels.floor)
        else:
            self._levels.floor = min(self._recent)
