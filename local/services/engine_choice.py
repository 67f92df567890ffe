"""Which engines stand behind the services."""

import asyncio
from dataclasses import dataclass

from local.engines.speech import Recogniser, Speaker, Translator


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """A recogniser, a translator and a speaker, ready for requests."""

    recogniser: Recogniser
    translator: Translator
    speaker: Speaker

    async def close(self) -> None:
        """End whatever they started."""
        await asyncio.gather(self.recogniser.close(), self.translator.close())


async def speech_engines() -> Engines:
    """PocketSphinx, Apertium and espeak-ng.

    Raises:
        MissingProgramsError: Debian packages are missing; the message names them.
    """
    from local.engines.apertium import ApertiumTranslator
    from local.engines.espeak import EspeakSpeaker
    from local.engines.recogniser_processes import pocketsphinx_recogniser

    translator, speaker = ApertiumTranslator(), EspeakSpeaker()
    translator.check_programs()
    speaker.check_programs()
    recogniser, _ = await asyncio.gather(pocketsphinx_recogniser(), translator.warm_up())
    return Engines(recogniser=recogniser, translator=translator, speaker=speaker)


def tone_engines(*, voice_word_ms: int | None = None) -> Engines:
    """The tone language; exact, and cheap enough for many streams in one process.

    Args:
        voice_word_ms: The voices' own pace, see `ToneSpeaker`.
    """
    from local.engines.in_process import InProcessRecogniser
    from local.engines.recogniser_processes import LANGUAGES
    from local.engines.tones import ToneDecoder, ToneSpeaker, ToneTranslator

    return Engines(
        recogniser=InProcessRecogniser(ToneDecoder, LANGUAGES),
        translator=ToneTranslator(),
        speaker=ToneSpeaker(word_ms=voice_word_ms),
    )
