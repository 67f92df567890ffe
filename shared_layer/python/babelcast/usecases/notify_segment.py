"""Tell exactly those who listen about a committed segment."""

import asyncio
from dataclasses import dataclass

from babelcast.domain.connection import Audience
from babelcast.domain.notices import Transcription, TranslatedAudio
from babelcast.domain.segment import Rendition, Segment
from babelcast.domain.session import Session
from babelcast.ports import Clips, Segments
from babelcast.usecases.broadcast import Broadcast


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
            spoken_at=segment.spoken_at_ms,
            text=rendition.text,
            source_text=segment.source.text,
            spoken_start_ms=segment.source.spoken_start_ms,
            spoken_end_ms=segment.source.spoken_end_ms,
            translated=rendition.translated,
            replayed=replayed,
            unspoken=rendition.unspoken,
        )
