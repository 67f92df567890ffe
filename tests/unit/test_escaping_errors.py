"""What escapes a handler reaches Lambda's log without what a library's message may quote."""

import json
import traceback
from typing import Any

import pytest

from babelcast.domain.errors import SessionNotFoundError
from babelcast.observability import InvocationFailedError, logger, observed

SPEECH = "parsimonious"


def failing(error: Exception) -> Any:
    @observed
    def lambda_handler(_event: dict[str, Any], _context: Any) -> None:
        try:
            raise KeyError(SPEECH)
        except KeyError:
            raise error  # noqa: B904 - what is said of the first error is looked at, too

    return lambda_handler


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(logger.registered_formatter.format(record)) for record in caplog.records]


@pytest.mark.parametrize(
    "error", [ValueError(f"cannot read {SPEECH}"), Exception(SPEECH), SessionNotFoundError(SPEECH)]
)
def test_type_and_place_are_logged_and_the_message_is_not(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(InvocationFailedError, match=rf"^{type(error).__name__}$") as escaped:
        failing(error)({}, None)

    (line,) = lines(caplog)
    assert (line["level"], line["message"], line["error"]) == ("ERROR", "failure", type(error).__name__)
    assert line.get("code") == getattr(error, "code", None)
    assert line["at"].startswith("test_escaping_errors.py:")
    assert SPEECH not in json.dumps(line)
    assert SPEECH not in "".join(traceback.format_exception(escaped.value))


def test_the_type_of_a_cause_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    error = SessionNotFoundError("no such session")
    error.__cause__ = KeyError(SPEECH)
    with pytest.raises(InvocationFailedError):
        failing(error)({}, None)

    (line,) = lines(caplog)
    assert line["cause"] == "KeyError"
    assert SPEECH not in json.dumps(line)


def test_a_code_of_a_foreign_error_is_not_ours(caplog: pytest.LogCaptureFixture) -> None:
    error = ValueError()
    error.code = SPEECH  # type: ignore[attr-defined]
    with pytest.raises(InvocationFailedError):
        failing(error)({}, None)

    assert "code" not in lines(caplog)[0]


def test_the_words_that_api_gateway_answers_401_to_pass_and_are_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$") as escaped:
        failing(Exception("Unauthorized"))({}, None)

    assert type(escaped.value) is Exception
    assert caplog.records == []
