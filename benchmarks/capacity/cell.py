"""A cell: a shard, and one function that takes a batch at a time, whose sessions take their turns side by side.

A session that is served beyond the end of an invocation goes on without a pause; in the product it stands still until
the next one begins, which is sure to be soon then.
"""

from collections.abc import Sequence

from simpy import Environment, Event, Process

from benchmarks.capacity.calibration import Surroundings
from benchmarks.capacity.fan_out import Account, FanOut
from benchmarks.capacity.ingestion import Chunk, Shard
from benchmarks.capacity.live_session import LiveSession
from benchmarks.capacity.rendering import Gate, Rendering
from benchmarks.capacity.resources import Chance, Processor, Steps
from benchmarks.capacity.scenario import Deployment, Load, Quotas
from benchmarks.capacity.tally import Tally
from benchmarks.latency.speech import SpokenWord


class Cell:
    """One cell with its sessions.

    Attributes:
        processor: Of `audio_processor`.
        shard: That its sessions' audio comes to.
        sessions: By number.
    """

    def __init__(
        self,
        clock: Environment,
        account: Account,
        *,
        load: Load,
        deployment: Deployment,
        quotas: Quotas,
        surroundings: Surroundings,
        chance: Chance,
        tally: Tally,
    ) -> None:
        self._clock = clock
        self._surroundings = surroundings
        self._chance = chance
        self._tally = tally
        self._load = load
        self._deployment = deployment
        self.processor = Processor(clock, memory_mb=deployment.memory_mb)
        self._gate = Gate(clock)
        self._rendering = Rendering(
            clock,
            self.processor,
            self._gate,
            deployment=deployment,
            quotas=quotas,
            surroundings=surroundings,
            chance=chance,
            tally=tally,
        )
        self._fan_out = FanOut(
            clock,
            account,
            self.processor,
            deployment=deployment,
            surroundings=surroundings,
            chance=chance,
            tally=tally,
        )
        self.shard = Shard(
            clock, deployment=deployment, quotas=quotas, surroundings=surroundings, chance=chance, tally=tally
        )
        self.sessions: dict[int, LiveSession] = {}
        self._heard_until: dict[int, float] = {}
        self._turns: dict[int, Process] = {}
        self._is_running = False
        clock.process(self._serve())

    def open_session(self, number: int, words: Sequence[SpokenWord]) -> LiveSession:
        """A session whose audio comes to this cell's shard."""
        session = LiveSession(
            self._clock,
            self.processor,
            self._rendering,
            self._fan_out,
            number=number,
            words=words,
            load=self._load,
            deployment=self._deployment,
            surroundings=self._surroundings,
            chance=self._chance,
            tally=self._tally,
        )
        self.sessions[number] = session
        return session

    @property
    def is_running(self) -> bool:
        """Whether an invocation is under way."""
        return self._is_running

    def _serve(self) -> Steps:
        while True:
            batch = yield from self.shard.next_batch()
            self._is_running = True
            yield self._clock.timeout(self._chance.seconds("invoke", self._surroundings.platform.invoke))
            began_at = self._clock.now
            self._gate.open()
            yield from self._invoke(batch)
            self._gate.close()
            self._tally.invocations += 1
            self._tally.invocation_s += self._clock.now - began_at
            self._is_running = False

    def _invoke(self, batch: Sequence[Chunk]) -> Steps:
        yield from self.processor.work(self._surroundings.costs.invocation_s)
        for chunk in batch:
            self._heard_until[chunk.session] = max(chunk.end_s, self._heard_until.get(chunk.session, 0.0))
        came = self._heard_until.keys() & {chunk.session for chunk in batch}
        ending = {number for number in came if self.sessions[number].ends_by(self._heard_until[number])}
        for number in sorted(came - self._turns.keys()):
            self._turns[number] = self._clock.process(self._serve_session(number))
        next_batch: Event = self._clock.timeout(self._deployment.pending_result_wait_s)
        while self._turns:
            others_go_on = came - self._turns.keys()
            if next_batch.processed and others_go_on and not ending & self._turns.keys():
                return
            yield self._clock.any_of([*self._turns.values(), *(() if next_batch.processed else (next_batch,))])

    def _serve_session(self, number: int) -> Steps:
        while number in self._heard_until:
            yield from self.sessions[number].take_part(self._heard_until.pop(number))
        del self._turns[number]
