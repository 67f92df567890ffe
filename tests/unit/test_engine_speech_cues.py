"""What is told apart from speech by its sound alone: the sample of speech, and synthesised sounds of other kinds."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from benchmarks.quiet import music, noises
from benchmarks.quiet.programmes import Make, to_pcm
from benchmarks.quiet.signals import at_level, power_law, shaped_noise
from local.engines.endpointing import FRAME_SAMPLES
from local.engines.speech_cues import SpeechCues

SAMPLE = Path(__file__).parents[2] / "samples" / "speech-en.wav"
RATE_HZ = 16_000
Samples = npt.NDArray[np.int16]


def listen(samples: Samples, cues: SpeechCues | None = None) -> SpeechCues:
    cues = cues or SpeechCues()
    for start in range(0, samples.size - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        cues.hear(samples[start : start + FRAME_SAMPLES])
    return cues


def speech(seconds: float = 30.0) -> Samples:
    samples, _ = soundfile.read(SAMPLE, dtype="int16")
    return np.asarray(samples[: round(seconds * RATE_HZ)], dtype=np.int16)


def sound(make: Make, seconds: float = 10.0, seed: int = 3) -> Samples:
    return np.frombuffer(to_pcm(make(seconds, np.random.default_rng(seed))), dtype="<i2")


def verdicts(cues: SpeechCues, seconds: float, step_frames: int = 25) -> list[bool]:
    """Every quarter of a second, about a word of 0.3 s there."""
    last = round(seconds * 100) - 150
    return [cues.is_speech(start, start + 30) for start in range(50, last, step_frames)]


@pytest.mark.parametrize(("below_db", "least"), [(25, 0.98), (20, 0.95), (15, 0.65)])
def test_a_voice_in_noise_is_speech(below_db: float, least: float) -> None:
    clean = speech() / 32768
    level_db = 10 * np.log10(np.mean(clean[np.abs(clean) > 0.01] ** 2)) - below_db
    noise = at_level(shaped_noise(clean.size / RATE_HZ, np.random.default_rng(1), power_law(-0.5)), level_db)
    found = verdicts(listen(np.frombuffer(to_pcm(clean + noise), dtype="<i2")), 30.0)
    assert np.mean(found) >= least


@pytest.mark.parametrize("gain", [0.05, 0.2, 1.0, 2.0])
def test_a_voice_is_speech_however_loud(gain: float) -> None:
    loud = np.clip(speech() * gain, -32768, 32767).astype(np.int16)
    assert np.mean(verdicts(listen(loud), 30.0)) > 0.95


@pytest.mark.parametrize(
    "make",
    [
        noises.digital_silence,
        noises.idle_converter,
        noises.quiet_room,
        noises.clicks,
        noises.coughs,
        noises.white,
        noises.pink,
        noises.swelling,
        noises.flutter,
        noises.bursts,
        noises.fan,
        music.organ,
        music.strings,
        music.piano,
        music.guitar,
        music.brass,
        music.bells,
        music.band_playing,
        music.singing,
    ],
    ids=lambda make: make.__name__,
)
def test_other_sounds_are_not(make: Make) -> None:
    for seed in (1, 2, 3):
        assert not any(verdicts(listen(sound(make, seed=seed)), 10.0))


def test_speech_after_music_is_speech_from_its_second_half_second_on() -> None:
    cues = listen(np.concatenate([sound(music.organ, 5.0), speech(6.0)[RATE_HZ // 2 :]]))
    assert not any(cues.is_speech(start, start + 30) for start in range(0, 350, 25))
    assert all(cues.is_speech(start, start + 30) for start in range(650, 800, 25))


def test_a_sentence_is_speech_when_enough_around_it_is_heard() -> None:
    cues = listen(speech())
    assert all(cues.is_speech(start - 100, start + 130) for start in range(100, 2700, 25))


def test_more_is_asked_to_be_sure() -> None:
    cues = listen(speech())
    places = range(100, 2700, 10)
    surely = [cues.is_speech(start, start + 30, surely=True) for start in places]
    at_all = [cues.is_speech(start, start + 30) for start in places]
    assert all(at_all[index] for index, sure in enumerate(surely) if sure)
    assert sum(surely) < sum(at_all)
    assert sum(surely) > 0.8 * len(surely)


def test_what_was_not_heard_or_is_long_past_is_no_speech() -> None:
    cues = SpeechCues()
    assert not cues.is_speech(0, 100)
    listen(speech(10.0), cues)
    assert cues.is_speech(300, 330)
    assert not cues.is_speech(5000, 5100)
    listen(np.zeros(60 * RATE_HZ, dtype=np.int16), cues)
    assert not cues.is_speech(300, 330)
