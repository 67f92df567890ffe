"""Minutes of clean speech: nothing may be found wrong with it, and how near to it the echo's evidence comes."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from babelcast.domain.sound.echo import Echo
from benchmarks.signal.accuracy import looks
from benchmarks.signal.hearing import findings_of
from benchmarks.signal.speech import compose

_SAME_DELAY_S: Final = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanSpeech:
    """Of one voice.

    Attributes:
        findings: Issues that were told, in their order.
        evidence: The highest of an echo in a single look.
        lasting_evidence: The highest that three looks in a row with the same delay all had.
    """

    voice: str
    seconds: float
    findings: tuple[str, ...]
    evidence: float
    lasting_evidence: float

    @property
    def problems(self) -> list[str]:
        """What is not as it has to be."""
        return [f"{self.voice}'s clean speech: {issue}" for issue in self.findings]

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "voice": self.voice,
            "seconds": self.seconds,
            "findings": list(self.findings),
            "echoEvidence": round(self.evidence, 4),
            "lastingEchoEvidence": round(self.lasting_evidence, 4),
        }


def hear_clean(voice: str, seconds: float, *, seed: int) -> CleanSpeech:
    """So much of a voice in a quiet room."""
    speech = compose(voice, seconds, seed=seed)
    seen = looks(speech)
    return CleanSpeech(
        voice=voice,
        seconds=seconds,
        findings=tuple(each.finding.issue.value for each in findings_of(speech)),
        evidence=max((echo.evidence for echo in seen if echo is not None), default=0.0),
        lasting_evidence=max(map(_lasting, zip(seen, seen[1:], seen[2:], strict=False)), default=0.0),
    )


def _lasting(seen: Sequence[Echo | None]) -> float:
    """The least evidence of looks that have found the same delay; 0 where they have not."""
    found = [echo for echo in seen if echo is not None]
    is_same = all(abs(after.delay_s - before.delay_s) <= _SAME_DELAY_S for before, after in itertools.pairwise(found))
    return min(echo.evidence for echo in found) if is_same and len(found) == len(seen) else 0.0
