"""A batch of stream records becomes committed, delivered segments. See docs/architecture.md, section 2.

The stream is the buffer, the cursor is the pointer, the open recogniser is a warm cache: whatever goes wrong,
the session is rebuilt from its cursor by the next invocation.
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from babelcast.domain.audio import SAMPLE_RATE_HZ, AudioChunk, samples_to_ms, silence
from babelcast.domain.connection import Audience
from babelcast.domain.errors import BabelcastError, SessionNotFoundError, TranscriptionUnavailableError
from babelcast.domain.languages import language
from babelcast.domain.notices import BroadcastState, ErrorNotice, SessionEnded, Transcription
from babelcast.domain.segment import Segment
from babelcast.domain.segmenter import Commit, SegmenterLimits, segment_result
from babelcast.domain.session import Cursor, Session, SessionId
from babelcast.domain.stream_record import Control, ControlKind, StreamRecord
from babelcast.domain.transcript import join_items
from babelcast.ports import AudioHistory, Connections, Cursors, Meter, Segments, Sessions, Transcriber
from babelcast.usecases.broadcast import Broadcast
from babelcast.usecases.deliver_segment import NotifySegment, RenderSegment, segment_result_id
from babelcast.usecases.live_transcription import LiveTranscription, TranscriptionPool
from babelcast.usecases.report_status import ReportStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessingLimits:
    """Times and sizes of the streaming core.

    Attributes:
        result_wait_s: After feeding, how long an invocation listens for results before it returns.
        flush_deadline_s: How long the recogniser may take to finish after the last audio.
        session_deadline_s: How long one session may take in one invocation.
        idle_limit_s: A recogniser that has heard nothing for so long is given up; Transcribe hangs up after 15 s.
        reorder_samples: How much audio waits behind a missing chunk before the gap is filled with silence.
        longest_fill_samples: A longer gap is a break in the speech: what was said is finished, nothing is filled.
        silence_step_samples: How much silence lies between two moves of the cursor without a segment.
        silence_margin_samples: Audio that is kept uncommitted because a word may have begun in it.
        fed_at_once_samples: Audio per send while filling or replaying.
        trouble_interval_s: The speaker is told at most so often that recognition is in trouble.
        redelivery_depth: How many of the latest segments are looked at for one that was not delivered.
    """

    result_wait_s: float = 0.35
    flush_deadline_s: float = 10.0
    session_deadline_s: float = 20.0
    idle_limit_s: float = 12.0
    reorder_samples: int = SAMPLE_RATE_HZ * 3 // 2
    longest_fill_samples: int = SAMPLE_RATE_HZ * 10
    silence_step_samples: int = SAMPLE_RATE_HZ * 10
    silence_margin_samples: int = SAMPLE_RATE_HZ * 3
    fed_at_once_samples: int = SAMPLE_RATE_HZ // 2
    redelivery_depth: int = 5
    trouble_interval_s: float = 10.0
    segments: SegmenterLimits = field(default_factory=SegmenterLimits)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessAudio:
    """Process batches of records."""

    sessions: Sessions
    cursors: Cursors
    segments: Segments
    connections: Connections
    history: AudioHistory
    transcriber: Transcriber
    render: RenderSegment
    notify: NotifySegment
    broadcast: Broadcast
    status: ReportStatus
    pool: TranscriptionPool
    meter: Meter
    limits: ProcessingLimits
    now_ms: Callable[[], int]
    monotonic_s: Callable[[], float]
    speakers_told_s: dict[SessionId, float] = field(default_factory=dict)

    async def __call__(self, records: Sequence[StreamRecord]) -> dict[str, BaseException]:
        """Process a batch; sessions are independent.

        Args:
            records: In stream order, of any number of sessions.

        Returns:
            For each session that failed, the sequence number to start again from, and why.
        """
        await self.pool.close_idle(now_s=self.monotonic_s(), idle_limit_s=self.limits.idle_limit_s)
        by_session: dict[SessionId, list[StreamRecord]] = {}
        for record in records:
            by_session.setdefault(record.session_id, []).append(record)
        outcomes = await asyncio.gather(
            *(self._guarded(session_id, own) for session_id, own in by_session.items()), return_exceptions=True
        )
        return {
            own[0].sequence_number: outcome
            for own, outcome in zip(by_session.values(), outcomes, strict=True)
            if outcome is not None
        }

    async def _guarded(self, session_id: SessionId, records: Sequence[StreamRecord]) -> None:
        try:
            session = await self.sessions.get(session_id)
        except SessionNotFoundError:
            self.meter.count("RecordsDropped", len(records))
            return
        if session.cursor.closed:
            self.meter.count("RecordsDropped", len(records))
            return
        try:
            await asyncio.wait_for(self._process(session, records), self.limits.session_deadline_s)
        except BaseException as error:
            await self.pool.discard(session_id)
            if isinstance(error, TranscriptionUnavailableError | TimeoutError):
                await self._tell_speaker(session_id)
            raise

    async def _process(self, session: Session, records: Sequence[StreamRecord]) -> None:
        audience = await self.connections.audience(session.session_id)
        live, replayed = await self._live(session, records[0].sequence_number, audience)
        run = _Run(self, session, audience, live)
        try:
            await self._hear(run, live, (*replayed, *records))
        finally:
            run.abandon()

    async def _hear(self, run: "_Run", live: LiveTranscription, records: Sequence[StreamRecord]) -> None:
        for record in records:
            match record.payload:
                case AudioChunk() as chunk:
                    if not live.hold(chunk, record.sequence_number):
                        self.meter.count("DuplicateChunks")
                    await run.feed()
                case Control() as control:
                    live.last_sequence_number = record.sequence_number
                    await run.control(control)
                    if live.cursor.closed:
                        return
        await run.close_gap()
        await run.listen(self.limits.result_wait_s)
        await run.delivered()
        await run.send_partial()
        await run.advance_over_silence()
        await run.report_listeners()

    async def _live(
        self, session: Session, first_sequence_number: str, audience: Audience
    ) -> tuple[LiveTranscription, Sequence[StreamRecord]]:
        """The session's warm state, or a new one with the records that have to be heard again."""
        live = self.pool.get(session.session_id)
        if live is not None and live.cursor == session.cursor:
            return live, ()
        await self.pool.discard(session.session_id)
        cursor = session.cursor
        if cursor.sequence_number is None:
            cursor = replace(cursor, sequence_number=first_sequence_number)
            await self.cursors.move(session.session_id, expected=session.cursor, moved=cursor)
        live = LiveTranscription(
            session.session_id, language(session.source_language), cursor, now_s=self.monotonic_s()
        )
        await self.pool.add(live)
        await self._deliver_again(session, audience)
        return live, await self._missed(session.session_id, cursor, first_sequence_number)

    async def _missed(self, session_id: SessionId, cursor: Cursor, before: str) -> Sequence[StreamRecord]:
        start = cursor.sequence_number
        if start is None or int(start) >= int(before):
            return ()
        self.meter.count("Replays")
        return [record async for record in self.history.read(session_id, start=start, before=before)]

    async def _deliver_again(self, session: Session, audience: Audience) -> None:
        if session.cursor.next_segment == 0:
            return
        for segment in await self.segments.latest(session.session_id, limit=self.limits.redelivery_depth):
            if not segment.delivered:
                self.meter.count("Redeliveries")
                await self.notify(session, segment, audience, replayed=True)

    async def _tell_speaker(self, session_id: SessionId) -> None:
        """Say that recognition is in trouble, once in a while."""
        now_s = self.monotonic_s()
        if now_s - self.speakers_told_s.get(session_id, -math.inf) < self.limits.trouble_interval_s:
            return
        self.speakers_told_s[session_id] = now_s
        error = TranscriptionUnavailableError("speech recognition is not answering; your audio is kept and tried again")
        try:
            audience = await self.connections.audience(session_id)
            await self.broadcast(audience.speakers, ErrorNotice.of(error, action=None))
        except BabelcastError:
            self.meter.count("NotificationsFailed")


