"""The local Polly in this process, for the product's own adapter; and what can be measured of its clips."""

import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import numpy as np
import pytest
import soundfile
import soxr

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import BLOCK_SAMPLES, Blocks
from babelcast.domain.sound.loudness import gated_loudness, k_weighted_power
from babelcast.domain.sound.pitch import pitches_hz
from local.engines.espeak import EspeakSpeaker
from local.loopback import serve_on_loopback
from local.services.behaviour import Behaviour
from local.services.polly import polly_app
from tests.aws_account import aws_account


@asynccontextmanager
async def local_polly(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Behaviour]:
    """Polly with espeak-ng's voices, where the environment says that Polly is."""
    behaviour = Behaviour()
    async with AsyncExitStack() as stack:
        url = await serve_on_loopback(stack, polly_app(EspeakSpeaker(deadline_seconds=20), behaviour))
        with aws_account(monkeypatch, AWS_ENDPOINT_URL_POLLY=url):
            yield behaviour


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A clip: how long, how loud, how high, and its greatest sample (1 is full scale)."""

    duration_s: float
    loudness_lufs: float
    pitch_hz: float
    peak: float


def measured(mp3: bytes) -> Measured:
    samples, rate_hz = soundfile.read(io.BytesIO(mp3))
    assert samples.ndim == 1
    pcm = np.rint(np.clip(soxr.resample(samples, rate_hz, SAMPLE_RATE_HZ), -1, 1) * 32767).astype("<i2").tobytes()
    powers, pitches = [], []
    for block in Blocks().add(pcm + bytes(-len(pcm) % (2 * BLOCK_SAMPLES)), start_sample=0):
        powers.append(k_weighted_power(block))
        pitches.append(pitches_hz(block))
    loudness = gated_loudness(powers)
    assert loudness is not None
    return Measured(
        duration_s=len(samples) / rate_hz,
        loudness_lufs=loudness,
        pitch_hz=float(np.nanmedian(np.concatenate(pitches))),
        peak=float(np.abs(samples).max()),
    )
