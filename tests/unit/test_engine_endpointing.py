"""Where speech begins and ends, on synthetic sound of known shape."""

import numpy as np
import numpy.typing as npt
import pytest

from local.engines.endpointing import FRAME_SAMPLES, Endpointer, Sound

Samples = npt.NDArray[np.int16]
RATE_HZ = 16_000


def _silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE_HZ), dtype=np.int16)


def _noise(seconds: float, amplitude: float) -> Samples:
    rng = np.random.default_rng(7)
    return np.clip(rng.normal(size=round(seconds * RATE_HZ)) * amplitude, -32768, 32767).astype(np.int16)


def _voice(seconds: float, amplitude: float = 6000) -> Samples:
    """Syllables of a buzz at 120 Hz, five a second, with the dips that speech has."""
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    buzz = sum((np.sin(2 * np.pi * 120 * harmonic * time) / harmonic for harmonic in range(1, 25)), np.zeros_like(time))
    envelope = 0.01 + np.abs(np.sin(2 * np.pi * 2.5 * time)) ** 2
    return (amplitude * buzz * envelope / 2).astype(np.int16)


def _listen(samples: Samples, endpointer: Endpointer | None = None) -> list[Sound]:
    endpointer = endpointer or Endpointer()
    return [
        endpointer.classify(samples[start : start + FRAME_SAMPLES])
        for start in range(0, samples.size - FRAME_SAMPLES + 1, FRAME_SAMPLES)
    ]


def test_digital_silence_is_quiet() -> None:
    assert set(_listen(_silence(5))) == {Sound.QUIET}


@pytest.mark.parametrize("amplitude", [1, 10, 100, 1000, 8000])
def test_steady_noise_is_quiet_at_any_level(amplitude: float) -> None:
    assert set(_listen(_noise(10, amplitude))) == {Sound.QUIET}


def test_noise_that_sets_in_is_soon_quiet() -> None:
    endpointer = Endpointer()
    _listen(np.concatenate([_silence(1), _noise(6, 1000)]), endpointer)
    assert endpointer.pause_frames >= 200


@pytest.mark.parametrize("background", [0, 3, 60])
def test_speech_is_found_within_200_ms_and_its_pause_at_once(background: float) -> None:
    speech_start, speech_end = 2.0, 5.0
    samples = np.concatenate([_silence(speech_start), _voice(speech_end - speech_start), _silence(1)])
    samples = (samples + _noise(6.0, background)).astype(np.int16)
    endpointer = Endpointer()
    sounds = _listen(samples, endpointer)
    assert speech_start * 100 <= sounds.index(Sound.ONSET) <= speech_start * 100 + 20
    assert sounds[-90:] == [Sound.PAUSE] * 90
    assert 95 <= endpointer.pause_frames <= 110


def test_a_click_is_not_an_onset() -> None:
    samples = _silence(3)
    samples[16_000:16_400] = 20_000
    assert set(_listen(samples)) == {Sound.QUIET}


def test_after_its_end_speech_may_begin_again() -> None:
    endpointer = Endpointer()
    once = np.concatenate([_silence(1), _voice(1), _silence(1)])
    assert _listen(once, endpointer).count(Sound.ONSET) == 1
    endpointer.end_speech()
    assert not endpointer.in_speech
    assert _listen(once, endpointer).count(Sound.ONSET) == 1
