"""What a soak came to: for each batching window, and as a table."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from benchmarks.soak.faults import Fault, FaultKind
from benchmarks.soak.verdict import Damage, Verdict
from benchmarks.tables import markdown_table

HEADINGS: Final = (
    "window",
    "words",
    "lost",
    "extra",
    "cut",
    "moved",
    "segments",
    "batches",
    "streams",
    "per session-hour",
    "kills",
    "breaks",
    "replaced",
    "batches twice",
    "reads failing",
    "chunks twice",
    "out of order",
    "latency p50",
    "p95",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowReport:
    """One batching window.

    Attributes:
        speech_s: Length of the speech.
        speaker_captions: What became of the words in the captions that the speaker saw.
        segments: As many as the listeners and the captions know of.
        batches: Invocations of the audio processor, between which its environment is stopped.
        streams: Recogniser streams opened.
        planned: The faults that were to be.
        happened: Those that have taken place, by kind.
        chunks_doubled, chunks_reordered: Of the speaker's chunks.
        latency_p50_ms, latency_p95_ms: None when nothing was heard.
        notices: Codes of the errors that the speaker was told.
        failure: Why the broadcast ended early.
    """

    window_s: int
    speech_s: float
    verdicts: tuple[Verdict, ...]
    speaker_captions: Damage
    segments: int
    batches: int
    streams: int
    planned: tuple[Fault, ...]
    happened: Mapping[FaultKind, int]
    chunks_doubled: int
    chunks_reordered: int
    latency_p50_ms: int | None
    latency_p95_ms: int | None
    notices: tuple[str, ...]
    failure: str | None

    @property
    def streams_per_hour(self) -> float:
        """Recogniser streams for an hour of a session like this one."""
        return self.streams * 3600 / self.speech_s

    @property
    def problems(self) -> list[str]:
        """Everything that is not as it has to be, one line each; empty when all is well."""
        found = [] if self.failure is None else [f"the broadcast ended early: {self.failure}"]
        for verdict in self.verdicts:
            found += [f"{verdict.language}: {problem}" for problem in verdict.problems]
        if self.speaker_captions.places:
            found.append(f"captions at the speaker: {self.speaker_captions.in_words}")
        found += [
            f"{kind.replace('_', ' ')} took place {self.happened.get(kind, 0)} times instead of {count}"
            for kind, count in Counter(fault.kind for fault in self.planned).items()
            if self.happened.get(kind, 0) < count
        ]
        if not self.planned and self.streams != 1:
            found.append(f"without faults, {self.streams} recogniser streams served one session")
        return [f"window {self.window_s} s: {problem}" for problem in found]

    def as_json(self) -> dict[str, Any]:
        """Everything, words and times of the damage included."""
        return {
            "windowSeconds": self.window_s,
            "speechSeconds": round(self.speech_s, 1),
            "listeners": [asdict(verdict) for verdict in self.verdicts],
            "speakerCaptions": asdict(self.speaker_captions),
            "segments": self.segments,
            "batches": self.batches,
            "streams": self.streams,
            "streamsPerSessionHour": round(self.streams_per_hour, 1),
            "planned": [asdict(fault) for fault in self.planned],
            "happened": dict(self.happened),
            "chunks": {"doubled": self.chunks_doubled, "reordered": self.chunks_reordered},
            "latencyMs": {"p50": self.latency_p50_ms, "p95": self.latency_p95_ms},
            "notices": list(self.notices),
            "problems": self.problems,
        }


def table(reports: Sequence[WindowReport]) -> str:
    """A Markdown table with a row for each window."""
    return markdown_table(HEADINGS, map(_row, reports))


def _row(report: WindowReport) -> tuple[str, ...]:
    heard = [verdict.heard for verdict in report.verdicts]
    words = report.verdicts[0].words if report.verdicts else 0
    return (
        f"{report.window_s} s",
        f"{words} × {len(report.verdicts)}",
        str(sum(each.lost for each in heard)),
        str(sum(each.extra for each in heard)),
        str(sum(each.cut for each in heard)),
        str(sum(each.moved for each in heard)),
        str(report.segments),
        str(report.batches),
        str(report.streams),
        f"{report.streams_per_hour:.0f}",
        *(str(report.happened.get(kind, 0)) for kind in FaultKind),
        str(report.chunks_doubled),
        str(report.chunks_reordered),
        _seconds(report.latency_p50_ms),
        _seconds(report.latency_p95_ms),
    )


def _seconds(milliseconds: int | None) -> str:
    return "–" if milliseconds is None else f"{milliseconds / 1000:.2f} s"
