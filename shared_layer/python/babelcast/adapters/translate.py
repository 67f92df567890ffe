"""Amazon Translate."""

from babelcast.adapters.aws_client import call, client
from babelcast.domain.errors import TranslationUnavailableError
from babelcast.domain.languages import Language
from babelcast.ports import Meter


class TranslateTranslator:
    """`babelcast.ports.Translator`.

    Args:
        meter: Counts the characters that are paid for.
    """

    def __init__(self, meter: Meter) -> None:
        self._client = client("translate")
        self._meter = meter

    async def translate(self, text: str, *, source: Language, target: Language) -> str:
        """See the port."""
        if source.translate_code == target.translate_code:
            return text
        answer = await call(
            self._client.translate_text,
            otherwise=TranslationUnavailableError,
            Text=text,
            SourceLanguageCode=source.translate_code,
            TargetLanguageCode=target.translate_code,
        )
        self._meter.count("CharactersTranslated", len(text))
        return str(answer["TranslatedText"])
