"""What a check has found."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check's line.

    Attributes:
        what: The thing that was checked.
        seen: What was found.
        advice: What to do; empty if nothing.
    """

    verdict: Verdict
    what: str
    seen: str
    advice: str = ""

    def __str__(self) -> str:
        line = f"{self.verdict:<8} {self.what}: {self.seen}"
        return f"{line}\n{'':<9}→ {self.advice}" if self.advice else line
