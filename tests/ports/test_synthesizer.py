"""Whatever is asked for, however it is to be said: a clip, or `SynthesisUnavailableError`."""

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import product

import pytest

from babelcast.adapters.polly import PollySynthesizer
from babelcast.domain.dynamics import NEUTRAL, Prosody
from babelcast.domain.errors import SynthesisUnavailableError
from babelcast.domain.languages import SpeechEngine, Voice, language
from babelcast.ports import Synthesizer
from tests.in_memory import CountingMeter, ScriptedSynthesizer
from tests.local_polly import local_polly

NOBODY = Voice(voice_id="Nobody", language_code="es-ES", engine=SpeechEngine.NEURAL)
PROSODIES = [
    Prosody(rate_percent=rate, volume_db=volume_db, pitch_percent=pitch)
    for rate, volume_db, pitch in product((80, 125), (-6.0, 6.0), (90, 110))
]
TEXTS = ("Hola.", "a < b && c > d", "<speak>]]></speak>", 'L\'Hospitalet & "Cía."', "uno\x00dos\x1b\ufffe", "🎉 ¡Hola!")


@pytest.fixture(params=["in memory", "AWS"])
async def synthesizer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Synthesizer]:
    if request.param == "in memory":
        yield ScriptedSynthesizer(broken={NOBODY.voice_id})
        return
    async with local_polly(monkeypatch):
        yield PollySynthesizer(CountingMeter())


@pytest.fixture(params=list(SpeechEngine))
def voice(request: pytest.FixtureRequest) -> Voice:
    voice = language("es").voice
    assert voice is not None
    return replace(voice, engine=request.param)


async def test_every_text_can_be_said_in_every_way(synthesizer: Synthesizer, voice: Voice) -> None:
    for text, prosody in product(TEXTS, PROSODIES):
        assert await synthesizer.synthesize(text, voice, prosody)


async def test_without_a_word_about_it_the_voice_speaks_its_own_way(synthesizer: Synthesizer, voice: Voice) -> None:
    own_way = await synthesizer.synthesize("Buenos días.", voice)
    assert await synthesizer.synthesize("Buenos días.", voice, NEUTRAL) == own_way
    assert await synthesizer.synthesize("Buenos días.", voice, Prosody()) == own_way


@pytest.mark.parametrize("prosody", [NEUTRAL, PROSODIES[0]])
async def test_what_cannot_be_said_is_an_error_of_ours(synthesizer: Synthesizer, prosody: Prosody) -> None:
    with pytest.raises(SynthesisUnavailableError):
        await synthesizer.synthesize("Hola.", NOBODY, prosody)
