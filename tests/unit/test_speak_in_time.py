"""When the better voices are busy the others speak, and when all are busy the listeners read: nobody falls behind."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from babelcast.domain.dynamics import NEUTRAL, Prosody
from babelcast.domain.errors import SynthesisUnavailableError
from babelcast.domain.languages import LANGUAGES, SpeechEngine, Voice, language
from babelcast.usecases.speak_in_time import POLLY_QUOTAS, SpeakInTime, SpeechQuota
from tests.block_speech import Clock
from tests.in_memory import CountingMeter


@dataclass
class Polly:
    clock: Clock
    asked: list[tuple[float, SpeechEngine]] = field(default_factory=list)
    prosodies: list[Prosody] = field(default_factory=list)

    async def synthesize(self, text: str, voice: Voice, prosody: Prosody = NEUTRAL) -> bytes:
        self.asked.append((self.clock.now_s, voice.engine))
        self.prosodies.append(prosody)
        return b"mp3"


def speaking(clock: Clock, polly: Polly, meter: CountingMeter) -> SpeakInTime:
    return SpeakInTime(polly, POLLY_QUOTAS, meter=meter, monotonic_s=clock.monotonic_s, sleep=clock.sleep)


def voice(code: str) -> Voice:
    found = language(code).voice
    assert found is not None
    return found


async def test_within_the_quota_every_voice_speaks_with_its_own_engine() -> None:
    clock, meter = Clock(), CountingMeter()
    polly = Polly(clock)
    speak = speaking(clock, polly, meter)
    for code in ("es", "fr", "ca", "ro"):
        await speak.synthesize("text", voice(code))
    assert [engine for _, engine in polly.asked] == [
        SpeechEngine.NEURAL,
        SpeechEngine.NEURAL,
        SpeechEngine.NEURAL,
        SpeechEngine.STANDARD,
    ]
    assert meter.counts == {}


async def test_beyond_it_the_standard_engine_helps_and_a_voice_without_one_becomes_text() -> None:
    clock, meter = Clock(), CountingMeter()
    polly = Polly(clock)
    quotas = {
        SpeechEngine.NEURAL: SpeechQuota(rate_per_s=1, burst=2, max_wait_s=0.5),
        SpeechEngine.STANDARD: SpeechQuota(rate_per_s=1, burst=1, max_wait_s=0.5),
    }
    speak = SpeakInTime(polly, quotas, meter=meter, monotonic_s=clock.monotonic_s, sleep=clock.sleep)
    for code in ("ca", "es", "es"):
        await speak.synthesize("text", voice(code))
    with pytest.raises(SynthesisUnavailableError):
        await speak.synthesize("text", voice("ca"))
    with pytest.raises(SynthesisUnavailableError):
        await speak.synthesize("text", voice("es"))
    assert [engine.value for _, engine in polly.asked] == ["neural", "neural", "standard"]
    assert meter.counts == {"SpeechWithStandardEngine": 1, "SpeechOverQuota": 2}


async def test_the_engine_that_helps_is_asked_for_the_same_prosody_with_its_pitch() -> None:
    clock = Clock()
    polly = Polly(clock)
    quotas = {engine: SpeechQuota(rate_per_s=1, burst=1, max_wait_s=0.5) for engine in SpeechEngine}
    speak = SpeakInTime(polly, quotas, meter=CountingMeter(), monotonic_s=clock.monotonic_s, sleep=clock.sleep)
    high_and_fast = Prosody(rate_percent=115, volume_db=2.0, pitch_percent=110)
    for _ in range(2):
        await speak.synthesize("text", voice("es"), high_and_fast)
    assert [engine.value for _, engine in polly.asked] == ["neural", "standard"]
    assert polly.prosodies == [high_and_fast, high_and_fast]


async def test_a_short_wait_is_waited_for() -> None:
    clock, meter = Clock(), CountingMeter()
    polly = Polly(clock)
    speak = speaking(clock, polly, meter)
    for _ in range(12):
        await speak.synthesize("text", voice("ca"))
    assert len(polly.asked) == 12
    assert clock.now_s == pytest.approx(1000 + 2 / 8)


async def test_twenty_languages_at_once_never_exceed_the_account() -> None:
    clock, meter = Clock(), CountingMeter()
    polly = Polly(clock)
    quotas = {engine: replace(quota, max_wait_s=0.0) for engine, quota in POLLY_QUOTAS.items()}
    speak = SpeakInTime(polly, quotas, meter=meter, monotonic_s=clock.monotonic_s, sleep=clock.sleep)
    voices = [row.voice for row in LANGUAGES.values() if row.voice is not None]
    for second in range(10):
        clock.now_s = 1000.0 + second
        await asyncio.gather(*(speak.synthesize("text", each) for each in voices), return_exceptions=True)
    neural = [at_s for at_s, engine in polly.asked if engine is SpeechEngine.NEURAL]
    assert 70 <= len(neural) <= 10 + 8 * 9


def test_cells_share_the_accounts_quota() -> None:
    quota = POLLY_QUOTAS[SpeechEngine.NEURAL].shared_by(4)
    assert (quota.rate_per_s, quota.burst) == (2.0, 2.5)
