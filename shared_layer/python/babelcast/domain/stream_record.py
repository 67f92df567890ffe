"""What lies in the audio stream: audio, and the speaker's controls in order with it."""

from dataclasses import dataclass
from enum import IntEnum

from babelcast.domain.audio import AudioChunk
from babelcast.domain.session import SessionId


class ControlKind(IntEnum):
    """A control; the values are on the wire."""

    PAUSE = 1
    RESUME = 2
    END = 3
    LOST = 4

    @property
    def ends_speech(self) -> bool:
        """Whether what was said before it is to be finished at once."""
        return self is not ControlKind.RESUME


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """A control record.

    Attributes:
        at_ms: When it was given, epoch milliseconds by the server's clock.
    """

    kind: ControlKind
    at_ms: int


Payload = AudioChunk | Control


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRecord:
    """A record with its place in the stream.

    Attributes:
        sequence_number: A decimal number as text; it grows.
        arrived_at_ms: When the stream took it, epoch milliseconds by the stream's clock.
    """

    session_id: SessionId
    sequence_number: str
    payload: Payload
    arrived_at_ms: int
