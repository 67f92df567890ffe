"""One session's open recogniser: what has been fed, what is waiting, and where the audio lies in the stream.

It is a cache. Everything in it can be rebuilt from the cursor and the audio stream, and is, whenever it is missing,
broken, or not where the cursor says.
"""

import heapq
import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from babelcast.domain.audio import BYTES_PER_SAMPLE, SAMPLE_RATE_HZ, AudioChunk
from babelcast.domain.connection import Audience
from babelcast.domain.dynamics import Dynamics, Manner, SpeakerBaseline, carried_over
from babelcast.domain.languages import Language, LanguageCode
from babelcast.domain.quiet import Quiet
from babelcast.domain.segment import Segment
from babelcast.domain.segmenter import Commit, SegmenterState
from babelcast.domain.session import Cursor, SessionId
from babelcast.domain.sound.meter import SoundMeter
from babelcast.domain.sound.quality import SoundQuality
from babelcast.domain.sound_issue import SoundThresholds
from babelcast.domain.speaker_memory import SpeakerMemory
from babelcast.domain.stream_record import StreamRecord
from babelcast.domain.token_bucket import TokenBucket
from babelcast.ports import TranscriptionStream
from babelcast.usecases.draft_ahead import DraftAhead


@dataclass(frozen=True, slots=True, order=True)
class _Held:
    sample_offset: int
    arrival: int
    pcm: bytes
    is_first: bool
    """Of the speaker's app, which has been loaded (again): what it has sent is sent after this."""

    @property
    def end_offset(self) -> int:
        return self.sample_offset + len(self.pcm) // BYTES_PER_SAMPLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where audio lies in the stream, and when it came.

    Attributes:
        end_offset: Position just after its last sample.
        arrived_at_ms: In the stream, epoch milliseconds.
        taken_at_ms: In this environment, epoch milliseconds.
    """

    end_offset: int
    sequence_number: str
    arrived_at_ms: int
    taken_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """A committed segment with those who could not be reached.

    Attributes:
        attempts: How many invocations have tried.
    """

    segment: Segment
    receivers: Audience
    attempts: int


class LiveTranscription:
    """The warm state of one session.

    Attributes:
        cursor: As it was last read or written; the next write expects it there.
        position: Next sample to be fed; everything before it has been fed or is committed.
        segmenter: What has been recognised and committed.
        stream: The open recogniser, or None while nobody speaks.
        heard_sample: The recogniser has worked through everything before it, as far as can be known.
        undelivered: Committed segments that could not be brought to everybody yet.
        is_stale: It is to be rebuilt from the cursor before it hears more.
        last_fed_s: Monotonic time of the last audio fed.
        partial_text, partial_sent_s: The partial caption last sent, and when.
        told_listeners: The listeners by language that the speaker was last told of.
        last_sequence_number: Of the latest record seen here, or None before the first.
        drafts: Segments that are made ahead of their time.
        quiet: The end of the audio that was fed.
        sound: How it sounds.
        baseline: How the speaker usually speaks, by the segments so far; None before the first.
        spoken_languages: Those that are heard, as they were last chosen.
    """

    def __init__(
        self,
        session_id: SessionId,
        source: Language,
        cursor: Cursor,
        *,
        drafts: DraftAhead,
        thresholds: SoundThresholds,
        now_s: float,
    ) -> None:
        self.session_id = session_id
        self.source = source
        self.drafts = drafts
        self.quiet = Quiet()
        self.sound = SoundMeter(SoundQuality.remembered(cursor.memory, thresholds))
        self.baseline: SpeakerBaseline | None = None if cursor.memory is None else cursor.memory.baseline
        self.spoken_languages: frozenset[LanguageCode] = frozenset()
        self.cursor = cursor
        self.position = cursor.committed_sample
        self.segmenter = SegmenterState(next_number=cursor.next_segment, committed_sample=cursor.committed_sample)
        self.stream: TranscriptionStream | None = None
        self.last_fed_s = now_s
        self.partial_text = ""
        self.partial_sent_s = -math.inf
        self.told_listeners: dict[str, int] = {}
        self.heard_sample = cursor.committed_sample
        self.undelivered: list[Undelivered] = []
        self.is_stale = False
        self._heard_at_s = now_s
        self._spoken_until = cursor.committed_sample
        self._pace: TokenBucket | None = None
        self.last_sequence_number = cursor.sequence_number
        self._last_control = -1
        self._held: list[_Held] = []
        self._places: deque[Place] = deque()

    def hold(self, chunk: AudioChunk, record: StreamRecord, *, now_ms: int) -> bool:
        """Take the chunk of a record in; False when all of it has been heard before."""
        self._passed_record(record.sequence_number)
        if chunk.end_offset <= self.position:
            return False
        self._places.append(
            Place(
                end_offset=chunk.end_offset,
                sequence_number=record.sequence_number,
                arrived_at_ms=record.arrived_at_ms,
                taken_at_ms=now_ms,
            )
        )
        heapq.heappush(
            self._held, _Held(chunk.sample_offset, int(record.sequence_number), chunk.pcm, chunk.chunk_index == 0)
        )
        return True

    def place_of(self, sample: int) -> Place | None:
        """Where the audio that ends at a sample lies, if it is not settled yet."""
        return min((each for each in self._places if each.end_offset >= sample), key=_end_offset, default=None)

    def take_control(self, sequence_number: str) -> bool:
        """Note a control; False when it has been acted on before."""
        self._passed_record(sequence_number)
        if int(sequence_number) <= self._last_control:
            return False
        self._last_control = int(sequence_number)
        return True

    def begin(self, stream: TranscriptionStream, origin_sample: int, *, pace: TokenBucket, now_s: float) -> None:
        """A recogniser has been opened that hears from a sample on.

        Args:
            pace: How fast it may be fed, in seconds of audio.
        """
        self.stream = stream
        self._pace = pace
        self.heard_sample, self._heard_at_s = origin_sample, now_s

    def feed_next(self, samples: int, *, now_s: float) -> float:
        """How many seconds to wait before so much more audio is fed."""
        assert self._pace is not None
        self._pace, wait_s = self._pace.take(now_s, samples / SAMPLE_RATE_HZ)
        return wait_s

    def let_time_pass(self, now_s: float) -> None:
        """The recogniser works through what it was fed no slower than it was spoken; more cannot be relied on."""
        worked_through = int((now_s - self._heard_at_s) * SAMPLE_RATE_HZ)
        self.heard_sample, self._heard_at_s = min(self.position, self.heard_sample + worked_through), now_s

    def take_ready(self) -> Iterator[bytes]:
        """The audio that follows on without a gap, in order, each sample once; the position moves with it.

        A speaker's app that has been loaded again does not know what was told of the sound before.
        """
        while self._held and self._held[0].sample_offset <= self.position:
            held = heapq.heappop(self._held)
            if held.end_offset > self.position:
                if held.is_first and held.sample_offset == self.position:
                    self.sound.begin_anew()
                known = (self.position - held.sample_offset) * BYTES_PER_SAMPLE
                self.position = held.end_offset
                yield held.pcm[known:]

    def has_gap_before(self, chunks: Iterable[AudioChunk]) -> bool:
        """Whether audio would be missing before one of these chunks, had they been taken in."""
        reached = self.position
        spans = [(held.sample_offset, held.end_offset) for held in self._held]
        spans += [(chunk.sample_offset, chunk.end_offset) for chunk in chunks]
        for start, end in sorted(spans):
            if start > reached:
                return True
            reached = max(reached, end)
        return False

    @property
    def gap_samples(self) -> int:
        """Missing samples before the first chunk that waits; 0 when none does."""
        return self._held[0].sample_offset - self.position if self._held else 0

    @property
    def gap_is_final(self) -> bool:
        """Whether what is missing cannot come any more: the speaker's app has been loaded again behind it."""
        return bool(self._held) and self._held[0].is_first

    @property
    def waiting_samples(self) -> int:
        """From the position to the end of what waits behind a gap."""
        return max((held.end_offset for held in self._held), default=self.position) - self.position

    def skip_to_waiting(self) -> None:
        """Give the gap up: go on with the first chunk that waits."""
        self.position = self._held[0].sample_offset

    def cursor_at(self, committed_sample: int, *, next_segment: int) -> Cursor:
        """The cursor when everything before a sample is settled: replay begins at the first record beyond it."""
        beyond = [place.sequence_number for place in self._places if place.end_offset > committed_sample]
        sequence_number = min(beyond, key=int) if beyond else self.last_sequence_number
        return replace(
            self.cursor,
            committed_sample=committed_sample,
            sequence_number=sequence_number,
            next_segment=next_segment,
            memory=self.memory,
        )

    @property
    def memory(self) -> SpeakerMemory:
        """What is known of the speaker now."""
        quality = self.sound.quality
        return SpeakerMemory(has_heard=quality.has_heard, told=quality.told, baseline=self.baseline)

    def begin_anew(self) -> None:
        """What is said after a pause may come from another microphone, and from another speaker."""
        self.sound.begin_anew()
        self.baseline = None

    def manner_of(self, commit: Commit, *, longest_breath_samples: int) -> Manner:
        """How a segment that will be next was said."""
        return self._manner(commit, self.sound.dynamics(commit.words), longest_breath_samples)

    def take_manner(self, commit: Commit, *, longest_breath_samples: int) -> Manner:
        """How the next segment was said, which is part of how the speaker usually speaks from now on."""
        dynamics = self.sound.dynamics(commit.words)
        manner = self._manner(commit, dynamics, longest_breath_samples)
        if dynamics is not None:
            self.baseline = SpeakerBaseline.after(self.baseline, dynamics)
        self._spoken_until = commit.segment.end_sample
        return manner

    def _manner(self, commit: Commit, dynamics: Dynamics | None, longest_breath_samples: int) -> Manner:
        start, end = commit.segment.start_sample, commit.segment.end_sample
        breath = min(max(0, start - self._spoken_until), longest_breath_samples)
        return Manner(prosody=carried_over(dynamics, self.baseline), spoken_s=(end - start + breath) / SAMPLE_RATE_HZ)

    def moved(self, cursor: Cursor) -> None:
        """The cursor has been written."""
        self.cursor = cursor
        self._places = deque(place for place in self._places if place.end_offset > cursor.committed_sample)

    def _passed_record(self, sequence_number: str) -> None:
        last = self.last_sequence_number
        if last is None or int(sequence_number) > int(last):
            self.last_sequence_number = sequence_number

    async def close(self) -> None:
        """Let go of the recogniser, and of what was made ahead from its words."""
        self.drafts.forget()
        stream, self.stream = self.stream, None
        if stream is not None:
            await stream.close()


