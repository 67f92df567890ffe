"""Amazon Polly's wire format, in front of a speaker: MP3 or PCM of plain text and of SSML.

Source: botocore 1.44.5, service model ``polly``; limits from the developer guide.
"""

import json
from typing import Any, Final

import lameenc
from aiohttp import web

from babelcast.domain.languages import LANGUAGES, SpeechEngine, Voice
from local.engines.speech import SPEAKER_RATE_HZ, EngineError, Speaker, UnsupportedVoiceError
from local.services.behaviour import Behaviour, FaultKind, Service
from local.services.ssml import InvalidSsmlError, SpokenDocument, SpokenText, read_ssml

_MAX_BILLED_CHARACTERS: Final = 3000
_MAX_CHARACTERS: Final = 6000
"""Source: Amazon Polly quotas, SynthesizeSpeech."""
_MP3_KBIT_S: Final = 48

_VOICES: Final = {row.voice.voice_id: row.voice for row in LANGUAGES.values() if row.voice is not None}


class _RefusedError(Exception):
    """A request that Polly answers with an error."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status


def polly_app(speaker: Speaker, behaviour: Behaviour) -> web.Application:
    """The service."""

    async def speech(request: web.Request) -> web.Response:
        try:
            return await _synthesize(speaker, behaviour, json.loads(await request.read()))
        except _RefusedError as refusal:
            return web.json_response(
                {"message": str(refusal)}, status=refusal.status, headers={"x-amzn-ErrorType": refusal.code}
            )

    async def voices(request: web.Request) -> web.Response:
        code = request.query.get("LanguageCode")
        found = [
            {"Id": each.voice_id, "Name": each.voice_id, "LanguageCode": each.language_code,
             "SupportedEngines": sorted(_engines(each))}
            for each in _VOICES.values() if code in (None, each.language_code)
        ]  # fmt: skip
        return web.json_response({"Voices": found})

    app = web.Application()
    app.add_routes([web.post("/v1/speech", speech), web.get("/v1/voices", voices)])
    return app


async def _synthesize(speaker: Speaker, behaviour: Behaviour, body: dict[str, Any]) -> web.Response:
    counters = behaviour.counters[Service.POLLY]
    counters["requests"] += 1
    voice = _VOICES.get(str(body.get("VoiceId")))
    if voice is None:
        raise _RefusedError("InvalidParameterValueException", "no such voice here")
    engine = str(body.get("Engine", SpeechEngine.STANDARD))
    if engine not in _engines(voice):
        raise _RefusedError("EngineNotSupportedException", "the voice does not have this engine")
    document = _document_of(body, SpeechEngine(engine))
    if body.get("OutputFormat") not in ("mp3", "pcm"):
        raise _RefusedError("InvalidParameterValueException", "OutputFormat is mp3 or pcm here")
    if str(body.get("SampleRate", SPEAKER_RATE_HZ)) != str(SPEAKER_RATE_HZ):
        raise _RefusedError("InvalidSampleRateException", f"SampleRate is {SPEAKER_RATE_HZ} here")
    language = str(body.get("LanguageCode") or voice.language_code)
    await behaviour.take_time(Service.POLLY, language)
    match behaviour.take_fault(Service.POLLY, language, FaultKind.REFUSE, FaultKind.THROTTLE):
        case FaultKind.REFUSE:
            raise _RefusedError("ServiceFailureException", "an unknown condition caused a service failure", status=500)
        case FaultKind.THROTTLE:
            raise _RefusedError("ThrottlingException", "rate exceeded")
    try:
        pcm = b"".join([await _spoken(speaker, each, language) for each in document.texts])
    except UnsupportedVoiceError:
        raise _RefusedError("LanguageNotSupportedException", "the local engine does not speak this language") from None
    except EngineError:
        raise _RefusedError("ServiceFailureException", "the speaker failed", status=500) from None
    counters["characters"] += document.billed_characters
    is_mp3 = body["OutputFormat"] == "mp3"
    return web.Response(
        body=encode_mp3(pcm) if is_mp3 else pcm,
        content_type="audio/mpeg" if is_mp3 else "audio/pcm",
        headers={"x-amzn-RequestCharacters": str(document.billed_characters)},
    )


def _engines(voice: Voice) -> set[SpeechEngine]:
    return {voice.engine, SpeechEngine.STANDARD} if voice.has_standard else {voice.engine}


async def _spoken(speaker: Speaker, spoken: SpokenText, language: str) -> bytes:
    return await speaker.speak(
        spoken.text,
        language=language,
        rate_percent=spoken.rate_percent,
        volume_db=spoken.volume_db,
        pitch_percent=spoken.pitch_percent,
    )


def _document_of(body: dict[str, Any], engine: SpeechEngine) -> SpokenDocument:
    """What to speak, and how."""
    text = body.get("Text")
    if not isinstance(text, str) or not text:
        raise _RefusedError("InvalidParameterValueException", "Text is required")
    if len(text) > _MAX_CHARACTERS:
        raise _RefusedError("TextLengthExceededException", "maximum text length has been exceeded")
    document = SpokenDocument(texts=(SpokenText(text=text),), billed_characters=len(text))
    if body.get("TextType") == "ssml":
        try:
            document = read_ssml(text, engine)
        except InvalidSsmlError as error:
            raise _RefusedError("InvalidSsmlException", str(error)) from None
    if document.billed_characters > _MAX_BILLED_CHARACTERS:
        raise _RefusedError("TextLengthExceededException", "maximum text length has been exceeded")
    return document


def encode_mp3(pcm: bytes) -> bytes:
    """PCM at 24 000 Hz as MP3, mono, constant bit rate."""
    encoder = lameenc.Encoder()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(SPEAKER_RATE_HZ)
    encoder.set_bit_rate(_MP3_KBIT_S)
    encoder.set_quality(5)
    encoder.silence()
    return bytes(encoder.encode(pcm)) + bytes(encoder.flush())
