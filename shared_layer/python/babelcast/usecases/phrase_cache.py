"""Short phrases that are said again and again ("Thank you.", "Next question, please.") cost one model call each.

The caches live in the environment's memory, are bounded in bytes, and forget what was used longest ago.
"""

from collections import OrderedDict
from collections.abc import Hashable, Sized
from typing import Final, Generic, TypeVar

from babelcast.domain.dynamics import NEUTRAL, Prosody
from babelcast.domain.languages import Language, Voice
from babelcast.ports import Meter, Synthesizer, Translator

MAX_PHRASE_CHARACTERS: Final = 60
"""Longer text is hardly ever said twice."""

_V = TypeVar("_V", bound=Sized)


class PhraseCache(Generic[_V]):
    """Values by phrase, the least recently used forgotten first.

    Args:
        max_bytes: Bound on the sum of the values' sizes (characters of text count as one each).
        max_phrases: Bound on their number: keys take room, too.
    """

    def __init__(self, *, max_bytes: int, max_phrases: int = 4_096) -> None:
        self._max_bytes = max_bytes
        self._max_phrases = max_phrases
        self._bytes = 0
        self._values: OrderedDict[Hashable, _V] = OrderedDict()

    def get(self, key: Hashable) -> _V | None:
        """The value of a phrase, now the most recently used."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: Hashable, value: _V) -> None:
        """Keep a value; one that is larger than the cache is not kept."""
        self._bytes -= len(self._values.pop(key, ()))
        if len(value) > self._max_bytes:
            return
        self._bytes += len(value)
        self._values[key] = value
        while self._bytes > self._max_bytes or len(self._values) > self._max_phrases:
            _, forgotten = self._values.popitem(last=False)
            self._bytes -= len(forgotten)


class CachedTranslator:
    """A `babelcast.ports.Translator` that remembers short phrases."""

    def __init__(self, translator: Translator, meter: Meter, *, max_bytes: int = 1_000_000) -> None:
        self._translator = translator
        self._meter = meter
        self._cache: PhraseCache[str] = PhraseCache(max_bytes=max_bytes)

    async def translate(self, text: str, *, source: Language, target: Language) -> str:
        """See the port."""
        if len(text) > MAX_PHRASE_CHARACTERS:
            return await self._translator.translate(text, source=source, target=target)
        key = (text, source.code, target.code)
        known = self._cache.get(key)
        if known is not None:
            self._meter.count("PhraseCacheHits")
            return known
        translated = await self._translator.translate(text, source=source, target=target)
        self._cache.put(key, translated)
        return translated


class CachedSynthesizer:
    """A `babelcast.ports.Synthesizer` that remembers short phrases, each as it was said."""

    def __init__(self, synthesizer: Synthesizer, meter: Meter, *, max_bytes: int = 16_000_000) -> None:
        self._synthesizer = synthesizer
        self._meter = meter
        self._cache: PhraseCache[bytes] = PhraseCache(max_bytes=max_bytes)

    async def synthesize(self, text: str, voice: Voice, prosody: Prosody = NEUTRAL) -> bytes:
        """See the port."""
        if len(text) > MAX_PHRASE_CHARACTERS:
            return await self._synthesizer.synthesize(text, voice, prosody)
        key = (text, voice.voice_id, voice.language_code, prosody)
        known = self._cache.get(key)
        if known is not None:
            self._meter.count("PhraseCacheHits")
            return known
        mp3 = await self._synthesizer.synthesize(text, voice, prosody)
        self._cache.put(key, mp3)
        return mp3
