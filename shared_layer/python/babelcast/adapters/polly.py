"""Amazon Polly."""

from typing import Final

from botocore.exceptions import BotoCoreError
from urllib3.exceptions import HTTPError

from babelcast.adapters.aws_client import call, client, in_thread
from babelcast.domain.errors import SynthesisUnavailableError
from babelcast.domain.languages import Voice

CLIP_SAMPLE_RATE_HZ: Final = 24_000
"""Source: docs/architecture.md, clips are MP3, mono, 24 kHz."""


class PollySynthesizer:
    """`babelcast.ports.Synthesizer`."""

    def __init__(self) -> None:
        self._client = client("polly")

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
        try:
            mp3: bytes = await in_thread(answer["AudioStream"].read)
        except (BotoCoreError, HTTPError) as error:
            raise SynthesisUnavailableError(f"read: {type(error).__name__}") from error
        return mp3