def _end_offset(place: Place) -> int:
    return place.end_offset


class TranscriptionPool:
    """The live sessions of this execution environment, least recently used first.

    Args:
        max_streams: Beyond it, the session that has waited longest is closed; it is rebuilt when it speaks again.
    """

    def __init__(self, *, max_streams: int) -> None:
        self._max_streams = max_streams
        self._live: dict[SessionId, LiveTranscription] = {}

    def get(self, session_id: SessionId) -> LiveTranscription | None:
        """The session's warm state, now the most recently used."""
        live = self._live.pop(session_id, None)
        if live is not None:
            self._live[session_id] = live
        return live

    async def add(self, live: LiveTranscription) -> None:
        """Keep a session's state."""
        while len(self._live) >= self._max_streams:
            await self.discard(next(iter(self._live)))
        self._live[live.session_id] = live

    async def discard(self, session_id: SessionId) -> None:
        """Forget a session's state and close its recogniser."""
        live = self._live.pop(session_id, None)
        if live is not None:
            await live.close()

    def idle(self, *, now_s: float, idle_limit_s: float) -> tuple[LiveTranscription, ...]:
        """Those whose recogniser has heard nothing for so long that the service is about to hang up."""
        return tuple(live for live in self._live.values() if now_s - live.last_fed_s > idle_limit_s)
