"""What a listener hears: another language, or nothing for a while."""

from collections.abc import Callable
from dataclasses import dataclass

from babelcast.domain.caller import Caller
from babelcast.domain.connection import RETURN_WITHIN_MS, Role
from babelcast.domain.errors import SessionNotFoundError, UnsupportedLanguageError
from babelcast.domain.languages import LanguageCode
from babelcast.ports import Connections, Sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeListening:
    """Change what listeners hear."""

    sessions: Sessions
    connections: Connections
    now_ms: Callable[[], int]

    async def language(self, caller: Caller, target_language: str) -> None:
        """Hear another language from the next segment on.

        Raises:
            NotAllowedError: The caller is no listener.
            UnsupportedLanguageError: The session does not offer it.
        """
        caller.require(Role.LISTENER)
        session = await self.sessions.get(caller.session_id)
        if target_language not in session.target_languages:
            raise UnsupportedLanguageError("the session does not offer this language")
        if await self.connections.change(caller.connection_id, language=LanguageCode(target_language)) is None:
            raise SessionNotFoundError("the connection is not known; connect again")

    async def listening(self, caller: Caller, *, listening: bool) -> None:
        """Pause or go on; a language that nobody hears is soon not translated any more.

        Apps tell of a pause again whenever they have joined, which keeps no language awake for longer.

        Raises:
            NotAllowedError: The caller is no listener.
        """
        caller.require(Role.LISTENER)
        if listening:
            await self.connections.change(caller.connection_id, listening=True)
        else:
            await self.connections.pause(caller.connection_id, returns_by_ms=self.now_ms() + RETURN_WITHIN_MS)
