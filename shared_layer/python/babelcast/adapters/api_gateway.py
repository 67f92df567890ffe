"""API Gateway's ``@connections``: the way to every client.

Posts have sockets of their own and no threads, so that connections which do not answer hold up neither other
connections nor any other call. They are not a boto3 client's: 0.12 ms of the processor's time for each instead of 0.74
in threads, measured on one machine (docs/decisions/0013).
"""

import asyncio
import random
import time
from collections.abc import Iterable, Mapping
from enum import Enum, auto
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, urlsplit

from babelcast.adapters.signed_posts import PostFailedError, SignedPosts
from babelcast.domain.connection import ConnectionId
from babelcast.domain.delivery import Delivery

SEND_DEADLINE_S: Final = 2.0
"""Whoever has not answered by then has failed. A clause is told when the one before has been, some 3 s earlier."""

CHUNK_DEADLINE_S: Final = 1.5
"""Of an invocation that posts for another one, whose deadline is the one above: its way there and back fits in."""

_CONCURRENT_POSTS: Final = 64
_PATIENCE_S: Final = 0.2
"""A post that takes longer is waited for beside the others: the next one goes out. Most answers come within 0.05 s."""

_POSTS_UNDER_WAY: Final = 4 * _CONCURRENT_POSTS
"""Sockets, with those for posts that are waited for: more than the receivers of one chunk."""

_CONNECT_TIMEOUT_S: Final = 1.0
_ANSWER_TIMEOUT_S: Final = 1.0
"""API Gateway answers within tens of milliseconds; with the connect timeout, a post ends within the deadline."""

_ATTEMPTS: Final = 3
_BACKOFF_S: Final = 0.1
"""Before the second attempt half of it on average, before the third all of it."""

_JITTER: Final = random.SystemRandom()

_SLOW_FOR_S: Final = 60.0
"""A connection that took too long is not waited for again for so long, or until it answers."""

_SLOW_POSTS: Final = 16
_SLOW_ANSWER_TIMEOUT_S: Final = 5.0
_SLOW_WAIT_S: Final = 0.05
"""For slow connections a send waits at most so long, which is about what the others take."""


class _Outcome(Enum):
    REACHED = auto()
    GONE = auto()
    REFUSED = auto()
    LATE = auto()
    FAILED = auto()
    BUSY = auto()
    """Throttled or disturbed: another attempt may succeed at once."""


_OUTCOMES: Final[Mapping[int, _Outcome]] = {
    HTTPStatus.GONE: _Outcome.GONE,
    # Larger than API Gateway's 128 KB today and tomorrow.
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _Outcome.REFUSED,
    HTTPStatus.TOO_MANY_REQUESTS: _Outcome.BUSY,
}


class _Lane:
    """So many posts at once."""

    def __init__(self, endpoint_url: str, client: SignedPosts, *, width: int, answer_timeout_s: float) -> None:
        self._path = f"{urlsplit(endpoint_url).path}/@connections/"
        self._client = client
        self._slots = asyncio.Semaphore(width)
        self._answer_timeout_s = answer_timeout_s
        self._began_s: dict[ConnectionId, float] = {}

    def is_overdue(self, connection_id: ConnectionId) -> bool:
        """Whether its post is under way for too long; one that still waits for its slot is not."""
        now_s = time.monotonic()
        return self._began_s.get(connection_id, now_s) <= now_s - _PATIENCE_S

    async def post(self, connection_id: ConnectionId, message: bytes) -> _Outcome:
        """Post a message; never raises."""
        async with self._slots:
            self._began_s[connection_id] = time.monotonic()
            try:
                return await self._sent(connection_id, message)
            finally:
                # Of two at the same time, the first that ends takes the other's time with it.
                self._began_s.pop(connection_id, None)

    async def _sent(self, connection_id: ConnectionId, message: bytes) -> _Outcome:
        try:
            status = await self._client.post(
                self._path + quote(connection_id, safe=""),
                message,
                connect_timeout_s=_CONNECT_TIMEOUT_S,
                answer_timeout_s=self._answer_timeout_s,
            )
        except TimeoutError:
            return _Outcome.LATE
        except PostFailedError:
            return _Outcome.BUSY
        if status < HTTPStatus.MULTIPLE_CHOICES:
            return _Outcome.REACHED
        return _OUTCOMES.get(status, _Outcome.BUSY if status >= HTTPStatus.INTERNAL_SERVER_ERROR else _Outcome.FAILED)


