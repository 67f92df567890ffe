"""One session in its cell: fed by batches, listened to for a while, its clauses made, committed and told in order."""

import bisect
from collections import Counter, deque
from collections.abc import Sequence
from typing import Final

from simpy import Environment, Event, Process

from benchmarks.capacity.calibration import Surroundings
from benchmarks.capacity.fan_out import FanOut
from benchmarks.capacity.rendering import Draft, Rendering
from benchmarks.capacity.resources import Chance, Processor, Steps
from benchmarks.capacity.scenario import CHUNK_S, Deployment, Load
from benchmarks.capacity.speech import Clause, Heard, hear
from benchmarks.capacity.tally import Delivered, Tally, Telling
from benchmarks.latency.speech import SpokenWord
from local.services.behaviour import Step

_SILENCE_AT_THE_END_S: Final = 3.0
"""Before the speaker ends the session."""
_PAGE_CONNECTIONS: Final = 5_000
"""A read of DynamoDB brings a megabyte of records of about 200 bytes. Source: `infrastructure.costs`."""
_FEEDING_BURST_S: Final = 6.0
_FEEDING_SPEED: Final = 8.0
_DRAFT_TOLERANCE_S: Final = 0.2
_DRAFTS_PER_CLAUSE: Final = 2
_PARTIAL_INTERVAL_S: Final = 0.5
_DELIVERY_ATTEMPTS: Final = 3
"""Source: these six are those of `babelcast.usecases.speech_tools` and `draft_ahead`; a test compares them."""


