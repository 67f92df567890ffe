"""The files that a broadcast leaves in its output directory."""

import shutil
from pathlib import Path
from typing import Final

from local.client.record import ListenerRecord
from local.errors import WrongInputError
from local.report.broadcast import Broadcast
from local.report.captions import source_cues, translated_cues, write_vtt
from local.report.heard_audio import write_heard_audio
from local.report.summary import Summary, summarise
from local.report.timeline import draw_timeline

_PATTERNS: Final = ("summary.json", "timeline.png", "captions.*.vtt", "audio.*.mp3")


def clips_directory(out: Path, language: str) -> Path:
    """Where a language's single clips are kept."""
    return out / "clips" / language


def prepare_directory(out: Path) -> None:
    """Make the output directory and remove what an earlier broadcast left there; other files stay.

    Raises:
        WrongInputError: It cannot be made or written to.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        for pattern in _PATTERNS:
            for path in out.glob(pattern):
                path.unlink()
        shutil.rmtree(out / "clips", ignore_errors=True)
        (out / "clips").mkdir()
    except OSError as error:
        raise WrongInputError(f"results cannot be written to {out}: {error.strerror}") from None


def write_report(out: Path, broadcast: Broadcast) -> Summary:
    """Write summary, captions, heard audio and picture of a broadcast; its clips are there already."""
    summary = summarise(broadcast, out)
    summary.save(out / "summary.json")
    write_vtt(out / "captions.source.vtt", source_cues(summary.segments))
    for language in broadcast.languages:
        write_listening(out, broadcast, broadcast.listener_of(language))
    draw_timeline(out / "timeline.png", summary, broadcast.languages)
    return summary


def write_listening(out: Path, broadcast: Broadcast, listener: ListenerRecord) -> None:
    """Write one listener's captions and what it heard, from the broadcast's first sample on."""
    write_vtt(out / f"captions.{listener.language}.vtt", translated_cues(broadcast, listener.segments))
    write_heard_audio(
        out / f"audio.{listener.language}.mp3",
        listener.segments,
        start_at=broadcast.first_sample_at,
        duration_s=broadcast.audio_duration_ms / 1000,
    )