class ApiGatewayConnections:
    """Posts messages to connections, so that none of them delays another one.

    So many posts go out at once as answer best; whichever takes longer lets the next one go out while it is waited for.
    A connection that takes too long is *slow* from then on: its posts go beside the others', one at a time, and are
    hardly waited for. It is slow until it answers.

    Args:
        endpoint_url: The API's management endpoint, ``https://…/stage``.
        deadline_s: Of every `post`.
    """

    def __init__(self, endpoint_url: str, *, deadline_s: float = SEND_DEADLINE_S) -> None:
        self._deadline_s = deadline_s
        client = SignedPosts(endpoint_url, "execute-api")
        self._prompt = _Lane(endpoint_url, client, width=_POSTS_UNDER_WAY, answer_timeout_s=_ANSWER_TIMEOUT_S)
        self._turns = asyncio.Semaphore(_CONCURRENT_POSTS)
        self._aside = _Lane(endpoint_url, client, width=_SLOW_POSTS, answer_timeout_s=_SLOW_ANSWER_TIMEOUT_S)
        self._slow_until_s: dict[ConnectionId, float] = {}
        self._aside_under_way: dict[ConnectionId, asyncio.Future[_Outcome]] = {}

    def slow_among(self, connection_ids: Iterable[ConnectionId]) -> frozenset[ConnectionId]:
        """Those that have taken too long of late."""
        now_s = time.monotonic()
        for each in [each for each, until_s in self._slow_until_s.items() if until_s < now_s]:
            del self._slow_until_s[each]
        return frozenset(self._slow_until_s.keys() & connection_ids)

    def note_slow(self, connection_ids: Iterable[ConnectionId]) -> None:
        """They have taken too long just now."""
        until_s = time.monotonic() + _SLOW_FOR_S
        self._slow_until_s.update((each, until_s) for each in connection_ids)

    async def post(self, receivers: Iterable[ConnectionId], message: bytes) -> Delivery:
        """Post a message to each at once; returns within the deadline and never raises."""
        targets = frozenset(receivers)
        slow = self.slow_among(targets)
        # One after the other, in their order; what is still under way from before has to end first.
        aside = {each: self._post_aside(each, message) for each in slow if each not in self._aside_under_way}
        prompt = {each: asyncio.create_task(self._attempts(each, message)) for each in targets - slow}
        began_s = time.monotonic()
        try:
            if prompt:
                await asyncio.wait(prompt.values(), timeout=self._deadline_s)
            if aside:
                waited_s = time.monotonic() - began_s
                await asyncio.wait(aside.values(), timeout=max(0.0, _SLOW_WAIT_S - waited_s))
            outcomes = {each: _Outcome.LATE for each in prompt if self._prompt.is_overdue(each)}
        finally:
            for task in prompt.values():
                task.cancel()
        outcomes |= {each: posting.result() for each, posting in {**prompt, **aside}.items() if posting.done()}
        self.note_slow(each for each, outcome in outcomes.items() if outcome is _Outcome.LATE)
        return _delivery(targets, outcomes)

    async def _attempts(self, connection_id: ConnectionId, message: bytes) -> _Outcome:
        outcome = await self._in_turn(connection_id, message)
        for attempt in range(1, _ATTEMPTS):
            if outcome is not _Outcome.BUSY:
                break
            await asyncio.sleep(_JITTER.uniform(0, _BACKOFF_S * 2 ** (attempt - 1)))
            outcome = await self._in_turn(connection_id, message)
        return outcome

    async def _in_turn(self, connection_id: ConnectionId, message: bytes) -> _Outcome:
        async with self._turns:
            posting = asyncio.create_task(self._prompt.post(connection_id, message))
            try:
                await asyncio.wait((posting,), timeout=_PATIENCE_S)
            except asyncio.CancelledError:
                posting.cancel()
                raise
        return await posting

    def _post_aside(self, connection_id: ConnectionId, message: bytes) -> "asyncio.Future[_Outcome]":
        posting = asyncio.create_task(self._aside.post(connection_id, message))
        self._aside_under_way[connection_id] = posting
        posting.add_done_callback(lambda _: self._ended_aside(connection_id, posting))
        return posting

    def _ended_aside(self, connection_id: ConnectionId, posting: "asyncio.Future[_Outcome]") -> None:
        del self._aside_under_way[connection_id]
        if posting.cancelled() or posting.result() is _Outcome.LATE:
            self.note_slow([connection_id])
        else:
            self._slow_until_s.pop(connection_id, None)


def _delivery(targets: frozenset[ConnectionId], outcomes: Mapping[ConnectionId, _Outcome]) -> Delivery:
    def having(*wanted: _Outcome) -> frozenset[ConnectionId]:
        return frozenset(each for each, outcome in outcomes.items() if outcome in wanted)

    return Delivery(
        gone=having(_Outcome.GONE),
        refused=having(_Outcome.REFUSED),
        late=having(_Outcome.LATE),
        failed=having(_Outcome.BUSY, _Outcome.FAILED) | (targets - outcomes.keys()),
    )
