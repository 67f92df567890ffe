"""Questions to whoever runs the command."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from scripts.deployment.errors import DeploymentError


def _is_terminal() -> bool:
    return sys.stdin.isatty()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Asks, or knows the answers beforehand.

    Attributes:
        agrees: Yes to every question, without asking (``YES=1``).
        confirms: The stage's name as it would be typed (``CONFIRM=prod``); None to ask for it.
        is_present: Whether somebody can be asked.
        ask: Shows a question and returns what was typed.
    """

    agrees: bool
    confirms: str | None = None
    is_present: Callable[[], bool] = _is_terminal
    ask: Callable[[str], str] = input

    def agree(self, question: str) -> None:
        """Go on only with a yes.

        Raises:
            DeploymentError: It was a no, or nobody is there.
        """
        if self.agrees:
            return
        if not self.is_present():
            raise DeploymentError("nobody is here to answer; YES=1 goes on without asking")
        if self.ask(f"{question} [y/N] ").strip().lower() not in {"y", "yes"}:
            raise DeploymentError("stopped; nothing was changed")

    def type_name(self, name: str, question: str) -> None:
        """Go on only when the name is given in full, a second key beside `agrees`.

        Raises:
            DeploymentError: It was another name, or none.
        """
        if not self.agrees:
            raise DeploymentError(f"{name} is destroyed only with YES=1, and with its name typed besides")
        typed = self.confirms
        if typed is None and self.is_present():
            typed = self.ask(f"{question} Type its name to go on: ").strip()
        if typed != name:
            raise DeploymentError(f"stopped; nothing was changed (type {name}, or pass CONFIRM={name})")
