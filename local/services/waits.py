"""How long clients have waited for the speech services on purpose, for whoever measures what else takes time.

Moments are milliseconds of the wall clock; of what was said only the words' places and the marks are kept. Of both
kinds the latest `_KEPT` are.
"""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final

import msgspec

from local.engines.speech import FinalResult, ItemKind, Result

_KEPT: Final = 100_000


class SaidItem(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A word without its text, or a punctuation mark.

    Attributes:
        start_ms, end_ms: Since the stream's first sample.
        is_stable: It stays as it is.
        mark: None for a word.
    """

    start_ms: float
    end_ms: float
    is_stable: bool
    mark: str | None = None


class SentResult(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An event of a recogniser's stream.

    Attributes:
        stream: 1, 2 … in the order in which streams were opened.
        heard_ms: Audio that the recogniser had been given when it had the result, since the stream's first sample.
        recognised_at_ms: When it had the result.
        sent_at_ms: When the event was sent.
        number: Versions of the same result have the same.
        is_final: It is the last version.
        items: Of the result, in their order.
    """

    stream: int
    heard_ms: float
    recognised_at_ms: float
    sent_at_ms: float
    number: int
    is_final: bool
    items: tuple[SaidItem, ...]


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
    """Takes them down from `begin` on: hours of them would fill the memory."""

    _has_begun: bool = False
    _results: deque[SentResult] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _answers: deque[Answer] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def begin(self) -> None:
        """Somebody wants to know."""
        self._has_begun = True

    def note_result(self, *, stream: int, heard_ms: float, recognised_at_ms: float, result: Result) -> None:
        """A recogniser's event is sent now."""
        if not self._has_begun:
            return
        self._results.append(
            SentResult(
                stream=stream,
                heard_ms=heard_ms,
                recognised_at_ms=recognised_at_ms,
                sent_at_ms=wall_clock_ms(),
                number=result.number,
                is_final=isinstance(result, FinalResult),
                items=tuple(
                    SaidItem(
                        start_ms=each.start * 1000,
                        end_ms=each.end * 1000,
                        is_stable=each.is_stable,
                        mark=each.content if each.kind is ItemKind.PUNCTUATION else None,
                    )
                    for each in result.items
                ),
            )
        )

    async def sleep(self, service: str, seconds: float) -> None:
        """Keep a client of a service waiting."""
        began_at_ms = wall_clock_ms()
        await asyncio.sleep(seconds)
        if self._has_begun:
            self._answers.append(Answer(service=service, began_at_ms=began_at_ms, ended_at_ms=wall_clock_ms()))

    def all(self) -> Waits:
        """Those so far."""
        return Waits(results=tuple(self._results), answers=tuple(self._answers))


def wall_clock_ms() -> float:
    """Now, as functions and clients on this machine have it."""
    return time.time() * 1000
