"""Amazon Translate."""

from babelcast.adapters.aws_client import call, client
from babelcast.domain.errors import TranslationUnavailableError
from babelcast.domain.languages import Language


class TranslateTranslator:
    """`babelcast.ports.Translator`."""

    def __init__(self) -> None:
        self._client = client("translate")

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
        return str(answer["TranslatedText"])
