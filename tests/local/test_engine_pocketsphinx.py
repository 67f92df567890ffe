"""PocketSphinx in its processes, on the bundled sample of synthetic speech."""

import asyncio
import re
import wave
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import jiwer
import numpy as np
import pytest
import pytest_asyncio

from benchmarks.quiet.music import strings
from benchmarks.quiet.programmes import Kind, compose, to_pcm
from local.engines.recogniser_processes import ProcessRecogniser, pocketsphinx_recogniser
from local.engines.speech import EngineFailedError, FinalResult, ItemKind, PartialResult, Result, Stability

SAMPLES = Path(__file__).parents[2] / "samples"
SECOND_BYTES = 32_000
CHUNK_BYTES = 8_000


def _sample() -> bytes:
    with wave.open(str(SAMPLES / "speech-en.wav")) as audio:
        assert (audio.getframerate(), audio.getnchannels(), audio.getsampwidth()) == (16_000, 1, 2)
        pcm: bytes = audio.readframes(audio.getnframes())
        return pcm


def _sample_text() -> str:
    return (SAMPLES / "speech-en.txt").read_text()


def _first_sentence() -> bytes:
    """The first of the sample's eight sentences with the pause after it."""
    return _sample()[: round(3.8 * SECOND_BYTES)]


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^a-z' ]", " ", text.lower()).split())


@pytest_asyncio.fixture
async def recogniser() -> AsyncIterator[ProcessRecogniser]:
    recogniser = await pocketsphinx_recogniser()
    yield recogniser
    await recogniser.close()


async def _hear(
    recogniser: ProcessRecogniser,
    pcm: bytes,
    *,
    stability: Stability | None = Stability.MEDIUM,
    chunk_bytes: int = CHUNK_BYTES,
) -> list[Result]:
    stream = await recogniser.open_stream(stability)
    try:
        reading = asyncio.create_task(_read(stream.results()))
        for start in range(0, len(pcm), chunk_bytes):
            await stream.feed(pcm[start : start + chunk_bytes])
        await stream.end()
        return await reading
    finally:
        await stream.close()


async def _read(results: AsyncIterator[Result]) -> list[Result]:
    return [result async for result in results]


def _finals(results: Sequence[Result]) -> list[FinalResult]:
    return [result for result in results if isinstance(result, FinalResult)]


def _error_rate(reference: str, results: Sequence[Result]) -> float:
    heard = " ".join(result.text for result in _finals(results))
    return float(jiwer.wer(_plain(reference), _plain(heard)))


def _assert_stable_words_never_change(results: Sequence[Result]) -> None:
    promised: dict[int, list[tuple[str, float, float]]] = {}
    for result in results:
        stable = [(item.content, item.start, item.end) for item in result.items if item.is_stable]
        earlier = promised.get(result.number, [])
        assert stable[: len(earlier)] == earlier
        promised[result.number] = stable


@pytest.mark.slow
async def test_the_sample_is_recognised_sentence_by_sentence(recogniser: ProcessRecogniser) -> None:
    results = await _hear(recogniser, _sample())
    finals = _finals(results)
    assert _error_rate(_sample_text(), results) <= 0.05
    assert len(finals) == len(_sample_text().splitlines())
    assert [final.number for final in finals] == list(range(len(finals)))
    for final in finals:
        assert final.items[-1].content == "."
        assert final.items[-1].kind is ItemKind.PUNCTUATION
        assert final.text[0].isupper()
        assert not re.search(r"[<>\[\]()]|\bi\b", final.text)
    assert any(item.is_stable for result in results if isinstance(result, PartialResult) for item in result.items)
    _assert_stable_words_never_change(results)


async def test_half_a_minute_of_silence_yields_nothing_and_loses_nothing(recogniser: ProcessRecogniser) -> None:
    sentence = _first_sentence()
    silence = bytes(30 * SECOND_BYTES)
    results = await _hear(recogniser, sentence + silence + sentence)
    first, second = _finals(results)
    assert first.text == second.text
    assert first.end < 3.8
    assert second.start > 33.8
    assert not [result for result in results if 3.8 < result.start < 33.8]


