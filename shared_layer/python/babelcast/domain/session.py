"""A session: one speaker's broadcast, its state machine and its memorable id."""

import random
import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, NewType

from babelcast.domain.audio import ms_to_samples
from babelcast.domain.errors import InvalidMessageError, NotAllowedError, SessionEndedError
from babelcast.domain.languages import LanguageCode
from babelcast.domain.speaker_memory import SpeakerMemory
from babelcast.domain.words import ADJECTIVES, NOUNS

SessionId = NewType("SessionId", str)
UserId = NewType("UserId", str)

LAST_WORDS_MS: Final = 600_000
"""A listener may come back for the last words for so long after the end; clips' addresses are good for as long."""

_MICROPHONE_AHEAD_MS: Final = 10_000
"""How far a speaker's audio may lie ahead of our clocks: after a day by a quartz that is 100 millionths too fast."""

_SESSION_ID: Final = re.compile(r"[a-z]{2,12}-[a-z]{2,12}-[0-9]{3}")


def parse_session_id(text: str) -> SessionId:
    """A session id as listeners type it, such as ``joyful-hope-911``.

    Raises:
        InvalidMessageError: Not of that form.
    """
    if not _SESSION_ID.fullmatch(text):
        raise InvalidMessageError("a session id looks like joyful-hope-911")
    return SessionId(text)


def new_session_id(rng: random.Random) -> SessionId:
    """A fresh id: adjective, noun and three digits; uniqueness is the store's to check."""
    return SessionId(f"{rng.choice(ADJECTIVES)}-{rng.choice(NOUNS)}-{rng.randrange(100, 1000)}")


class SessionState(StrEnum):
    """Where a broadcast stands."""

    LIVE = "live"
    PAUSED = "paused"
    MUTED = "muted"
    ENDED = "ended"


class BroadcastCommand(StrEnum):
    """What a speaker can do to a broadcast."""

    PAUSE = "pause"
    RESUME = "resume"
    MUTE = "mute"
    UNMUTE = "unmute"
    END = "end"


_TRANSITIONS: Final = {
    BroadcastCommand.PAUSE: ({SessionState.LIVE, SessionState.MUTED, SessionState.PAUSED}, SessionState.PAUSED),
    BroadcastCommand.RESUME: ({SessionState.PAUSED, SessionState.LIVE}, SessionState.LIVE),
    BroadcastCommand.MUTE: ({SessionState.LIVE, SessionState.MUTED}, SessionState.MUTED),
    BroadcastCommand.UNMUTE: ({SessionState.MUTED, SessionState.LIVE}, SessionState.LIVE),
    BroadcastCommand.END: (set(SessionState) - {SessionState.ENDED}, SessionState.ENDED),
}


def next_state(state: SessionState, command: BroadcastCommand) -> SessionState:
    """The state after a command. Repeating a command changes nothing, so that a resent one does no harm.

    Raises:
        SessionEndedError: The broadcast is over.
        NotAllowedError: The command does not fit the state (resuming a muted broadcast).
    """
    if state is SessionState.ENDED:
        raise SessionEndedError("the session has ended")
    allowed, target = _TRANSITIONS[command]
    if state not in allowed:
        raise NotAllowedError(f"cannot {command} while {state}")
    return target


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far a session's speech has been committed: all that is needed to go on anywhere else.

    Attributes:
        committed_sample: Everything before this absolute sample is committed or known to be silence.
        sequence_number: Kinesis sequence number of the record that contains it (or of the last one before it);
            None before the first record.
        next_segment: Number of the next segment.
        closed: The end of the broadcast has been reached; nothing that follows is heard.
        memory: What is known of the speaker by then, which says nothing about where it is; None before anything is.
    """

    committed_sample: int = 0
    sequence_number: str | None = None
    next_segment: int = 0
    closed: bool = False
    memory: SpeakerMemory | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.committed_sample < 0 or self.next_segment < 0:
            raise ValueError("a cursor counts from zero")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One broadcast.

    Attributes:
        target_languages: What listeners may choose.
        volume: Gain the listeners apply, 0.0–1.0.
        cell: Index of the cell (stream and processor) that carries it.
        join_key_hash: SHA-256 of the join key, hex, or None when anyone may join.
        expires_at_s: Epoch seconds after which the record may vanish.
        ended_at_ms: When the speaker ended it, epoch milliseconds; None before.
        speaker_connected: Whether a speaker's app has joined and is not known to be lost.
        expressive: Whether loudness, pace and pitch of the speaker are carried over to the voices.
    """

    session_id: SessionId
    speaker_id: UserId
    source_language: LanguageCode
    target_languages: frozenset[LanguageCode]
    created_at_ms: int
    expires_at_s: int
    cell: int = 0
    state: SessionState = SessionState.LIVE
    volume: float = 1.0
    join_key_hash: str | None = None
    cursor: Cursor = Cursor()
    ended_at_ms: int | None = None
    speaker_connected: bool = False
    expressive: bool = True

    def __post_init__(self) -> None:
        require_volume(self.volume)
        if not self.target_languages:
            raise InvalidMessageError("a session needs at least one target language")

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.state is SessionState.ENDED

    def is_past(self, *, now_ms: int) -> bool:
        """Whether it ended so long ago that nobody waits for its last words any more."""
        return self.ended_at_ms is not None and now_ms - self.ended_at_ms > LAST_WORDS_MS

    def can_reach(self, sample: int, *, at_ms: int) -> bool:
        """Whether audio up to a position can have been spoken by then: it comes no faster than that."""
        return sample <= ms_to_samples(at_ms - self.created_at_ms + _MICROPHONE_AHEAD_MS)

    def after(self, command: BroadcastCommand, *, now_ms: int) -> "Session":
        """The session after a command; see `next_state`."""
        state = next_state(self.state, command)
        return replace(self, state=state, ended_at_ms=now_ms if state is SessionState.ENDED else None)


def require_volume(volume: float) -> float:
    """The volume, if it is within 0.0–1.0.

    Raises:
        InvalidMessageError: It is not.
    """
    if not 0.0 <= volume <= 1.0:
        raise InvalidMessageError("volume is a number from 0.0 to 1.0")
    return volume
