"""Create a session in a cell that has room."""

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from babelcast.domain.errors import (
    AtCapacityError,
    BabelcastError,
    SessionNotFoundError,
    SpeakerAtCapacityError,
    StorageUnavailableError,
)
from babelcast.domain.languages import LanguageOffer
from babelcast.domain.limits import Limit
from babelcast.domain.session import Session, SessionId, UserId, new_session_id
from babelcast.ports import CellCapacity, RateLimits, Sessions, SpeakerPlaces
from babelcast.usecases.join_key import hash_join_key

SESSION_LIFETIME_S: Final = 24 * 3600
"""As long as the stream keeps the audio; afterwards nothing of the session is left."""
_STORED_WITHIN_S: Final = 60
"""From its claim on, a session that is stored at all is stored by then: its request is answered in half that time."""
_ID_ATTEMPTS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSession:
    """Create sessions.

    Attributes:
        places: How many sessions of one speaker live at the same time.
        creations: How often one speaker may create a session.
    """

    sessions: Sessions
    capacity: CellCapacity
    places: SpeakerPlaces
    limits: RateLimits
    creations: Limit
    offer: LanguageOffer
    rng: random.Random
    now_ms: Callable[[], int]

    async def __call__(
        self,
        speaker_id: UserId,
        *,
        source_language: str,
        target_languages: Sequence[str] | None,
        join_key: str | None,
        expressive: bool = True,
    ) -> Session:
        """The new session; without target languages it offers all that the stage enables.

        Args:
            speaker_id: Whose it is.
            source_language: What is spoken.
            target_languages: What listeners may choose.
            join_key: What they must know, if anything.
            expressive: See `Session`.

        Raises:
            UnsupportedLanguageError: A language is not on offer.
            RateLimitedError: The speaker creates sessions too fast.
            SpeakerAtCapacityError: The speaker has as many live ones as one may have.
            AtCapacityError: Every cell is full.
        """
        now_ms = self.now_ms()
        session = Session(
            session_id=new_session_id(self.rng),
            speaker_id=speaker_id,
            source_language=self.offer.require_source(source_language),
            target_languages=frozenset(
                self.offer.targets - {source_language}
                if target_languages is None
                else map(self.offer.require_target, target_languages)
            ),
            created_at_ms=now_ms,
            expires_at_s=now_ms // 1000 + SESSION_LIFETIME_S,
            join_key_hash=hash_join_key(join_key) if join_key else None,
            expressive=expressive,
        )
        await self.limits.take(speaker_id, self.creations, now_ms=now_ms)
        for _ in range(_ID_ATTEMPTS):
            cell = await self._claim_both(session, now_ms // 1000)
            try:
                if await self.sessions.create(replace(session, cell=cell)):
                    return replace(session, cell=cell)
            except BabelcastError:
                await self._release_both(session, cell)
                raise
            await self._release_both(session, cell)
            session = replace(session, session_id=new_session_id(self.rng))
        raise StorageUnavailableError("no free session id was found")

    async def _claim_both(self, session: Session, now_s: int) -> int:
        """One of the speaker's places, and one in a cell."""
        await self._claim_own(session, now_s)
        try:
            return await self._claim_cell(session, now_s)
        except BabelcastError:
            await self._release_own(session)
            raise

    async def _release_both(self, session: Session, cell: int) -> None:
        with suppress(StorageUnavailableError):
            await self.capacity.release(session.session_id, cell)
        await self._release_own(session)

    async def _release_own(self, session: Session) -> None:
        # A place that is not given back is found when it is needed, a minute later.
        with suppress(StorageUnavailableError):
            await self.places.release(session.speaker_id, session.session_id)

    async def _claim_own(self, session: Session, now_s: int) -> None:
        async def claim() -> None:
            await self.places.claim(
                session.speaker_id, session.session_id, expires_at_s=session.expires_at_s, now_s=now_s
            )

        try:
            await claim()
        except SpeakerAtCapacityError:
            over = await self._over(await self.places.occupants(session.speaker_id), now_s)
            for each in over:
                await self.places.release(session.speaker_id, each)
            if not over:
                raise
            await claim()

    async def _claim_cell(self, session: Session, now_s: int) -> int:
        async def claim() -> int:
            return await self.capacity.claim(session.session_id, expires_at_s=session.expires_at_s, now_s=now_s)

        try:
            return await claim()
        except AtCapacityError:
            cells = await self.capacity.occupants()
            over = [(each, cell) for cell, held in enumerate(cells) for each in await self._over(held, now_s)]
            for each, cell in over:
                await self.capacity.release(each, cell)
            if not over:
                raise
            return await claim()

    async def _over(self, held_until_s: Mapping[SessionId, int], now_s: int) -> list[SessionId]:
        """Of those who hold a place, the sessions that have ended without giving it back."""
        return [each for each, until_s in held_until_s.items() if await self._is_over(each, until_s, now_s)]

    async def _is_over(self, session_id: SessionId, held_until_s: int, now_s: int) -> bool:
        try:
            return (await self.sessions.get(session_id)).is_over
        except SessionNotFoundError:
            # A place is held from its claim on; a session that is being created is not stored yet.
            return held_until_s - SESSION_LIFETIME_S + _STORED_WITHIN_S <= now_s
