"""How often anybody may try to get in, so that ids and join keys cannot be guessed."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from babelcast.domain.errors import (
    BabelcastError,
    NotAllowedError,
    RateLimitedError,
    SessionNotFoundError,
    StorageUnavailableError,
)
from babelcast.domain.limits import FAILED_JOINS, JOINS, SPEAKER_JOINS
from babelcast.domain.session import UserId
from babelcast.domain.source_address import AddressKey
from babelcast.ports import Meter, RateLimits

_DEADLINE_S: Final = 1.5
"""Buckets that do not answer by then let everybody in; API Gateway does not wait for long."""

_GUESSES: Final = (SessionNotFoundError, NotAllowedError)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitJoins:
    """Look at the buckets of whoever wants in.

    While the store of the buckets fails, nobody is refused by them; while it only does not keep up, they are: otherwise
    asking faster would be a way past them. Either passes, and clients try again by themselves.
    """

    limits: RateLimits
    meter: Meter
    now_ms: Callable[[], int]

    async def listener(self, address: AddressKey) -> None:
        """Somebody wants to listen.

        Raises:
            RateLimitedError: Too many from this address.
        """
        await self._checked(self.limits.take(address, JOINS, now_ms=self.now_ms()))

    async def told(self, address: AddressKey, look_up: Awaitable[_T]) -> _T:
        """What naming a session or its key has led to, if the address may know it.

        It is decided afterwards: an unknown session and a wrong key take from the bucket, everything else looks into
        it, and both get into one row there by the same steps. A right guess is told only if fewer wrong ones than the
        bucket holds are before it in that row: however many guess at the same time, what they find out is worth as many
        guesses as it holds. Those who are right take nothing, so that a hall may come in at once.

        Raises:
            RateLimitedError: The address has guessed too often, or faster than can be counted, and is not even told
                that it is right.
            BabelcastError: What the look-up raises, for which the same holds.
        """
        try:
            found = await look_up
        except _GUESSES:
            await self._checked(self.limits.take(address, FAILED_JOINS, now_ms=self.now_ms()))
            raise
        except BabelcastError as error:
            if not error.retryable:
                await self._require_room(address)
            raise
        await self._require_room(address)
        return found

    async def speaker(self, user_id: UserId) -> None:
        """A speaker who is who they say wants to speak: their hall's guessers are not their fault.

        Raises:
            RateLimitedError: Too many connections of theirs.
        """
        await self._checked(self.limits.take(user_id, SPEAKER_JOINS, now_ms=self.now_ms()))

    async def _require_room(self, address: AddressKey) -> None:
        await self._checked(self.limits.require_room(address, FAILED_JOINS, now_ms=self.now_ms()))

    async def _checked(self, look: Coroutine[Any, Any, None]) -> None:
        try:
            async with asyncio.timeout(_DEADLINE_S):
                await look
        except RateLimitedError:
            self.meter.count("JoinsLimited")
            raise
        except (StorageUnavailableError, TimeoutError):
            self.meter.count("LimitsUnchecked")
