"""Keep within the voice's quota without falling behind: the better engine while it has room, then the quicker one.

The quotas are the account's; every cell gets its share of them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from babelcast.domain.dynamics import NEUTRAL, Prosody
from babelcast.domain.errors import SynthesisUnavailableError
from babelcast.domain.languages import SpeechEngine, Voice
from babelcast.domain.token_bucket import TokenBucket
from babelcast.ports import Meter, Synthesizer


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechQuota:
    """What an engine allows, and how long a request may wait for its turn.

    Attributes:
        rate_per_s: Requests per second.
        burst: Requests at once.
        max_wait_s: A longer wait would let the listeners fall behind.
    """

    rate_per_s: float
    burst: float
    max_wait_s: float

    def shared_by(self, cells: int) -> "SpeechQuota":
        """One cell's share."""
        return replace(self, rate_per_s=self.rate_per_s / cells, burst=max(1.0, self.burst / cells))


_BURST_S: Final = 1.25
"""Requests at once, in seconds of the rate. Source: Amazon Polly quotas, 10 for 8 a second and 100 for 80."""


def polly_quotas(*, neural_per_s: float, standard_per_s: float, cells: int = 1) -> Mapping[SpeechEngine, SpeechQuota]:
    """What Amazon Polly allows one of so many cells, by the account's rates of SynthesizeSpeech in a region."""
    account = {
        SpeechEngine.NEURAL: SpeechQuota(rate_per_s=neural_per_s, burst=_BURST_S * neural_per_s, max_wait_s=0.5),
        SpeechEngine.STANDARD: SpeechQuota(rate_per_s=standard_per_s, burst=_BURST_S * standard_per_s, max_wait_s=1.0),
    }
    return {engine: quota.shared_by(cells) for engine, quota in account.items()}


POLLY_QUOTAS: Final = MappingProxyType(polly_quotas(neural_per_s=8, standard_per_s=80))
"""What accounts have that have asked for nothing. Source: Amazon Polly quotas, SynthesizeSpeech."""


class SpeakInTime:
    """A `babelcast.ports.Synthesizer` that never asks for more than the quotas allow."""

    def __init__(
        self,
        synthesizer: Synthesizer,
        quotas: Mapping[SpeechEngine, SpeechQuota],
        *,
        meter: Meter,
        monotonic_s: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._synthesizer = synthesizer
        self._quotas = quotas
        self._meter = meter
        self._monotonic_s = monotonic_s
        self._sleep = sleep
        self._buckets = {
            engine: TokenBucket.full(rate_per_s=quota.rate_per_s, burst=quota.burst, now_s=monotonic_s())
            for engine, quota in quotas.items()
        }

    def has_room(self) -> bool:
        """Whether there is room for speech that may be thrown away: half of what the better engine allows at once."""
        bucket = self._buckets[SpeechEngine.NEURAL]
        return bucket.level(self._monotonic_s()) >= bucket.burst / 2

    async def synthesize(self, text: str, voice: Voice, prosody: Prosody = NEUTRAL) -> bytes:
        """Speak with the voice's engine, else with its standard one; both are asked for the whole prosody.

        Raises:
            SynthesisUnavailableError: Neither has room in time; the segment is delivered as text.
        """
        for candidate in _candidates(voice):
            wait_s = self._reserve(candidate.engine)
            if wait_s is None:
                continue
            if candidate.engine is not voice.engine:
                self._meter.count("SpeechWithStandardEngine")
            if wait_s:
                await self._sleep(wait_s)
            return await self._synthesizer.synthesize(text, candidate, prosody)
        self._meter.count("SpeechOverQuota")
        raise SynthesisUnavailableError("no engine has room in time")

    def _reserve(self, engine: SpeechEngine) -> float | None:
        """Take a turn; the seconds until it comes, or None when that is too long."""
        bucket, wait_s = self._buckets[engine].take(self._monotonic_s())
        if wait_s > self._quotas[engine].max_wait_s:
            return None
        self._buckets[engine] = bucket
        return wait_s


def _candidates(voice: Voice) -> tuple[Voice, ...]:
    if voice.engine is SpeechEngine.NEURAL and voice.has_standard:
        return voice, replace(voice, engine=SpeechEngine.STANDARD)
    return (voice,)
