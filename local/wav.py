"""Sound files for the speaker: any rate and any number of channels in, 16 kHz mono signed 16-bit out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from local.errors import WrongInputError

SAMPLE_RATE_HZ: Final = 16_000
MIN_DURATION_MS: Final = 20
"""One audio message holds at least this much."""
MAX_DURATION_HOURS: Final = 4
"""A recogniser's stream lives no longer. Source: Transcribe Streaming quotas, maximum audio stream length."""
_BLOCK_FRAMES: Final = 65_536
_MIN_RATE_HZ: Final = 4_000
_MAX_RATE_HZ: Final = 384_000


class AudioFileError(WrongInputError):
    """A file that cannot be spoken; the message is one line that names the file and says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Speech ready to be sent.

    Attributes:
        path: Where it was read from.
        pcm: Mono, signed 16-bit little-endian, 16 000 Hz.
    """

    path: Path
    pcm: bytes

    @property
    def sample_count(self) -> int:
        """Samples at 16 000 Hz."""
        return len(self.pcm) // 2

    @property
    def duration_ms(self) -> int:
        """Length, to the nearest millisecond."""
        return round(self.sample_count * 1000 / SAMPLE_RATE_HZ)


def load_recording(path: Path) -> Recording:
    """Read a sound file of any format that libsndfile knows (WAV, FLAC, Ogg, MP3, AIFF …).

    Channels are averaged; another rate is resampled to 16 000 Hz.

    Raises:
        AudioFileError: Missing, unreadable, empty, not a sound file, shorter than 20 ms or longer than four hours.
    """
    if path.is_dir():
        raise AudioFileError(f"{path} is a directory, not a sound file")
    try:
        size_bytes = path.stat().st_size
    except FileNotFoundError:
        raise AudioFileError(f"{path} does not exist") from None
    except OSError as error:
        raise AudioFileError(f"{path} cannot be read: {error.strerror}") from None
    if not path.is_file():
        raise AudioFileError(f"{path} is not a file")
    if size_bytes == 0:
        raise AudioFileError(f"{path} is empty")
    try:
        with path.open("rb") as file, soundfile.SoundFile(file) as sound:
            samples = _read_resampled(path, sound)
    except soundfile.LibsndfileError:
        raise AudioFileError(f"{path} is not a sound file that can be read (WAV, FLAC, Ogg, MP3 …)") from None
    except OSError as error:
        raise AudioFileError(f"{path} cannot be read: {error.strerror}") from None
    if len(samples) * 1000 < MIN_DURATION_MS * SAMPLE_RATE_HZ:
        raise AudioFileError(f"{path} holds no audio to speak of: less than {MIN_DURATION_MS} ms")
    return Recording(path=path, pcm=samples.tobytes())


def _read_resampled(path: Path, sound: Any) -> npt.NDArray[np.int16]:
    """Block by block, so that a long file never stands in memory at its own rate and with all its channels."""
    if not _MIN_RATE_HZ <= sound.samplerate <= _MAX_RATE_HZ:
        raise AudioFileError(
            f"{path} has {sound.samplerate} samples a second; {_MIN_RATE_HZ} to {_MAX_RATE_HZ} are read"
        )
    if sound.frames > MAX_DURATION_HOURS * 3600 * sound.samplerate:
        raise AudioFileError(f"{path} is longer than {MAX_DURATION_HOURS} hours")
    resampler = soxr.ResampleStream(sound.samplerate, SAMPLE_RATE_HZ, 1, dtype="float32")
    is_resampled = sound.samplerate != SAMPLE_RATE_HZ
    blocks: list[npt.NDArray[np.int16]] = []
    while True:
        frames = sound.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)
        is_last = len(frames) < _BLOCK_FRAMES
        mono = frames.mean(axis=1)
        if not np.isfinite(mono).all():
            raise AudioFileError(f"{path} holds values that are not sound (not finite)")
        blocks.append(to_int16(resampler.resample_chunk(mono, last=is_last) if is_resampled else mono))
        if is_last:
            return np.concatenate(blocks)


def to_int16(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.int16]:
    """From ±1.0 to 16 bits; overshoot of a resampling filter saturates as in a sound card."""
    scaled: npt.NDArray[np.int16] = np.clip(np.rint(samples * 32768.0), -32768, 32767).astype("<i2")
    return scaled