class LiveSession:
    """One session.

    Attributes:
        number: Among all sessions.
        words: What is said.
        chunks: How many there are of it.
    """

    def __init__(
        self,
        clock: Environment,
        processor: Processor,
        rendering: Rendering,
        fan_out: FanOut,
        *,
        number: int,
        words: Sequence[SpokenWord],
        load: Load,
        deployment: Deployment,
        surroundings: Surroundings,
        chance: Chance,
        tally: Tally,
    ) -> None:
        self._clock = clock
        self._processor = processor
        self._rendering = rendering
        self._fan_out = fan_out
        self._deployment = deployment
        self._surroundings = surroundings
        self._chance = chance
        self._tally = tally
        self.number = number
        self._listeners = load.listeners_by_language
        self._connections = load.listeners + 1
        self.words = words
        self._word_ends_s = [word.end_ms / 1000 for word in self.words]
        self.chunks = int((self._word_ends_s[-1] + _SILENCE_AT_THE_END_S) / CHUNK_S)
        self._to_hear = deque(hear(self.words, max_segment_s=deployment.max_segment_s))
        self._due: deque[tuple[float, Heard]] = deque()
        self._fed_s = 0.0
        self._known: Heard | None = None
        self._drafts: dict[int, Draft] = {}
        self._attempts: Counter[int] = Counter()
        self._under_way: list[Process] = []
        self._undelivered: list[Delivered] = []
        self._partial_of = 0.0
        self._partial_at = float("-inf")

    def ends_by(self, until_s: float) -> bool:
        """Whether there is no audio behind it."""
        return until_s >= self.chunks * CHUNK_S

    def take_part(self, until_s: float) -> Steps:
        """Hear the audio until there."""
        yield from self._read_session()
        again, self._undelivered = self._undelivered, []
        for each in again:
            yield from self._tell_again(each)
        yield from self._feed(until_s)
        self._begin_ahead()
        wait_s = self._deployment.result_wait_s
        yield from self._listen(self._clock.now + wait_s)
        if not self._under_way:
            yield from self._send_partial()
        yield from self._listen_for_the_end(self._clock.now + self._deployment.pending_result_wait_s - wait_s)
        if self.ends_by(self._fed_s):
            yield from self._finish()
        if self._under_way:
            yield self._clock.all_of(self._under_way)
            self._under_way.clear()
        yield from self._send_partial()

    def _read_session(self) -> Steps:
        costs = self._surroundings.costs
        yield from self._processor.work(costs.session_batch_s)
        yield self._clock.timeout(self._chance.seconds("read", self._surroundings.platform.read))
        yield from self._read_audience()

    def _read_audience(self) -> Steps:
        pages = -(-self._connections // _PAGE_CONNECTIONS)
        read_s = sum(self._chance.seconds("read", self._surroundings.platform.read) for _ in range(pages))
        yield self._clock.timeout(read_s)
        yield from self._processor.work(self._connections * self._surroundings.costs.audience_connection_s)

    def _feed(self, until_s: float) -> Steps:
        if not self._fed_s:
            services = self._surroundings.services
            yield self._clock.timeout(self._chance.seconds("open", services.get(Step.TRANSCRIBE)))
        audio_s = until_s - self._fed_s
        yield from self._processor.work(audio_s * self._surroundings.costs.audio_s)
        if audio_s > _FEEDING_BURST_S:
            yield self._clock.timeout((audio_s - _FEEDING_BURST_S) / _FEEDING_SPEED)
        self._fed_s = max(self._fed_s, until_s)
        while self._to_hear and self._to_hear[0].at_s <= self._fed_s:
            heard = self._to_hear.popleft()
            step = Step.TRANSCRIBE_FINAL if heard.is_final else Step.TRANSCRIBE_PARTIAL
            due_at = self._clock.now + self._chance.seconds(step, self._surroundings.services.get(step))
            # Results come in their order.
            self._due.append((max(due_at, self._due[-1][0] if self._due else 0.0), heard))

    def _listen(self, until: float) -> Steps:
        while self._due and self._due[0][0] <= until:
            yield from self._take_next()
        if until > self._clock.now:
            yield self._clock.timeout(until - self._clock.now)

    def _listen_for_the_end(self, until: float) -> Steps:
        while self._is_pending and until > self._clock.now:
            if not self._due or self._due[0][0] > until:
                yield self._clock.timeout(until - self._clock.now)
                return
            yield from self._take_next()

    def _finish(self) -> Steps:
        """The speaker has ended the session: the recogniser is waited for."""
        while self._due:
            yield from self._take_next()

    @property
    def _is_pending(self) -> bool:
        return self._known is not None and self._known.is_pending

    def _take_next(self) -> Steps:
        due_at, heard = self._due.popleft()
        if due_at > self._clock.now:
            yield self._clock.timeout(due_at - self._clock.now)
        self._known = heard
        for clause in heard.clauses:
            previous = self._under_way[-1] if self._under_way else None
            self._under_way.append(self._clock.process(self._deliver(clause, previous)))
        self._begin_ahead()

    def _begin_ahead(self) -> None:
        """Make what will probably be the next clauses when the speaker is quiet."""
        after_s, known = self._deployment.draft_after_quiet_s, self._known
        if after_s is None or known is None or not known.expected or self._quiet_s < after_s:
            return
        if self._fed_s - self._quiet_s - known.expected[-1].end_s > _DRAFT_TOLERANCE_S:
            return
        for clause in known.expected:
            begun = self._drafts.get(clause.number)
            if begun is not None and begun.words == clause.words:
                continue
            if self._attempts[clause.number] >= _DRAFTS_PER_CLAUSE:
                continue
            if not self._rendering.has_room:
                return
            if begun is not None:
                begun.is_dropped = True
            self._attempts[clause.number] += 1
            self._tally.drafts_begun += len(self._listeners)
            self._drafts[clause.number] = self._rendering.begin(clause.words, tuple(self._listeners))

    @property
    def _quiet_s(self) -> float:
        """How long nobody has spoken, at the end of what was fed."""
        index = bisect.bisect_right(self._word_ends_s, self._fed_s)
        if index < len(self.words) and self.words[index].start_ms / 1000 < self._fed_s:
            return 0.0
        return self._fed_s - self._word_ends_s[index - 1] if index else self._fed_s

    def _deliver(self, clause: Clause, previous: Event | None) -> Steps:
        costs, platform = self._surroundings.costs, self._surroundings.platform
        draft = self._drafts.pop(clause.number, None)
        if draft is not None and draft.words == clause.words:
            self._tally.drafts_used += len(self._listeners)
        else:
            if draft is not None:
                draft.is_dropped = True
            draft = self._rendering.begin(clause.words, tuple(self._listeners))
        assert draft.made is not None
        yield draft.made
        yield from self._rendering.store(draft)
        if previous is not None:
            yield previous
        yield from self._processor.work(costs.commit_s)
        yield self._clock.timeout(self._chance.seconds("transaction", platform.transaction))
        self._tally.clauses += 1
        delivered = [
            Delivered(
                session=self.number,
                clause=clause,
                language=code,
                is_spoken=draft.voiced[code].is_spoken,
                committed_at=self._clock.now,
            )
            for code in self._listeners
        ]
        self._tally.delivered += delivered
        yield from self._read_audience()
        caption = self._clock.process(self._fan_out.tell(self._connections))
        told = [self._clock.process(self._tell(each, self._listeners[each.language])) for each in delivered]
        yield self._clock.all_of([caption, *told])
        yield self._clock.timeout(self._chance.seconds("transaction", platform.transaction))

    def _tell(self, delivered: Delivered, receivers: int) -> Steps:
        telling: Telling = yield from self._fan_out.tell(receivers)
        delivered.tellings.append(telling)
        if (telling.unreached or telling.unanswered) and len(delivered.tellings) < _DELIVERY_ATTEMPTS:
            self._undelivered.append(delivered)

    def _tell_again(self, delivered: Delivered) -> Steps:
        """Whoever was not reached, with the caption that goes with it."""
        last = delivered.tellings[-1]
        receivers = last.unreached + last.unanswered
        caption = self._clock.process(self._fan_out.tell(receivers))
        yield from self._tell(delivered, receivers)
        yield caption

    def _send_partial(self) -> Steps:
        """What is being said, as a caption."""
        known, now = self._known, self._clock.now
        if known is None or not known.is_pending or known.at_s == self._partial_of:
            return
        if now - self._partial_at < _PARTIAL_INTERVAL_S:
            return
        self._partial_of, self._partial_at = known.at_s, now
        self._tally.partials += 1
        yield from self._fan_out.tell(self._connections)
