"""How much of the sound is cut off at full scale."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from babelcast.domain.sound.blocks import BLOCK_SAMPLES, BLOCKS_PER_S, Block

_CEILING: Final = 0.999
"""Of full scale."""
_BLOCKS: Final = 2 * BLOCKS_PER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Clipping:
    """The last two seconds.

    Attributes:
        counts: Samples at full scale, by block.
    """

    counts: tuple[int, ...] = ()

    def after(self, block: Block) -> "Clipping":
        """With one more block."""
        count = int(np.count_nonzero(np.abs(block.samples) >= _CEILING))
        return Clipping(counts=(*self.counts, count)[-_BLOCKS:])

    @property
    def ratio(self) -> float:
        """The share of all samples that is cut off, 0.0–1.0."""
        return sum(self.counts) / (BLOCK_SAMPLES * len(self.counts)) if self.counts else 0.0
