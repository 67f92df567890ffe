"""The pitch of a voice, frame by frame.

By the normalised autocorrelation of P. Boersma, "Accurate short-term analysis of the fundamental frequency",
Proceedings of the Institute of Phonetic Sciences 17, 1993: the window's own autocorrelation is divided out, and of
several good periods the shorter one is preferred a little. Peaks are as high as a parabola through them, as a short
period's is hardly ever on a sample.
"""

from typing import Final

import numpy as np

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import BLOCK_SAMPLES, FRAMES_PER_BLOCK, HOP_SAMPLES, Block, Signal

LOWEST_HZ: Final = 70.0
HIGHEST_HZ: Final = 420.0
"""Where voices are looked for; a speaking voice lies between about 80 and 300 Hz."""

_RATE_HZ: Final = SAMPLE_RATE_HZ // 2
_FRAME: Final = 512
_WINDOW: Final = np.hanning(_FRAME)
_STARTS: Final = HOP_SAMPLES // 2 * np.arange(FRAMES_PER_BLOCK)[:, np.newaxis]
_REACH: Final = BLOCK_SAMPLES // 2 - HOP_SAMPLES // 2 + _FRAME
_FFT: Final = 2 * _FRAME
_SHORTEST: Final = int(_RATE_HZ / HIGHEST_HZ)
_LONGEST: Final = int(_RATE_HZ / LOWEST_HZ) + 1
_LAGS: Final = np.arange(_SHORTEST, _LONGEST + 1)
_VOICED: Final = 0.55
"""Height of the peak at a period. Praat, the paper's program, takes 0.45, and smooths the path through frames as well.
Source: Praat manual, "Sound: To Pitch (raw autocorrelation)", voicing threshold."""
_QUIETEST: Final = 1e-7
"""Mean square; -70 dB of full scale, where 16 bits still show the shape of a wave."""
_OCTAVE_COST: Final = 0.01
"""Source: Praat manual, the same, octave cost."""


def _autocorrelation(frames: Signal) -> Signal:
    spectra = np.fft.rfft(frames, _FFT, axis=1)
    correlation: Signal = np.fft.irfft(spectra.real**2 + spectra.imag**2, axis=1)[:, : _LONGEST + 2]
    return correlation


_WINDOW_CORRELATION: Final = _autocorrelation(_WINDOW[np.newaxis])[0]
_COST: Final = _OCTAVE_COST * np.log2(_LAGS * LOWEST_HZ / _RATE_HZ)


def pitches_hz(block: Block) -> Signal:
    """The fundamental frequency of each frame of a block (`FRAMES_PER_BLOCK`); NaN where there is no voice."""
    recent = block.memory[-2 * _REACH :].reshape(_REACH, 2).mean(axis=1)
    frames = recent[_STARTS + np.arange(_FRAME)]
    frames = frames - np.mean(frames, axis=1, keepdims=True)
    power = np.mean(frames**2, axis=1)
    correlation = _autocorrelation(frames * _WINDOW)
    scale = np.where(correlation[:, :1] > 0, correlation[:, :1], 1.0)
    normal = correlation / scale / (_WINDOW_CORRELATION / _WINDOW_CORRELATION[0])
    before, here, after = normal[:, _LAGS - 1], normal[:, _LAGS], normal[:, _LAGS + 1]
    is_peak = (here >= before) & (here > after)
    curve = np.where(is_peak, before - 2 * here + after, -1.0)
    shift = 0.5 * (before - after) / curve
    height = here - 0.25 * (before - after) * shift
    is_peak &= height > _VOICED
    best = np.argmax(np.where(is_peak, height - _COST, -1.0), axis=1)
    voiced = np.any(is_peak, axis=1) & (power >= _QUIETEST)
    periods = _LAGS[best] + shift[np.arange(FRAMES_PER_BLOCK), best]
    pitch: Signal = np.where(voiced, _RATE_HZ / periods, np.nan)
    return pitch
