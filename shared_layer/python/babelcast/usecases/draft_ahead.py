"""Begin to translate and speak before the recogniser has said its last word.

A recogniser closes a sentence about a second after the speaker has. Its words are usually known well before, so they
are translated and spoken in that time; nothing is stored, committed or told until the sentence is final. If the final
words are others, the drafts are thrown away: that costs money, never a wrong word.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import Final

from babelcast.domain.dynamics import Manner
from babelcast.domain.languages import LanguageCode
from babelcast.domain.segment import SourceSegment
from babelcast.domain.segmenter import Commit
from babelcast.ports import Meter
from babelcast.usecases.render_segment import Drafts, RenderSegment

_DRAFTS_PER_SEGMENT: Final = 2
"""A sentence that keeps changing is left to be final."""


Begun = asyncio.Task[Drafts] | None
"""Drafts under way, or None when there are none."""


class DraftAhead:
    """One session's drafts.

    Args:
        has_room: Whether the quotas leave room for work that may be thrown away.
    """

    def __init__(self, render: RenderSegment, *, has_room: Callable[[], bool], meter: Meter) -> None:
        self._render = render
        self._has_room = has_room
        self._meter = meter
        self._begun: dict[tuple[int, str], asyncio.Task[Drafts]] = {}
        self._attempts: Counter[int] = Counter()

    def begin(
        self,
        expected: Iterable[Commit],
        *,
        manner_of: Callable[[Commit], Manner],
        source: LanguageCode,
        languages: Iterable[LanguageCode],
        spoken: Collection[LanguageCode],
    ) -> None:
        """Begin drafts of segments that are expected, as they were said; of the same words only once."""
        codes = tuple(languages)
        for commit in expected:
            each = commit.segment
            key = (each.number, each.text)
            if key in self._begun or self._attempts[each.number] >= _DRAFTS_PER_SEGMENT:
                continue
            if not codes or not self._has_room():
                return
            self._attempts[each.number] += 1
            self._meter.count("DraftsBegun", len(codes))
            drafts = self._render.draft(
                each.text, source=source, languages=codes, spoken=spoken, manner=manner_of(commit)
            )
            self._begun[key] = asyncio.ensure_future(drafts)

    def take(self, segment: SourceSegment) -> Begun:
        """What was begun for a segment that is ready, if it was for the same words; earlier drafts are forgotten."""
        begun = self._begun.pop((segment.number, segment.text), None)
        for key in [key for key in self._begun if key[0] <= segment.number]:
            self._begun.pop(key).cancel()
        for each in [each for each in self._attempts if each <= segment.number]:
            del self._attempts[each]
        return begun

    async def complete(
        self,
        begun: Begun,
        segment: SourceSegment,
        *,
        manner: Manner,
        source: LanguageCode,
        languages: Iterable[LanguageCode],
        spoken: Collection[LanguageCode],
    ) -> Drafts:
        """A segment in every language: as it was begun, and the rest made now."""
        codes = tuple(languages)
        ahead = {} if begun is None else await begun
        drafts = {
            code: ahead[code]
            for code in codes
            if code in ahead and ahead[code].is_complete and not (ahead[code].is_limited and code in spoken)
        }
        if drafts:
            self._meter.count("DraftsUsed", len(drafts))
        missing = [code for code in codes if code not in drafts]
        if missing:
            made = await self._render.draft(
                segment.text, source=source, languages=missing, spoken=spoken, manner=manner
            )
            drafts.update(made)
        return drafts

    def forget(self) -> None:
        """Throw all drafts away that nobody has taken."""
        for each in self._begun.values():
            each.cancel()
        self._begun.clear()
        self._attempts.clear()
