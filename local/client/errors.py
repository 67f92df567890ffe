"""What goes wrong for a client. Every message is one line that a person can act on."""

from typing import Final

from local.errors import UserError

_WRONG_INPUT_CODES: Final = frozenset({"INVALID_MESSAGE", "SESSION_NOT_FOUND", "SESSION_ENDED", "UNSUPPORTED_LANGUAGE"})


class ClientError(UserError):
    """Root of the clients' errors."""


class LoginFailedError(ClientError):
    """Cognito does not accept the account."""


class UnreachableError(ClientError):
    """Nothing answers at an address."""


class HttpApiError(ClientError):
    """The HTTP API refused a request.

    Attributes:
        status: HTTP status.
        code: The protocol's error code, or ``UNKNOWN`` when the answer has none.
    """

    def __init__(self, message: str, *, status: int, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.exit_status = 2 if code in _WRONG_INPUT_CODES else 1


class ConnectionNotAllowedError(ClientError):
    """The WebSocket API refused the connection: wrong or missing token, unknown or ended session, language, join key.

    Attributes:
        status: 401 or 403.
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"the WebSocket API refused the connection with status {status}")
        self.status = status


class BroadcastError(ClientError):
    """The server refused the broadcast for good, or did not take or finish it in time."""


class ClipUnavailableError(ClientError):
    """A clip cannot be downloaded.

    Attributes:
        is_expired: Storage refused the address itself, so that only a fresh one helps.
    """

    def __init__(self, message: str, *, is_expired: bool) -> None:
        super().__init__(message)
        self.is_expired = is_expired


class MalformedMessageError(ClientError):
    """A message of the server that is not what the protocol says."""
