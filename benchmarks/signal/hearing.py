"""A meter that hears a signal piece by piece, and what it says when."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from babelcast.domain.audio import BYTES_PER_SAMPLE, SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import BLOCK_SAMPLES, Signal
from babelcast.domain.sound.meter import SoundMeter
from babelcast.domain.sound.quality import SoundQuality
from babelcast.domain.sound_issue import Finding, SoundIssue
from benchmarks.quiet.programmes import to_pcm

PIECE_SAMPLES: Final = BLOCK_SAMPLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A finding, and when the sound that it is of had been heard."""

    at_s: float
    finding: Finding


@dataclass(slots=True, kw_only=True)
class Hearing:
    """A meter, and what it has said so far.

    Attributes:
        heard_samples: Where the next sound is.
    """

    meter: SoundMeter = field(default_factory=lambda: SoundMeter(SoundQuality()))
    told: list[Told] = field(default_factory=list)
    heard_samples: int = 0

    def hear(self, signal: Signal) -> None:
        """Take all of a signal in."""
        for _ in self.steps(signal):
            pass

    def steps(self, signal: Signal) -> Iterator[SoundQuality]:
        """Take a signal in; the measurements after each tenth of a second."""
        pcm = to_pcm(signal)
        for start in range(0, len(pcm), PIECE_SAMPLES * BYTES_PER_SAMPLE):
            piece = pcm[start : start + PIECE_SAMPLES * BYTES_PER_SAMPLE]
            findings = self.meter.hear(piece, start_sample=self.heard_samples)
            self.heard_samples += len(piece) // BYTES_PER_SAMPLE
            self.told += [Told(at_s=self.heard_samples / SAMPLE_RATE_HZ, finding=each) for each in findings]
            yield self.meter.quality


def findings_of(signal: Signal) -> list[Told]:
    """What a new meter says of a signal."""
    hearing = Hearing()
    hearing.hear(signal)
    return hearing.told


def issues_of(told: Iterable[Told]) -> set[SoundIssue]:
    """What was wrong at any time."""
    return {each.finding.issue for each in told if not each.finding.resolved}


def as_heard(signal: Signal) -> Signal:
    """With 16 bits, as a meter gets it."""
    return np.frombuffer(to_pcm(signal), dtype="<i2") / 32768
