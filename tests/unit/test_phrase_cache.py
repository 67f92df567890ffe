"""What is said again costs nothing again, and the caches never grow beyond their bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babelcast.domain.dynamics import NEUTRAL, Prosody
from babelcast.domain.errors import TranslationUnavailableError
from babelcast.domain.languages import language
from babelcast.usecases.phrase_cache import MAX_PHRASE_CHARACTERS, CachedSynthesizer, CachedTranslator, PhraseCache
from tests.in_memory import CountingMeter, ScriptedSynthesizer, ScriptedTranslator

ENGLISH, SPANISH, FRENCH = language("en"), language("es"), language("fr")


async def test_a_phrase_is_translated_once_per_language() -> None:
    translator, meter = ScriptedTranslator(), CountingMeter()
    cached = CachedTranslator(translator, meter)
    answers = [
        await cached.translate("thank you.", source=ENGLISH, target=target) for target in (SPANISH, FRENCH, SPANISH)
    ]
    assert answers == ["thank/es you./es", "thank/fr you./fr", "thank/es you./es"]
    assert len(translator.calls) == 2
    assert meter.counts["PhraseCacheHits"] == 1


async def test_long_text_is_not_kept() -> None:
    translator = ScriptedTranslator()
    cached = CachedTranslator(translator, CountingMeter())
    text = "word " * MAX_PHRASE_CHARACTERS
    for _ in range(2):
        await cached.translate(text, source=ENGLISH, target=SPANISH)
    assert len(translator.calls) == 2


async def test_a_failure_is_not_remembered() -> None:
    translator = ScriptedTranslator(broken={"es"})
    cached = CachedTranslator(translator, CountingMeter())
    with pytest.raises(TranslationUnavailableError):
        await cached.translate("yes.", source=ENGLISH, target=SPANISH)
    translator.broken.clear()
    assert await cached.translate("yes.", source=ENGLISH, target=SPANISH) == "yes./es"


async def test_a_phrase_is_spoken_once_per_voice() -> None:
    synthesizer = ScriptedSynthesizer()
    cached = CachedSynthesizer(synthesizer, CountingMeter())
    assert SPANISH.voice is not None
    assert FRENCH.voice is not None
    for voice in (SPANISH.voice, FRENCH.voice, SPANISH.voice):
        assert await cached.synthesize("gracias.", voice) == b"gracias."
    assert len(synthesizer.calls) == 2


async def test_a_phrase_is_spoken_once_in_every_way_it_is_said() -> None:
    synthesizer, meter = ScriptedSynthesizer(), CountingMeter()
    cached = CachedSynthesizer(synthesizer, meter)
    assert SPANISH.voice is not None
    ways = [NEUTRAL, Prosody(rate_percent=110), Prosody(volume_db=-3.0), Prosody(pitch_percent=95)]
    for prosody in [*ways, *ways, Prosody()]:
        await cached.synthesize("gracias.", SPANISH.voice, prosody)
    assert synthesizer.prosodies == ways
    assert meter.counts["PhraseCacheHits"] == 5
    await cached.synthesize("larga " * MAX_PHRASE_CHARACTERS, SPANISH.voice, ways[1])
    assert synthesizer.prosodies[-1] == ways[1]


@given(st.lists(st.tuples(st.integers(0, 9), st.binary(max_size=12)), max_size=80), st.integers(1, 30))
def test_the_cache_is_bounded_and_never_wrong(puts: list[tuple[int, bytes]], max_bytes: int) -> None:
    cache: PhraseCache[bytes] = PhraseCache(max_bytes=max_bytes)
    latest: dict[int, bytes] = {}
    for key, value in puts:
        cache.put(key, value)
        latest[key] = value
        kept = {each: cache.get(each) for each in range(10)}
        found = {each: value for each, value in kept.items() if value is not None}
        assert sum(map(len, found.values())) <= max_bytes
        for each, held in found.items():
            assert held == latest[each]


def test_no_more_phrases_are_kept_than_there_is_room_for_keys() -> None:
    cache: PhraseCache[bytes] = PhraseCache(max_bytes=100, max_phrases=2)
    for key in "abc":
        cache.put(key, key.encode())
    assert [cache.get(key) for key in "abc"] == [None, b"b", b"c"]


def test_what_was_used_last_is_kept() -> None:
    cache: PhraseCache[bytes] = PhraseCache(max_bytes=4)
    cache.put("a", b"aa")
    cache.put("b", b"bb")
    assert cache.get("a") == b"aa"
    cache.put("c", b"cc")
    assert cache.get("b") is None
    assert cache.get("a") == b"aa"
