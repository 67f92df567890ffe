"""What was made of sound without speech: for each session, for each engine, and as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import jiwer

from benchmarks.quiet.programmes import Kind
from local.stack import Engine
from scripts.make_samples import words_of

HEADINGS: Final = (
    "engine",
    "kind",
    "minutes",
    "segments",
    "captions",
    "Translate requests",
    "Polly requests",
    "Transcribe streams",
    "sentence at the end",
)
_MOST_WRONG: Final = 0.35
"""Of a sentence's words: it was heard all the same."""

Counters = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionReport:
    """One session.

    Attributes:
        seconds: Of sound without speech.
        segments: Made of it.
        captions: That the listener got meanwhile, partial ones included.
        heard: The texts of both.
        sentence: What was said at the end.
        sentence_heard: What the listener was told of it, in the source language.
        sentence_segments: In how many segments.
    """

    kind: Kind
    seconds: float
    segments: int
    captions: int
    heard: tuple[str, ...]
    sentence: str
    sentence_heard: str
    sentence_segments: int

    @property
    def words_wrong(self) -> float:
        """The sentence's word error rate, 0.0–1.0 and more."""
        return float(jiwer.wer(words_of(self.sentence), words_of(self.sentence_heard)))

    @property
    def problems(self) -> list[str]:
        """What is not as it has to be."""
        found = []
        if self.segments or self.captions:
            found.append(f"{self.segments} segments and {self.captions} captions were made of no speech")
        if self.words_wrong > _MOST_WRONG:
            found.append(f"the sentence at the end was not heard: {self.words_wrong:.0%} of its words are wrong")
        return [f"{self.kind}: {problem}" for problem in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineReport:
    """All sessions of a stack, which share its services.

    Attributes:
        before_speech: What the services had done before the first sentence began.
        in_all: What they had done in the end.
    """

    engine: Engine
    sessions: tuple[SessionReport, ...]
    before_speech: Counters
    in_all: Counters

    @property
    def translations(self) -> int:
        """Translate requests while nobody had spoken."""
        return _count(self.before_speech, "translate", "requests")

    @property
    def syntheses(self) -> int:
        """Polly requests while nobody had spoken."""
        return _count(self.before_speech, "polly", "requests")

    @property
    def streams(self) -> int:
        """Transcribe streams opened, from the beginning to the end."""
        return _count(self.in_all, "transcribe", "opened")

    @property
    def problems(self) -> list[str]:
        """What is not as it has to be, one line each; empty when all is well."""
        found = [problem for session in self.sessions for problem in session.problems]
        if self.translations or self.syntheses:
            found.append(f"{self.translations} Translate and {self.syntheses} Polly requests before anybody spoke")
        if self.streams != len(self.sessions):
            found.append(f"{self.streams} Transcribe streams for {len(self.sessions)} sessions")
        spoken = sum(session.sentence_segments for session in self.sessions)
        found += [
            f"{requests} {service} requests for {spoken} segments"
            for service in ("translate", "polly")
            if (requests := _count(self.in_all, service, "requests")) != spoken
        ]
        return [f"{self.engine}: {problem}" for problem in found]

    def as_json(self) -> dict[str, Any]:
        """Everything, texts included."""
        return {
            "engine": self.engine,
            "sessions": [{**asdict(each), "wordsWrong": round(each.words_wrong, 3)} for each in self.sessions],
            "translateRequests": self.translations,
            "pollyRequests": self.syntheses,
            "transcribeStreams": self.streams,
            "countersBeforeSpeech": {name: dict(each) for name, each in self.before_speech.items()},
            "countersInAll": {name: dict(each) for name, each in self.in_all.items()},
            "problems": self.problems,
        }


def table(reports: Sequence[EngineReport]) -> str:
    """A Markdown table: a row for each session, and one for each engine with what its sessions have in common."""
    rows = [HEADINGS, ("---",) * len(HEADINGS)]
    for report in reports:
        rows += [
            (
                report.engine,
                each.kind,
                f"{each.seconds / 60:.1f}",
                str(each.segments),
                str(each.captions),
                "",
                "",
                "",
                f"heard, {each.words_wrong:.0%} of its words wrong" if each.sentence_heard else "not heard",
            )
            for each in report.sessions
        ]
        rows.append(
            (
                report.engine,
                "all",
                f"{sum(each.seconds for each in report.sessions) / 60:.1f}",
                str(sum(each.segments for each in report.sessions)),
                str(sum(each.captions for each in report.sessions)),
                str(report.translations),
                str(report.syntheses),
                f"{report.streams} for {len(report.sessions)} sessions",
                f"{sum(each.sentence_segments for each in report.sessions)} segments",
            )
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _count(counters: Counters, service: str, what: str) -> int:
    return counters.get(service, {}).get(what, 0)
