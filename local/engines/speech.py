"""What a speech engine is: a recogniser, a translator and a speaker, and the values they exchange.

Audio into a recogniser is mono, signed 16-bit little-endian PCM at 16 000 Hz; audio out of a speaker is the same at
24 000 Hz. Times are seconds since the first sample of the recogniser's stream.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

RECOGNISER_RATE_HZ: Final = 16_000
"""Sample rate of the audio that recognisers hear."""

SPEAKER_RATE_HZ: Final = 24_000
"""Sample rate of the audio that speakers make."""

BYTES_PER_SAMPLE: Final = 2

RATE_PERCENT: Final = range(20, 201)
"""The paces that speakers are asked for. Source: Amazon Polly developer guide, ``prosody`` tag."""

PITCH_PERCENT: Final = range(70, 131)
"""The pitches that speakers are asked for; Amazon Polly names no limits."""


class EngineError(Exception):
    """An engine cannot do what was asked."""


class UnsupportedPairError(EngineError):
    """The engine does not translate between these two languages."""


class UnsupportedVoiceError(EngineError):
    """The engine does not speak this language."""


class EngineFailedError(EngineError):
    """The engine broke, or did not answer in time; asking again may work."""


class MissingProgramsError(EngineError):
    """Programs or language data that the engine needs are not installed; the message names the Debian packages."""


class ItemKind(StrEnum):
    """What an item of a result is; the values are Transcribe's ``Type``."""

    WORD = "pronunciation"
    PUNCTUATION = "punctuation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A word or a punctuation mark.

    Attributes:
        start, end: When it was spoken, in seconds.
        is_stable: It stays exactly as it is in every later version of its result.
        confidence: Probability between 0 and 1, or None when the recogniser does not know yet.
    """

    content: str
    start: float
    end: float
    kind: ItemKind = ItemKind.WORD
    is_stable: bool = False
    confidence: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One version of a stretch of speech between two pauses.

    Attributes:
        number: 0, 1, 2 … in the stream; all versions of a result have the same.
    """

    number: int
    start: float
    end: float
    items: tuple[Item, ...]

    @property
    def text(self) -> str:
        """The items as written text."""
        return "".join(
            item.content if item.kind is ItemKind.PUNCTUATION or index == 0 else f" {item.content}"
            for index, item in enumerate(self.items)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialResult(Result):
    """A result that is still being heard; items that are not stable may change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalResult(Result):
    """The last version of a result; every item is stable."""


class Stability(StrEnum):
    """How early words are declared stable: ``high`` is early, ``low`` late and more accurate (Transcribe's names)."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class StreamDecoder(Protocol):
    """Recognises one stream, in the caller's thread. Silence yields no results."""

    def accept(self, pcm: bytes) -> Sequence[Result]:
        """Hear the next audio, any whole number of samples: the results that it completed, in order."""
        ...

    def finish(self) -> Sequence[Result]:
        """There is no more audio: the results of what was still held back."""
        ...


class RecogniserStream(Protocol):
    """One stream of an asynchronous recogniser.

    Order of use: ``feed`` any number of times, then ``end``; ``results`` is read concurrently and stops after the
    last result. ``close`` may come at any time and frees everything.

    Raises:
        EngineFailedError: From ``feed``, ``end`` and ``results``, when the recogniser broke.
    """

    async def feed(self, pcm: bytes) -> None:
        """Hear the next audio, any whole number of samples."""
        ...

    async def end(self) -> None:
        """There is no more audio."""
        ...

    def results(self) -> AsyncIterator[Result]:
        """The results as they come, in order; read once."""
        ...

    async def close(self) -> None:
        """Free everything; a reader of the results is not left waiting."""
        ...


class Recogniser(Protocol):
    """Opens streams. ``languages`` are Transcribe's codes (``en-US``)."""

    @property
    def languages(self) -> frozenset[str]:
        """What it hears."""
        ...

    async def open_stream(self, stability: Stability | None) -> RecogniserStream:
        """A fresh stream; without a stability no item is stable before its result is final."""
        ...

    async def close(self) -> None:
        """End whatever it started."""
        ...


class Translator(Protocol):
    """Translates text between two languages in Translate's codes (``en`` → ``pt-PT``)."""

    async def translate(self, text: str, *, source: str, target: str) -> str:
        """The translation.

        Raises:
            UnsupportedPairError: Not between these languages.
            EngineFailedError: The engine broke or was too slow.
        """
        ...

    async def close(self) -> None:
        """End whatever it started."""
        ...


class Speaker(Protocol):
    """Speaks text in a language in Polly's codes (``es-ES``)."""

    async def speak(
        self, text: str, *, language: str, rate_percent: int = 100, volume_db: float = 0.0, pitch_percent: int = 100
    ) -> bytes:
        """The speech as PCM at `SPEAKER_RATE_HZ`.

        Args:
            text: What to say.
            language: In Polly's code.
            rate_percent: Against a normal pace, one of `RATE_PERCENT`.
            volume_db: Against a normal level; minus infinity is silence, and what exceeds full scale is clipped.
            pitch_percent: Against a normal pitch, one of `PITCH_PERCENT`.

        Raises:
            UnsupportedVoiceError: Not in this language.
            EngineError: A pace or a pitch out of range.
            EngineFailedError: The engine broke or was too slow.
        """
        ...
