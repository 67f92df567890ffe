"""How long clients have waited for the speech services on purpose, for whoever measures what else takes time.

Moments are milliseconds of the wall clock; no text is kept. Of both kinds the latest `_KEPT` are.
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from local.engines.speech import Item, ItemKind

_KEPT: Final = 100_000


class SentResult(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An event of a recogniser's stream.

    Attributes:
        stream: 1, 2 … in the order in which streams were opened.
        heard_ms: Audio that the recogniser had been given when it had the result, since the stream's first sample.
        recognised_at_ms: When it had the result.
        sent_at_ms: When the event was sent.
        stable_end_ms: End of the last word that stays as it is, since the stream's first sample; 0 without one.
    """

    stream: int
    heard_ms: float
    recognised_at_ms: float
    sent_at_ms: float
    stable_end_ms: float


class Answer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A request to one of the other services that was answered late; the work itself is not in it."""

    service: str
    began_at_ms: float
    ended_at_ms: float


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """All of them, in the order in which they were over."""

    results: tuple[SentResult, ...]
    answers: tuple[Answer, ...]


@dataclass(slots=True)
class WaitLog:
    """Takes them down."""

    _results: deque[SentResult] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _answers: deque[Answer] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def note_result(self, *, stream: int, heard_ms: float, recognised_at_ms: float, items: Iterable[Item]) -> None:
        """A recogniser's event is sent now."""
        self._results.append(
            SentResult(
                stream=stream,
                heard_ms=heard_ms,
                recognised_at_ms=recognised_at_ms,
                sent_at_ms=wall_clock_ms(),
                stable_end_ms=stable_end_ms(items),
            )
        )

    async def sleep(self, service: str, seconds: float) -> None:
        """Keep a client of a service waiting."""
        began_at_ms = wall_clock_ms()
        await asyncio.sleep(seconds)
        self._answers.append(Answer(service=service, began_at_ms=began_at_ms, ended_at_ms=wall_clock_ms()))

    def all(self) -> Waits:
        """Those so far."""
        return Waits(results=tuple(self._results), answers=tuple(self._answers))


def stable_end_ms(items: Iterable[Item]) -> float:
    """Where the words end that stay as they are; 0 without one."""
    end_s = 0.0
    for item in items:
        if not item.is_stable:
            break
        end_s = item.end if item.kind is ItemKind.WORD else end_s
    return round(end_s * 1000, 1)


def wall_clock_ms() -> float:
    """Now, as functions and clients on this machine have it."""
    return time.time() * 1000
