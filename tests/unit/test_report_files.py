"""Captions, heard audio and the picture."""

from pathlib import Path

import lameenc
import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from local.client.playback import Fate
from local.client.record import HeardSegment, ListenerRecord
from local.errors import WrongInputError
from local.report.broadcast import Broadcast
from local.report.captions import Cue, one_after_another, translated_cues, write_vtt
from local.report.files import clips_directory, prepare_directory, write_report
from local.report.heard_audio import SAMPLE_RATE_HZ, write_heard_audio

STARTED_AT = 50.0


def save_beep(path: Path, seconds: float) -> Path:
    """A clip as the system makes them: MP3, 24 kHz, mono."""
    samples = 0.5 * np.sin(2 * np.pi * 600 * np.arange(round(seconds * 24_000)) / 24_000)
    encoder = lameenc.Encoder()
    encoder.set_in_sample_rate(24_000)
    encoder.set_channels(1)
    encoder.set_bit_rate(64)
    encoder.silence()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoder.encode((samples * 32767).astype("<i2").tobytes()) + encoder.flush())
    return path


def heard(number: int, *, played_s: float | None, clip: Path | None = None, seconds: float = 1.0, tempo: float = 1.0,
          text: str = "hola", fate: Fate = Fate.PLAYED) -> HeardSegment:  # fmt: skip
    return HeardSegment(
        number=number,
        text=text,
        source_text="hello",
        spoken_start_ms=number * 2_000,
        spoken_end_ms=number * 2_000 + 1_500,
        committed_at_epoch_ms=1_000_000 + number * 2_000 + 2_000,
        received_at=STARTED_AT + number * 2 + 2.1,
        download_ms=30,
        played_at=None if played_s is None else STARTED_AT + played_s,
        tempo=tempo,
        duration_s=seconds,
        fate=fate,
        translated=True,
        clip=clip,
    )


def broadcast(*segments: HeardSegment) -> Broadcast:
    record = ListenerRecord(
        language="es",
        source_language="en",
        first_number=0,
        segments=segments,
        captions=(),
        redelivered=0,
        reconnections=0,
        joined_at=STARTED_AT - 1,
        end_reason="ended",
    )
    return Broadcast(
        audio_path="speech.wav",
        audio_duration_ms=6_000,
        source_language="en",
        first_sample_at=STARTED_AT,
        first_sample_epoch_ms=1_000_000,
        captions=(),
        listeners=(record,),
    )


def sounding(path: Path) -> tuple[float, list[tuple[float, float]]]:
    """Length of a file and the stretches of it that are not silent, in seconds."""
    samples, rate_hz = soundfile.read(path, dtype="float32")
    assert rate_hz == SAMPLE_RATE_HZ
    assert samples.ndim == 1
    block = rate_hz // 100
    loud: npt.NDArray[np.bool_] = np.abs(samples[: len(samples) // block * block]).reshape(-1, block).max(axis=1) > 0.1
    edges = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]]).astype(int)))
    stretches = [(float(start) / 100, float(end) / 100) for start, end in edges.reshape(-1, 2)]
    return len(samples) / rate_hz, stretches


def test_clips_sound_where_they_were_played(tmp_path: Path) -> None:
    clip = save_beep(tmp_path / "clip.mp3", 1.0)
    segments = [heard(0, played_s=2.0, clip=clip), heard(1, played_s=4.5, clip=clip)]
    write_heard_audio(tmp_path / "audio.es.mp3", segments, start_at=STARTED_AT, duration_s=6.0)
    length_s, stretches = sounding(tmp_path / "audio.es.mp3")
    assert length_s == pytest.approx(6.5, abs=0.15)
    assert [start for start, _ in stretches] == pytest.approx([2.05, 4.55], abs=0.06)
    assert [end - start for start, end in stretches] == pytest.approx([1.0, 1.0], abs=0.05)


def test_a_clip_played_faster_sounds_shorter(tmp_path: Path) -> None:
    clip = save_beep(tmp_path / "clip.mp3", 2.0)
    segments = [heard(0, played_s=1.0, clip=clip, seconds=2.0, tempo=1.25)]
    write_heard_audio(tmp_path / "audio.es.mp3", segments, start_at=STARTED_AT, duration_s=1.0)
    _, [(start, end)] = sounding(tmp_path / "audio.es.mp3")
    assert end - start == pytest.approx(1.6, abs=0.05)


