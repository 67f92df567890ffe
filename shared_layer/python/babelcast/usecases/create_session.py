"""Create a session in a cell that has room."""

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from babelcast.domain.errors import AtCapacityError, SessionNotFoundError, StorageUnavailableError
from babelcast.domain.languages import LanguageOffer
from babelcast.domain.session import Session, UserId, new_session_id
from babelcast.ports import CellCapacity, Sessions

SESSION_LIFETIME_S: Final = 24 * 3600
"""As long as the stream keeps the audio; afterwards nothing of the session is left."""
_ID_ATTEMPTS: Final = 10


def hash_join_key(join_key: str) -> str:
    """What is stored of a join key."""
    return hashlib.sha256(join_key.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSession:
    """Create sessions."""

    sessions: Sessions
    capacity: CellCapacity
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
    ) -> Session:
        """The new session; without target languages it offers all that the stage enables.

        Raises:
            UnsupportedLanguageError: A language is not on offer.
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
        )
        for _ in range(_ID_ATTEMPTS):
            cell = await self._claim(session, now_ms // 1000)
            if await self.sessions.create(replace(session, cell=cell)):
                return replace(session, cell=cell)
            await self.capacity.release(session.session_id, cell)
            session = replace(session, session_id=new_session_id(self.rng))
        raise StorageUnavailableError("no free session id was found")

    async def _claim(self, session: Session, now_s: int) -> int:
        try:
            return await self.capacity.claim(session.session_id, expires_at_s=session.expires_at_s, now_s=now_s)
        except AtCapacityError:
            if not await self._release_ended():
                raise
        return await self.capacity.claim(session.session_id, expires_at_s=session.expires_at_s, now_s=now_s)

    async def _release_ended(self) -> int:
        """Free the places of sessions that have ended without giving them back."""
        released = 0
        for session_id, cell in (await self.capacity.occupants()).items():
            try:
                if not (await self.sessions.get(session_id)).is_over:
                    continue
            except SessionNotFoundError:
                pass
            await self.capacity.release(session_id, cell)
            released += 1
        return released
