"""Whatever a user gets wrong is told in one line on standard error; nobody sees a traceback."""

import json
from pathlib import Path

import pytest

from local.cli import main

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "speech-en.wav"


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit status and the one line on standard error."""
    status = main(arguments)
    shown = capsys.readouterr()
    assert shown.err.count("\n") == 1
    assert shown.err.startswith("babelcast: ")
    return status, shown.err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "Missing command"),
        (("dance",), "dance"),
        (("demo",), "--audio"),
        (("demo", "--audio", "nothing.wav"), "nothing.wav does not exist"),
        (("demo", "--audio", __file__), "not a sound file"),
        (("demo", "--audio", str(SAMPLE), "--languages", "es,,fr"), "codes separated by commas"),
        (("demo", "--audio", str(SAMPLE), "--languages", "es,xx"), "not offered here: xx"),
        (("demo", "--audio", str(SAMPLE), "--out", __file__), "cannot be written"),
        (("demo", "--audio", str(SAMPLE), "--engine", "parrot"), "parrot"),
        (("run", "--http-port", "99999"), "65535"),
        (("run", "--speaker-port", "99999"), "65535"),
        (("speak",), "FILE"),
        (("listen", "joyful-hope-911", "--save", "x"), "--language"),
        (("languages", "--stack", "nothing.json"), "nothing.json does not exist"),
        (("languages", "--stack", __file__), "does not hold the addresses"),
        (("sessions", "create", "--stack", "nothing.json", "--languages", "es"), "nothing.json"),
    ],
)
def test_wrong_input_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], reason: str
) -> None:
    status, line = refusal(capsys, *arguments)
    assert status == 2
    assert reason in line


@pytest.mark.parametrize("command", [("languages",), ("sessions", "show", "joyful-hope-911"), ("speak", str(SAMPLE))])
def test_a_stage_that_does_not_answer_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, unused_tcp_port: int, command: tuple[str, ...]
) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}"
    stack = tmp_path / "stack.json"
    facts = {"stage": "dev", "region": "eu-west-1", "http_api_url": url, "websocket_url": "ws://127.0.0.1:1/dev",
             "user_pool_id": "p", "user_pool_client_id": "c", "aws_endpoint_url": url}  # fmt: skip
    stack.write_text(json.dumps(facts))
    account = ("--email", "a@example.org", "--password", "x") if command[0] == "speak" else ()
    status, line = refusal(capsys, *command, *account, "--stack", str(stack))
    assert status == 1
    assert "does not answer" in line


@pytest.mark.parametrize("command", ["demo", "run", "languages", "speak", "listen", "sessions"])
def test_every_command_has_help(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert main([command, "--help"]) == 0
    assert f"babelcast {command}" in capsys.readouterr().out
