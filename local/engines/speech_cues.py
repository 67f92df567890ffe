"""Whether a stretch of sound is speech at all: a decoder hears words in everything, in music above all.

Speech is told from other sounds by what cannot be missing from it. Each cue excludes what others let pass, and all of
them have to agree, over a second before and after the words in question::

                        voice   change   glide   breadth   breaks
    speech                ●        ●       ●        ●         ●
    noise, applause       –        –       ●        ●         ●
    knocks, drums         –        ○       ●        ●         ●
    wind, machines        ○        –       ●        ○         ●
    birds, whistling      –        ●       ●        –         –
    beeps, bells          –        ○       –        –         –
    organ, strings        ●        –       –        ●         –
    piano, guitar         ○        ●       –        ●         –
    violin, singing       ○        ○       ○        ●         –        ● yes, ○ now and then, – no

voice
    Frames that repeat themselves 70 to 400 times a second, and not as well several times as often.
change
    How the shape of the spectrum changes within 50 ms, whatever its level: a mouth does not rest.
glide
    Even where the shape changes least, the fine structure does not stay as it is for 60 ms: a larynx holds no note.
breadth
    A voiced frame's power is not all in one narrow band.
breaks
    A sound longer than a few syllables has frames that do not repeat themselves: consonants.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from local.engines.endpointing import FRAME_SAMPLES
from local.engines.speech import RECOGNISER_RATE_HZ

_Array = npt.NDArray[np.float64]

_KEPT_FRAMES: Final = 4096
_BLOCK_FRAMES: Final = 10
_PREEMPHASIS: Final = 0.95

_SIDE_FRAMES: Final = 100
_BELOW_LOUDEST_DB: Final = 25.0
_SILENCE_DB: Final = -75.0
_LEAST_LOUD_FRAMES: Final = 8
_LEAST_VOICED_FRAMES: Final = 12
_LEAST_VOICED_FRAMES_IF_CLEAR: Final = 6
_LEAST_VOICED_PART: Final = 0.05
_LEAST_VOICED_PART_OF_PERIODIC: Final = 0.4
_LEAST_CHANGE: Final = 0.5
_MORE_CHANGE_IF_PERIODIC: Final = 0.4
"""Speech in noise is less periodic, and the noise makes its changes smaller."""
_CLEAR_CHANGE: Final = 1.2
_MOST_STEADINESS: Final = 0.64
_MOST_NARROWNESS: Final = 0.59
_LONG_FRAMES: Final = 60
_MOST_PERIODIC_PART: Final = 0.96
_DOUBT: Final = 1.1

_CHANGE_SAMPLES: Final = 512
_CHANGE_BANDS: Final = 16
_CHANGE_HZ: Final = (200.0, 4000.0)
_CHANGE_FRAMES: Final = 5
_BAND_FLOOR: Final = 1e-8
_PITCH_SAMPLES: Final = 640
_PITCH_SPECTRUM: Final = 2048
_PERIODIC_HZ: Final = (55, 4000)
_VOICE_HZ: Final = (250, 4000)
"""Without the fundamental, which drums, engines and hum have too."""
_PITCH_LAGS: Final = slice(40, 230)
_SHORTER_LAGS: Final = slice(1, 40)
_PERIODIC: Final = 0.5
_ABOVE_SHORTER: Final = 1.03
_NARROW_BINS: Final = 10
"""Of 7.8 Hz."""
_FINE_SAMPLES: Final = 1600
_FINE_BINS: Final = slice(10, 211)
"""Of 10 Hz."""
_FINE_AROUND_BINS: Final = 10
_FINE_FRAMES: Final = 6

_LEVEL, _IS_PERIODIC, _IS_VOICED, _CHANGE, _STEADINESS, _NARROWNESS = range(6)
"""The cues of a frame."""


class SpeechCues:
    """Follows a stream and answers about stretches of its last 40 s.

    It knows a frame some 60 to 160 ms after it was heard. The limits leave room on both sides: of the words that the
    decoder hears of flite's and espeak-ng's voices, clean and with noise 15 dB below them, it refuses one in 500; of
    those that it hears in silence, noise and music, it believes one in 200.
    """

    def __init__(self) -> None:
        self._blocks: list[npt.NDArray[np.int16]] = []
        self._last_sample = 0.0
        self._samples: _Array = np.zeros(_FINE_SAMPLES // 2)
        self._bands: _Array = np.full((_CHANGE_FRAMES, _CHANGE_BANDS), np.log(_BAND_FLOOR))
        self._fine: _Array = np.zeros((_FINE_FRAMES, _FINE_BINS.stop - _FINE_BINS.start))
        self._cues: _Array = np.zeros((_KEPT_FRAMES, 6))
        self._known = 0

    def hear(self, frame: npt.NDArray[np.int16]) -> None:
        """The next frame of `FRAME_SAMPLES` samples."""
        self._blocks.append(frame)
        if len(self._blocks) == _BLOCK_FRAMES:
            samples = np.concatenate(self._blocks) / 32768
            self._blocks.clear()
            self._examine(samples - _PREEMPHASIS * np.concatenate(([self._last_sample], samples[:-1])))
            self._last_sample = float(samples[-1])

    def is_speech(self, start: int, end: int, *, surely: bool = False) -> bool:
        """Whether what is heard around these frames of the stream is speech.

        Args:
            start, end: The first frame and the one after the last.
            surely: Without doubt, as for words that may be a mistake from their beginning.
        """
        first = max(0, self._known - _KEPT_FRAMES, start - _SIDE_FRAMES)
        around = self._cues[np.arange(first, max(first, min(self._known, end + _SIDE_FRAMES))) % _KEPT_FRAMES]
        if not len(around):
            return False
        loud = around[around[:, _LEVEL] > max(_SILENCE_DB, around[:, _LEVEL].max() - _BELOW_LOUDEST_DB)]
        periodic, voiced = loud[loud[:, _IS_PERIODIC] > 0], loud[loud[:, _IS_VOICED] > 0]
        if len(loud) < _LEAST_LOUD_FRAMES or not len(periodic):
            return False
        change, periodic_part = float(loud[:, _CHANGE].mean()), len(periodic) / len(loud)
        least_voiced = _LEAST_VOICED_FRAMES_IF_CLEAR if change >= _CLEAR_CHANGE else _LEAST_VOICED_FRAMES
        if len(voiced) < max(
            least_voiced, _LEAST_VOICED_PART * len(loud), _LEAST_VOICED_PART_OF_PERIODIC * len(periodic)
        ):
            return False
        calm = periodic[periodic[:, _CHANGE] <= np.median(periodic[:, _CHANGE])]
        doubt = _DOUBT if surely else 1.0
        return bool(
            change >= (_LEAST_CHANGE + _MORE_CHANGE_IF_PERIODIC * periodic_part) * doubt
            and calm[:, _STEADINESS].mean() <= _MOST_STEADINESS / doubt
            and voiced[:, _NARROWNESS].mean() <= _MOST_NARROWNESS / doubt
            and (len(loud) < _LONG_FRAMES / doubt or periodic_part <= _MOST_PERIODIC_PART)
        )

    def _examine(self, samples: _Array) -> None:
        """Add samples, and the cues of every frame that has half of the longest window on each side now."""
        self._samples = np.concatenate((self._samples, samples))
        if len(self._samples) < _FINE_SAMPLES:
            return
        windows = np.lib.stride_tricks.sliding_window_view(self._samples, _FINE_SAMPLES)[::FRAME_SAMPLES]
        cues = np.zeros((len(windows), 6))
        cues[:, _LEVEL], cues[:, _CHANGE] = self._follow_change(_middle(windows, _CHANGE_SAMPLES))
        cues[:, _STEADINESS] = self._follow_fine_structure(windows)
        _find_pitch(_middle(windows, _PITCH_SAMPLES), cues)
        self._cues[np.arange(self._known, self._known + len(windows)) % _KEPT_FRAMES] = cues
        self._known += len(windows)
        self._samples = self._samples[len(windows) * FRAME_SAMPLES :]

    def _follow_change(self, windows: _Array) -> tuple[_Array, _Array]:
        """Each frame's level in dB, and how far the shape of its spectrum is from the one 50 ms before."""
        power = np.abs(np.fft.rfft(windows * _CHANGE_WINDOW)) ** 2
        level = 10 * np.log10(power.sum(axis=1) * _POWER_SCALE + 1e-12)
        bands = np.concatenate((self._bands, np.log(power @ _BANDS.T + _BAND_FLOOR)))
        self._bands = bands[-_CHANGE_FRAMES:]
        rises = bands[_CHANGE_FRAMES:] - bands[:-_CHANGE_FRAMES]
        return level, np.abs(rises - rises.mean(axis=1, keepdims=True)).mean(axis=1)

    def _follow_fine_structure(self, windows: _Array) -> _Array:
        """How alike each frame's spectrum is to the one 60 ms before: 1 for a held note, 0 for noise."""
        spectra = np.log(np.abs(np.fft.rfft(windows * _FINE_WINDOW))[:, : _FINE_BINS.stop + _FINE_AROUND_BINS] + 1e-5)
        sums = np.cumsum(np.pad(spectra, ((0, 0), (1, 0))), axis=1)
        width = 2 * _FINE_AROUND_BINS + 1
        fine = spectra[:, _FINE_BINS] - (sums[:, width:] - sums[:, :-width]) / width
        fine /= np.sqrt((fine**2).sum(axis=1, keepdims=True) + 1e-9)
        fine = np.concatenate((self._fine, fine))
        self._fine = fine[-_FINE_FRAMES:]
        alike: _Array = (fine[_FINE_FRAMES:] * fine[:-_FINE_FRAMES]).sum(axis=1)
        return alike


