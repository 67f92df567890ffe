"""Broken sounds spoken into a stack, one room each at the same time: what each speaker is told, and how soon."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import Signal
from babelcast.domain.sound_issue import SoundIssue
from benchmarks.quiet.programmes import to_pcm
from benchmarks.signal.damage import clipped, with_echo, with_noise
from benchmarks.signal.speech import programme
from local.client.http_api import HttpApi
from local.client.login import SpeakerLogin
from local.client.messages import QualityWarning, ServerMessage
from local.client.speaker import Speaker
from local.endpoints import Endpoints

CLEAN: Final = "clean"
_VOICE: Final = "slt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A warning, so long after the first sample was spoken."""

    issue: str
    after_s: float
    resolved: bool


def broken_sounds(seconds: float) -> Mapping[str, Signal]:
    """Speech, by what is wrong with it; clean, too."""
    speech = programme(_VOICE, seconds)
    return MappingProxyType(
        {
            CLEAN: speech,
            SoundIssue.CLIPPING.value: clipped(speech, 0.02),
            SoundIssue.LOW_SNR.value: with_noise(speech, 3.0),
            SoundIssue.ECHO.value: with_echo(speech, 0.25, -10.0),
            SoundIssue.SILENCE.value: np.zeros(round(seconds * SAMPLE_RATE_HZ)),
        }
    )


async def tell(endpoints: Endpoints, sounds: Mapping[str, Signal]) -> dict[str, list[Warned]]:
    """What the speaker of each sound is told until it is over."""
    login = SpeakerLogin(endpoints)
    told = await asyncio.gather(*(_speak(endpoints, login, signal) for signal in sounds.values()))
    return dict(zip(sounds, told, strict=True))


async def _speak(endpoints: Endpoints, login: SpeakerLogin, signal: Signal) -> list[Warned]:
    async with HttpApi(endpoints.http_api_url) as api:
        token = await login.access_token()
        created = await api.create_session(token, source_language="en", target_languages=["es"])
    warned: list[Warned] = []

    def take(message: ServerMessage) -> None:
        if isinstance(message, QualityWarning):
            after_s = time.monotonic() - (speaker.first_sample_at or 0.0)
            warned.append(Warned(issue=message.issue, after_s=after_s, resolved=message.resolved))

    speaker = Speaker(
        websocket_url=endpoints.websocket_url, session_id=created.session_id, token=login.access_token, on_message=take
    )
    async with speaker:
        await speaker.speak(to_pcm(signal))
        await speaker.end_session()
    return warned
