"""What is measured is the same to the bit, whatever the pieces in which the audio comes."""

import functools
import itertools
from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from babelcast.domain.audio import BYTES_PER_SAMPLE, SAMPLE_RATE_HZ
from babelcast.domain.dynamics import Dynamics
from babelcast.domain.sound.blocks import BLOCK_SAMPLES, MEMORY_SAMPLES, Block, Blocks
from babelcast.domain.sound.meter import SoundMeter
from babelcast.domain.sound.quality import SoundQuality
from babelcast.domain.sound_issue import Finding
from babelcast.domain.transcript import Word
from benchmarks.quiet.programmes import to_pcm
from benchmarks.signal.damage import clipped, with_echo, with_holes, with_hum, with_noise
from benchmarks.signal.speech import programme

SAMPLES = 14 * SAMPLE_RATE_HZ
WORDS = (
    Word(text="some", start_sample=9_000, end_sample=17_000, stable=True),
    Word(text="words", start_sample=24_000, end_sample=39_000, stable=True),
)


@functools.cache
def pcm() -> bytes:
    """14 s, longer than all windows, in which everything goes wrong that can, one after the other and at once."""
    speech = programme("slt", 13.0)
    second = SAMPLE_RATE_HZ
    parts = (
        with_noise(speech, -6)[: 5 * second],
        with_holes(clipped(speech, 0.02), per_s=15, hole_s=0.01)[5 * second : 7 * second],
        with_noise(with_echo(speech, 0.2, -8), 6)[7 * second : 10 * second],
        np.zeros(second),
        with_hum(speech, 50, -35)[10 * second :],
    )
    return to_pcm(np.concatenate(parts))


Measured = tuple[list[Finding], tuple[object, ...], Dynamics | None]


def measured(cuts: Sequence[int], *, origin_sample: int = 0) -> Measured:
    """Findings, the last measurements and the dynamics of some words, with the audio cut at these samples."""
    meter = SoundMeter(SoundQuality())
    findings: list[Finding] = []
    for start, end in itertools.pairwise([0, *sorted(cuts), SAMPLES]):
        piece = pcm()[start * BYTES_PER_SAMPLE : end * BYTES_PER_SAMPLE]
        findings += meter.hear(piece, start_sample=origin_sample + start)
    quality = meter.quality
    numbers = (
        quality.noise.floor,
        quality.noise.snr_db,
        quality.voice.frames,
        quality.loud_noise_blocks,
        quality.clipping,
        quality.dropouts,
        quality.powers,
        quality.silent_blocks,
        quality.echo,
        quality.hum_dbfs,
        quality.speech_lufs,
        dict(quality.watches),
    )
    return findings, numbers, meter.dynamics(WORDS)


@functools.cache
def in_one_piece() -> Measured:
    return measured([])


@given(st.lists(st.integers(0, SAMPLES), max_size=12))
@settings(max_examples=30)
def test_cuts_make_no_difference(cuts: list[int]) -> None:
    assert measured(cuts) == in_one_piece()


def test_pieces_of_one_sample_or_of_20_ms_make_no_difference() -> None:
    assert measured([*range(3_000), *range(3_000, SAMPLES, 320)]) == in_one_piece()


def test_all_of_it_is_measured() -> None:
    assert len(pcm()) == SAMPLES * BYTES_PER_SAMPLE
    findings, _, dynamics = in_one_piece()
    assert len({finding.issue for finding in findings}) >= 3
    assert dynamics is not None
    assert dynamics.pitch_hz is not None


def blocks_from(start_sample: int) -> list[Block]:
    return list(Blocks().add(pcm()[start_sample * BYTES_PER_SAMPLE :], start_sample=start_sample))


@functools.cache
def all_blocks() -> dict[int, Block]:
    return {block.start_sample: block for block in blocks_from(0)}


@given(st.integers(1, SAMPLES))
@settings(max_examples=40)
def test_who_begins_later_hears_the_same_blocks_from_there_on(start_sample: int) -> None:
    later = blocks_from(start_sample)
    assert [block.start_sample for block in later] == [start for start in all_blocks() if start >= start_sample]
    for number, block in enumerate(later, start=1):
        whole = all_blocks()[block.start_sample]
        known = min(MEMORY_SAMPLES, number * BLOCK_SAMPLES)
        assert block.known_samples == known
        assert np.array_equal(block.samples, whole.samples)
        assert np.array_equal(block.memory[-known:], whole.memory[-known:])
        if number > 1:
            assert np.array_equal(block.powers, whole.powers)


@given(st.lists(st.integers(1, 40_000), min_size=1, max_size=8), st.integers(0, 10**9))
@settings(max_examples=40)
def test_each_sample_is_in_one_block_and_blocks_are_on_the_grid(sizes: list[int], origin_sample: int) -> None:
    blocks, found, at = Blocks(), [], origin_sample
    rng = np.random.default_rng(len(sizes))
    audio = rng.integers(-32768, 32768, size=sum(sizes)).astype("<i2")
    for size in sizes:
        piece = audio[at - origin_sample : at - origin_sample + size]
        found += list(blocks.add(piece.tobytes(), start_sample=at))
        at += size
    first = origin_sample + -origin_sample % BLOCK_SAMPLES
    assert [block.start_sample for block in found] == list(range(first, at - BLOCK_SAMPLES + 1, BLOCK_SAMPLES))
    for block in found:
        start = block.start_sample - origin_sample
        assert np.array_equal(block.samples, audio[start : start + BLOCK_SAMPLES] / 32768)


def test_after_a_gap_all_begins_anew() -> None:
    blocks = Blocks()
    list(blocks.add(bytes(20_000), start_sample=0))
    later = list(blocks.add(pcm()[: 40_000 * BYTES_PER_SAMPLE], start_sample=100_000))
    alone = list(Blocks().add(pcm()[: 40_000 * BYTES_PER_SAMPLE], start_sample=100_000))
    assert [block.start_sample for block in later] == [block.start_sample for block in alone]
    assert all(np.array_equal(one.memory, other.memory) for one, other in zip(later, alone, strict=True))
    assert [block.known_samples for block in later[:2]] == [BLOCK_SAMPLES, 2 * BLOCK_SAMPLES]


def test_a_rows_powers_add_up_to_the_mean_square() -> None:
    times = np.arange(BLOCK_SAMPLES * 5) / SAMPLE_RATE_HZ
    tone = 0.5 * np.sin(2 * np.pi * 1000 * times)
    last = list(Blocks().add(to_pcm(tone), start_sample=0))[-1]
    assert np.allclose(np.sum(last.powers, axis=1), 0.125, rtol=0.01)
