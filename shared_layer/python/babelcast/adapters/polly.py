"""Amazon Polly."""

from typing import Final

from botocore.exceptions import BotoCoreError
from urllib3.exceptions import HTTPError

from babelcast.adapters.aws_client import call, client, in_thread
from babelcast.domain.errors import SynthesisUnavailableError
from babelcast.domain.languages import SpeechEngine, Voice
from babelcast.ports import Meter

CLIP_SAMPLE_RATE_HZ: Final = 24_000
"""Source: docs/architecture.md, clips are MP3, mono, 24 kHz."""

_CHARACTERS_SPOKEN: Final = {
    SpeechEngine.NEURAL: "CharactersSpokenNeural",
    SpeechEngine.STANDARD: "CharactersSpokenStandard",
}


class PollySynthesizer:
    """`babelcast.ports.Synthesizer`.

    Args:
        meter: Counts the characters that are paid for, by the engine that sets their price.
    """

    def __init__(self, meter: Meter) -> None:
        self._client = client("polly")
        self._meter = meter

    async def synthesize(self, text: str, voice: Voice) -> bytes:
        """See the port."""
        answer = await call(
            self._client.synthesize_speech,
            otherwise=SynthesisUnavailableError,
            Text=text,
            TextType="text",
            VoiceId=voice.voice_id,
            LanguageCode=voice.language_code,
            Engine=voice.engine.value,
            OutputFormat="mp3",
            SampleRate=str(CLIP_SAMPLE_RATE_HZ),
        )
        self._meter.count(_CHARACTERS_SPOKEN[voice.engine], len(text))
        try:
            mp3: bytes = await in_thread(answer["AudioStream"].read, service="polly")
        except (BotoCoreError, HTTPError) as error:
            raise SynthesisUnavailableError(f"read: {type(error).__name__}") from error
        return mp3
