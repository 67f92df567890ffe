"""What a verification has seen, and the findings that are made of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from local.client.record import ListenerRecord, SourceCaption
from local.report.broadcast import Broadcast


class Step(StrEnum):
    """The steps in the order in which audio takes them; values are what people read."""

    SIGN_IN = "signed in"
    LANGUAGES = "languages offered"
    CREATE = "session created"
    JOIN = "joined"
    AUDIO = "audio in Kinesis"
    CAPTIONS = "captions"
    SEGMENTS = "segments"
    CLIPS = "clips"
    ORDER = "order of notifications"
    END = "session ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The verdict on one step.

    Attributes:
        language: Of the listener it is about; None when it is about everybody.
        detail: One line for people; it never holds speech, tokens or addresses of clips.
    """

    step: Step
    passed: bool
    detail: str
    language: str | None = None

    @property
    def name(self) -> str:
        """The step, with the language if it is about one."""
        return self.step if self.language is None else f"{self.step}, {self.language}"


class StepFailedError(Exception):
    """A step without which the following ones cannot be taken.

    Attributes:
        finding: What to tell.
    """

    def __init__(self, step: Step, detail: str) -> None:
        super().__init__(detail)
        self.finding = Finding(step=step, passed=False, detail=detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerEvidence:
    """What the speaker saw. Times without a unit are seconds of the monotonic clock.

    Attributes:
        captured_at: When each chunk was complete, and could be sent.
        acknowledged_at: By chunk; a chunk is acknowledged when it is in the stream.
        captions: Final source captions, in the order of their numbers.
        notices: Codes of the errors that the server told the speaker.
        end_reason: Of ``sessionEnded``, None without it.
    """

    captured_at: tuple[float, ...]
    acknowledged_at: Mapping[int, float]
    resent: int
    captions: tuple[SourceCaption, ...]
    notices: tuple[str, ...]
    end_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerEvidence:
    """What one listener saw.

    Attributes:
        record: What it received and heard.
        arrivals: Numbers of the segments in the order in which they first came, those sent again on request left out.
        told_after_end: Segments that first came after ``sessionEnded``.
        is_spoken: Whether the language has a voice, so that there must be clips.
    """

    record: ListenerRecord
    arrivals: tuple[int, ...]
    told_after_end: int
    is_spoken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A whole broadcast as its clients saw it.

    Attributes:
        failure: What ended it early.
        state_afterwards: Of the session, by the HTTP API, when everybody had left.
    """

    session_id: str
    broadcast: Broadcast
    speaker: SpeakerEvidence
    listeners: tuple[ListenerEvidence, ...]
    failure: str | None
    state_afterwards: str
