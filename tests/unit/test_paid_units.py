"""What the adapters count is what was asked of AWS: the units of the bill."""

import io
from collections.abc import Iterator

import pytest
from botocore.stub import Stubber

from babelcast.adapters.polly import PollySynthesizer
from babelcast.adapters.translate import TranslateTranslator
from babelcast.domain.dynamics import Prosody
from babelcast.domain.errors import SynthesisUnavailableError, TranslationUnavailableError
from babelcast.domain.languages import SpeechEngine, Voice, language
from tests.aws_account import aws_account
from tests.in_memory import CountingMeter


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with aws_account(monkeypatch):
        yield


async def test_characters_are_counted_when_translate_has_translated_them() -> None:
    meter = CountingMeter()
    translator = TranslateTranslator(meter)
    answer = {"TranslatedText": "Hola.", "SourceLanguageCode": "en", "TargetLanguageCode": "es"}
    with Stubber(translator._client) as answers:
        answers.add_response("translate_text", answer)
        answers.add_client_error("translate_text", "ThrottlingException")
        await translator.translate("Hello.", source=language("en"), target=language("es"))
        await translator.translate("Hello.", source=language("en"), target=language("en"))
        with pytest.raises(TranslationUnavailableError):
            await translator.translate("Hello.", source=language("en"), target=language("es"))

    assert meter.counts == {"CharactersTranslated": len("Hello.")}


async def test_spoken_characters_are_counted_by_the_engine_that_sets_their_price() -> None:
    meter = CountingMeter()
    synthesizer = PollySynthesizer(meter)
    with Stubber(synthesizer._client) as answers:
        for text, engine in (("Hola.", SpeechEngine.NEURAL), ("Adiós.", SpeechEngine.STANDARD)):
            answers.add_response("synthesize_speech", {"AudioStream": io.BytesIO(b"mp3")})
            await synthesizer.synthesize(text, Voice(voice_id="Lucia", language_code="es-ES", engine=engine))
        answers.add_client_error("synthesize_speech", "ThrottlingException")
        with pytest.raises(SynthesisUnavailableError):
            await synthesizer.synthesize(
                "Hola.", Voice(voice_id="Lucia", language_code="es-ES", engine=SpeechEngine.NEURAL)
            )

    assert meter.counts == {"CharactersSpokenNeural": len("Hola."), "CharactersSpokenStandard": len("Adiós.")}


async def test_tags_are_not_counted_and_what_polly_has_counted_is() -> None:
    meter = CountingMeter()
    synthesizer = PollySynthesizer(meter)
    voice = Voice(voice_id="Lucia", language_code="es-ES", engine=SpeechEngine.NEURAL)
    with Stubber(synthesizer._client) as answers:
        answers.add_response("synthesize_speech", {"AudioStream": io.BytesIO(b"mp3")})
        await synthesizer.synthesize("Uno & dos.", voice, Prosody(rate_percent=110))
        assert meter.counts == {"CharactersSpokenNeural": len("Uno & dos.")}
        answers.add_response("synthesize_speech", {"AudioStream": io.BytesIO(b"mp3"), "RequestCharacters": 14})
        await synthesizer.synthesize("Uno & dos.", voice, Prosody(rate_percent=110))

    assert meter.counts == {"CharactersSpokenNeural": len("Uno & dos.") + 14}
