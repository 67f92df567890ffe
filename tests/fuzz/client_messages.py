"""Valid messages of every action, as clients would say them."""

from base64 import b64encode
from typing import Any

from hypothesis import strategies as st

from babelcast.protocol.messages import CLIENT_MESSAGES

SESSION_ID = "joyful-hope-911"
_NUMBER = st.integers(-1, 2**32 - 1)
_COUNT = st.integers(0, 2**32 - 1)
_POSITION = st.integers(0, 2**53 - 1)
_SEAT = st.from_regex(r"[A-Za-z0-9_-]{16,64}", fullmatch=True)
_HOUR_MS = st.integers(0, 3_600_000)

_CLIP = st.fixed_dictionaries(
    {"sequenceNumber": _COUNT, "receivedAt": _POSITION},
    optional={
        "playedAt": st.none() | _POSITION,
        "downloadMs": st.none() | _HOUR_MS,
        "delayMs": st.none() | _HOUR_MS,
        "failed": st.booleans(),
        "skipped": st.booleans(),
    },
)


def _fields(session_id: str) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """For each action that has fields: those that it needs, and those that it may have."""
    audio = st.sampled_from((640, 1_280, 8_000, 16_000)).map(lambda size: b64encode(b"\1\0" * (size // 2)).decode())
    return {
        "joinSession": ({}, {"lastSequenceNumber": st.none() | _NUMBER, "seat": st.none() | _SEAT}),
        "audioChunk": (
            {
                "sessionId": st.just(session_id),
                "chunkIndex": _COUNT,
                "sampleOffset": _POSITION,
                "audioData": audio,
                "format": st.just("pcm_s16le"),
                "sampleRate": st.just(16_000),
                "timestamp": _POSITION,
            },
            {},
        ),
        "setVolume": ({"volume": st.floats(0, 1)}, {}),
        "changeLanguage": ({"targetLanguage": st.sampled_from(("es", "fr", "tlh"))}, {}),
        "resume": ({"lastSequenceNumber": _NUMBER}, {}),
        "playbackReport": ({"clips": st.lists(_CLIP, max_size=4)}, {}),
    }


def valid_messages(action: str | None = None, *, session_id: str = SESSION_ID) -> st.SearchStrategy[dict[str, Any]]:
    """A message that the protocol allows, of any action or of one."""
    fields = _fields(session_id)

    def of(name: str) -> st.SearchStrategy[dict[str, Any]]:
        needed, allowed = fields.get(name, ({}, {}))
        return st.fixed_dictionaries({"action": st.just(name), **needed}, optional=allowed)

    return st.one_of([of(name) for name in CLIENT_MESSAGES]) if action is None else of(action)
