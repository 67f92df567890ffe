"""The files that a broadcast leaves in its output directory."""

import re
from pathlib import Path
from typing import Final

from babelcast.domain.languages import LANGUAGES
from local.client.record import ListenerRecord
from local.errors import WrongInputError
from local.report.broadcast import Broadcast
from local.report.captions import source_cues, translated_cues, write_vtt
from local.report.heard_audio import write_heard_audio
from local.report.summary import Summary, summarise
from local.report.timeline import draw_timeline

_MARKER: Final = ".babelcast"
"""Says that a directory holds results, which the next broadcast may replace."""
_LANGUAGE: Final = "|".join(map(re.escape, LANGUAGES))
_RESULT: Final = re.compile(
    rf"summary\.json|timeline\.png|captions\.(source|{_LANGUAGE})\.vtt|audio\.({_LANGUAGE})\.mp3"
    rf"|clips/({_LANGUAGE})/\d{{8}}\.mp3"
)


def clips_directory(out: Path, language: str) -> Path:
    """Where a language's single clips are kept."""
    return out / "clips" / language


def prepare_directory(out: Path, *, keep: Path | None = None) -> None:
    """Make the output directory and remove the results of an earlier broadcast; nothing else is touched.

    Args:
        out: A new or empty directory, or one with earlier results.
        keep: A file that must not be among what is removed: the recording.

    Raises:
        WrongInputError: It cannot be made or written to, or it is somebody's directory.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        if not (out / _MARKER).exists() and any(out.iterdir()):
            raise WrongInputError(f"{out} is not empty and holds no earlier results; choose another directory")
        old = [
            path for path in out.rglob("*") if path.is_file() and _RESULT.fullmatch(path.relative_to(out).as_posix())
        ]
        if keep is not None and any(path.samefile(keep) for path in old):
            raise WrongInputError(f"{keep} would be overwritten; choose another directory than {out}")
        for path in old:
            path.unlink()
        (out / _MARKER).write_text("results of a broadcast; the next one replaces them\n")
        (out / "clips").mkdir(exist_ok=True)
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
