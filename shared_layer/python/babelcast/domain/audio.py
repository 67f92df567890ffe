"""The one audio format: mono, signed 16-bit little-endian PCM at 16 000 Hz.

Positions are absolute sample offsets since the session's first sample; they are the session's only clock.
"""

from dataclasses import dataclass
from typing import Final

from babelcast.domain.errors import InvalidAudioError

SAMPLE_RATE_HZ: Final = 16_000
BYTES_PER_SAMPLE: Final = 2
MIN_CHUNK_DURATION_MS: Final = 20
MAX_CHUNK_DURATION_MS: Final = 500


def samples_to_ms(samples: int) -> int:
    """Whole milliseconds, rounded down."""
    return samples * 1000 // SAMPLE_RATE_HZ


def ms_to_samples(milliseconds: int) -> int:
    """Samples in that many milliseconds."""
    return milliseconds * SAMPLE_RATE_HZ // 1000


def seconds_to_samples(seconds: float) -> int:
    """The nearest sample to a time in seconds (recognisers report times as floats)."""
    return round(seconds * SAMPLE_RATE_HZ)


def silence(samples: int) -> bytes:
    """Digital silence of that many samples."""
    return bytes(samples * BYTES_PER_SAMPLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioChunk:
    """A piece of the speaker's audio.

    Attributes:
        chunk_index: 0, 1, 2 … as the speaker's app counts them.
        sample_offset: Position of the first sample.
        captured_at_ms: When it was captured, epoch milliseconds by the speaker's clock.
        pcm: Mono s16le at 16 000 Hz, 20–500 ms.
    """

    chunk_index: int
    sample_offset: int
    captured_at_ms: int
    pcm: bytes

    def __post_init__(self) -> None:
        if len(self.pcm) % BYTES_PER_SAMPLE:
            raise InvalidAudioError(f"{len(self.pcm)} bytes are not whole 16-bit samples")
        shortest, longest = ms_to_samples(MIN_CHUNK_DURATION_MS), ms_to_samples(MAX_CHUNK_DURATION_MS)
        if not shortest <= self.samples <= longest:
            raise InvalidAudioError(
                f"a chunk has {MIN_CHUNK_DURATION_MS}–{MAX_CHUNK_DURATION_MS} ms of audio, "
                f"not {samples_to_ms(self.samples)} ms"
            )

    @property
    def samples(self) -> int:
        """Number of samples."""
        return len(self.pcm) // BYTES_PER_SAMPLE

    @property
    def end_offset(self) -> int:
        """Position just after the last sample."""
        return self.sample_offset + self.samples
