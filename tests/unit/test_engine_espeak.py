"""The real espeak-ng."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.languages import LANGUAGES as OFFERED
from babelcast.domain.sound.blocks import BLOCK_SAMPLES, Blocks
from babelcast.domain.sound.loudness import gated_loudness, k_weighted_power
from local.engines.espeak import LANGUAGES, EspeakSpeaker
from local.engines.speech import (
    SPEAKER_RATE_HZ,
    EngineError,
    EngineFailedError,
    MissingProgramsError,
    UnsupportedVoiceError,
)

SENTENCE = "La biblioteca pública abre el lunes por la mañana y cierra el viernes por la tarde."


@pytest.fixture
def speaker() -> EspeakSpeaker:
    return EspeakSpeaker(deadline_seconds=20)


def samples_of(pcm: bytes) -> NDArray[np.float64]:
    return np.frombuffer(pcm, dtype="<i2").astype(np.float64) / 32768


def loudness_lufs(pcm: bytes) -> float:
    samples = np.rint(32767 * soxr.resample(samples_of(pcm), SPEAKER_RATE_HZ, SAMPLE_RATE_HZ)).astype("<i2").tobytes()
    whole = samples + bytes(-len(samples) % (2 * BLOCK_SAMPLES))
    loudness = gated_loudness([k_weighted_power(each) for each in Blocks().add(whole, start_sample=0)])
    assert loudness is not None
    return loudness


def period_samples(samples: NDArray[np.float64]) -> int:
    """Of the middle's voice."""
    middle = samples[len(samples) // 2 :][:2400]
    correlation = np.correlate(middle, middle, "full")[len(middle) :]
    return int(np.argmax(correlation[100:400])) + 101


def seconds_of(pcm: bytes) -> float:
    return len(pcm) / 2 / SPEAKER_RATE_HZ


async def test_a_sentence_takes_about_as_long_as_a_person_would(speaker: EspeakSpeaker) -> None:
    assert 3.0 < seconds_of(await speaker.speak(SENTENCE, language="es-ES")) < 6.0


async def test_the_sample_rate_keeps_the_pitch_of_the_voice(speaker: EspeakSpeaker) -> None:
    period = period_samples(samples_of(await speaker.speak("aaaaaaaa", language="es-ES")))

    assert 75 < SPEAKER_RATE_HZ / period < 160  # a man's voice, whichever resampling it went through


@pytest.mark.parametrize("volume_db", [-6.0, 0.0, 6.0])
async def test_whatever_is_said_is_equally_loud_and_6_db_more_are_not_clipped(
    speaker: EspeakSpeaker, volume_db: float
) -> None:
    for language, text in (("es-ES", SENTENCE), ("es-ES", "Gracias."), ("fr-FR", "oui"), ("en-US", "so")):
        pcm = await speaker.speak(text, language=language, volume_db=volume_db)
        assert loudness_lufs(pcm) == pytest.approx(-27.0 + volume_db, abs=0.3)
        assert np.abs(samples_of(pcm)).max() < 0.9


async def test_what_exceeds_full_scale_is_clipped_and_minus_infinity_is_silence(speaker: EspeakSpeaker) -> None:
    as_usual = samples_of(await speaker.speak(SENTENCE, language="es-ES"))
    loud = samples_of(await speaker.speak(SENTENCE, language="es-ES", volume_db=20))
    silent = samples_of(await speaker.speak(SENTENCE, language="es-ES", volume_db=-np.inf))

    assert len(as_usual) == len(loud) == len(silent)
    assert np.abs(loud - np.clip(10 * as_usual, -32767 / 32768, 32767 / 32768)).max() < 1e-3
    assert not silent.any()


async def test_silence_at_the_ends_is_trimmed(speaker: EspeakSpeaker) -> None:
    samples = samples_of(await speaker.speak(f"  {SENTENCE} ... \n\n", language="es-ES"))
    loud = np.flatnonzero(np.abs(samples) > 0.01 * np.abs(samples).max())

    assert loud[0] <= 0.05 * SPEAKER_RATE_HZ
    assert len(samples) - 1 - loud[-1] <= 0.08 * SPEAKER_RATE_HZ


async def test_a_higher_rate_is_faster_in_proportion(speaker: EspeakSpeaker) -> None:
    slow, normal, fast = [
        seconds_of(await speaker.speak(SENTENCE, language="es-ES", rate_percent=percent)) for percent in (60, 100, 150)
    ]

    assert slow / normal == pytest.approx(1 / 0.6, rel=0.2)
    assert normal / fast == pytest.approx(1.5, rel=0.2)


async def test_the_slowest_pace_is_espeaks_own(speaker: EspeakSpeaker) -> None:
    at_its_limit = await speaker.speak("hola", language="es-ES", rate_percent=43)

    assert await speaker.speak("hola", language="es-ES", rate_percent=20) == at_its_limit


@pytest.mark.parametrize("pitch_percent", [80, 90, 110, 130])
async def test_the_pitch_is_moved_by_about_as_much_as_it_is_asked_for(
    speaker: EspeakSpeaker, pitch_percent: int
) -> None:
    usual = period_samples(samples_of(await speaker.speak("aaaaaaaa", language="es-ES")))
    moved = period_samples(samples_of(await speaker.speak("aaaaaaaa", language="es-ES", pitch_percent=pitch_percent)))

    assert usual / moved == pytest.approx(pitch_percent / 100, abs=0.04)


@pytest.mark.parametrize("rate_percent", [0, 19, 201, -100])
async def test_a_rate_outside_pollys_limits_is_refused(speaker: EspeakSpeaker, rate_percent: int) -> None:
    with pytest.raises(EngineError):
        await speaker.speak("hola", language="es-ES", rate_percent=rate_percent)


@pytest.mark.parametrize("pitch_percent", [0, 69, 131, -100])
async def test_a_pitch_that_the_voice_does_not_have_is_refused(speaker: EspeakSpeaker, pitch_percent: int) -> None:
    with pytest.raises(EngineError):
        await speaker.speak("hola", language="es-ES", pitch_percent=pitch_percent)


@pytest.mark.parametrize("language", ["xx-XX", "es", "", "--help"])
async def test_an_unknown_language_is_refused(speaker: EspeakSpeaker, language: str) -> None:
    with pytest.raises(UnsupportedVoiceError):
        await speaker.speak("hola", language=language)


async def test_every_language_can_be_spoken(speaker: EspeakSpeaker) -> None:
    spoken = await asyncio.gather(*(speaker.speak("12 radio", language=language) for language in LANGUAGES))

    assert all(seconds_of(each) > 0.3 for each in spoken)


def test_the_voices_of_all_offered_languages_are_known() -> None:
    assert {each.voice.language_code for each in OFFERED.values() if each.voice is not None} <= LANGUAGES


@pytest.mark.parametrize("text", ["", "...", "\0", " \n "])
async def test_nothing_to_say_is_a_short_silence(speaker: EspeakSpeaker, text: str) -> None:
    pcm = await speaker.speak(text, language="es-ES")

    assert seconds_of(pcm) == pytest.approx(0.1)
    assert not samples_of(pcm).any()


@pytest.mark.parametrize("text", ["--version", "-v en", "[[hola]]", "<speak>hola</speak>", "$(date)"])
async def test_text_is_only_ever_spoken(speaker: EspeakSpeaker, text: str) -> None:
    assert seconds_of(await speaker.speak(text, language="es-ES")) > 0.2


async def test_phoneme_names_are_not_obeyed(speaker: EspeakSpeaker) -> None:
    word = await speaker.speak("casa", language="es-ES")

    assert await speaker.speak("[[casa", language="es-ES") == word


async def test_speaking_at_the_same_time_gives_each_its_own(speaker: EspeakSpeaker) -> None:
    texts = [" ".join(["casa"] * count) for count in range(1, 13)]
    alone = [await speaker.speak(text, language="es-ES") for text in texts]

    assert list(await asyncio.gather(*(speaker.speak(text, language="es-ES") for text in texts))) == alone


async def test_being_too_slow_is_a_failure() -> None:
    with pytest.raises(EngineFailedError):
        await EspeakSpeaker(deadline_seconds=0.001).speak(SENTENCE * 30, language="es-ES")


async def test_the_program_failing_is_a_failure() -> None:
    with pytest.raises(EngineFailedError):
        await EspeakSpeaker(program="false").speak("hola", language="es-ES")


async def test_a_missing_program_is_named_by_its_debian_package(tmp_path: Path) -> None:
    EspeakSpeaker().check_programs()
    missing = EspeakSpeaker(program=str(tmp_path / "espeak-ng"))

    with pytest.raises(MissingProgramsError, match="espeak-ng"):
        missing.check_programs()
    with pytest.raises(MissingProgramsError):
        await missing.speak("hola", language="es-ES")
