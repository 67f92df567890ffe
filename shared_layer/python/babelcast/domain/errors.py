"""The one tree of errors: each has a stable ``code`` (on the wire) and says whether trying again helps.

Adapters translate vendor errors into these through one table each; nobody decides from a message's text.
Messages may hold ids, sizes and codes, never speech text, tokens or keys.
"""

from typing import ClassVar


class BabelcastError(Exception):
    """Root of all errors of ours.

    Attributes:
        code: Stable name on the wire.
        retryable: The same request may succeed later without being changed.
    """

    code: ClassVar[str] = "INTERNAL"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidMessageError(BabelcastError):
    """A message or request that is not what the protocol says."""

    code = "INVALID_MESSAGE"


class UnknownActionError(BabelcastError):
    """An ``action`` that the protocol does not have."""

    code = "UNKNOWN_ACTION"


class InvalidAudioError(BabelcastError):
    """Audio of the wrong length, format or rate."""

    code = "INVALID_AUDIO"


class PayloadTooLargeError(BabelcastError):
    """More bytes than the protocol allows."""

    code = "PAYLOAD_TOO_LARGE"


class NotAuthenticatedError(BabelcastError):
    """No token, or one that is expired, forged or somebody else's."""

    code = "NOT_AUTHENTICATED"


class NotAllowedError(BabelcastError):
    """The caller may not do this."""

    code = "NOT_ALLOWED"


class SessionNotFoundError(BabelcastError):
    """No session of that id."""

    code = "SESSION_NOT_FOUND"


class SessionEndedError(BabelcastError):
    """The session is over."""

    code = "SESSION_ENDED"


class UnsupportedLanguageError(BabelcastError):
    """A language that the stage or the session does not offer."""

    code = "UNSUPPORTED_LANGUAGE"


class RateLimitedError(BabelcastError):
    """Too much, too fast."""

    code = "RATE_LIMITED"
    retryable = True


class LimitReachedError(RateLimitedError):
    """A caller has used up one of `babelcast.domain.limits`."""


class AtCapacityError(BabelcastError):
    """No cell has room for one more session."""

    code = "AT_CAPACITY"
    retryable = True


class SpeakerAtCapacityError(BabelcastError):
    """A speaker has as many live sessions as one may have."""

    code = "AT_CAPACITY"
    retryable = True


class RoomFullError(BabelcastError):
    """A session has as many listeners as it may have."""

    code = "AT_CAPACITY"
    retryable = True


class TranscriptionUnavailableError(BabelcastError):
    """The recogniser refuses, breaks or hangs; the audio is safe in the stream."""

    code = "TRANSCRIPTION_UNAVAILABLE"
    retryable = True


class TranslationUnavailableError(BabelcastError):
    """The translator failed for one language after its retries."""

    code = "TRANSLATION_UNAVAILABLE"
    retryable = True


class SynthesisUnavailableError(BabelcastError):
    """The voice failed for one language after its retries."""

    code = "SYNTHESIS_UNAVAILABLE"
    retryable = True


class StorageUnavailableError(BabelcastError):
    """A store or stream did not take a write or answer a read in time."""

    code = "STORAGE_UNAVAILABLE"
    retryable = True


class CursorMovedError(BabelcastError):
    """Another environment has committed; this one's position is stale and must be read again."""

    code = "CURSOR_MOVED"


class ConnectionGoneError(BabelcastError):
    """The connection no longer exists."""

    code = "CONNECTION_GONE"


class ConfigurationError(BabelcastError):
    """A setting is missing or wrong; the message says which and what to set."""

    code = "CONFIGURATION"
