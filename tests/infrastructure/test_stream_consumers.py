import pytest

from babelcast.domain.segmenter import SegmenterLimits
from babelcast.usecases.speech_tools import ProcessingLimits
from infrastructure.settings import DEV, PROD, StageSettings
from tests.infrastructure.templates import SynthesizedStage

TIME_TO_REPORT_S = 5
"""After its deadline the processor still tells the speaker and names the batch's failures."""


def test_every_consumer_pays_a_bounded_price_for_failure(stage: SynthesizedStage) -> None:
    queues = {f"<{queue.name}.Arn>" for queue in stage.of_type("SQS::Queue")}
    mappings = [mapping.properties for mapping in stage.of_type("Lambda::EventSourceMapping")]

    for mapping in mappings:
        assert 1 <= mapping["MaximumRetryAttempts"] <= 2
        assert mapping["MaximumRecordAgeInSeconds"] == 60
        assert mapping["BisectBatchOnFunctionError"] is True
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["StartingPosition"] == "TRIM_HORIZON"
    destinations = [mapping["DestinationConfig"]["OnFailure"]["Destination"] for mapping in mappings]
    assert set(destinations) == queues
    assert len(destinations) == len(queues)


def test_every_consumer_runs_once_at_a_time_on_large_batches(stage: SynthesizedStage) -> None:
    for mapping in stage.of_type("Lambda::EventSourceMapping"):
        assert mapping.properties["ParallelizationFactor"] == 1
        assert mapping.properties["BatchSize"] >= 1_000
        assert mapping.properties["MaximumBatchingWindowInSeconds"] == 0
    assert {stream.properties["ShardCount"] for stream in stage.of_type("Kinesis::Stream")} == {1}


@pytest.mark.parametrize("settings", [DEV, PROD], ids=["dev", "prod"])
def test_each_cell_is_one_stream_one_function_one_mapping(
    settings: StageSettings, request: pytest.FixtureRequest
) -> None:
    stage: SynthesizedStage = request.getfixturevalue(settings.name)
    sources = {f"<{stream.name}.Arn>": stream for stream in stage.of_type("Kinesis::Stream")}
    for fan_out in stage.of_type("Kinesis::StreamConsumer"):
        sources[f"<{fan_out.name}.ConsumerARN>"] = sources[fan_out.properties["StreamARN"]]
    processors = {processor.reference: processor for processor in stage.every_function()["audio_processor"]}
    mappings = stage.of_type("Lambda::EventSourceMapping")

    assert len(mappings) == len(processors) == settings.cells.count
    for cell, mapping in enumerate(mappings):
        stream = sources[mapping.properties["EventSourceArn"]]
        processor = processors[mapping.properties["FunctionName"]]
        readable = {arn for action, arn in stage.statements(processor) if action == "kinesis:GetRecords"}
        assert stream.name == f"AudioStream{cell}"
        assert processor.properties["Environment"]["Variables"]["AUDIO_STREAM_NAME"] == stream.reference
        assert readable == {f"<{stream.name}.Arn>"}


@pytest.mark.parametrize("name", ["connection_handler", "disconnect_handler", "http_session_handler"])
def test_streams_are_named_in_the_order_of_the_cells(name: str, prod: SynthesizedStage) -> None:
    environment = prod.functions()[name].properties["Environment"]["Variables"]

    assert environment["AUDIO_STREAM_NAMES"] == "<AudioStream0>,<AudioStream1>"


def test_production_gets_its_records_pushed_and_its_concurrency_reserved(
    dev: SynthesizedStage, prod: SynthesizedStage
) -> None:
    assert not dev.of_type("Kinesis::StreamConsumer")
    assert len(prod.of_type("Kinesis::StreamConsumer")) == PROD.cells.count
    assert all("ReservedConcurrentExecutions" not in f.properties for f in dev.of_type("Lambda::Function"))
    for processor in prod.every_function()["audio_processor"]:
        assert processor.properties["ReservedConcurrentExecutions"] == 1


def test_a_failed_batch_comes_back_before_its_records_are_dropped(stage: SynthesizedStage) -> None:
    timeout_s = stage.functions()["audio_processor"].properties["Timeout"]

    for mapping in stage.of_type("Lambda::EventSourceMapping"):
        assert timeout_s < mapping.properties["MaximumRecordAgeInSeconds"]


def test_the_processor_gives_up_by_itself_before_it_is_killed(stage: SynthesizedStage) -> None:
    limits = ProcessingLimits(segments=SegmenterLimits(max_segment_samples=16_000))
    timeout_s = stage.functions()["audio_processor"].properties["Timeout"]

    assert limits.session_deadline_s + TIME_TO_REPORT_S <= timeout_s


def test_every_queue_refuses_whoever_comes_without_tls(stage: SynthesizedStage) -> None:
    policies = {
        queue: each.properties["PolicyDocument"]["Statement"]
        for each in stage.of_type("SQS::QueuePolicy")
        for queue in each.properties["Queues"]
    }

    for queue in stage.of_type("SQS::Queue"):
        assert {
            "Action": "sqs:*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Resource": f"<{queue.name}.Arn>",
        } in policies[queue.reference]


def test_failure_queues_are_encrypted_and_keep_their_messages_two_weeks(stage: SynthesizedStage) -> None:
    for queue in stage.of_type("SQS::Queue"):
        assert queue.properties["SqsManagedSseEnabled"] is True
        assert queue.properties["MessageRetentionPeriod"] == 14 * 24 * 3_600
