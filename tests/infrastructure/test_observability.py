import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from infrastructure.app import ROOT, add_stage, new_app
from infrastructure.context import stage_of
from infrastructure.layers import CODE_ALONE
from infrastructure.settings import DEV, STAGES, SettingsError
from tests.infrastructure.emitted_metrics import emitted_metrics
from tests.infrastructure.templates import Resource, SynthesizedStage

AWS_METRICS = {
    "AWS/Lambda": ({"FunctionName"}, {"Errors", "Invocations", "Throttles", "Duration", "IteratorAge"}),
    "AWS/Kinesis": ({"StreamName"}, {"IncomingBytes", "IncomingRecords", "WriteProvisionedThroughputExceeded"}),
    "AWS/SQS": ({"QueueName"}, {"ApproximateNumberOfMessagesVisible"}),
    "AWS/DynamoDB": (
        {"TableName", "GlobalSecondaryIndexName"},
        {"ReadThrottleEvents", "WriteThrottleEvents", "ConsumedWriteCapacityUnits"},
    ),
    "AWS/ApiGateway": (
        {"ApiId", "Stage"},
        {"ConnectCount", "MessageCount", "ClientError", "IntegrationError", "ExecutionError", "Count", "4xx", "5xx"},
    ),
}
"""The dimensions that a metric may have and the names in use, by namespace.

Source: the developer guides' pages "CloudWatch metrics" of Lambda, Kinesis, SQS, DynamoDB and API Gateway.
"""

DIMENSION_RESOURCES = {
    "FunctionName": "Lambda::Function",
    "StreamName": "Kinesis::Stream",
    "TableName": "DynamoDB::Table",
    "ApiId": "ApiGatewayV2::Api",
}


@dataclass(frozen=True, slots=True)
class Used:
    """A metric that an alarm or a widget reads."""

    where: str
    namespace: str
    name: str
    dimensions: dict[str, str]
    statistic: str


def alarms_of(stage: SynthesizedStage) -> list[Resource]:
    return stage.of_type("CloudWatch::Alarm")


def used_by(alarm: Resource) -> Iterator[Used]:
    own = alarm.properties
    queries = own.get("Metrics") or [{"MetricStat": {"Metric": own, "Stat": own.get("ExtendedStatistic")}}]
    for query in queries:
        if "MetricStat" in query:
            metric = query["MetricStat"]["Metric"]
            dimensions = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
            statistic = query["MetricStat"]["Stat"] or own["Statistic"]
            yield Used(alarm.name, metric["Namespace"], metric["MetricName"], dimensions, statistic)


def used_by_alarms(stage: SynthesizedStage) -> Iterator[Used]:
    for alarm in alarms_of(stage):
        yield from used_by(alarm)


def widgets_of(stage: SynthesizedStage) -> list[dict[str, Any]]:
    (dashboard,) = stage.of_type("CloudWatch::Dashboard")
    widgets: list[dict[str, Any]] = json.loads(dashboard.properties["DashboardBody"])["widgets"]
    return widgets


def used_by_widgets(stage: SynthesizedStage) -> Iterator[Used]:
    for widget in widgets_of(stage):
        for namespace, name, *rest in (each for each in widget["properties"].get("metrics", []) if len(each) > 1):
            *pairs, options = rest
            dimensions = dict(zip(pairs[::2], pairs[1::2], strict=True))
            yield Used(widget["properties"]["title"], namespace, name, dimensions, options.get("stat", "Average"))


def used(stage: SynthesizedStage) -> list[Used]:
    return [*used_by_alarms(stage), *used_by_widgets(stage)]


