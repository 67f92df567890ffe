"""SSML says what it is to say and nothing else, whatever the text; where Polly does not take it, the text is spoken."""

import io
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from botocore.stub import ANY, Stubber
from hypothesis import given
from hypothesis import strategies as st

from babelcast.adapters.polly import PollySynthesizer
from babelcast.adapters.speech_markup import MAX_CHARACTERS, speech_markup
from babelcast.domain.dynamics import NEUTRAL, Prosody
from babelcast.domain.errors import SynthesisUnavailableError
from babelcast.domain.languages import SpeechEngine, Voice
from tests.aws_account import aws_account
from tests.in_memory import CountingMeter

NEURAL, STANDARD = SpeechEngine.NEURAL, SpeechEngine.STANDARD
LOUD = Prosody(rate_percent=110, volume_db=3.0, pitch_percent=95)


@pytest.mark.parametrize(
    ("prosody", "engine", "attributes"),
    [
        (LOUD, NEURAL, 'rate="110%" volume="+3dB"'),
        (LOUD, STANDARD, 'rate="110%" volume="+3dB" pitch="-5%"'),
        (Prosody(rate_percent=85), NEURAL, 'rate="85%"'),
        (Prosody(volume_db=-6.0), NEURAL, 'volume="-6dB"'),
        (Prosody(volume_db=2.6), STANDARD, 'volume="+3dB"'),
        (Prosody(pitch_percent=110), STANDARD, 'pitch="+10%"'),
    ],
)
def test_only_what_differs_is_said_and_the_pitch_to_the_standard_engine(
    prosody: Prosody, engine: SpeechEngine, attributes: str
) -> None:
    markup = speech_markup("Hola.", prosody, engine=engine)
    assert markup == f"<speak><prosody {attributes}>Hola.</prosody></speak>"


@pytest.mark.parametrize(
    ("prosody", "engine"),
    [
        (NEUTRAL, NEURAL),
        (NEUTRAL, STANDARD),
        (Prosody(volume_db=-0.0), STANDARD),
        (Prosody(volume_db=0.3), STANDARD),
        (Prosody(pitch_percent=110), NEURAL),
    ],
)
def test_plain_text_is_enough_for_the_voices_own_way(prosody: Prosody, engine: SpeechEngine) -> None:
    assert speech_markup("Hola.", prosody, engine=engine) is None


def test_what_xml_has_a_meaning_for_is_escaped_and_what_it_cannot_hold_left_out() -> None:
    text = '«Tom & Jerry» <b>it\'s</b> "so" ]]> \x00\x08\x0b\x1f\ufffe\uffff\ud800\tend'
    assert speech_markup(text, Prosody(rate_percent=90), engine=NEURAL) == (
        '<speak><prosody rate="90%">«Tom &amp; Jerry» &lt;b&gt;it&apos;s&lt;/b&gt; &quot;so&quot; ]]&gt; \tend'
        "</prosody></speak>"
    )


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200), st.sampled_from(SpeechEngine))
def test_every_text_is_well_formed_and_comes_out_as_it_was(text: str, engine: SpeechEngine) -> None:
    markup = speech_markup(text, LOUD, engine=engine)
    assert markup is not None
    root = ET.fromstring(markup)
    assert [each.tag for each in root.iter()] == ["speak", "prosody"]
    kept = "".join(each for each in text if each in "\t\n\r" or " " <= each < "\ufffe" or each > "\uffff")
    assert "".join(root.itertext()) == kept.replace("\r\n", "\n").replace("\r", "\n")


def test_markup_is_never_longer_than_a_request_may_be() -> None:
    around = len(speech_markup("", LOUD, engine=STANDARD) or "")
    fits = speech_markup("a" * (MAX_CHARACTERS - around), LOUD, engine=STANDARD)
    assert fits is not None
    assert len(fits) == MAX_CHARACTERS
    assert speech_markup("a" * (MAX_CHARACTERS - around + 1), LOUD, engine=STANDARD) is None
    assert speech_markup("&" * 2_000, LOUD, engine=STANDARD) is None


VOICE = Voice(voice_id="Lucia", language_code="es-ES", engine=NEURAL)
MARKUP = '<speak><prosody rate="110%" volume="+3dB">Hola.</prosody></speak>'


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with aws_account(monkeypatch):
        yield


def request(text: str, text_type: str) -> dict[str, Any]:
    return {
        "Text": text, "TextType": text_type, "VoiceId": "Lucia", "LanguageCode": "es-ES", "Engine": "neural",
        "OutputFormat": ANY, "SampleRate": ANY,
    }  # fmt: skip


async def test_the_voices_own_way_is_asked_for_as_text() -> None:
    synthesizer = PollySynthesizer(CountingMeter())
    with Stubber(synthesizer._client) as answers:
        answers.add_response("synthesize_speech", {"AudioStream": io.BytesIO(b"mp3")}, request("Tom & Co", "text"))
        assert await synthesizer.synthesize("Tom & Co", VOICE) == b"mp3"


async def test_refused_markup_is_text_once_and_is_counted() -> None:
    meter = CountingMeter()
    synthesizer = PollySynthesizer(meter)
    with Stubber(synthesizer._client) as answers:
        answers.add_client_error("synthesize_speech", "InvalidSsmlException", expected_params=request(MARKUP, "ssml"))
        answers.add_response("synthesize_speech", {"AudioStream": io.BytesIO(b"mp3")}, request("Hola.", "text"))
        assert await synthesizer.synthesize("Hola.", VOICE, LOUD) == b"mp3"
        answers.assert_no_pending_responses()

    assert meter.counts == {"SpeechMarkupRefused": 1, "CharactersSpokenNeural": len("Hola.")}


async def test_the_text_is_asked_for_once_only() -> None:
    synthesizer = PollySynthesizer(CountingMeter())
    with Stubber(synthesizer._client) as answers:
        for _ in range(2):
            answers.add_client_error("synthesize_speech", "InvalidSsmlException")
        with pytest.raises(SynthesisUnavailableError):
            await synthesizer.synthesize("Hola.", VOICE, LOUD)
        answers.assert_no_pending_responses()


async def test_another_refusal_is_not_asked_about_again() -> None:
    meter = CountingMeter()
    synthesizer = PollySynthesizer(meter)
    with Stubber(synthesizer._client) as answers:
        answers.add_client_error("synthesize_speech", "ThrottlingException")
        answers.add_response("synthesize_speech", {"AudioStream": io.BytesIO(b"mp3")})
        with pytest.raises(SynthesisUnavailableError):
            await synthesizer.synthesize("Hola.", VOICE, LOUD)
        with pytest.raises(AssertionError):
            answers.assert_no_pending_responses()
    assert meter.counts == {}
