"""Amazon Polly."""

from typing import Final

from botocore.exceptions import BotoCoreError
from urllib3.exceptions import HTTPError

from babelcast.adapters.aws_client import call, client, in_thread
from babelcast.adapters.speech_markup import speech_markup
from babelcast.domain.dynamics import NEUTRAL, Prosody
from babelcast.domain.errors import SynthesisUnavailableError
from babelcast.domain.languages import SpeechEngine, Voice
from babelcast.ports import Meter

CLIP_SAMPLE_RATE_HZ: Final = 24_000
"""Source: docs/architecture.md, clips are MP3, mono, 24 kHz."""

_CHARACTERS_SPOKEN: Final = {
    SpeechEngine.NEURAL: "CharactersSpokenNeural",
    SpeechEngine.STANDARD: "CharactersSpokenStandard",
}


class _MarkupRefusedError(SynthesisUnavailableError):
    """Polly does not take the SSML; it may take the text."""


class PollySynthesizer:
    """`babelcast.ports.Synthesizer`.

    A text whose markup is refused is asked for once more without it: how something is said is worth less than that it
    is said.

    Args:
        meter: Counts the characters that are paid for, by the engine that sets their price, and the refused markup.
    """

    def __init__(self, meter: Meter) -> None:
        self._client = client("polly")
        self._meter = meter

    async def synthesize(self, text: str, voice: Voice, prosody: Prosody = NEUTRAL) -> bytes:
        """See the port."""
        markup = speech_markup(text, prosody, engine=voice.engine)
        if markup is not None:
            try:
                return await self._speak(markup, "ssml", voice, characters=len(text))
            except _MarkupRefusedError:
                self._meter.count("SpeechMarkupRefused")
        return await self._speak(text, "text", voice, characters=len(text))

    async def _speak(self, request_text: str, text_type: str, voice: Voice, *, characters: int) -> bytes:
        """Ask Polly.

        Args:
            request_text: What is sent.
            text_type: ``text`` or ``ssml``.
            voice: Who speaks it.
            characters: How many of them are spoken, for an answer that does not say what it counted.

        Raises:
            _MarkupRefusedError: It is no SSML, or has something in it that the voice's engine cannot do.
            SynthesisUnavailableError: Anything else.
        """
        answer = await call(
            self._client.synthesize_speech,
            errors={"InvalidSsmlException": _MarkupRefusedError},
            otherwise=SynthesisUnavailableError,
            Text=request_text,
            TextType=text_type,
            VoiceId=voice.voice_id,
            LanguageCode=voice.language_code,
            Engine=voice.engine.value,
            OutputFormat="mp3",
            SampleRate=str(CLIP_SAMPLE_RATE_HZ),
        )
        # Tags are not billed, and not in Polly's count. Source: its developer guide, metric RequestCharacters.
        self._meter.count(_CHARACTERS_SPOKEN[voice.engine], int(answer.get("RequestCharacters", characters)))
        try:
            mp3: bytes = await in_thread(answer["AudioStream"].read, service="polly")
        except (BotoCoreError, HTTPError) as error:
            raise SynthesisUnavailableError(f"read: {type(error).__name__}") from error
        return mp3