def test_what_was_not_played_is_silent(tmp_path: Path) -> None:
    clip = save_beep(tmp_path / "clip.mp3", 1.0)
    segments = [heard(0, played_s=None, clip=clip, fate=Fate.SKIPPED), heard(1, played_s=2.0, clip=None)]
    write_heard_audio(tmp_path / "audio.es.mp3", segments, start_at=STARTED_AT, duration_s=3.0)
    length_s, stretches = sounding(tmp_path / "audio.es.mp3")
    assert length_s >= 3.0
    assert stretches == []


def test_translated_captions_stand_while_they_sound_or_while_they_are_read() -> None:
    segments = (
        heard(0, played_s=3.0, seconds=2.6, tempo=1.3),
        heard(1, played_s=None, fate=Fate.TEXT_ONLY, text="x" * 50),
    )
    cues = translated_cues(broadcast(*segments), segments)
    assert cues == [Cue(start_ms=3_000, end_ms=4_100, text="hola"), Cue(start_ms=4_100, end_ms=7_100, text="x" * 50)]


def test_a_caption_is_gone_when_the_next_one_comes() -> None:
    cues = [
        Cue(start_ms=5, end_ms=9, text="b"),
        Cue(start_ms=0, end_ms=7, text="a"),
        Cue(start_ms=5, end_ms=6, text="c"),
    ]
    assert [(cue.start_ms, cue.end_ms) for cue in one_after_another(cues)] == [(0, 5), (5, 6), (5, 6)]


def test_vtt_has_its_clock_and_escapes_what_would_be_markup(tmp_path: Path) -> None:
    path = tmp_path / "captions.es.vtt"
    write_vtt(path, [Cue(start_ms=3_723_004, end_ms=3_725_000, text="a < b --> c &\n\nñ")])
    assert path.read_text(encoding="utf-8") == ("WEBVTT\n\n01:02:03.004 --> 01:02:05.000\na &lt; b --&gt; c &amp; ñ\n")


def test_a_broadcast_leaves_every_file(tmp_path: Path) -> None:
    prepare_directory(tmp_path)
    directory = clips_directory(tmp_path, "es")
    segments = [
        heard(0, played_s=2.3, clip=save_beep(directory / "00000000.mp3", 1.0), text="大家晚上好 $x$"),
        heard(1, played_s=4.4, clip=save_beep(directory / "00000001.mp3", 1.0)),
        heard(2, played_s=None, fate=Fate.TEXT_ONLY),
    ]
    summary = write_report(tmp_path, broadcast(*segments))
    assert summary.segments[1].languages["es"].audio_path == "clips/es/00000001.mp3"
    assert {path.name for path in tmp_path.iterdir()} == {
        "summary.json", "captions.source.vtt", "captions.es.vtt", "audio.es.mp3", "timeline.png", "clips", ".babelcast"
    }  # fmt: skip
    assert (tmp_path / "timeline.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "captions.source.vtt").read_text(encoding="utf-8").count("hello") == 3


def test_a_broadcast_in_which_nothing_was_said_leaves_every_file(tmp_path: Path) -> None:
    prepare_directory(tmp_path)
    summary = write_report(tmp_path, broadcast())
    assert summary.segments == ()
    assert sounding(tmp_path / "audio.es.mp3")[1] == []
    assert (tmp_path / "captions.es.vtt").read_text(encoding="utf-8") == "WEBVTT\n"
    assert (tmp_path / "timeline.png").exists()


def test_earlier_results_are_removed_and_other_files_stay(tmp_path: Path) -> None:
    prepare_directory(tmp_path)
    (tmp_path / "clips" / "fr").mkdir()
    ours = {"captions.fr.vtt", "audio.fr.mp3", "summary.json", "clips/fr/00000000.mp3"}
    theirs = {"notes.txt", "audio.holiday.mp3", "clips/mine.txt", "clips/fr/song.mp3"}
    for name in ours | theirs:
        (tmp_path / name).write_text("old")
    prepare_directory(tmp_path)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == theirs | {".babelcast"}


def test_somebody_elses_directory_is_refused_untouched(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text("mine")
    with pytest.raises(WrongInputError, match="choose another directory"):
        prepare_directory(tmp_path)
    assert (tmp_path / "summary.json").read_text() == "mine"


def test_the_recording_itself_is_never_removed(tmp_path: Path) -> None:
    prepare_directory(tmp_path)
    recording = tmp_path / "audio.es.mp3"
    recording.write_text("speech")
    with pytest.raises(WrongInputError, match="would be overwritten"):
        prepare_directory(tmp_path, keep=recording)
    assert recording.read_text() == "speech"


def test_results_cannot_be_written_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "taken"
    path.write_text("")
    with pytest.raises(WrongInputError, match="cannot be written"):
        prepare_directory(path)
