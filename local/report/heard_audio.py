"""What a listener heard, as one sound file: clip after clip where it was played, with silence between."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import lameenc
import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from local.client.record import HeardSegment
from local.wav import to_int16

SAMPLE_RATE_HZ: Final = 24_000
"""That of the clips."""
_BIT_RATE_KBPS: Final = 64
_CODEC_DELAY_SAMPLES: Final = 1_105
"""Silence that encoding and decoding put in front: 576 + 529 samples. Source: LAME technical FAQ."""


def write_heard_audio(path: Path, segments: Iterable[HeardSegment], *, start_at: float, duration_s: float) -> None:
    """Write an MP3 (24 kHz, mono) that begins at ``start_at``.

    A clip that was played faster is higher by as much, as in a player that turns up its rate.

    Args:
        path: The file.
        segments: Those of one listener; the ones that were played and whose clips were kept are heard.
        start_at: When the file begins, on the clock of ``HeardSegment.played_at``.
        duration_s: The file is at least this long.
    """
    played = [segment for segment in segments if segment.played_at is not None and segment.clip is not None]
    ends_at = max([duration_s, *(_offset_s(segment, start_at) + segment.heard_s + 1 for segment in played)])
    heard = np.zeros(round(ends_at * SAMPLE_RATE_HZ), dtype=np.float32)
    for segment in played:
        clip = _as_played(segment)
        start = max(0, round(_offset_s(segment, start_at) * SAMPLE_RATE_HZ) - _CODEC_DELAY_SAMPLES)
        heard[start : start + len(clip)] += clip[: len(heard) - start]
    path.write_bytes(_encode(to_int16(heard)))


def _offset_s(segment: HeardSegment, start_at: float) -> float:
    return (segment.played_at or start_at) - start_at


def _as_played(segment: HeardSegment) -> npt.NDArray[np.float32]:
    samples, rate_hz = soundfile.read(segment.clip, dtype="float32", always_2d=True)
    mono: npt.NDArray[np.float32] = samples.mean(axis=1)
    played_rate_hz = rate_hz * segment.tempo
    if played_rate_hz != SAMPLE_RATE_HZ:
        mono = soxr.resample(mono, played_rate_hz, SAMPLE_RATE_HZ)
    return mono


def _encode(pcm: npt.NDArray[np.int16]) -> bytes:
    encoder = lameenc.Encoder()
    encoder.set_in_sample_rate(SAMPLE_RATE_HZ)
    encoder.set_channels(1)
    encoder.set_bit_rate(_BIT_RATE_KBPS)
    encoder.set_quality(7)
    encoder.silence()
    return bytes(encoder.encode(pcm.tobytes()) + encoder.flush())
