"""Make a segment in every language that somebody listens to, and tell exactly those listeners."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeVar

from babelcast.domain.connection import Audience
from babelcast.domain.errors import BabelcastError, SynthesisUnavailableError, TranslationUnavailableError
from babelcast.domain.languages import Language, LanguageCode, Voice, language
from babelcast.domain.notices import Transcription, TranslatedAudio
from babelcast.domain.segment import Rendition, Segment, SourceSegment, clip_key
from babelcast.domain.session import Session, SessionId
from babelcast.ports import Clips, Meter, Segments, Synthesizer, Translator
from babelcast.usecases.broadcast import Broadcast

_LANGUAGE_DEADLINE_S: Final = 6.0
"""A language that takes longer is delivered as text rather than holding up what follows."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderSegment:
    """Translate and speak a segment; languages are independent and concurrent."""

    translator: Translator
    synthesizer: Synthesizer
    clips: Clips
    meter: Meter
    monotonic_s: Callable[[], float]

    async def __call__(
        self, session: Session, segment: SourceSegment, languages: Iterable[LanguageCode]
    ) -> MappingProxyType[LanguageCode, Rendition]:
        """One rendition per language; a failure costs that language its clip, or its translation, never more."""
        source = language(session.source_language)
        renditions = await asyncio.gather(
            *(self._render(session.session_id, segment, source, language(code)) for code in languages)
        )
        return MappingProxyType({each.language: each for each in renditions})

    async def _render(
        self, session_id: SessionId, segment: SourceSegment, source: Language, target: Language
    ) -> Rendition:
        try:
            text = await self._timed(
                "TranslationLatency",
                self.translator.translate(segment.text, source=source, target=target),
                TranslationUnavailableError,
            )
        except BabelcastError:
            self.meter.count("TranslationFailures")
            return Rendition(language=target.code, text=segment.text, clip_key=None, duration_s=0.0, translated=False)
        key = clip_key(session_id, target.code, segment.number)
        try:
            duration_s = 0.0
            if target.voice is not None:
                duration_s = await self._timed(
                    "TTSLatency", self._speak(key, text, target.voice), SynthesisUnavailableError
                )
        except BabelcastError:
            self.meter.count("SynthesisFailures")
            duration_s = 0.0
        return Rendition(language=target.code, text=text, clip_key=key if duration_s else None, duration_s=duration_s)

    async def _speak(self, key: str, text: str, voice: Voice) -> float:
        return await self.clips.put(key, await self.synthesizer.synthesize(text, voice))

    async def _timed(self, metric: str, work: Awaitable[_T], late: Callable[[str], BabelcastError]) -> _T:
        started = self.monotonic_s()
        try:
            return await asyncio.wait_for(work, _LANGUAGE_DEADLINE_S)
        except TimeoutError:
            raise late("took too long") from None
        finally:
            self.meter.duration_ms(metric, (self.monotonic_s() - started) * 1000)


def segment_result_id(number: int) -> str:
    """Names the caption of a segment, partial and final alike."""
    return f"segment-{number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifySegment:
    """Tell the listeners about a committed segment. Delivery is at least once; listeners drop a number they have."""

    broadcast: Broadcast
    clips: Clips
    segments: Segments

    async def __call__(
        self, session: Session, segment: Segment, audience: Audience, *, replayed: bool = False
    ) -> Audience:
        """Caption to everybody, audio to each language's active listeners.

        Returns:
            Those who could not be reached with one or the other.
        """
        unreached = await asyncio.gather(
            self.broadcast(audience.connections, self.caption(session, segment)),
            *(
                self.broadcast(
                    audience.listening_to(code), self.translated_audio(segment, rendition, replayed=replayed)
                )
                for code, rendition in segment.renditions.items()
            ),
        )
        return Audience(connections=tuple(dict.fromkeys(each for some in unreached for each in some)))

    async def mark_delivered(self, segment: Segment) -> None:
        """Its listeners have been told, or cannot be."""
        await self.segments.mark_delivered(segment.session_id, segment.source.number)

    def caption(self, session: Session, segment: Segment) -> Transcription:
        """The notice of a segment in the source language."""
        return Transcription(
            session_id=segment.session_id,
            text=segment.source.text,
            is_final=True,
            language=session.source_language,
            timestamp=segment.committed_at_ms,
            result_id=segment_result_id(segment.source.number),
            sequence_number=segment.source.number,
        )

    def translated_audio(self, segment: Segment, rendition: Rendition, *, replayed: bool) -> TranslatedAudio:
        """The notice of a segment in one language, with a fresh URL."""
        return TranslatedAudio(
            session_id=segment.session_id,
            target_language=rendition.language,
            sequence_number=segment.source.number,
            url=self.clips.url(rendition.clip_key) if rendition.clip_key else None,
            duration=rendition.duration_s,
            timestamp=segment.committed_at_ms,
            text=rendition.text,
            source_text=segment.source.text,
            spoken_start_ms=segment.source.spoken_start_ms,
            spoken_end_ms=segment.source.spoken_end_ms,
            translated=rendition.translated,
            replayed=replayed,
        )
