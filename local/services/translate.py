"""Amazon Translate's wire format (JSON 1.1), in front of a translator.

Source: botocore 1.44.5, service model ``translate``; limits from the developer guide.
"""

import json
from typing import Any, Final

from aiohttp import web

from local.engines.speech import EngineError, Translator, UnsupportedPairError
from local.services.behaviour import Behaviour, FaultKind, Service

_MAX_TEXT_BYTES: Final = 10_000
"""Source: Amazon Translate guidelines and limits, synchronous real-time translation."""
_TARGET: Final = "AWSShineFrontendService_20170701.TranslateText"
_CONTENT_TYPE: Final = "application/x-amz-json-1.1"


def translate_app(translator: Translator, behaviour: Behaviour) -> web.Application:
    """The service."""

    async def handle(request: web.Request) -> web.Response:
        if request.headers.get("X-Amz-Target") != _TARGET:
            return _error("UnknownOperationException", "only TranslateText is offered here")
        body: dict[str, Any] = json.loads(await request.read())
        text, source, target = body.get("Text"), body.get("SourceLanguageCode"), body.get("TargetLanguageCode")
        if not (isinstance(text, str) and text and isinstance(source, str) and isinstance(target, str)):
            return _error("InvalidRequestException", "Text, SourceLanguageCode and TargetLanguageCode are required")
        if len(text.encode()) > _MAX_TEXT_BYTES:
            return _error("TextSizeLimitExceededException", f"the text has more than {_MAX_TEXT_BYTES} bytes")
        return await _translate(text, source, target)

    async def _translate(text: str, source: str, target: str) -> web.Response:
        counters = behaviour.counters[Service.TRANSLATE]
        counters["requests"] += 1
        await behaviour.take_time(Service.TRANSLATE, target)
        match behaviour.take_fault(Service.TRANSLATE, target, FaultKind.REFUSE, FaultKind.THROTTLE):
            case FaultKind.REFUSE:
                return _error("InternalServerException", "an internal server error occurred", status=500)
            case FaultKind.THROTTLE:
                return _error("TooManyRequestsException", "too many requests")
        try:
            translated = await translator.translate(text, source=source, target=target)
        except UnsupportedPairError as error:
            return _error("UnsupportedLanguagePairException", str(error))
        except EngineError:
            return _error("InternalServerException", "the translator failed", status=500)
        counters["characters"] += len(text)
        answer = {"TranslatedText": translated, "SourceLanguageCode": source, "TargetLanguageCode": target}
        return web.json_response(answer, content_type=_CONTENT_TYPE)

    app = web.Application()
    app.add_routes([web.post("/", handle)])
    return app


def _error(code: str, message: str, *, status: int = 400) -> web.Response:
    return web.json_response({"__type": code, "Message": message}, status=status, content_type=_CONTENT_TYPE)
