"""Who may open which connection."""

from collections.abc import Callable
from dataclasses import dataclass

from babelcast.domain.caller import Grant
from babelcast.domain.connection import Role
from babelcast.domain.errors import (
    NotAllowedError,
    NotAuthenticatedError,
    SessionEndedError,
    UnsupportedLanguageError,
)
from babelcast.domain.languages import LanguageCode
from babelcast.domain.session import Session, parse_session_id
from babelcast.domain.source_address import AddressKey
from babelcast.ports import Sessions, TokenVerifier
from babelcast.usecases.join_key import require_join_key
from babelcast.usecases.limit_joins import LimitJoins


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizeConnection:
    """Decide about new connections."""

    sessions: Sessions
    tokens: TokenVerifier
    joins: LimitJoins
    now_ms: Callable[[], int]

    async def speaker(self, session_id: str, token: str | None) -> Grant:
        """What the owner of a session is granted.

        Raises:
            NotAuthenticatedError: No valid token.
            SessionNotFoundError, SessionEndedError: There is nothing to speak in.
            NotAllowedError: The session is somebody else's.
            RateLimitedError: They connect too often.
        """
        if token is None:
            raise NotAuthenticatedError("a speaker needs a token")
        user_id = await self.tokens.verify(token)
        await self.joins.speaker(user_id)
        session = await self.sessions.get(parse_session_id(session_id))
        if session.is_over:
            raise SessionEndedError("the session has ended")
        if session.speaker_id != user_id:
            raise NotAllowedError("the session is somebody else's")
        return _grant(session, Role.SPEAKER, user_id=user_id)

    async def listener(
        self, session_id: str, *, address: AddressKey, target_language: str | None, join_key: str | None
    ) -> Grant:
        """What a listener is granted; a token is not looked at. One who was away at the end may fetch the last words.

        Raises:
            SessionNotFoundError, SessionEndedError: There is nothing to listen to, or not any more.
            UnsupportedLanguageError: No language, or not one of this session.
            NotAllowedError: The join key is missing or wrong.
            RateLimitedError: Too many from this address, or it has guessed too often.
        """
        await self.joins.listener(address)
        return await self.joins.told(
            address, self._listener(session_id, target_language=target_language, join_key=join_key)
        )

    async def _listener(self, session_id: str, *, target_language: str | None, join_key: str | None) -> Grant:
        session = await self.sessions.get(parse_session_id(session_id))
        if session.is_past(now_ms=self.now_ms()):
            raise SessionEndedError("the session has ended")
        language = LanguageCode(target_language or "")
        if language not in session.target_languages:
            raise UnsupportedLanguageError("the session does not offer this language")
        require_join_key(session, join_key or "")
        return _grant(session, Role.LISTENER, target_language=language)


def _grant(session: Session, role: Role, **more: str) -> Grant:
    return Grant(
        session_id=session.session_id,
        role=role,
        cell=session.cell,
        source_language=session.source_language,
        **more,  # type: ignore[arg-type]
    )
