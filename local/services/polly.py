"""Amazon Polly's wire format, in front of a speaker: MP3 or PCM of plain text and of simple SSML.

Source: botocore 1.44.5, service model ``polly``; limits from the developer guide.
"""

import json
import re
from typing import Any, Final
from xml.etree import ElementTree as ET

import lameenc
from aiohttp import web

from babelcast.domain.languages import LANGUAGES
from local.engines.speech import SPEAKER_RATE_HZ, EngineError, Speaker, UnsupportedVoiceError
from local.services.behaviour import Behaviour, FaultKind, Service

_MAX_BILLED_CHARACTERS: Final = 3000
_MAX_CHARACTERS: Final = 6000
"""Source: Amazon Polly quotas, SynthesizeSpeech."""
_MP3_KBIT_S: Final = 48
_RATES: Final = {"x-slow": 50, "slow": 75, "medium": 100, "fast": 120, "x-fast": 150}
_PERCENT: Final = re.compile(r"(\d{2,3})%")

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
             "SupportedEngines": [each.engine.value] + (["standard"] if each.has_standard else [])}
            for each in _VOICES.values() if code in (None, each.language_code)
        ]  # fmt: skip
        return web.json_response({"Voices": found})

    app = web.Application()
    app.add_routes([web.post("/v1/speech", speech), web.get("/v1/voices", voices)])
    return app


async def _synthesize(speaker: Speaker, behaviour: Behaviour, body: dict[str, Any]) -> web.Response:
    counters = behaviour.counters[Service.POLLY]
    counters["requests"] += 1
    text, rate_percent = _speech_of(body)
    voice = _VOICES.get(str(body.get("VoiceId")))
    if voice is None:
        raise _RefusedError("InvalidParameterValueException", "no such voice here")
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
        pcm = await speaker.speak(text, language=language, rate_percent=rate_percent)
    except UnsupportedVoiceError:
        raise _RefusedError("LanguageNotSupportedException", "the local engine does not speak this language") from None
    except EngineError:
        raise _RefusedError("ServiceFailureException", "the speaker failed", status=500) from None
    counters["characters"] += len(text)
    is_mp3 = body["OutputFormat"] == "mp3"
    return web.Response(
        body=encode_mp3(pcm) if is_mp3 else pcm,
        content_type="audio/mpeg" if is_mp3 else "audio/pcm",
        headers={"x-amzn-RequestCharacters": str(len(text))},
    )


def _speech_of(body: dict[str, Any]) -> tuple[str, int]:
    """The text to speak and its rate in percent."""
    text = body.get("Text")
    if not isinstance(text, str) or not text:
        raise _RefusedError("InvalidParameterValueException", "Text is required")
    if len(text) > _MAX_CHARACTERS:
        raise _RefusedError("TextLengthExceededException", "maximum text length has been exceeded")
    rate_percent = 100
    if body.get("TextType") == "ssml":
        text, rate_percent = _read_ssml(text)
    if len(text) > _MAX_BILLED_CHARACTERS:
        raise _RefusedError("TextLengthExceededException", "maximum text length has been exceeded")
    return text, rate_percent


def _read_ssml(text: str) -> tuple[str, int]:
    try:
        root = ET.fromstring(text)
    except ET.ParseError:
        raise _RefusedError("InvalidSsmlException", "invalid SSML request") from None
    if root.tag != "speak" or any(each.tag not in ("speak", "prosody", "s", "p") for each in root.iter()):
        raise _RefusedError("InvalidSsmlException", "only speak, prosody, s and p are understood here")
    rate_percent = 100
    for each in root.iter("prosody"):
        rate = each.get("rate", "medium")
        percent = _PERCENT.fullmatch(rate)
        if percent is None and rate not in _RATES:
            raise _RefusedError("InvalidSsmlException", "invalid prosody rate")
        rate_percent = int(percent[1]) if percent else _RATES[rate]
    return " ".join("".join(root.itertext()).split()), rate_percent


def encode_mp3(pcm: bytes) -> bytes:
    """PCM at 24 000 Hz as MP3, mono, constant bit rate."""
    encoder = lameenc.Encoder()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(SPEAKER_RATE_HZ)
    encoder.set_bit_rate(_MP3_KBIT_S)
    encoder.set_quality(5)
    encoder.silence()
    return bytes(encoder.encode(pcm)) + bytes(encoder.flush())