def _find_pitch(windows: _Array, cues: _Array) -> None:
    """Fill in whether frames are periodic and voiced, and how much of their power is in one narrow band."""
    power = np.abs(np.fft.rfft(windows * _PITCH_WINDOW, _PITCH_SPECTRUM)) ** 2 * _within(_PERIODIC_HZ)
    cues[:, _IS_PERIODIC] = _correlation(power)[:, _PITCH_LAGS].max(axis=1) > _PERIODIC
    power *= _within(_VOICE_HZ)
    correlation = _correlation(power)
    pitch = correlation[:, _PITCH_LAGS].max(axis=1)
    shorter = correlation[:, _SHORTER_LAGS]
    is_past_first_dip = np.maximum.accumulate(np.diff(shorter, axis=1, prepend=2.0) > 0, axis=1)
    overtone = np.where(is_past_first_dip, shorter, -1.0).max(axis=1)
    cues[:, _IS_VOICED] = (pitch > _PERIODIC) & (pitch > _ABOVE_SHORTER * overtone)
    sums = np.cumsum(power, axis=1)
    cues[:, _NARROWNESS] = (sums[:, _NARROW_BINS:] - sums[:, :-_NARROW_BINS]).max(axis=1) / (sums[:, -1] + 1e-12)


def _correlation(power: _Array) -> _Array:
    """The autocorrelation, 1 at any lag after which a frame repeats itself wholly."""
    correlation = np.fft.irfft(power)
    whole: _Array = correlation[:, : _PITCH_LAGS.stop] / (correlation[:, :1] + 1e-9) / _PITCH_TAPER
    return whole


