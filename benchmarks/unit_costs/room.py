"""A session in the stores, and who is connected to it."""

import itertools
import os
import random
import time
from typing import Final

from babelcast import wiring
from babelcast.adapters.dynamodb.sessions import DynamoDbSessions
from babelcast.domain.connection import Connection, ConnectionId, Role
from babelcast.domain.languages import LanguageCode
from babelcast.domain.notices import TranslatedAudio
from babelcast.domain.session import Session, SessionId, UserId, new_session_id

LANGUAGES: Final = tuple(LanguageCode(code) for code in ("es", "fr", "it", "pt", "ca"))
"""All of them spoken."""

_RNG: Final = random.SystemRandom()
_NUMBERS: Final = itertools.count()
_LIFETIME_S: Final = 24 * 3600

TEXT: Final = "water river stone house garden window table paper bread apple lemon honey"
"""As long as a clause."""


def now_ms() -> int:
    """Epoch milliseconds."""
    return time.time_ns() // 1_000_000


def new_connection(session_id: SessionId, language: LanguageCode | None = None) -> Connection:
    """A speaker's, or a listener's with a language."""
    return Connection(
        # As long as API Gateway's.
        connection_id=ConnectionId(f"L0SM9cOF{next(_NUMBERS):07}="),
        session_id=session_id,
        role=Role.SPEAKER if language is None else Role.LISTENER,
        joined_at_ms=now_ms(),
        target_language=language,
    )


def new_session() -> Session:
    """A session that nobody has stored."""
    created_at_ms = now_ms()
    return Session(
        session_id=new_session_id(_RNG),
        speaker_id=UserId("user-1"),
        source_language=LanguageCode("en"),
        target_languages=frozenset(LANGUAGES),
        created_at_ms=created_at_ms,
        expires_at_s=created_at_ms // 1000 + _LIFETIME_S,
    )


def store(session: Session) -> Session:
    """Store a session in this function's table."""
    sessions = DynamoDbSessions(os.environ["SESSIONS_TABLE_NAME"])
    assert wiring.run(sessions.create(session)), "the id is free"
    return session


def hall(session_id: SessionId, listeners: int) -> tuple[Connection, ...]:
    """Listeners of one language, whom nobody has stored."""
    return tuple(new_connection(session_id, LANGUAGES[0]) for _ in range(listeners))


def clip_notice(session_id: SessionId, number: int) -> TranslatedAudio:
    """The largest of the notices that everybody gets: a clip's, with its presigned address."""
    return TranslatedAudio(
        session_id=session_id,
        target_language=LANGUAGES[0],
        sequence_number=number,
        url="https://audio.s3.us-east-1.amazonaws.com/sessions/x?X-Amz-Signature=" + "a" * 1200,
        duration=3.1,
        timestamp=now_ms(),
        spoken_at=now_ms(),
        text=TEXT,
        source_text=TEXT,
        spoken_start_ms=0,
        spoken_end_ms=3100,
        translated=True,
        replayed=False,
    )
