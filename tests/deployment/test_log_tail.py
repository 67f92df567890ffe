import json
import time

import pytest

from scripts import tail_logs
from scripts.deployment.errors import DeploymentError
from scripts.deployment.log_tail import LogLine, LogSource, LogTail, log_sources
from scripts.deployment.stage import stage_named
from tests.deployment.aws_resources import client

NOW_MS = round(time.time() * 1_000) - 60_000
"""Lately: CloudWatch refuses events that are far from its own clock."""
GROUP = "group"


def _write(group: str, *messages: str, at_ms: int = NOW_MS) -> None:
    logs = client("logs")
    logs.put_log_events(
        logGroupName=group,
        logStreamName="stream",
        logEvents=[{"timestamp": at_ms + index, "message": message} for index, message in enumerate(messages)],
    )


def _make_group(group: str) -> str:
    client("logs").create_log_group(logGroupName=group)
    client("logs").create_log_stream(logGroupName=group, logStreamName="stream")
    return group


@pytest.fixture(autouse=True)
def signed_in(credentials: None) -> None:
    pass


def _deploy_logs() -> None:
    for stack, groups in (
        ("BabelcastDevApi", ["ConnectionHandlerLogs0A1B2C3D", "HttpAccessLogs0A1B2C3D"]),
        ("BabelcastDevProcessing", ["Cell0AudioProcessorLogs0A1B2C3D", "Cell1AudioProcessorLogs0A1B2C3D"]),
    ):
        resources = {
            name: {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": f"{stack}-{name}"}} for name in groups
        }
        client("cloudformation").create_stack(StackName=stack, TemplateBody=json.dumps({"Resources": resources}))


def test_functions_are_found_by_name_and_cells_together() -> None:
    _deploy_logs()
    stage = stage_named("dev")

    def names(function: str | None) -> list[str]:
        return sorted(each.name for each in log_sources(client("cloudformation"), stage, function=function))

    assert names(None) == ["cell0_audio_processor", "cell1_audio_processor", "connection_handler", "http_access"]
    assert names("audio_processor") == ["cell0_audio_processor", "cell1_audio_processor"]
    assert names("cell1_audio_processor") == ["cell1_audio_processor"]
    with pytest.raises(DeploymentError, match="there are cell0_audio_processor"):
        names("nonsense")


def test_a_line_is_shown_once_however_often_it_is_asked_for() -> None:
    tail = LogTail(logs=client("logs"), sources=[LogSource(name="authorizer", group=_make_group(GROUP))])
    _write(GROUP, "first", "second")
    assert [line.message for line in tail.poll(NOW_MS)] == ["first", "second"]

    _write(GROUP, "third", at_ms=NOW_MS + 10)
    assert [line.message for line in tail.poll(NOW_MS)] == ["third"]
    assert tail.poll(NOW_MS + 5) == []


def test_lines_of_all_functions_come_in_the_order_of_time() -> None:
    for group in ("a", "b"):
        _make_group(group)
    tail = LogTail(logs=client("logs"), sources=[LogSource(name=name, group=name) for name in ("a", "b")])
    _write("a", "1", at_ms=NOW_MS)
    _write("b", "2", at_ms=NOW_MS + 5)
    _write("a", "3", at_ms=NOW_MS + 9)

    assert [(line.source, line.message) for line in tail.poll(NOW_MS)] == [("a", "1"), ("b", "2"), ("a", "3")]


def test_one_session_is_followed() -> None:
    tail = LogTail(
        logs=client("logs"),
        sources=[LogSource(name="a", group=_make_group(GROUP))],
        session_id="joyful-hope-911",
    )
    _write(GROUP, '{"session_id": "joyful-hope-911"}', '{"session_id": "sure-olive-444"}')

    assert [line.message for line in tail.poll(NOW_MS)] == ['{"session_id": "joyful-hope-911"}']


def test_a_structured_line_is_put_into_words() -> None:
    fields = {"level": "INFO", "message": "segment told", "timestamp": "…", "service": "audio_processor"}
    message = json.dumps({**fields, "session_id": "joyful-hope-911", "segment": 3, "xray_trace_id": None})

    line = str(LogLine(timestamp_ms=1_500, source="cell0_audio_processor", message=message))

    assert line == "00:00:01.500  cell0_audio_processor   INFO    segment told  session_id=joyful-hope-911 segment=3"


def test_lambdas_own_lines_and_metrics_are_left_out_unless_asked_for() -> None:
    source = LogSource(name="a", group=_make_group(GROUP))
    routine = ["START RequestId: 1", "REPORT RequestId: 1", json.dumps({"_aws": {}, "Segments": 1})]
    _write(GROUP, *routine, json.dumps({"level": "ERROR"}))

    assert [line.message for line in LogTail(logs=client("logs"), sources=[source]).poll(NOW_MS)] == [
        '{"level": "ERROR"}'
    ]
    assert len(LogTail(logs=client("logs"), sources=[source], metrics=True).poll(NOW_MS)) == 4


def test_the_command_prints_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    _deploy_logs()
    group = "BabelcastDevApi-ConnectionHandlerLogs0A1B2C3D"
    client("logs").create_log_stream(logGroupName=group, logStreamName="stream")
    _write(group, "failure of joyful-hope-911")

    assert tail_logs.main(["--stage", "dev", "--session", "joyful-hope-911", "--once"]) == 0
    assert "connection_handler      failure of joyful-hope-911" in capsys.readouterr().out


def test_a_stage_that_is_not_deployed_has_no_logs(capsys: pytest.CaptureFixture[str]) -> None:
    assert tail_logs.main(["--stage", "dev", "--once"]) == 1
    assert "BabelcastDevApi is not deployed" in capsys.readouterr().err
