"""A batch of stream records becomes committed, delivered segments. See docs/architecture.md, section 2.

The stream is the buffer, the cursor is the pointer, the open recogniser is a warm cache: whatever goes wrong,
the session is rebuilt from its cursor by the next attempt.
"""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
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
from babelcast.usecases.session_turns import SessionTurns
from babelcast.usecases.speech_tools import SpeechTools


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessAudio:
    """Process batches of records.

    Attributes:
        speakers_told_s: When a speaker was last told that recognition is in trouble.
        turns: Sessions that are being processed.
    """

    sessions: Sessions
    segments: Segments
    history: AudioHistory
    pool: TranscriptionPool
    tools: SpeechTools
    speakers_told_s: dict[SessionId, float] = field(default_factory=dict)
    turns: SessionTurns = field(default_factory=SessionTurns)

    async def __call__(self, records: Sequence[StreamRecord]) -> dict[str, BaseException]:
        """Process a batch; sessions are independent.

        Args:
            records: In stream order, of any number of sessions.

        Returns:
            For each session that has failed by now, the sequence number to start again from, and why.
        """
        by_session: dict[SessionId, list[StreamRecord]] = {}
        for record in records:
            by_session.setdefault(record.session_id, []).append(record)
        self.tools.meter.count("SessionBatches", len(by_session))
        for each in self._silent():
            # Those who go on speaking in this batch are heard again from the cursor instead.
            if each not in by_session and each not in self.turns.under_way:
                self.turns.take(each, (), self._serve).add_done_callback(self._silent_ended)
        turns = {session_id: self.turns.take(session_id, own, self._serve) for session_id, own in by_session.items()}
        await self._until_next_batch(by_session, turns)
        failures = {}
        for session_id, turn in turns.items():
            if not turn.done():
                self.tools.meter.count("SessionsCarriedOver")
                turn.add_done_callback(partial(self._ended_later, session_id))
            elif error := turn.exception():
                failures[by_session[session_id][0].sequence_number] = error
        return failures

    async def _until_next_batch(
        self, by_session: Mapping[SessionId, Sequence[StreamRecord]], turns: Mapping[SessionId, asyncio.Future[None]]
    ) -> None:
        """Wait for all turns, but for no longer than the next batch takes to come where one is sure to come.

        A session that takes longer then goes on beside the next batches. It fails without being tried again, because
        its next audio is heard from the cursor; so what ends speech, behind which nothing may come, is waited for.
        """
        if len(self.turns.under_way) == 1:
            await asyncio.wait(self.turns.under_way.values())
            return
        ending = {session_id for session_id, own in by_session.items() if _ends_speech(own)}
        next_batch = asyncio.ensure_future(self.tools.sleep(self.tools.limits.pending_result_wait_s))
        try:
            while under_way := self.turns.under_way:
                others_go_on = any(
                    turn.done() and turn.exception() is None and isinstance(by_session[each][-1].payload, AudioChunk)
                    for each, turn in turns.items()
                )
                if next_batch.done() and others_go_on and not ending & under_way.keys():
                    return
                waited_for = [*under_way.values(), *(() if next_batch.done() else (next_batch,))]
                await asyncio.wait(waited_for, return_when=asyncio.FIRST_COMPLETED)
        finally:
            next_batch.cancel()

    def _ended_later(self, session_id: SessionId, turn: "asyncio.Future[None]") -> None:
        if turn.exception() is not None:
            self.tools.meter.count("SessionBatchFailures")
            self.tools.journal.note(SessionStep.HEARD_AGAIN_LATER, session_id)

    def _silent(self) -> Sequence[SessionId]:
        now_s, limit_s = self.tools.monotonic_s(), self.tools.limits.idle_limit_s
        return [each.session_id for each in self.pool.idle(now_s=now_s, idle_limit_s=limit_s)]

    async def _serve(self, session_id: SessionId, records: Sequence[StreamRecord]) -> None:
        if records:
            await self._guarded(session_id, records)
        elif live := self.pool.get(session_id):
            await self._finish_silent(live)

    def _silent_ended(self, turn: "asyncio.Future[None]") -> None:
        if turn.exception() is not None:
            # It is heard again from the cursor when audio comes.
            self.tools.meter.count("SilentSessionsUnfinished")

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
        give_up_s = monotonic_s() + (limits.end_retries_s if _ends_speech(records) else limits.retries_s)
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
        await run.listen_while_delivering()
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


def _ends_speech(records: Sequence[StreamRecord]) -> bool:
    return any(isinstance(each.payload, Control) and each.payload.kind.ends_speech for each in records)
