"""One session within one invocation: feed, listen, commit, deliver, and act on the speaker's controls."""

from dataclasses import replace
from typing import Final

from babelcast.domain.audio import BYTES_PER_SAMPLE, AudioChunk, samples_to_ms, silence
from babelcast.domain.connection import Audience
from babelcast.domain.errors import TranscriptionUnavailableError
from babelcast.domain.notices import Transcription
from babelcast.domain.segmenter import segment_result
from babelcast.domain.session import Cursor, Session
from babelcast.domain.session_step import SessionStep
from babelcast.domain.stream_record import Control, ControlKind
from babelcast.domain.token_bucket import TokenBucket
from babelcast.domain.transcript import Result, Word, join_items
from babelcast.usecases.live_transcription import LiveTranscription
from babelcast.usecases.notify_segment import segment_result_id
from babelcast.usecases.report_sound import ReportSound
from babelcast.usecases.segment_delivery import SegmentDelivery
from babelcast.usecases.speech_tools import SpeechTools

_LISTENING_STEP_S: Final = 0.05


class SessionRun:
    """One session within one invocation."""

    def __init__(self, tools: SpeechTools, session: Session, audience: Audience, live: LiveTranscription) -> None:
        self._tools = tools
        self._limits = tools.limits
        self._session = session
        self._audience = audience
        self._live = live
        self._delivery = SegmentDelivery(tools, session, audience, live)
        self._sound = ReportSound(tools, session.session_id, audience, live.sound)
        self._listeners = len(audience.listeners)

    def can_follow(self, chunk: AudioChunk, *, arrived_at_ms: int) -> bool:
        """Whether a chunk's place is not made up: it can have been spoken by then.

        What follows on what was heard always can: the clocks of the session's creation and of the stream may differ.
        """
        return (
            self._session.can_reach(chunk.end_offset, at_ms=arrived_at_ms)
            or chunk.sample_offset - self._live.position <= self._limits.longest_fill_samples
        )

    async def feed(self) -> None:
        """Feed everything that follows on without a gap."""
        for pcm in self._live.take_ready():
            start_sample = self._live.position - len(pcm) // BYTES_PER_SAMPLE
            self._sound.hear(pcm, start_sample=start_sample)
            await self._send(pcm)
            audio_ms = samples_to_ms(len(pcm) // BYTES_PER_SAMPLE)
            self._tools.meter.count("AudioMsProcessed", audio_ms)
            self._tools.meter.count("ListenerMs", audio_ms * self._listeners)
            self._delivery.begin_ahead()

    async def close_gap(self, *, at_once: bool = False) -> None:
        """Fill a gap when what is missing does not come any more."""
        while (gap := self._live.gap_samples) and (
            at_once or self._live.gap_is_final or self._live.waiting_samples - gap >= self._limits.reorder_samples
        ):
            if gap > self._limits.longest_fill_samples:
                await self._flush()
                self._live.skip_to_waiting()
            else:
                self._tools.meter.count("AudioGaps")
                self._note(SessionStep.GAP_FILLED, gap_ms=samples_to_ms(gap))
                self._live.skip_to_waiting()
                await self._send(silence(gap))
            await self.feed()

    async def control(self, control: Control, *, followed_by: str | None) -> None:
        """Act on a control, which is ordered with the audio.

        Args:
            control: What the speaker did.
            followed_by: Sequence number of the next record, or None when it is the last one known.
        """
        match control.kind:
            case ControlKind.RESUME:
                return
            case ControlKind.LOST:
                # A speaker who is back, or whose audio goes on, was never away.
                if followed_by is None and not self._session.speaker_connected:
                    await self._finish_lost_speech()
            case ControlKind.PAUSE:
                await self.close_gap(at_once=True)
                await self._finish_speech(followed_by=followed_by)
            case ControlKind.END:
                await self.close_gap(at_once=True)
                await self._finish_speech(followed_by=followed_by)
                await self._tell_end()
                await self._move(replace(self._live.cursor, closed=True))
                self._note(SessionStep.ENDED, segments=self._live.cursor.next_segment)

    async def finish_whole_words(self) -> None:
        """Let the listeners hear the last whole words; what follows them is heard again if the speaker comes back."""
        await self._flush(up_to_sample=self._live.position - self._limits.cut_word_samples)
        self._live.is_stale = True

    async def listen(self, wait_s: float, *, up_to_sample: int | None = None) -> None:
        """Take the recogniser's results for so long, or until it has finished; later words are left out."""
        live, stream = self._live, self._live.stream
        if stream is None:
            return
        deadline = self._tools.monotonic_s() + wait_s
        while (remaining := deadline - self._tools.monotonic_s()) > 0 and not stream.is_finished:
            result = await stream.next_result(remaining)
            live.let_time_pass(self._tools.monotonic_s())
            if result is None:
                continue
            if up_to_sample is not None:
                result = _up_to(result, up_to_sample)
            live.segmenter, commits = segment_result(
                live.segmenter, result, source=live.source, limits=self._limits.segments
            )
            for commit in commits:
                self._delivery.begin(commit)
            self._delivery.begin_ahead()

    async def listen_for_the_end(self) -> None:
        """Listen a little longer while a sentence is not finished: its end may be on its way."""
        tools, live = self._tools, self._live
        deadline = tools.monotonic_s() + self._limits.pending_result_wait_s - self._limits.result_wait_s
        while (
            live.stream is not None and not live.segmenter.is_idle and (remaining := deadline - tools.monotonic_s()) > 0
        ):
            await self.listen(min(remaining, _LISTENING_STEP_S))

    async def listen_while_delivering(self) -> None:
        """Take what the recogniser says meanwhile, so that the next segment is made beside this one."""
        while (stream := self._live.stream) is not None and not stream.is_finished and self._delivery.is_under_way:
            await self.listen(_LISTENING_STEP_S)

    @property
    def is_delivering(self) -> bool:
        """Whether there are segments of this invocation."""
        return self._delivery.is_busy

    async def delivered(self) -> None:
        """Wait until every segment of this invocation is committed and its listeners know, and the speaker, too."""
        await self._delivery.finished()
        await self._sound.told()

    def abandon(self) -> None:
        """Stop what is still being delivered; after a failure it is done again from the cursor."""
        self._delivery.abandon()
        self._sound.abandon()

    async def send_partial(self) -> None:
        """What is being said, as a caption that may still change; only when it is new, and not too often."""
        live = self._live
        text = join_items(live.segmenter.pending, live.source)
        now_s = self._tools.monotonic_s()
        if text in ("", live.partial_text) or now_s - live.partial_sent_s < self._limits.partial_interval_s:
            return
        live.partial_text, live.partial_sent_s = text, now_s
        await self._tools.broadcast(
            self._audience.connections,
            Transcription(
                session_id=live.session_id,
                text=text,
                is_final=False,
                language=self._session.source_language,
                timestamp=self._tools.now_ms(),
                result_id=segment_result_id(live.segmenter.next_number),
                sequence_number=None,
            ),
        )

    async def advance_over_silence(self) -> None:
        """Move the cursor over audio in which nobody spoke, so that it need not be heard again."""
        live = self._live
        heard = live.heard_sample - self._limits.silence_margin_samples
        if live.segmenter.is_idle and heard - live.cursor.committed_sample >= self._limits.silence_step_samples:
            await self._move(live.cursor_at(heard, next_segment=live.cursor.next_segment))

    async def deliver_again(self) -> None:
        """Try once more to reach those who could not be reached by an earlier invocation."""
        await self._delivery.again()

    async def report_listeners(self) -> None:
        """Tell the speaker of listeners that came or went; what was too soon to tell is told by a later batch."""
        now = self._audience.count_by_language
        if now != self._live.told_listeners and await self._tools.status.changed(self._session.session_id):
            self._live.told_listeners = now

    def measure_sound(self) -> None:
        """Record how the speech sounds now."""
        self._sound.measure()

    async def _send(self, pcm: bytes) -> None:
        live = self._live
        if live.stream is None:
            origin = live.position - len(pcm) // BYTES_PER_SAMPLE
            try:
                stream = await self._tools.transcriber.open(live.source, origin_sample=origin)
            except TranscriptionUnavailableError:
                self._tools.meter.count("TranscribeStreamsRefused")
                raise
            now_s = self._tools.monotonic_s()
            pace = TokenBucket.full(
                rate_per_s=self._limits.feeding_speed, burst=self._limits.feeding_burst_s, now_s=now_s
            )
            live.begin(stream, origin, pace=pace, now_s=now_s)
            self._tools.meter.count("TranscribeStreamsOpened")
            self._note(SessionStep.RECOGNISER_OPENED, position_ms=samples_to_ms(origin))
        assert live.stream is not None
        live.quiet = live.quiet.after(pcm)
        step = self._limits.fed_at_once_samples * BYTES_PER_SAMPLE
        for start in range(0, len(pcm), step):
            piece = pcm[start : start + step]
            wait_s = live.feed_next(len(piece) // BYTES_PER_SAMPLE, now_s=self._tools.monotonic_s())
            if wait_s:
                # What was said first is delivered while the rest is still being fed.
                await self.listen(wait_s)
            await live.stream.send(piece)
            self._tools.meter.count("TranscribedMs", samples_to_ms(len(piece) // BYTES_PER_SAMPLE))
        live.last_fed_s = self._tools.monotonic_s()

    async def _flush(self, *, up_to_sample: int | None = None) -> None:
        """Let the recogniser finish, and commit and deliver what it says."""
        live = self._live
        if live.stream is not None:
            await live.stream.end()
            await self.listen(self._limits.flush_deadline_s, up_to_sample=up_to_sample)
            if not live.stream.is_finished:
                raise TranscriptionUnavailableError("the recogniser did not finish in time")
            await live.close()
            # What the recogniser has not finished by now it never will.
            live.segmenter = live.segmenter.without_pending()
        await self.delivered()
        live.partial_text = ""

    async def _finish_speech(self, *, followed_by: str | None) -> None:
        """Finish what was said; everything up to the position is settled and never heard again."""
        await self._flush()
        live = self._live
        live.begin_anew()
        settled = replace(
            live.cursor_at(live.position, next_segment=live.cursor.next_segment), sequence_number=followed_by
        )
        if settled != live.cursor:
            await self._move(settled)

    async def _finish_lost_speech(self) -> None:
        self._note(SessionStep.SPEAKER_LOST, position_ms=samples_to_ms(self._live.position))
        await self.finish_whole_words()
        # The speaker may be back by now.
        await self._tools.status.tell_state(self._session.session_id, self._audience)

    async def _tell_end(self) -> None:
        """The last message of a session; there is no later batch that could bring it."""
        tools, session_id = self._tools, self._session.session_id
        if unreached := await tools.status.tell_end(session_id):
            await tools.sleep(self._limits.retry_pause_s)
            await tools.status.tell_end(session_id, only=unreached)

    def _note(self, step: SessionStep, **details: int) -> None:
        self._tools.journal.note(step, self._session.session_id, **details)

    async def _move(self, cursor: Cursor) -> None:
        await self._tools.cursors.move(self._live.session_id, expected=self._live.cursor, moved=cursor)
        self._live.moved(cursor)


def _up_to(result: Result, sample: int) -> Result:
    """The result without the words that end after a sample, and what follows them."""
    for index, item in enumerate(result.items):
        if isinstance(item, Word) and item.end_sample > sample:
            return replace(result, items=result.items[:index])
    return result