class _Run:
    """One session within one invocation."""

    def __init__(self, owner: ProcessAudio, session: Session, audience: Audience, live: LiveTranscription) -> None:
        self._owner = owner
        self._limits = owner.limits
        self._session = session
        self._audience = audience
        self._live = live
        self._deliveries: list[asyncio.Task[None]] = []

    async def feed(self) -> None:
        """Feed everything that follows on without a gap."""
        for pcm in self._live.take_ready():
            await self._send(pcm)
            self._owner.meter.count("AudioMsProcessed", samples_to_ms(len(pcm) // 2))

    async def close_gap(self, *, at_once: bool = False) -> None:
        """Fill a gap when what is missing does not come any more."""
        while (gap := self._live.gap_samples) and (
            at_once or self._live.waiting_samples - gap >= self._limits.reorder_samples
        ):
            if gap > self._limits.longest_fill_samples:
                await self._finish_speech()
                self._live.skip_to_waiting()
            else:
                self._owner.meter.count("AudioGaps")
                self._live.skip_to_waiting()
                await self._send(silence(gap))
            await self.feed()

    async def control(self, control: Control) -> None:
        """Act on a control, which is ordered with the audio."""
        if not control.kind.ends_speech:
            return
        await self.close_gap(at_once=True)
        ended = control.kind is ControlKind.END
        await self._finish_speech(closed=ended)
        if ended:
            await self._owner.pool.discard(self._live.session_id)
            await self._tell_all(SessionEnded(session_id=self._session.session_id, reason="ended"))
        elif control.kind is ControlKind.LOST and not self._audience.speakers:
            await self._tell_all(
                BroadcastState(
                    session_id=self._session.session_id,
                    state=self._session.state,
                    volume=self._session.volume,
                    speaker_connected=False,
                )
            )

    async def listen(self, wait_s: float) -> None:
        """Take the recogniser's results for so long, or until it has finished."""
        stream = self._live.stream
        if stream is None:
            return
        deadline = self._owner.monotonic_s() + wait_s
        while (remaining := deadline - self._owner.monotonic_s()) > 0 and not stream.is_finished:
            result = await stream.next_result(remaining)
            if result is None:
                continue
            self._live.segmenter, commits = segment_result(
                self._live.segmenter, result, source=self._live.source, limits=self._limits.segments
            )
            for commit in commits:
                self._deliver(commit)

    async def delivered(self) -> None:
        """Wait until every segment of this invocation is committed and its listeners know."""
        await asyncio.gather(*self._deliveries)
        self._deliveries.clear()

    def abandon(self) -> None:
        """Stop what is still being delivered; after a failure it is done again from the cursor."""
        for each in self._deliveries:
            each.cancel()

    async def send_partial(self) -> None:
        """What is being said, as a caption that may still change; once per invocation and only when it is new."""
        live = self._live
        text = join_items(live.segmenter.pending, live.source)
        if text in ("", live.partial_text):
            return
        live.partial_text = text
        await self._tell_all(
            Transcription(
                session_id=live.session_id,
                text=text,
                is_final=False,
                language=self._session.source_language,
                timestamp=self._owner.now_ms(),
                result_id=segment_result_id(live.segmenter.next_number),
                sequence_number=None,
            )
        )

    async def advance_over_silence(self) -> None:
        """Move the cursor over audio in which nobody spoke, so that it need not be heard again."""
        live = self._live
        heard = live.position - self._limits.silence_margin_samples
        if live.segmenter.is_idle and heard - live.cursor.committed_sample >= self._limits.silence_step_samples:
            await self._move(live.cursor_at(heard, next_segment=live.cursor.next_segment))

    async def report_listeners(self) -> None:
        """Tell the speaker of listeners that came or went; what was too soon to tell is told by a later batch."""
        now = self._audience.count_by_language
        if now != self._live.told_listeners and await self._owner.status.changed(self._session.session_id):
            self._live.told_listeners = now

    async def _send(self, pcm: bytes) -> None:
        live = self._live
        if live.stream is None:
            origin = live.position - len(pcm) // 2
            live.stream = await self._owner.transcriber.open(live.source, origin_sample=origin)
            self._owner.meter.count("TranscribeStreamsOpened")
        step = self._limits.fed_at_once_samples * 2
        for start in range(0, len(pcm), step):
            await live.stream.send(pcm[start : start + step])
        live.last_fed_s = self._owner.monotonic_s()

    async def _finish_speech(self, *, closed: bool = False) -> None:
        """Let the recogniser finish, commit what it says, and settle everything up to the position."""
        live = self._live
        if live.stream is not None:
            await live.stream.end()
            await self.listen(self._limits.flush_deadline_s)
            if not live.stream.is_finished:
                raise TranscriptionUnavailableError("the recogniser did not finish in time")
            await live.close()
        await self.delivered()
        live.partial_text = ""
        target = live.cursor_at(
            max(live.position, live.cursor.committed_sample), next_segment=live.cursor.next_segment, closed=closed
        )
        if target != live.cursor:
            await self._move(target)

    async def _move(self, cursor: Cursor) -> None:
        await self._owner.cursors.move(self._live.session_id, expected=self._live.cursor, moved=cursor)
        self._live.moved(cursor)

    async def _tell_all(self, notice: BroadcastState | SessionEnded | Transcription) -> None:
        await self._owner.broadcast(self._audience.connections, notice)

    def _deliver(self, commit: Commit) -> None:
        previous = self._deliveries[-1] if self._deliveries else None
        self._deliveries.append(asyncio.ensure_future(self._render_and_commit(commit, previous)))

    async def _render_and_commit(self, commit: Commit, previous: "asyncio.Task[None] | None") -> None:
        """Languages and segments are worked on at the same time; commits and notices keep the segments' order."""
        owner, live = self._owner, self._live
        renditions = await owner.render(self._session, commit.segment, self._audience.active_languages)
        if previous is not None:
            await previous
        segment = Segment(
            session_id=live.session_id,
            source=commit.segment,
            committed_at_ms=owner.now_ms(),
            renditions=renditions,
        )
        moved = live.cursor_at(commit.committed_sample, next_segment=commit.segment.number + 1)
        await owner.cursors.commit(segment, expected=live.cursor, moved=moved, expires_at_s=self._session.expires_at_s)
        live.moved(moved)
        live.partial_text = ""
        owner.meter.count("SegmentsCommitted")
        await owner.notify(self._session, segment, self._audience)
