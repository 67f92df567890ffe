"""How often anybody may try to get in, so that ids and join keys cannot be guessed."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from babelcast.domain.errors import (
    BabelcastError,
    LimitReachedError,
    NotAllowedError,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitJoins:
    """Look at the buckets of whoever wants in. While the store of the buckets fails, nobody is refused by them."""

    limits: RateLimits
    meter: Meter
    now_ms: Callable[[], int]

    async def listener(self, address: AddressKey) -> None:
        """Somebody wants to listen.

        Raises:
            LimitReachedError: Too many from this address, or it has guessed too often.
        """
        now_ms = self.now_ms()
        await asyncio.gather(
            self._checked(self.limits.take(address, JOINS, now_ms=now_ms)),
            self.guesser(address),
        )

    async def guesser(self, address: AddressKey) -> None:
        """Somebody names a session; whoever has guessed too often is not even told that they are right.

        Raises:
            LimitReachedError: The address has guessed too often.
        """
        await self._checked(self.limits.require_room(address, FAILED_JOINS, now_ms=self.now_ms()))

    async def failed(self, address: AddressKey, error: BabelcastError) -> None:
        """It was refused; an unknown session or a wrong key counts as a guess.

        Raises:
            LimitReachedError: It was one guess too many, and its outcome is not to be told.
        """
        if isinstance(error, _GUESSES):
            await self._checked(self.limits.take(address, FAILED_JOINS, now_ms=self.now_ms()))

    async def speaker(self, user_id: UserId) -> None:
        """A speaker who is who they say wants to speak: their hall's guessers are not their fault.

        Raises:
            LimitReachedError: Too many connections of theirs.
        """
        await self._checked(self.limits.take(user_id, SPEAKER_JOINS, now_ms=self.now_ms()))

    async def _checked(self, look: Coroutine[Any, Any, None]) -> None:
        try:
            async with asyncio.timeout(_DEADLINE_S):
                await look
        except LimitReachedError:
            self.meter.count("JoinsLimited")
            raise
        except (StorageUnavailableError, TimeoutError):
            self.meter.count("LimitsUnchecked")