def namespace_of(stage: SynthesizedStage) -> str:
    (namespace,) = {
        each.properties["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]
        for each in stage.of_type("Lambda::Function")
    }
    assert isinstance(namespace, str)
    return namespace


def test_every_metric_of_ours_is_one_that_the_named_function_writes(stage: SynthesizedStage) -> None:
    emitted, ours = emitted_metrics(), [each for each in used(stage) if not each.namespace.startswith("AWS/")]

    assert ours
    for each in ours:
        assert each.namespace == namespace_of(stage), each
        assert each.dimensions.keys() == {"service"}, each
        assert each.dimensions["service"] in emitted[each.name].services, each
        assert (each.statistic == "Sum") == (emitted[each.name].unit == "Count"), each


def test_what_is_searched_by_language_is_written_by_language(stage: SynthesizedStage) -> None:
    searches = re.findall(r"SEARCH\('\{([^}]*)\} MetricName=\(([^)]*)\)'", json.dumps(widgets_of(stage)))

    assert searches
    for schema, names in searches:
        assert schema == f"{namespace_of(stage)},language,service"
        for name in re.findall(r"\w+(?=\\)", names):
            assert emitted_metrics()[name].by_language


def test_every_metric_of_aws_is_of_a_resource_of_this_stage(stage: SynthesizedStage) -> None:
    references = {
        name: {each.reference for each in stage.of_type(kind)} for name, kind in DIMENSION_RESOURCES.items()
    } | {
        "QueueName": {f"<{each.name}.QueueName>" for each in stage.of_type("SQS::Queue")},
        "Stage": {each.properties["StageName"] for each in stage.of_type("ApiGatewayV2::Stage")},
        "GlobalSecondaryIndexName": {
            index["IndexName"]
            for table in stage.of_type("DynamoDB::Table")
            for index in table.properties.get("GlobalSecondaryIndexes", [])
        },
    }
    of_aws = [each for each in used(stage) if each.namespace.startswith("AWS/")]

    assert {each.namespace for each in of_aws} == AWS_METRICS.keys()
    for each in of_aws:
        dimensions, names = AWS_METRICS[each.namespace]
        assert each.name in names, each
        assert each.dimensions.keys() <= dimensions, each
        for name, value in each.dimensions.items():
            assert value in references[name], each


def test_an_apis_metrics_are_asked_for_at_its_own_stage(stage: SynthesizedStage) -> None:
    stages = {(each.properties["ApiId"], each.properties["StageName"]) for each in stage.of_type("ApiGatewayV2::Stage")}

    asked = {(each.dimensions["ApiId"], each.dimensions["Stage"]) for each in used(stage) if "ApiId" in each.dimensions}

    assert asked == stages


def test_every_failure_queue_function_and_stream_has_its_alarms(stage: SynthesizedStage) -> None:
    watched = {(each.name, *each.dimensions.values()) for each in used_by_alarms(stage)}

    for queue in stage.of_type("SQS::Queue"):
        assert ("ApproximateNumberOfMessagesVisible", f"<{queue.name}.QueueName>") in watched
    for function in stage.of_type("Lambda::Function"):
        assert {("Errors", function.reference), ("Throttles", function.reference)} <= watched
    for processor in stage.every_function()["audio_processor"]:
        assert ("IteratorAge", processor.reference) in watched
    for stream in stage.of_type("Kinesis::Stream"):
        assert ("IncomingRecords", stream.reference) in watched
        assert ("WriteProvisionedThroughputExceeded", stream.reference) in watched
    for table in stage.of_type("DynamoDB::Table"):
        assert {("ReadThrottleEvents", table.reference), ("WriteThrottleEvents", table.reference)} <= watched


def test_every_alarm_is_told_and_says_what_to_do(stage: SynthesizedStage) -> None:
    (topic,) = stage.of_type("SNS::Topic")

    for alarm in alarms_of(stage):
        assert alarm.properties["AlarmActions"] == alarm.properties["OKActions"] == [topic.reference]
        assert alarm.properties["TreatMissingData"] == "notBreaching"
        assert re.search(r'\. .*\. See docs/operations\.md, "[^"]+"\.$', alarm.properties["AlarmDescription"])
        assert len(alarm.properties["AlarmDescription"]) <= 1024
        assert len(alarm.properties.get("Metrics", [])) <= 10


def evaluated(alarm: Resource, **values: float) -> bool:
    """Whether a period with these values is above the alarm's threshold; ids are matched by what they begin with."""
    expression = next(each["Expression"] for each in alarm.properties["Metrics"] if "Expression" in each)
    for query in alarm.properties["Metrics"]:
        if "MetricStat" in query:
            value = values[query["MetricStat"]["Metric"]["MetricName"] if len(values) > 1 else next(iter(values))]
            value = values.get(query["MetricStat"]["Stat"], value)
            expression = re.sub(rf"\b{query['Id']}\b", repr(value), expression)
    expression = re.sub(r"FILL\(([^,]*), 0\)", r"\1", expression)
    if condition := re.fullmatch(r"IF\((.*), (.*), (.*)\)", expression):
        expression = f"({condition[2]}) if ({condition[1]}) else ({condition[3]})"
    return bool(eval(expression) > alarm.properties["Threshold"])


@pytest.mark.parametrize(
    ("name", "values", "alarms"),
    [
        ("AlarmsClipDownloads", {"ClipDownloadFailures": 11, "ClipsReported": 100}, True),
        ("AlarmsClipDownloads", {"ClipDownloadFailures": 10, "ClipsReported": 100}, False),
        ("AlarmsClipDownloads", {"ClipDownloadFailures": 3, "ClipsReported": 4}, False),
        ("AlarmsTranslationFailures", {"TranslationFailures": 6, "Renditions": 100}, True),
        ("AlarmsTranslationFailures", {"TranslationFailures": 5, "Renditions": 100}, False),
        ("AlarmsConnectionHandlerErrors", {"Errors": 2, "Invocations": 20}, True),
        ("AlarmsConnectionHandlerErrors", {"Errors": 19, "Invocations": 19}, False),
        ("AlarmsNotifications", {"NotificationsFailed": 6, "NotificationsSent": 100}, True),
        ("AlarmsNotifications", {"NotificationsFailed": 5, "NotificationsSent": 100}, False),
        ("AlarmsTranscribeStreams", {"TranscribedMs": 21 * 60_000}, True),
        ("AlarmsTranscribeStreams", {"TranscribedMs": 20 * 60_000}, False),
    ],
)
def test_a_rate_needs_traffic_and_more_than_its_limit(
    name: str, values: dict[str, float], alarms: bool, stage: SynthesizedStage
) -> None:
    assert evaluated(stage.one("CloudWatch::Alarm", name), **values) is alarms


@pytest.mark.parametrize(
    ("name", "received", "processed", "alarms"),
    [
        ("AlarmsProcessingStopped", {"AudioChunksReceived": 60}, {"AudioChunksProcessed": 0}, True),
        ("AlarmsProcessingStopped", {"AudioChunksReceived": 59}, {"AudioChunksProcessed": 0}, False),
        ("AlarmsProcessingStopped", {"AudioChunksReceived": 9_000}, {"AudioChunksProcessed": 1}, False),
        ("AlarmsProcessingStopped", {"AudioChunksReceived": 0}, {"AudioChunksProcessed": 0}, False),
        ("AlarmsCell0Stopped", {"IncomingRecords": 60}, {"Invocations": 0}, True),
        ("AlarmsCell0Stopped", {"IncomingRecords": 240}, {"Invocations": 1}, False),
    ],
)
def test_audio_that_nobody_processes_is_an_alarm(
    name: str, received: dict[str, float], processed: dict[str, float], alarms: bool, stage: SynthesizedStage
) -> None:
    alarm = stage.one("CloudWatch::Alarm", name)

    assert evaluated(alarm, **received, **processed) is alarms
    assert (alarm.properties["DatapointsToAlarm"], alarm.properties["EvaluationPeriods"]) == (3, 5)


def test_a_stop_shows_although_nothing_is_measured_where_work_should_be_done(stage: SynthesizedStage) -> None:
    (whole,) = [each for each in alarms_of(stage) if each.name == "AlarmsProcessingStopped"]
    cells = [each for each in alarms_of(stage) if re.fullmatch(r"AlarmsCell\d+Stopped", each.name)]

    for alarm in (whole, *cells):
        (expression,) = [each["Expression"] for each in alarm.properties["Metrics"] if "Expression" in each]
        ids = {each["MetricStat"]["Metric"]["MetricName"]: each["Id"] for each in alarm.properties["Metrics"][1:]}
        assert all(f"FILL({each}, 0)" in expression for each in ids.values())
        assert {each["MetricStat"]["Period"] for each in alarm.properties["Metrics"][1:]} == {60}


def test_a_cells_stop_is_seen_at_its_own_stream_and_processor(stage: SynthesizedStage) -> None:
    cells = {
        each.properties["FunctionName"]: each.properties["EventSourceArn"]
        for each in stage.of_type("Lambda::EventSourceMapping")
    }
    fan_outs = {f"<{each.name}.ConsumerARN>": each for each in stage.of_type("Kinesis::StreamConsumer")}
    streams = {
        function: (fan_outs[source].properties["StreamARN"] if source in fan_outs else source).replace(".Arn", "")
        for function, source in cells.items()
    }
    seen = {}
    for alarm in alarms_of(stage):
        values = {each.name: next(iter(each.dimensions.values())) for each in used_by(alarm)}
        if re.fullmatch(r"AlarmsCell\d+Stopped", alarm.name):
            seen[values["Invocations"]] = values["IncomingRecords"]

    assert seen == streams


@pytest.mark.parametrize(
    ("name", "p95_ms", "heard", "alarms"),
    [
        ("prod", 5_001, 10, True),
        ("prod", 5_000, 10, False),
        ("prod", 60_000, 9, False),
        ("dev", 6_501, 10, True),
        ("dev", 6_500, 10, False),
    ],
)
def test_the_latency_alarm_goes_off_above_the_stages_limit(
    name: str, p95_ms: int, heard: int, alarms: bool, request: pytest.FixtureRequest
) -> None:
    stage: SynthesizedStage = request.getfixturevalue(name)
    alarm = stage.one("CloudWatch::Alarm", "AlarmsEndToEndLatency")

    assert evaluated(alarm, p95=p95_ms, SampleCount=heard, EndToEndLatency=0) is alarms


def test_the_dashboard_answers_the_questions_in_their_order(stage: SynthesizedStage) -> None:
    titles = [each["properties"]["markdown"].split("\n")[0] for each in widgets_of(stage) if each["type"] == "text"]

    assert titles == [
        "## Is the room served now?",
        "## Latency by hop",
        "## Failures by service",
        "## Load and quotas",
        "## What it costs",
    ]


def test_the_dashboard_shows_every_alarm_and_every_metric_of_ours(stage: SynthesizedStage) -> None:
    shown = [arn for each in widgets_of(stage) if each["type"] == "alarm" for arn in each["properties"]["alarms"]]
    read = {(each.name, each.dimensions["service"]) for each in used(stage) if "service" in each.dimensions}
    written = {(each.name, service) for each in emitted_metrics().values() for service in each.services}

    assert sorted(shown) == sorted(f"<{each.name}.Arn>" for each in alarms_of(stage))
    assert written - read == {("RenderLatency", "audio_processor")}, "the sum of three hops that are shown"


def test_what_several_functions_write_is_added_up(stage: SynthesizedStage) -> None:
    shown = {}
    for widget in widgets_of(stage):
        for metric in widget["properties"].get("metrics", []):
            if "expression" in metric[-1] and "SEARCH" not in metric[-1]["expression"]:
                shown[metric[-1]["label"]] = len(re.findall(r"FILL\(", metric[-1]["expression"]))

    for metric in emitted_metrics().values():
        if len(metric.services) > 1:
            assert shown[metric.name] == len(metric.services), metric.name
    alarm = stage.one("CloudWatch::Alarm", "AlarmsNotifications")
    for name in ("NotificationsFailed", "NotificationsSent"):
        services = {each.dimensions["service"] for each in used_by(alarm) if each.name == name}
        assert services == emitted_metrics()[name].services


def test_only_alarms_of_this_account_reach_the_topic_and_only_encrypted(stage: SynthesizedStage) -> None:
    (topic,) = stage.of_type("SNS::Topic")
    (policy,) = stage.of_type("SNS::TopicPolicy")
    (key,) = stage.of_type("KMS::Key")
    refused, allowed = policy.properties["PolicyDocument"]["Statement"]
    for_alarms = key.properties["KeyPolicy"]["Statement"][1]

    assert topic.properties["KmsMasterKeyId"] == f"<{key.name}.Arn>"
    assert key.properties["EnableKeyRotation"] is True
    assert (refused["Effect"], refused["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    for statement in (allowed, for_alarms):
        assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "<AWS::AccountId>"}
    assert allowed["Action"] == "sns:Publish"
    assert set(for_alarms["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"}


def test_an_address_is_told_of_alarms(stage: SynthesizedStage, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert not stage.of_type("SNS::Subscription")
    assert all(each.alarm_email is None for each in STAGES.values())

    settings = stage_of({"alarmEmail": "ops@babelcast.example"})
    directory = tmp_path_factory.mktemp("subscribed")
    app = new_app(output_directory=directory)
    add_stage(app, settings, layers=CODE_ALONE)
    app.synth()
    (subscription,) = SynthesizedStage(directory).of_type("SNS::Subscription")

    assert subscription.properties["Protocol"] == "email"
    assert subscription.properties["Endpoint"] == "ops@babelcast.example"


def test_no_address_is_refused() -> None:
    with pytest.raises(SettingsError, match="alarm_email 'nobody' is no e-mail address"):
        replace(DEV, alarm_email="nobody")


def test_an_operator_finds_the_dashboard_and_the_topic(stage: SynthesizedStage) -> None:
    outputs = stage.outputs()

    assert outputs["DashboardName"] == "<OverviewDashboard>"
    assert outputs["AlarmTopicArn"] == "<AlarmTopic>"


def test_the_table_of_metrics_is_what_the_code_writes() -> None:
    text = (ROOT / "docs" / "observability.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \| (.+) \|$", text, re.MULTILINE)
    listed = {name: (unit, frozenset(re.findall(r"`(\w+)`", services))) for name, unit, services, _ in rows}

    assert len(listed) == len(rows), "a metric is listed once"
    assert listed == {each.name: (each.unit, each.services) for each in emitted_metrics().values()}
    by_language = {name for name, _, _, tells in rows if "by language" in tells}
    assert by_language == {each.name for each in emitted_metrics().values() if each.by_language}
