"""One session's segments within one invocation: made, committed and told, in their order."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace

from babelcast.domain.connection import Audience
from babelcast.domain.dynamics import NEUTRAL, Manner
from babelcast.domain.errors import StorageUnavailableError
from babelcast.domain.languages import LanguageCode
from babelcast.domain.segment import Segment
from babelcast.domain.segmenter import Commit, commits_if_over
from babelcast.domain.session import Session
from babelcast.domain.session_step import SessionStep
from babelcast.domain.speaker_memory import SpeakerMemory
from babelcast.domain.spoken_languages import spoken_languages
from babelcast.usecases.draft_ahead import Begun
from babelcast.usecases.live_transcription import LiveTranscription, Place, Undelivered
from babelcast.usecases.speech_tools import SpeechTools


@dataclass(frozen=True, slots=True)
class _Ready:
    """A segment to be delivered: how it was said, what is known of the speaker with it, and what was made ahead."""

    commit: Commit
    manner: Manner
    memory: SpeakerMemory
    place: Place | None
    begun: Begun


class SegmentDelivery:
    """Segments and languages are worked on at the same time; commits and notices keep the segments' order."""

    def __init__(self, tools: SpeechTools, session: Session, audience: Audience, live: LiveTranscription) -> None:
        self._tools = tools
        self._session = session
        self._audience = audience
        self._live = live
        self._under_way: list[asyncio.Task[None]] = []

    @property
    def is_busy(self) -> bool:
        """Whether there are segments for which nobody has waited yet."""
        return bool(self._under_way)

    @property
    def is_under_way(self) -> bool:
        """Whether any of them is still being made or told."""
        return not all(each.done() for each in self._under_way)

    def begin(self, commit: Commit) -> None:
        """Deliver the next segment, behind those before it."""
        previous = self._under_way[-1] if self._under_way else None
        place = self._live.place_of(commit.segment.end_sample)
        begun = self._live.drafts.take(commit.segment)
        manner = self._live.take_manner(commit, longest_breath_samples=self._tools.limits.longest_breath_samples)
        ready = _Ready(commit, self._as_wanted(manner), self._live.memory, place, begun)
        self._under_way.append(asyncio.ensure_future(self._deliver(ready, previous)))

    def begin_ahead(self) -> None:
        """Make what will probably be the next segments, when the speaker seems to have finished a sentence."""
        live, limits = self._live, self._tools.limits
        if limits.draft_after_quiet_samples is None or live.quiet.samples < limits.draft_after_quiet_samples:
            return
        expected = commits_if_over(live.segmenter, source=live.source, limits=limits.segments)
        if not expected:
            return
        unheard = live.position - live.quiet.samples - expected[-1].segment.end_sample
        if unheard <= limits.draft_tolerance_samples:
            languages = self._wanted_languages()
            live.drafts.begin(
                expected,
                manner_of=lambda commit: self._as_wanted(
                    live.manner_of(commit, longest_breath_samples=limits.longest_breath_samples)
                ),
                source=self._session.source_language,
                languages=languages,
                spoken=live.spoken_languages,
            )

    async def finished(self) -> None:
        """Wait until every segment is committed and its listeners know."""
        await asyncio.gather(*self._under_way)
        self._under_way.clear()

    def abandon(self) -> None:
        """Stop what is under way."""
        for each in self._under_way:
            each.cancel()

    async def again(self) -> None:
        """Try once more to reach those who could not be reached by an earlier invocation."""
        waiting, self._live.undelivered = self._live.undelivered, []
        for each in waiting:
            await self._notify(each.segment, each.receivers, attempt=each.attempts + 1, replayed=True)

    def _wanted_languages(self) -> Collection[LanguageCode]:
        """Those to translate into; `LiveTranscription.spoken_languages` says which of them are spoken as well."""
        wanted = self._audience.wanted_languages(now_ms=self._tools.now_ms())
        self._live.spoken_languages = spoken_languages(
            wanted, most=self._tools.limits.spoken_languages, spoken_before=self._live.spoken_languages
        )
        return wanted

    def _as_wanted(self, manner: Manner) -> Manner:
        """Only what keeps up with the speaker, in a session whose voices are to speak their own way."""
        return manner if self._session.expressive else replace(manner, prosody=NEUTRAL)

    async def _deliver(self, ready: "_Ready", previous: "asyncio.Task[None] | None") -> None:
        tools, live, commit, place = self._tools, self._live, ready.commit, ready.place
        number = commit.segment.number
        ready_at_ms = tools.now_ms()
        if place is not None:
            tools.meter.duration_ms("StreamLatency", max(0, place.taken_at_ms - place.arrived_at_ms))
            tools.meter.duration_ms("TranscriptionLatency", max(0, ready_at_ms - place.taken_at_ms))
        languages = self._wanted_languages()
        drafts = await live.drafts.complete(
            ready.begun,
            commit.segment,
            manner=ready.manner,
            source=self._session.source_language,
            languages=languages,
            spoken=live.spoken_languages,
        )
        renditions = await tools.render.store(live.session_id, number, drafts)
        rendered_at_ms = tools.now_ms()
        tools.meter.duration_ms("RenderLatency", rendered_at_ms - ready_at_ms)
        if previous is not None:
            await previous
        segment = Segment(
            session_id=live.session_id,
            source=commit.segment,
            spoken_at_ms=ready_at_ms if place is None else place.arrived_at_ms,
            committed_at_ms=tools.now_ms(),
            renditions=renditions,
        )
        committed_sample = max(commit.committed_sample, live.cursor.committed_sample)
        moved = replace(live.cursor_at(committed_sample, next_segment=number + 1), memory=ready.memory)
        await tools.cursors.commit(segment, expected=live.cursor, moved=moved, expires_at_s=self._session.expires_at_s)
        live.moved(moved)
        live.partial_text = ""
        tools.meter.count("SegmentsCommitted")
        committed_at_ms = tools.now_ms()
        tools.journal.note(
            SessionStep.SEGMENT_COMMITTED,
            live.session_id,
            segment=number,
            languages=len(renditions),
            delay_ms=committed_at_ms - segment.spoken_at_ms,
        )
        tools.meter.duration_ms("CommitLatency", committed_at_ms - rendered_at_ms)
        await self._notify(segment, await self._audience_now(), attempt=1)
        tools.meter.duration_ms("NotificationLatency", tools.now_ms() - committed_at_ms)

    async def _audience_now(self) -> Audience:
        """With those who came while the segment was made: joining, they were shown what was committed until then."""
        try:
            return await self._tools.connections.audience(self._session.session_id)
        except StorageUnavailableError:
            return self._audience

    async def _notify(self, segment: Segment, receivers: Audience, *, attempt: int, replayed: bool = False) -> None:
        unreached = await self._tools.notify(self._session, segment, receivers, replayed=replayed)
        self._tools.journal.note(
            SessionStep.SEGMENT_TOLD,
            segment.session_id,
            segment=segment.source.number,
            receivers=len(receivers.connections),
            unreached=len(unreached.connections),
            delay_ms=self._tools.now_ms() - segment.spoken_at_ms,
        )
        if unreached.connections and attempt < self._tools.limits.delivery_attempts:
            self._live.undelivered.append(Undelivered(segment=segment, receivers=unreached, attempts=attempt))
            return
        await self._tools.notify.mark_delivered(segment)
