"""A batch of stream records becomes committed, delivered segments. See docs/architecture.md, section 2.

The stream is the buffer, the cursor is the pointer, the open recogniser is a warm cache: whatever goes wrong,
the session is rebuilt from its cursor by the next attempt.
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from babelcast.domain.audio import AudioChunk
from babelcast.domain.connection import Audience
from babelcast.domain.errors import (
    BabelcastError,
    CursorMovedError,
    SessionNotFoundError,
    StorageUnavailableError,
    TranscriptionUnavailableError,
)
from babelcast.domain.languages import language
from babelcast.domain.notices import ErrorNotice
from babelcast.domain.session import Session, SessionId
from babelcast.domain.session_step import SessionStep
from babelcast.domain.stream_record import Control, StreamRecord
from babelcast.ports import AudioHistory, Segments, Sessions
from babelcast.usecases.draft_ahead import DraftAhead
from babelcast.usecases.live_transcription import LiveTranscription, TranscriptionPool
from babelcast.usecases.session_run import SessionRun
from babelcast.usecases.speech_tools import SpeechTools


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessAudio:
    """Process batches of records.

    Attributes:
        speakers_told_s: When a speaker was last told that recognition is in trouble.
    """

    sessions: Sessions
    segments: Segments
    history: AudioHistory
    pool: TranscriptionPool
    tools: SpeechTools
    speakers_told_s: dict[SessionId, float] = field(default_factory=dict)

    async def __call__(self, records: Sequence[StreamRecord]) -> dict[str, BaseException]:
        """Process a batch; sessions are independent.

        Args:
            records: In stream order, of any number of sessions.

        Returns:
            For each session that failed, the sequence number to start again from, and why.
        """
        by_session: dict[SessionId, list[StreamRecord]] = {}
        for record in records:
            by_session.setdefault(record.session_id, []).append(record)
        self.tools.meter.count("SessionBatches", len(by_session))
        silent = self.pool.idle(now_s=self.tools.monotonic_s(), idle_limit_s=self.tools.limits.idle_limit_s)
        # Those who go on speaking in this batch are heard again from the cursor instead.
        finishing = [self._finish_silent(each) for each in silent if each.session_id not in by_session]
        outcomes, finished = await asyncio.gather(
            asyncio.gather(
                *(self._guarded(session_id, own) for session_id, own in by_session.items()), return_exceptions=True
            ),
            asyncio.gather(*finishing, return_exceptions=True),
        )
        # What could not be finished now is heard again from the cursor when audio comes.
        if unfinished := sum(outcome is not None for outcome in finished):
            self.tools.meter.count("SilentSessionsUnfinished", unfinished)
        return {
            own[0].sequence_number: outcome
            for own, outcome in zip(by_session.values(), outcomes, strict=True)
            if outcome is not None
        }

    async def _finish_silent(self, live: LiveTranscription) -> None:
        """Deliver what was said by a speaker whose audio has stopped coming, before the recogniser hangs up."""
        try:
            async with asyncio.timeout(self.tools.limits.silent_deadline_s):
                session = await self.sessions.get(live.session_id)
                if session.cursor == live.cursor and not live.segmenter.is_idle:
                    audience = await self.tools.connections.audience(live.session_id)
                    run = SessionRun(self.tools, session, audience, live)
                    try:
                        await run.finish_whole_words()
                    finally:
                        run.abandon()
        finally:
            await self.pool.discard(live.session_id)

    async def _guarded(self, session_id: SessionId, records: Sequence[StreamRecord]) -> None:
        """Process one session, with new attempts; whatever fails, the next attempt starts from the cursor."""
        try:
            async with asyncio.timeout(self.tools.limits.session_deadline_s):
                await self._attempts(session_id, records)
        except BaseException as error:
            await self.pool.discard(session_id)
            if isinstance(error, TranscriptionUnavailableError | TimeoutError):
                await self._tell_speaker(session_id)
            raise

    async def _attempts(self, session_id: SessionId, records: Sequence[StreamRecord]) -> None:
        limits, monotonic_s = self.tools.limits, self.tools.monotonic_s
        # Where speech has to be finished there may be no later batch that could try it again.
        finishes = any(isinstance(each.payload, Control) and each.payload.kind.ends_speech for each in records)
        give_up_s = monotonic_s() + (limits.end_retries_s if finishes else limits.retries_s)
        pause_s = limits.retry_pause_s
        while True:
            try:
                return await self._process(session_id, records)
            except (TranscriptionUnavailableError, StorageUnavailableError, CursorMovedError):
                await self.pool.discard(session_id)
                if monotonic_s() + pause_s > give_up_s:
                    raise
            self.tools.meter.count("SessionRetries")
            await self.tools.sleep(pause_s)
            pause_s *= 2

    async def _process(self, session_id: SessionId, records: Sequence[StreamRecord]) -> None:
        try:
            session = await self.sessions.get(session_id)
        except SessionNotFoundError:
            self.tools.meter.count("RecordsDropped", len(records))
            return
        if session.cursor.closed:
            self.tools.meter.count("RecordsDropped", len(records))
            return
        audience = await self.tools.connections.audience(session_id)
        live, replayed = await self._live(session, records, audience)
        run = SessionRun(self.tools, session, audience, live)
        try:
            await self._hear(run, live, (*replayed, *records))
        finally:
            run.abandon()
        chunks = sum(isinstance(each.payload, AudioChunk) for each in records)
        self.tools.meter.count("AudioChunksProcessed", chunks)
        if live.is_stale or live.cursor.closed:
            await self.pool.discard(session_id)

    async def _hear(self, run: SessionRun, live: LiveTranscription, records: Sequence[StreamRecord]) -> None:
        await run.deliver_again()
        for record, following in zip(records, (*records[1:], None), strict=True):
            match record.payload:
                case AudioChunk() as chunk if not run.can_follow(chunk, arrived_at_ms=record.arrived_at_ms):
                    # Everything that is said from now on would lie before a place that is made up.
                    self.tools.meter.count("RecordsDropped")
                case AudioChunk() as chunk:
                    if not live.hold(chunk, record, now_ms=self.tools.now_ms()):
                        self.tools.meter.count("DuplicateChunks")
                    await run.feed()
                case Control() as control:
                    if live.take_control(record.sequence_number):
                        await run.control(control, followed_by=following.sequence_number if following else None)
            if live.is_stale or live.cursor.closed:
                return
        await run.close_gap()
        await run.listen(self.tools.limits.result_wait_s)
        if not run.is_delivering:
            await run.send_partial()
        await run.listen_for_the_end()
        await run.delivered()
        await run.send_partial()
        await run.advance_over_silence()
        await run.report_listeners()
        run.measure_sound()

    async def _live(
        self, session: Session, records: Sequence[StreamRecord], audience: Audience
    ) -> tuple[LiveTranscription, Sequence[StreamRecord]]:
        """The session's warm state, or a new one, with the records that have to be heard before the batch's."""
        live = self.pool.get(session.session_id)
        cursor = session.cursor
        first_number = records[0].sequence_number
        is_warm = live is not None and live.cursor == cursor
        if cursor.sequence_number is None:
            # Everything before is settled: whoever goes on from here begins with this batch.
            cursor = replace(cursor, sequence_number=first_number)
            await self.tools.cursors.move(session.session_id, expected=session.cursor, moved=cursor)
        if live is not None and is_warm:
            live.moved(cursor)
            return live, await self._slept_through(live, records)
        await self.pool.discard(session.session_id)
        live = LiveTranscription(
            session.session_id,
            language(session.source_language),
            cursor,
            drafts=DraftAhead(self.tools.render, has_room=self.tools.has_room, meter=self.tools.meter),
            thresholds=self.tools.limits.sound,
            now_s=self.tools.monotonic_s(),
        )
        await self.pool.add(live)
        await self._deliver_again(session, audience, live)
        return live, await self._missed(session.session_id, str(cursor.sequence_number), first_number)

    async def _slept_through(self, live: LiveTranscription, records: Sequence[StreamRecord]) -> Sequence[StreamRecord]:
        """What another environment was given meanwhile, when audio is missing that it may have had.

        Controls before the first audio have no place in it that would tell, and what they finish is never heard again.
        """
        payloads = [record.payload for record in records]
        leading = takewhile(lambda payload: isinstance(payload, Control), payloads)
        may_miss = any(isinstance(each, Control) and each.kind.ends_speech for each in leading)
        chunks = [each for each in payloads if isinstance(each, AudioChunk)]
        last = live.last_sequence_number
        if last is None or not (may_miss or live.has_gap_before(chunks)):
            return ()
        return await self._missed(live.session_id, last, records[0].sequence_number, includes_start=False)

    async def _missed(
        self, session_id: SessionId, start: str, before: str, *, includes_start: bool = True
    ) -> Sequence[StreamRecord]:
        if int(start) >= int(before):
            return ()
        read = [record async for record in self.history.read(session_id, start=start, before=before)]
        missed = read if includes_start else [each for each in read if int(each.sequence_number) > int(start)]
        self.tools.meter.count("Replays", int(bool(missed)))
        if missed:
            self.tools.journal.note(SessionStep.AUDIO_READ_AGAIN, session_id, records=len(missed))
        return missed

    async def _deliver_again(self, session: Session, audience: Audience, live: LiveTranscription) -> None:
        """Deliver what an environment that died has committed but not delivered, and speak on what it has spoken."""
        if session.cursor.next_segment == 0:
            return
        depth = self.tools.limits.redelivery_depth
        for segment in await self.segments.latest(session.session_id, limit=depth):
            live.spoken_languages = segment.spoken_languages
            if not segment.delivered:
                self.tools.meter.count("Redeliveries")
                await self.tools.notify(session, segment, audience, replayed=True)
                await self.tools.notify.mark_delivered(segment)

    async def _tell_speaker(self, session_id: SessionId) -> None:
        """Say that recognition is in trouble, once in a while."""
        now_s, interval_s = self.tools.monotonic_s(), self.tools.limits.trouble_interval_s
        for each in [each for each, told_s in self.speakers_told_s.items() if now_s - told_s >= interval_s]:
            del self.speakers_told_s[each]
        if now_s - self.speakers_told_s.get(session_id, -math.inf) < interval_s:
            return
        self.speakers_told_s[session_id] = now_s
        error = TranscriptionUnavailableError("speech recognition is not answering; your audio is kept and tried again")
        try:
            audience = await self.tools.connections.audience(session_id)
            await self.tools.broadcast(audience.speakers, ErrorNotice.of(error, action=None))
        except BabelcastError:
            self.tools.meter.count("NotificationsFailed")
