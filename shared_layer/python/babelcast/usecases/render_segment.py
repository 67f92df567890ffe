"""Make a segment in every language that somebody listens to."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeVar

from babelcast.domain.dynamics import NEUTRAL, Manner, Prosody, kept_up
from babelcast.domain.errors import BabelcastError, SynthesisUnavailableError, TranslationUnavailableError
from babelcast.domain.languages import Language, LanguageCode, Voice, language
from babelcast.domain.segment import Rendition, Unspoken, clip_key
from babelcast.domain.session import SessionId
from babelcast.ports import Clips, Meter, Synthesizer, Translator
from babelcast.usecases.spoken_pace import SpokenPace

_LANGUAGE_DEADLINE_S: Final = 6.0
"""A language that takes longer is delivered as text rather than holding up what follows."""

_TRIAL_DEADLINE_S: Final = 1.5
"""A language that has just failed is waited for no longer than this: every other language waits with it."""

_OWN_WAY: Final = Manner()

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A segment in one language, before anything of it has been stored.

    Attributes:
        voice: That is to speak it, or None when the language is text only.
        mp3: Spoken; None when it is not, or could not be.
        prosody: How it was asked for.
        is_limited: It is not spoken because enough other languages are.
    """

    text: str
    voice: Voice | None
    mp3: bytes | None
    translated: bool = True
    prosody: Prosody = NEUTRAL
    is_limited: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether nothing failed."""
        return self.translated and (self.is_limited or self.voice is None or self.mp3 is not None)


Drafts = Mapping[LanguageCode, Draft]
"""By language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderSegment:
    """Translate and speak a segment; languages are independent and concurrent.

    A failure costs that language its clip, or its translation, never more.

    Attributes:
        failing: What has failed when it was last asked for, by metric and language.
        pace: How fast the voices speak.
    """

    translator: Translator
    synthesizer: Synthesizer
    clips: Clips
    meter: Meter
    monotonic_s: Callable[[], float]
    failing: set[tuple[str, LanguageCode]] = field(default_factory=set)
    pace: SpokenPace = field(default_factory=SpokenPace)

    async def draft(
        self,
        text: str,
        *,
        source: LanguageCode,
        languages: Iterable[LanguageCode],
        spoken: Collection[LanguageCode],
        manner: Manner = _OWN_WAY,
    ) -> Drafts:
        """Translate and speak, and store nothing.

        Args:
            text: What was said.
            source: In which language.
            languages: Those that somebody listens to.
            spoken: Of them, those that are to be heard; of the others, whichever have a voice are text as well.
            manner: How it was said; each language follows it, and is no slower than it has to be to take no longer.
        """
        codes = tuple(languages)
        drafts = await asyncio.gather(
            *(self._draft(text, language(source), language(code), manner, is_spoken=code in spoken) for code in codes)
        )
        return MappingProxyType(dict(zip(codes, drafts, strict=True)))

    async def store(
        self, session_id: SessionId, number: int, drafts: Drafts
    ) -> MappingProxyType[LanguageCode, Rendition]:
        """Put the clips where listeners will fetch them, and count what failed."""
        renditions = await asyncio.gather(
            *(self._store(session_id, number, code, draft) for code, draft in drafts.items())
        )
        return MappingProxyType({each.language: each for each in renditions})

    async def _draft(self, text: str, source: Language, target: Language, manner: Manner, *, is_spoken: bool) -> Draft:
        try:
            translated = await self._timed(
                "TranslationLatency",
                target.code,
                self.translator.translate(text, source=source, target=target),
                TranslationUnavailableError,
            )
        except BabelcastError:
            return Draft(text=text, voice=target.voice, mp3=None, translated=False)
        if not is_spoken and target.voice is not None:
            return Draft(text=translated, voice=target.voice, mp3=None, is_limited=True)
        mp3 = None
        prosody = self._prosody(translated, target.code, manner)
        try:
            if target.voice is not None:
                mp3 = await self._timed(
                    "TTSLatency",
                    target.code,
                    self.synthesizer.synthesize(translated, target.voice, prosody),
                    SynthesisUnavailableError,
                )
        except BabelcastError:
            pass
        return Draft(text=translated, voice=target.voice, mp3=mp3, prosody=prosody)

    def _prosody(self, translated: str, code: LanguageCode, manner: Manner) -> Prosody:
        """As the speaker said it, and quick enough to take no longer."""
        expected_s = self.pace.expected_s(translated, code)
        if not manner.spoken_s or expected_s is None:
            return manner.prosody
        return kept_up(manner.prosody, pace_needed=expected_s / manner.spoken_s)

    async def _store(self, session_id: SessionId, number: int, code: LanguageCode, draft: Draft) -> Rendition:
        key = clip_key(session_id, code, number)
        duration_s = 0.0
        try:
            if draft.mp3 is not None:
                duration_s = await self._timed(
                    "ClipUploadLatency", code, self.clips.put(key, draft.mp3), SynthesisUnavailableError
                )
                self.pace.learn(draft.text, code, duration_s=duration_s, rate_percent=draft.prosody.rate_percent)
        except BabelcastError:
            pass
        unspoken = None
        if draft.translated and draft.voice is not None and not duration_s:
            unspoken = Unspoken.AT_CAPACITY if draft.is_limited else Unspoken.UNAVAILABLE
        rendition = Rendition(
            language=code,
            text=draft.text,
            clip_key=key if duration_s else None,
            duration_s=duration_s,
            translated=draft.translated,
            unspoken=unspoken,
        )
        self._count(rendition)
        return rendition

    def _count(self, rendition: Rendition) -> None:
        """Count a rendition, and which language a failure has cost what; the total is told even when it is zero."""
        code = rendition.language
        untranslated = not rendition.translated
        failed_speech = rendition.unspoken is Unspoken.UNAVAILABLE
        self.meter.count("Renditions")
        self.meter.count("RenditionsUnspokenAtCapacity", int(rendition.unspoken is Unspoken.AT_CAPACITY))
        self.meter.count("TranslationFailures", int(untranslated), language=code if untranslated else None)
        self.meter.count("SynthesisFailures", int(failed_speech), language=code if failed_speech else None)

    async def _timed(
        self, metric: str, code: LanguageCode, work: Awaitable[_T], late: Callable[[str], BabelcastError]
    ) -> _T:
        started = self.monotonic_s()
        deadline_s = _TRIAL_DEADLINE_S if (metric, code) in self.failing else _LANGUAGE_DEADLINE_S
        try:
            done = await asyncio.wait_for(work, deadline_s)
        except TimeoutError:
            self.failing.add((metric, code))
            raise late("took too long") from None
        except BabelcastError:
            self.failing.add((metric, code))
            raise
        finally:
            self.meter.duration_ms(metric, (self.monotonic_s() - started) * 1000)
        self.failing.discard((metric, code))
        return done
