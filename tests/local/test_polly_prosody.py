"""How a text is asked to be spoken is heard in the clip: the product's adapter, the local Polly, and a ruler."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from babelcast.adapters.aws_client import in_thread
from babelcast.adapters.polly import PollySynthesizer
from babelcast.domain.dynamics import NEUTRAL, Prosody
from babelcast.domain.languages import SpeechEngine, Voice, language
from local.services.behaviour import Behaviour, Service
from tests.in_memory import CountingMeter
from tests.local_polly import local_polly, measured

SENTENCE = "La biblioteca pública abre el lunes por la mañana y cierra el viernes por la tarde."
RATES = (80, 100, 125)
VOLUMES_DB = (-6.0, 0.0, 6.0)


@pytest.fixture
async def polly(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Behaviour]:
    async with local_polly(monkeypatch) as behaviour:
        yield behaviour


def voice_of(code: str, engine: SpeechEngine = SpeechEngine.NEURAL) -> Voice:
    voice = language(code).voice
    assert voice is not None
    return replace(voice, engine=engine)


async def test_a_clip_is_as_fast_and_as_loud_as_it_was_asked_for(polly: Behaviour) -> None:
    synthesizer = PollySynthesizer(CountingMeter())
    clips = {
        (rate, volume_db): measured(
            await synthesizer.synthesize(SENTENCE, voice_of("es"), Prosody(rate_percent=rate, volume_db=volume_db))
        )
        for rate in RATES
        for volume_db in VOLUMES_DB
    }

    usual = clips[100, 0.0]
    for (rate, volume_db), clip in clips.items():
        assert clip.duration_s == pytest.approx(usual.duration_s * 100 / rate, rel=0.1)
        assert clip.loudness_lufs - usual.loudness_lufs == pytest.approx(volume_db, abs=0.5)
        assert clip.pitch_hz == pytest.approx(usual.pitch_hz, rel=0.03)
        assert clip.peak < 0.99, "nothing is clipped"
    for volume_db in VOLUMES_DB:
        slow, normal, fast = (clips[rate, volume_db].duration_s for rate in RATES)
        assert slow > 1.1 * normal > 1.2 * fast


@pytest.mark.parametrize(("code", "text"), [("es", SENTENCE), ("ro", "Biblioteca se deschide luni dimineața la nouă.")])
async def test_the_standard_engine_speaks_higher_and_lower(polly: Behaviour, code: str, text: str) -> None:
    synthesizer = PollySynthesizer(CountingMeter())
    low, usual, high = [
        measured(
            await synthesizer.synthesize(text, voice_of(code, SpeechEngine.STANDARD), Prosody(pitch_percent=percent))
        )
        for percent in (90, 100, 110)
    ]

    assert low.pitch_hz / usual.pitch_hz == pytest.approx(0.9, abs=0.03)
    assert high.pitch_hz / usual.pitch_hz == pytest.approx(1.1, abs=0.03)
    assert high.duration_s == pytest.approx(usual.duration_s, rel=0.03)


async def test_the_neural_engine_has_one_pitch_and_does_not_fail_for_it(polly: Behaviour) -> None:
    meter = CountingMeter()
    synthesizer = PollySynthesizer(meter)
    higher = Prosody(pitch_percent=110, rate_percent=110)

    mp3 = await synthesizer.synthesize(SENTENCE, voice_of("es"), higher)
    assert mp3 == await synthesizer.synthesize(SENTENCE, voice_of("es"), replace(higher, pitch_percent=100))
    assert "SpeechMarkupRefused" not in meter.counts


async def test_only_what_is_spoken_is_billed(polly: Behaviour) -> None:
    meter = CountingMeter()
    text = 'Queda "1 < 2 & 3"\x07, de L\'Hospitalet.'
    await PollySynthesizer(meter).synthesize(text, voice_of("es"), Prosody(rate_percent=110))

    assert meter.counts == {"CharactersSpokenNeural": len(text) - 1}
    assert polly.counters[Service.POLLY]["characters"] == len(text) - 1


async def test_a_prosody_that_polly_does_not_take_does_not_cost_the_clip(polly: Behaviour) -> None:
    meter = CountingMeter()
    synthesizer = PollySynthesizer(meter)
    mp3 = await synthesizer.synthesize("Buenos días.", voice_of("es"), Prosody(rate_percent=300))

    assert mp3 == await synthesizer.synthesize("Buenos días.", voice_of("es"), NEUTRAL)
    assert meter.counts == {"SpeechMarkupRefused": 1, "CharactersSpokenNeural": 2 * len("Buenos días.")}


async def spoken(ssml: str, *, engine: str = "standard") -> bytes:
    client: Any = boto3.client("polly")
    answer = await in_thread(
        lambda: client.synthesize_speech(
            Text=ssml, TextType="ssml", VoiceId="Lucia", Engine=engine, OutputFormat="mp3", SampleRate="24000"
        ),
        service="polly",
    )
    mp3: bytes = answer["AudioStream"].read()
    return mp3


async def test_elements_within_each_other_are_spoken_one_after_the_other(polly: Behaviour) -> None:
    alone = measured(await spoken(f"<speak>{SENTENCE}</speak>"))
    both = measured(
        await spoken(
            f'<speak>{SENTENCE}<prosody rate="200%"><prosody volume="-6dB">{SENTENCE}</prosody></prosody></speak>'
        )
    )

    assert 1.4 * alone.duration_s < both.duration_s < 1.8 * alone.duration_s
    assert polly.counters[Service.POLLY]["characters"] == 3 * len(SENTENCE)


@pytest.mark.parametrize(
    ("ssml", "engine", "code"),
    [
        ('<speak><prosody pitch="+10%">a</prosody></speak>', "neural", "InvalidSsmlException"),
        ('<speak><prosody pitch="+90%">a</prosody></speak>', "standard", "InvalidSsmlException"),
        ("<speak>a</speak>", "generative", "EngineNotSupportedException"),
        (f"<speak>{'a' * 3001}</speak>", "neural", "TextLengthExceededException"),
        (f"<speak>{'<s>a</s>' * 800}</speak>", "neural", "TextLengthExceededException"),
    ],
)
async def test_polly_refuses_what_the_engine_cannot_do(polly: Behaviour, ssml: str, engine: str, code: str) -> None:
    with pytest.raises(ClientError) as refusal:
        await spoken(ssml, engine=engine)
    assert refusal.value.response["Error"]["Code"] == code