def _within(hz: tuple[int, int]) -> _Array:
    """1 for each bin of the pitch spectrum in this range, else 0."""
    bins = np.fft.rfftfreq(_PITCH_SPECTRUM, 1 / RECOGNISER_RATE_HZ)
    return ((bins >= hz[0]) & (bins < hz[1])).astype(float)


def _middle(windows: _Array, samples: int) -> _Array:
    start = (windows.shape[1] - samples) // 2
    return windows[:, start : start + samples]


def _triangles() -> _Array:
    """Bands of equal width in mels, overlapping by half: shape (bands, bins)."""
    low, high = (2595 * np.log10(1 + hz / 700) for hz in _CHANGE_HZ)
    edges = 700 * (10 ** (np.linspace(low, high, _CHANGE_BANDS + 2) / 2595) - 1)
    below, centre, above = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    hz = np.fft.rfftfreq(_CHANGE_SAMPLES, 1 / RECOGNISER_RATE_HZ)
    bands: _Array = np.maximum(0, np.minimum((hz - below) / (centre - below), (above - hz) / (above - centre)))
    return bands


_CHANGE_WINDOW: Final = np.hanning(_CHANGE_SAMPLES)
_POWER_SCALE: Final = 2 / (_CHANGE_SAMPLES * float((_CHANGE_WINDOW**2).sum()))
_BANDS: Final = _triangles()
_PITCH_WINDOW: Final = np.hanning(_PITCH_SAMPLES)
_PITCH_TAPER: Final = np.fft.irfft(np.abs(np.fft.rfft(_PITCH_WINDOW, _PITCH_SPECTRUM)) ** 2)[
    : _PITCH_LAGS.stop
] / float((_PITCH_WINDOW**2).sum())
_FINE_WINDOW: Final = np.hanning(_FINE_SAMPLES)
