"""A session's cursor as it is stored within the session's item."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from babelcast.domain.dynamics import SpeakerBaseline
from babelcast.domain.session import Cursor
from babelcast.domain.sound_issue import SoundIssue
from babelcast.domain.speaker_memory import SpeakerMemory


def cursor_item(cursor: Cursor) -> dict[str, Any]:
    """The item's `cursor`, which conditions compare as a whole."""
    return {
        "committedSample": cursor.committed_sample,
        "sequenceNumber": cursor.sequence_number,
        "nextSegment": cursor.next_segment,
        "closed": cursor.closed,
    }


def memory_item(memory: SpeakerMemory | None) -> dict[str, Any] | None:
    """The item's `speakerMemory`, which they do not."""
    if memory is None:
        return None
    return {
        "hasHeard": memory.has_heard,
        "told": sorted(memory.told),
        "baseline": None if memory.baseline is None else _baseline_item(memory.baseline),
    }


def read_cursor(item: Mapping[str, Any]) -> Cursor:
    """The cursor in a session's item."""
    cursor = item["cursor"]
    memory = item.get("speakerMemory")
    return Cursor(
        committed_sample=int(cursor["committedSample"]),
        sequence_number=cursor["sequenceNumber"],
        next_segment=int(cursor["nextSegment"]),
        closed=bool(cursor["closed"]),
        memory=None if memory is None else _memory(memory),
    )


def _baseline_item(baseline: SpeakerBaseline) -> dict[str, Any]:
    return {
        "loudness": _decimal(baseline.loudness_lufs),
        "pace": _decimal(baseline.letters_per_s),
        "pitch": None if baseline.pitch_hz is None else _decimal(baseline.pitch_hz),
        "spoken": _decimal(baseline.spoken_s),
    }


def _memory(item: Mapping[str, Any]) -> SpeakerMemory:
    baseline = item["baseline"]
    known = set(SoundIssue)
    return SpeakerMemory(
        has_heard=bool(item["hasHeard"]),
        # A newer version may have known of more; an upgrade that is taken back must not stop the session.
        told=frozenset(SoundIssue(each) for each in item["told"] if each in known),
        baseline=None
        if baseline is None
        else SpeakerBaseline(
            loudness_lufs=float(baseline["loudness"]),
            letters_per_s=float(baseline["pace"]),
            pitch_hz=None if baseline["pitch"] is None else float(baseline["pitch"]),
            spoken_s=float(baseline["spoken"]),
        ),
    )


def _decimal(value: float) -> Decimal:
    return Decimal(str(value))
