"""A session's audio in blocks of a tenth of a second, on a grid that batches do not move.

What is measured of a block depends on the audio before it alone, so that the same audio gives the same measurements
however it came, and again when it is heard again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from babelcast.domain.audio import BYTES_PER_SAMPLE, SAMPLE_RATE_HZ

Signal = npt.NDArray[np.float64]
"""Mono samples between -1 and 1, or powers made of them; 1 is a full-scale square wave's."""

BLOCK_SAMPLES: Final = SAMPLE_RATE_HZ // 10
BLOCKS_PER_S: Final = SAMPLE_RATE_HZ // BLOCK_SAMPLES
HOP_SAMPLES: Final = SAMPLE_RATE_HZ // 50
FRAMES_PER_BLOCK: Final = BLOCK_SAMPLES // HOP_SAMPLES
FRAMES_PER_S: Final = FRAMES_PER_BLOCK * BLOCKS_PER_S
MEMORY_SAMPLES: Final = 3 * SAMPLE_RATE_HZ
"""How much audio up to the end of a block there is with it."""

_FRAME_SAMPLES: Final = 512
_WINDOW: Final = np.hanning(_FRAME_SAMPLES)
_POWER_SCALE: Final = 2.0 / (_FRAME_SAMPLES * np.sum(_WINDOW**2))
_FRAMES: Final = (
    np.arange(_FRAME_SAMPLES) - _FRAME_SAMPLES + HOP_SAMPLES * np.arange(1, FRAMES_PER_BLOCK + 1)[:, np.newaxis]
) - BLOCK_SAMPLES

FREQUENCIES_HZ: Final = np.fft.rfftfreq(_FRAME_SAMPLES, 1 / SAMPLE_RATE_HZ)
"""Of the columns of `Block.powers`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """A tenth of a second.

    Attributes:
        start_sample: Its place in the session; a multiple of `BLOCK_SAMPLES`.
        memory: The last `MEMORY_SAMPLES` up to its end; zeros before the first audio.
        known_samples: How much of the memory has been heard.
        powers: Power by frame (`FRAMES_PER_BLOCK` rows, one every `HOP_SAMPLES`, the last ends with the block) and
            frequency; a row's sum is the mean square of its frame.
    """

    start_sample: int
    memory: Signal
    known_samples: int
    powers: Signal

    @property
    def end_sample(self) -> int:
        """Its place in the session."""
        return self.start_sample + BLOCK_SAMPLES

    @property
    def samples(self) -> Signal:
        """The block's own."""
        return self.memory[-BLOCK_SAMPLES:]


class Blocks:
    """Cuts audio into blocks; what is left over waits for what follows."""

    def __init__(self) -> None:
        self._begin(0)

    def _begin(self, sample: int) -> None:
        self._memory: Signal = np.zeros(MEMORY_SAMPLES)
        self._known = 0
        self._rest = b""
        self._end_sample = sample
        self._skip = -sample % BLOCK_SAMPLES

    def add(self, pcm: bytes, *, start_sample: int) -> Iterator[Block]:
        """Take audio in; the blocks that are whole now, to be used up before more is added.

        Args:
            pcm: Mono, signed 16-bit little-endian, 16 000 Hz.
            start_sample: Its place; where it does not follow on, all begins anew with the next whole block.
        """
        if start_sample != self._end_sample:
            self._begin(start_sample)
        samples = len(pcm) // BYTES_PER_SAMPLE
        skipped = min(self._skip, samples)
        self._skip -= skipped
        self._end_sample += samples
        self._rest += pcm[skipped * BYTES_PER_SAMPLE :]
        while len(self._rest) >= BLOCK_SAMPLES * BYTES_PER_SAMPLE:
            yield self._next()

    def _next(self) -> Block:
        size = BLOCK_SAMPLES * BYTES_PER_SAMPLE
        start_sample = self._end_sample - len(self._rest) // BYTES_PER_SAMPLE
        samples = np.frombuffer(self._rest[:size], dtype="<i2") / 32768
        self._rest = self._rest[size:]
        self._memory = np.concatenate((self._memory[BLOCK_SAMPLES:], samples))
        self._known = min(MEMORY_SAMPLES, self._known + BLOCK_SAMPLES)
        spectra = np.fft.rfft(self._memory[_FRAMES] * _WINDOW, axis=1)
        powers = _POWER_SCALE * (spectra.real**2 + spectra.imag**2)
        return Block(start_sample=start_sample, memory=self._memory, known_samples=self._known, powers=powers)