async def test_results_do_not_depend_on_the_chunks(recogniser: ProcessRecogniser) -> None:
    whole, small = await asyncio.gather(
        _hear(recogniser, _first_sentence(), chunk_bytes=SECOND_BYTES),
        _hear(recogniser, _first_sentence(), chunk_bytes=1_234),
    )
    assert whole == small
    assert len(_finals(whole)) == 1


async def test_the_final_comes_soon_after_the_pause_begins(recogniser: ProcessRecogniser) -> None:
    sentence = _first_sentence()
    [complete] = _finals(await _hear(recogniser, sentence))
    stream = await recogniser.open_stream(Stability.MEDIUM)
    results = stream.results()
    try:
        # Nothing after these 0.7 s of pause is ever sent, and the stream is not ended.
        heard_until = round((complete.end + 0.7) * SECOND_BYTES) // 2 * 2
        audio = (sentence + bytes(SECOND_BYTES))[:heard_until]
        await stream.feed(audio)
        async for result in results:
            if isinstance(result, FinalResult):
                assert result == complete
                return
    finally:
        await stream.close()
    pytest.fail("no final")


async def test_partial_results_come_twice_a_second(recogniser: ProcessRecogniser) -> None:
    results = await _hear(recogniser, _first_sentence())
    [final] = _finals(results)
    partials = [result for result in results if isinstance(result, PartialResult)]
    assert len(partials) >= (final.end - final.start) * 2 - 2
    assert [result.number for result in partials] == [0] * len(partials)


async def test_without_stability_only_finals_are_stable(recogniser: ProcessRecogniser) -> None:
    results = await _hear(recogniser, _first_sentence(), stability=None)
    for result in results:
        assert all(item.is_stable is isinstance(result, FinalResult) for item in result.items)


async def test_silence_and_noise_yield_nothing(recogniser: ProcessRecogniser) -> None:
    rng = np.random.default_rng(3)
    noise = (rng.normal(size=5 * 16_000) * 1500).astype("<i2").tobytes()
    silence = bytes(5 * SECOND_BYTES)
    assert await _hear(recogniser, silence) == []
    assert await _hear(recogniser, silence + noise + silence) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(Kind))
async def test_other_sounds_yield_nothing_and_change_nothing(recogniser: ProcessRecogniser, kind: Kind) -> None:
    sounds = compose(kind, 45.0, seed=7).pcm
    pause = bytes(2 * SECOND_BYTES)
    alone, after_sounds = await asyncio.gather(
        _hear(recogniser, _first_sentence()), _hear(recogniser, sounds + pause + _first_sentence())
    )
    assert [result for result in after_sounds if result.start < 45.0] == []
    assert [final.text for final in _finals(after_sounds)] == [final.text for final in _finals(alone)]


async def test_speech_is_heard_as_soon_as_music_stops(recogniser: ProcessRecogniser) -> None:
    music = to_pcm(strings(6.0, np.random.default_rng(1)))
    results = await _hear(recogniser, music + _sample()[round(3.4 * SECOND_BYTES) : round(7.3 * SECOND_BYTES)])
    assert all(result.start > 5.9 for result in results)
    assert _error_rate("Today we will speak about the future of our city.", results) <= 0.2


async def test_a_sentence_is_finished_although_music_begins_after_it(recogniser: ProcessRecogniser) -> None:
    sentence = _first_sentence()
    [alone] = _finals(await _hear(recogniser, sentence))
    at_once = sentence[: round((alone.end + 0.3) * SECOND_BYTES) // 2 * 2]
    stream = await recogniser.open_stream(Stability.MEDIUM)
    results = stream.results()
    try:
        await stream.feed(at_once + to_pcm(strings(8.0, np.random.default_rng(1))))
        async for result in results:
            if isinstance(result, FinalResult):
                assert _plain(result.text) == _plain(alone.text)
                return
    finally:
        await stream.close()
    pytest.fail("no final")


async def test_a_stream_that_is_closed_does_not_disturb_another(recogniser: ProcessRecogniser) -> None:
    abandoned = await recogniser.open_stream(Stability.HIGH)
    await abandoned.feed(_first_sentence())
    await abandoned.close()
    assert len(_finals(await _hear(recogniser, _first_sentence()))) == 1


async def test_after_the_model_process_has_gone_a_stream_is_refused(recogniser: ProcessRecogniser) -> None:
    await recogniser.close()
    with pytest.raises(EngineFailedError):
        await recogniser.open_stream(None)
