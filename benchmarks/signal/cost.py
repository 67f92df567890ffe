"""What measuring costs: the processor's time for a second of audio, in all and part by part."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from babelcast.domain.audio import BYTES_PER_SAMPLE, SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import BLOCK_SAMPLES, BLOCKS_PER_S, Block, Blocks
from babelcast.domain.sound.clipping import Clipping
from babelcast.domain.sound.dropouts import Dropouts
from babelcast.domain.sound.echo import find_echo
from babelcast.domain.sound.hum import hum_dbfs
from babelcast.domain.sound.loudness import gated_loudness, k_weighted_power
from babelcast.domain.sound.meter import SoundMeter
from babelcast.domain.sound.noise import LEAST_SNR_DB, Noise
from babelcast.domain.sound.pitch import pitches_hz
from babelcast.domain.sound.quality import SoundQuality
from babelcast.domain.sound.voice import Voice
from benchmarks.quiet.programmes import to_pcm
from benchmarks.signal.damage import with_noise
from benchmarks.signal.speech import programme

ALLOWED_MS: Final = 15.0
"""For a second of audio."""
_CHUNK_SAMPLES: Final = SAMPLE_RATE_HZ // 4
_LOOK_BLOCKS: Final = BLOCKS_PER_S // 2
_LOUDNESS_BLOCKS: Final = 5 * BLOCKS_PER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Milliseconds of the processor for a second of audio.

    Attributes:
        everything: As `audio_processor` has it, in chunks of 250 ms.
        parts: By name; what is left of everything is the judging.
    """

    everything: float
    parts: dict[str, float]

    @property
    def problems(self) -> list[str]:
        """What is not as it has to be."""
        if self.everything <= ALLOWED_MS:
            return []
        return [f"measuring takes {self.everything:.1f} ms for a second of audio instead of {ALLOWED_MS:g}"]

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        parts = {name: round(each, 3) for name, each in self.parts.items()}
        return {"everythingMs": round(self.everything, 3), "allowedMs": ALLOWED_MS, "partsMs": parts}


def measure_cost(seconds: float) -> Cost:
    """Of so many seconds of speech in a little noise."""
    pcm = to_pcm(with_noise(programme("slt", seconds), 25))
    blocks = list(Blocks().add(pcm, start_sample=0))
    powers = [k_weighted_power(block) for block in blocks]
    parts: dict[str, Callable[[], None]] = {
        "blocks and their spectra": lambda: _cut(pcm),
        "signal-to-noise ratio": lambda: _hear_noise(blocks),
        "pitch, and whether it is a voice's": lambda: _hear_voice(blocks),
        "echo": lambda: _each(lambda block: find_echo(block.memory), blocks[_LOOK_BLOCKS - 1 :: _LOOK_BLOCKS]),
        "hum": lambda: _each(lambda block: hum_dbfs(block.memory), blocks[_LOOK_BLOCKS - 1 :: _LOOK_BLOCKS]),
        "loudness": lambda: _hear_loudness(blocks, powers),
        "holes": lambda: _hear_holes(blocks),
        "clipping": lambda: _hear_clipping(blocks),
    }
    _meter(pcm[: len(pcm) // 4])
    return Cost(
        everything=_milliseconds(lambda: _meter(pcm)) / seconds,
        parts={name: _milliseconds(part) / seconds for name, part in parts.items()},
    )


def _milliseconds(work: Callable[[], None]) -> float:
    """The processor's time that it takes, of this process."""
    began = time.process_time()
    work()
    return 1000 * (time.process_time() - began)


def _meter(pcm: bytes) -> None:
    meter = SoundMeter(SoundQuality())
    size = _CHUNK_SAMPLES * BYTES_PER_SAMPLE
    for start in range(0, len(pcm), size):
        meter.hear(pcm[start : start + size], start_sample=start // BYTES_PER_SAMPLE)


def _cut(pcm: bytes) -> None:
    for _ in Blocks().add(pcm, start_sample=0):
        pass


def _each(measure: Callable[[Block], object], blocks: list[Block]) -> None:
    for block in blocks:
        measure(block)


def _hear_noise(blocks: list[Block]) -> None:
    noise = Noise()
    for block in blocks:
        noise = noise.after(block)
        assert noise.floor >= 0.0
        assert noise.snr_db is None or noise.snr_db >= LEAST_SNR_DB


def _hear_voice(blocks: list[Block]) -> None:
    voice = Voice()
    for block in blocks:
        voice = voice.after(pitches_hz(block))
        assert voice.frames >= 0


def _hear_loudness(blocks: list[Block], powers: list[float]) -> None:
    for number, block in enumerate(blocks, start=1):
        k_weighted_power(block)
        gated_loudness(powers[max(0, number - _LOUDNESS_BLOCKS) : number])


def _hear_holes(blocks: list[Block]) -> None:
    dropouts = Dropouts()
    for block in blocks:
        dropouts = dropouts.after(block)


def _hear_clipping(blocks: list[Block]) -> None:
    clipping = Clipping()
    for block in blocks:
        clipping = clipping.after(block)
        assert BLOCK_SAMPLES * clipping.ratio >= 0.0
