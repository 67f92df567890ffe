"""What an operator at a terminal is asked, and what follows from the answer."""

import pytest

from scripts.deployment.consent import Operator
from scripts.deployment.errors import DeploymentError


class Terminal:
    """Somebody who gives one answer and remembers the questions."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.questions: list[str] = []

    def ask(self, question: str) -> str:
        self.questions.append(question)
        return self.answer

    def operator(self, *, agrees: bool = False, confirms: str | None = None) -> Operator:
        return Operator(agrees=agrees, confirms=confirms, is_present=lambda: True, ask=self.ask)


@pytest.mark.parametrize("answer", ["y", "Yes", " y "])
def test_a_yes_goes_on(answer: str) -> None:
    terminal = Terminal(answer)
    terminal.operator().agree("Deploy?")

    assert terminal.questions == ["Deploy? [y/N] "]


@pytest.mark.parametrize("answer", ["", "n", "yep"])
def test_anything_else_stops(answer: str) -> None:
    with pytest.raises(DeploymentError, match="nothing was changed"):
        Terminal(answer).operator().agree("Deploy?")


def test_whoever_agrees_beforehand_is_not_asked() -> None:
    terminal = Terminal("n")
    terminal.operator(agrees=True).agree("Deploy?")

    assert terminal.questions == []


def test_a_name_is_typed_besides_agreeing() -> None:
    Terminal("prod").operator(agrees=True).type_name("prod", "Destroy?")

    for refused in (Terminal("prod").operator(), Terminal("dev").operator(agrees=True)):
        with pytest.raises(DeploymentError):
            refused.type_name("prod", "Destroy?")


def test_a_wrong_name_given_beforehand_is_not_asked_for_again() -> None:
    terminal = Terminal("prod")
    with pytest.raises(DeploymentError, match="CONFIRM=prod"):
        terminal.operator(agrees=True, confirms="dev").type_name("prod", "Destroy?")

    assert terminal.questions == []
