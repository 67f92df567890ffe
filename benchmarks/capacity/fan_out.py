"""Telling many connections: 64 posts at once, chunks of 200 by functions of their own, and API Gateway's quota."""

from collections import deque
from collections.abc import Generator
from typing import Any, Final

from simpy import Environment, Event, Resource

from benchmarks.capacity.calibration import Surroundings
from benchmarks.capacity.resources import Allowance, Chance, Processor, Steps
from benchmarks.capacity.scenario import Deployment
from benchmarks.capacity.tally import Tally, Telling

CHUNK_RECEIVERS: Final = 200
CONCURRENT_CHUNKS: Final = 16
_CONCURRENT_POSTS: Final = 64
_SEND_DEADLINE_S: Final = 2.0
_CHUNK_DEADLINE_S: Final = 1.5
_ATTEMPTS: Final = 3
_BACKOFF_S: Final = 0.1
"""Source: these seven are those of `babelcast.adapters.api_gateway` and `notification_sender`; a test compares them."""

_POSTS_A_TURN: Final = 25
"""Posts whose processor time, tokens and answers are taken together."""


class Account:
    """What all cells share.

    Attributes:
        requests: API Gateway's.
        invocations: Of `notification_sender` under way.
    """

    def __init__(self, requests: Allowance, *, lambda_concurrency: float) -> None:
        self.requests = requests
        self.invocations = 0
        self._lambda_concurrency = lambda_concurrency

    @property
    def has_room(self) -> bool:
        """For one more invocation."""
        return self.invocations < self._lambda_concurrency


class FanOut:
    """One cell's."""

    def __init__(
        self,
        clock: Environment,
        account: Account,
        processor: Processor,
        *,
        deployment: Deployment,
        surroundings: Surroundings,
        chance: Chance,
        tally: Tally,
    ) -> None:
        self._clock = clock
        self._account = account
        self._processor = processor
        self._memory_mb = deployment.memory_mb
        self._costs = surroundings.costs
        self._platform = surroundings.platform
        self._chance = chance
        self._tally = tally
        self._threads = Resource(clock, CONCURRENT_CHUNKS)

    def tell(self, receivers: int) -> Generator[Event, Any, Telling]:
        """Tell so many the same; everybody who can be reached in time has been when it ends."""
        telling = Telling(receivers=receivers)
        if receivers <= CHUNK_RECEIVERS:
            yield from self._post(self._processor, receivers, telling, until=self._clock.now + _SEND_DEADLINE_S)
        else:
            chunks = -(-receivers // CHUNK_RECEIVERS)
            each, more = divmod(receivers, chunks)
            yield self._clock.all_of(
                [self._clock.process(self._hand_on(each + (index < more), telling)) for index in range(chunks)]
            )
        telling.reached.sort()
        return telling

    def _hand_on(self, receivers: int, telling: Telling) -> Steps:
        answered_by = self._clock.now + _SEND_DEADLINE_S
        with self._threads.request() as thread:
            yield thread | self._clock.timeout(_SEND_DEADLINE_S)
            if not thread.triggered:
                telling.unreached += receivers
                return
            if not self._account.has_room:
                self._tally.senders_throttled += 1
                telling.unreached += receivers
                return
            yield from self._send(receivers, telling, answered_by=answered_by)

    def _send(self, receivers: int, telling: Telling, *, answered_by: float) -> Steps:
        self._account.invocations += 1
        self._tally.sender_invocations += 1
        self._tally.senders_at_once = max(self._tally.senders_at_once, self._account.invocations)
        yield self._clock.timeout(self._chance.seconds("invoke", self._platform.invoke))
        began_at = self._clock.now
        own = Processor(self._clock, memory_mb=self._memory_mb)
        yield from own.work(self._costs.sender_invocation_s)
        part = Telling(receivers=receivers)
        yield from self._post(own, receivers, part, until=self._clock.now + _CHUNK_DEADLINE_S)
        self._account.invocations -= 1
        self._tally.sender_s += self._clock.now - began_at
        telling.reached += part.reached
        telling.unreached += part.unreached
        if self._clock.now > answered_by:
            telling.unanswered += receivers - part.unreached

    def _post(self, processor: Processor, count: int, telling: Telling, *, until: float) -> Steps:
        """Post to so many; whoever is throttled is tried again twice."""
        waiting = deque([(self._clock.now, count, 1)])
        answers_at = self._clock.now
        while waiting:
            ready_at, left, attempt = waiting.popleft()
            if ready_at > self._clock.now:
                yield self._clock.timeout(ready_at - self._clock.now)
            while left and self._clock.now < until:
                turn = min(left, _POSTS_A_TURN)
                left -= turn
                began_at = self._clock.now
                yield from processor.work(turn * self._costs.post_s)
                answer_s = self._chance.seconds("post", self._platform.post)
                early_s = began_at + turn * answer_s / _CONCURRENT_POSTS - self._clock.now
                if early_s > 0:
                    yield self._clock.timeout(early_s)
                granted = self._account.requests.grant(turn)
                self._tally.posts += granted
                answers_at = max(answers_at, self._clock.now + answer_s)
                if granted:
                    telling.reached.append((self._clock.now + answer_s, granted))
                if refused := turn - granted:
                    self._tally.posts_throttled += refused
                    if attempt < _ATTEMPTS:
                        pause_s = self._chance.of("backoff").uniform(0, _BACKOFF_S * 2 ** (attempt - 1))
                        waiting.append((self._clock.now + answer_s + pause_s, refused, attempt + 1))
                    else:
                        telling.unreached += refused
            telling.unreached += left
        if answers_at > self._clock.now:
            yield self._clock.timeout(answers_at - self._clock.now)
