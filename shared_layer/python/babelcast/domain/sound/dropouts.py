"""Holes in the sound: digital silence that begins and ends in the middle of something loud.

A noise gate fades, a speaker's pause is not that sudden: what leaves such holes is a device or a computer that has no
time, a network, or a bad cable.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import BLOCK_SAMPLES, BLOCKS_PER_S, Block

_SHORTEST: Final = SAMPLE_RATE_HZ * 3 // 1000
_LONGEST: Final = SAMPLE_RATE_HZ * 3 // 10
_EDGE: Final = SAMPLE_RATE_HZ // 1000
_LOUD_EDGE: Final = 0.02
"""Root mean square of the 1 ms before and after it; -34 dB of full scale. The pauses and stops of synthetic speech
without any noise begin and end more softly; of 2 ms or half the loudness some were holes, too
(`tests/unit/test_sound_dropouts.py`)."""
_BLOCKS: Final = 10 * BLOCKS_PER_S
_REACH: Final = BLOCK_SAMPLES + _LONGEST + 2 * _EDGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropouts:
    """The last ten seconds.

    Attributes:
        counts: Holes by the block in which the sound behind them is.
    """

    counts: tuple[int, ...] = ()

    def after(self, block: Block) -> "Dropouts":
        """With one more block."""
        return Dropouts(counts=(*self.counts, _count(block))[-_BLOCKS:])

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self.counts)


def _count(block: Block) -> int:
    recent = block.memory[-_REACH:]
    is_zero = np.concatenate(([False], recent == 0.0, [False]))
    edges = np.flatnonzero(is_zero[1:] != is_zero[:-1])
    starts, ends = edges[::2], edges[1::2]
    lengths = ends - starts
    # Each hole is counted once, with the block in which the 1 ms behind it ends.
    here = (ends + _EDGE > _REACH - BLOCK_SAMPLES) & (ends + _EDGE <= _REACH) & (starts >= _EDGE)
    fitting = here & (lengths >= _SHORTEST) & (lengths <= _LONGEST)
    return sum(
        _is_loud(recent[start - _EDGE : start]) and _is_loud(recent[end : end + _EDGE])
        for start, end in zip(starts[fitting], ends[fitting], strict=True)
    )


def _is_loud(samples: np.typing.NDArray[np.float64]) -> bool:
    return bool(np.mean(samples**2) >= _LOUD_EDGE**2)
