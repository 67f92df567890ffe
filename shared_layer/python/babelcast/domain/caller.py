"""Who sends a message: what the authorizer found out when the connection was opened."""

from dataclasses import dataclass

from babelcast.domain.connection import MAX_CONNECTION_DURATION_S, Connection, ConnectionId, Role
from babelcast.domain.errors import NotAllowedError
from babelcast.domain.languages import LanguageCode
from babelcast.domain.session import SessionId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a connection is allowed to be.

    Attributes:
        cell: The session's cell, so that audio finds its stream without looking the session up.
        target_language: A listener's, as chosen on connecting.
        user_id: The speaker's; None for a listener.
    """

    session_id: SessionId
    role: Role
    cell: int
    source_language: LanguageCode
    target_language: LanguageCode | None = None
    user_id: UserId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A connection that says something.

    Attributes:
        connected_at_ms: Epoch milliseconds.
    """

    connection_id: ConnectionId
    connected_at_ms: int
    grant: Grant

    @property
    def session_id(self) -> SessionId:
        """The session the connection belongs to."""
        return self.grant.session_id

    @property
    def expires_at_ms(self) -> int:
        """When API Gateway closes the connection at the latest."""
        return self.connected_at_ms + MAX_CONNECTION_DURATION_S * 1000

    def require(self, role: Role) -> None:
        """Refuse everybody but one role.

        Raises:
            NotAllowedError: The caller has another role.
        """
        if self.grant.role is not role:
            raise NotAllowedError(f"only a {role} may do this")

    def connection(self) -> Connection:
        """The connection as it was opened."""
        return Connection(
            connection_id=self.connection_id,
            session_id=self.grant.session_id,
            role=self.grant.role,
            joined_at_ms=self.connected_at_ms,
            target_language=self.grant.target_language,
        )
