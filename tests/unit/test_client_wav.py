"""Any sound file becomes 16 kHz mono 16-bit; anything else is refused in one line."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from local.wav import AudioFileError, load_recording, to_int16

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "speech-en.wav"


def tone(seconds: float, rate_hz: int, frequency_hz: float = 440.0) -> npt.NDArray[np.float64]:
    return 0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(round(seconds * rate_hz)) / rate_hz)


def heard(path: Path) -> npt.NDArray[np.float64]:
    return np.frombuffer(load_recording(path).pcm, dtype="<i2").astype(np.float64) / 32768


def test_the_sample_is_read_bit_for_bit() -> None:
    expected, rate_hz = soundfile.read(SAMPLE, dtype="int16")
    assert rate_hz == 16_000
    recording = load_recording(SAMPLE)
    assert np.array_equal(np.frombuffer(recording.pcm, dtype="<i2"), expected)
    assert recording.duration_ms == pytest.approx(len(expected) / 16, abs=1)


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000, 96_000])
def test_other_rates_are_resampled_without_a_change_of_length_or_pitch(tmp_path: Path, rate_hz: int) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(6.0, rate_hz), rate_hz)
    samples = heard(path)
    assert len(samples) == pytest.approx(96_000, abs=2)
    middle = slice(16_000, 80_000)
    assert np.allclose(samples[middle], tone(6.0, 16_000)[middle], atol=2e-3)


def test_channels_are_averaged(tmp_path: Path) -> None:
    path = tmp_path / "stereo.wav"
    left = tone(1.0, 16_000)
    soundfile.write(path, np.stack([left, np.zeros_like(left)], axis=1), 16_000)
    assert np.allclose(heard(path), left / 2, atol=1e-4)


@pytest.mark.parametrize(
    ("suffix", "subtype"), [("flac", None), ("ogg", None), ("aiff", None), ("wav", "FLOAT"), ("mp3", None)]
)
def test_other_formats_are_read(tmp_path: Path, suffix: str, subtype: str | None) -> None:
    path = tmp_path / f"tone.{suffix}"
    soundfile.write(path, tone(2.0, 16_000), 16_000, subtype=subtype)
    samples = heard(path)
    assert len(samples) == pytest.approx(32_000, abs=3_000)
    assert float(np.sqrt(np.mean(samples**2))) == pytest.approx(0.5 / np.sqrt(2), rel=0.05)


def refusal(path: Path) -> str:
    with pytest.raises(AudioFileError) as error:
        load_recording(path)
    message = str(error.value)
    assert str(path) in message
    assert "\n" not in message
    assert error.value.exit_status == 2
    return message


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "nothing.wav")


def test_a_directory_is_refused(tmp_path: Path) -> None:
    assert "directory" in refusal(tmp_path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    path.touch()
    assert "is empty" in refusal(path)


@pytest.mark.parametrize("content", [b"hello", b"RIFF\x00\x00\x00\x00WAVE", b"\x00" * 5000, b"%PDF-1.7" + b"x" * 4000])
def test_what_is_not_sound_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.wav"
    path.write_bytes(content)
    assert "not a sound file" in refusal(path)


def test_too_little_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "click.wav"
    soundfile.write(path, tone(0.01, 16_000), 16_000)
    assert "less than 20 ms" in refusal(path)


def test_more_than_four_hours_are_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "endless.wav"
    with soundfile.SoundFile(path, "w", samplerate=4_000, channels=1, subtype="PCM_U8") as sound:
        silence = np.zeros(4_000 * 600, dtype=np.int16)
        for _ in range(25):
            sound.write(silence)
    assert "longer than 4 hours" in refusal(path)


def test_values_that_are_no_sound_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.wav"
    samples = tone(1.0, 16_000)
    samples[5] = np.nan
    soundfile.write(path, samples, 16_000, subtype="FLOAT")
    assert "not finite" in refusal(path)


@given(st.lists(st.floats(-3, 3, width=32), max_size=50))
def test_overshoot_saturates_and_everything_else_is_rounded(values: list[float]) -> None:
    samples = to_int16(np.array(values, dtype=np.float32))
    expected = [max(-32768, min(32767, round(value * 32768))) for value in values]
    assert np.abs(samples.astype(np.int64) - np.array(expected, dtype=np.int64)).max(initial=0) <= 0
