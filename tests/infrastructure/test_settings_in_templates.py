"""What a stage's settings say is what its templates have, for the stages and for one that differs in every number."""

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from typing import Any, Final

import pytest

from infrastructure.app import add_stage, new_app
from infrastructure.layers import CODE_ALONE
from infrastructure.settings import (
    DEV,
    PROD,
    EdgeLocations,
    FunctionSize,
    FunctionSizes,
    LogLevel,
    LogRetention,
    StageSettings,
)
from tests.infrastructure.templates import Resource, SynthesizedStage

DIFFERENT: Final = replace(
    PROD,
    name="different",
    cells=replace(
        PROD.cells,
        count=1,
        sessions_per_cell=10,
        transcribe_streams=60,
        polly_neural_per_s=20,
        polly_standard_per_s=120,
        batch_size=2_000,
        batch_window_s=3,
        result_wait_ms=220,
        pending_result_wait_ms=330,
        retry_attempts=4,
        record_age_s=120,
        retention_h=48,
    ),
    functions=FunctionSizes(
        authorizer=FunctionSize(memory_mb=601, timeout_s=7),
        connection_handler=FunctionSize(memory_mb=602, timeout_s=8),
        disconnect_handler=FunctionSize(memory_mb=603, timeout_s=9),
        http_session_handler=FunctionSize(memory_mb=604, timeout_s=11),
        audio_processor=FunctionSize(memory_mb=605, timeout_s=51),
        notification_sender=FunctionSize(memory_mb=606, timeout_s=12),
    ),
    source_languages=("en",),
    target_languages=("es", "de"),
    presigned_url_expiration_s=300,
    max_segment_s=8,
    draft_after_quiet_ms=None,
    segment_retention_h=12,
    clip_retention_days=3,
    log_level=LogLevel.DEBUG,
    log_retention=LogRetention.ONE_MONTH,
    http_requests_per_s=60,
    http_burst=120,
    websocket_messages_per_s=700,
    websocket_burst=800,
    listeners_per_session=400,
    spoken_languages_per_session=7,
    sessions_per_speaker=4,
    session_creations_per_h=40,
    speakers_sign_up=True,
    end_to_end_alarm_ms=7_500,
)

DAYS = {LogRetention.ONE_WEEK: 7, LogRetention.ONE_MONTH: 30, LogRetention.THREE_MONTHS: 90}
PRICE_CLASSES = {
    EdgeLocations.NORTH_AMERICA_AND_EUROPE: "PriceClass_100",
    EdgeLocations.EVERYWHERE: "PriceClass_All",
}


@pytest.fixture(scope="module")
def different(tmp_path_factory: pytest.TempPathFactory) -> SynthesizedStage:
    directory = tmp_path_factory.mktemp("different")
    app = new_app(output_directory=directory)
    add_stage(app, DIFFERENT, layers=CODE_ALONE)
    app.synth()
    return SynthesizedStage(directory)


def _the_one(values: Iterable[Any]) -> Any:
    """What all of them have; a list of what they differ in otherwise."""
    found = list(values)
    return found[0] if found and all(each == found[0] for each in found) else found


def _property(kind: str, *path: str) -> Callable[[SynthesizedStage], Any]:
    def read(resource: Resource) -> Any:
        value: Any = resource.properties
        for name in path:
            value = value.get(name)
        return value

    return lambda stage: _the_one(read(each) for each in stage.of_type(kind))


def _variable(key: str) -> Callable[[SynthesizedStage], Any]:
    """A variable of every function that has it; None if none has."""

    def read(stage: SynthesizedStage) -> Any:
        every = [each.properties["Environment"]["Variables"] for each in stage.of_type("Lambda::Function")]
        given = [variables[key] for variables in every if key in variables]
        return _the_one(given) if given else None

    return read


def _throttle(api: str, limit: str) -> Callable[[SynthesizedStage], Any]:
    def read(stage: SynthesizedStage) -> Any:
        (found,) = [each for each in stage.of_type("ApiGatewayV2::Stage") if each.properties["ApiId"] == f"<{api}>"]
        return found.properties["DefaultRouteSettings"][limit]

    return read


def _sizes(stage: SynthesizedStage) -> dict[str, Any]:
    return {
        name: _the_one((each.properties["MemorySize"], each.properties["Timeout"]) for each in functions)
        for name, functions in stage.every_function().items()
    }


def _clips_days(stage: SynthesizedStage) -> int:
    (rule,) = stage.one("S3::Bucket", "AudioBucket").properties["LifecycleConfiguration"]["Rules"]
    return int(rule["ExpirationInDays"])


def _latency_alarm(stage: SynthesizedStage) -> tuple[float, bool]:
    """Its threshold, and whether its text has it in seconds."""
    alarm = stage.one("CloudWatch::Alarm", "AlarmsEndToEndLatency").properties
    return alarm["Threshold"], f" {alarm['Threshold'] / 1_000:g} s late" in alarm["AlarmDescription"]


def _concurrency(stage: SynthesizedStage) -> Any:
    return _the_one(
        each.properties.get("ReservedConcurrentExecutions") for each in stage.every_function()["audio_processor"]
    )


def _access_logged(stage: SynthesizedStage) -> bool:
    (socket,) = [each for each in stage.of_type("ApiGatewayV2::Stage") if each.properties["ApiId"] == "<WebSocketApi>"]
    return "AccessLogSettings" in socket.properties


MAPPING = "Lambda::EventSourceMapping"

ROWS: Final[dict[str, tuple[Callable[[StageSettings], Any], Callable[[SynthesizedStage], Any]]]] = {
    "functions": (
        lambda s: {
            each.name: (getattr(s.functions, each.name).memory_mb, getattr(s.functions, each.name).timeout_s)
            for each in fields(FunctionSizes)
        },
        _sizes,
    ),
    "cells.count": (lambda s: s.cells.count, lambda stage: len(stage.of_type("Kinesis::Stream"))),
    "cells.batch_size": (lambda s: s.cells.batch_size, _property(MAPPING, "BatchSize")),
    "cells.batch_window_s": (lambda s: s.cells.batch_window_s, _property(MAPPING, "MaximumBatchingWindowInSeconds")),
    "cells.retry_attempts": (lambda s: s.cells.retry_attempts, _property(MAPPING, "MaximumRetryAttempts")),
    "cells.record_age_s": (lambda s: s.cells.record_age_s, _property(MAPPING, "MaximumRecordAgeInSeconds")),
    "cells.retention_h": (lambda s: s.cells.retention_h, _property("Kinesis::Stream", "RetentionPeriodHours")),
    "cells.reserves_concurrency": (lambda s: 1 if s.cells.reserves_concurrency else None, _concurrency),
    "cells.enhanced_fan_out": (
        lambda s: s.cells.count if s.cells.enhanced_fan_out else 0,
        lambda stage: len(stage.of_type("Kinesis::StreamConsumer")),
    ),
    "cells.transcribe_streams": (
        lambda s: s.cells.transcribe_streams * 0.8,
        lambda stage: stage.one("CloudWatch::Alarm", "AlarmsTranscribeStreams").properties["Threshold"],
    ),
    "cells, CELL_COUNT": (lambda s: str(s.cells.count), _variable("CELL_COUNT")),
    "cells.sessions_per_cell": (lambda s: str(s.cells.sessions_per_cell), _variable("SESSIONS_PER_CELL")),
    "cells.result_wait_ms": (lambda s: str(s.cells.result_wait_ms), _variable("RESULT_WAIT_MS")),
    "cells.pending_result_wait_ms": (
        lambda s: str(s.cells.pending_result_wait_ms),
        _variable("PENDING_RESULT_WAIT_MS"),
    ),
    "cells.polly_neural_per_s": (lambda s: str(s.cells.polly_neural_per_s), _variable("POLLY_NEURAL_PER_S")),
    "cells.polly_standard_per_s": (lambda s: str(s.cells.polly_standard_per_s), _variable("POLLY_STANDARD_PER_S")),
    "name": (lambda s: s.name, _variable("STAGE")),
    "metrics_namespace": (lambda s: s.metrics_namespace, _variable("POWERTOOLS_METRICS_NAMESPACE")),
    "log_level": (lambda s: s.log_level, _variable("LOG_LEVEL")),
    "log_retention": (lambda s: DAYS[s.log_retention], _property("Logs::LogGroup", "RetentionInDays")),
    "presigned_url_expiration_s": (
        lambda s: str(s.presigned_url_expiration_s),
        _variable("PRESIGNED_URL_EXPIRATION"),
    ),
    "max_segment_s": (lambda s: str(s.max_segment_s), _variable("MAX_SEGMENT_SECONDS")),
    "draft_after_quiet_ms": (
        lambda s: None if s.draft_after_quiet_ms is None else str(s.draft_after_quiet_ms),
        _variable("DRAFT_AFTER_QUIET_MS"),
    ),
    "segment_retention_h": (lambda s: str(s.segment_retention_h), _variable("SEGMENT_RETENTION_HOURS")),
    "source_languages": (lambda s: ",".join(s.source_languages), _variable("SOURCE_LANGUAGES")),
    "target_languages": (lambda s: ",".join(s.target_languages), _variable("TARGET_LANGUAGES")),
    "listeners_per_session": (lambda s: str(s.listeners_per_session), _variable("LISTENERS_PER_SESSION")),
    "spoken_languages_per_session": (
        lambda s: str(s.spoken_languages_per_session),
        _variable("SPOKEN_LANGUAGES_PER_SESSION"),
    ),
    "sessions_per_speaker": (lambda s: str(s.sessions_per_speaker), _variable("SESSIONS_PER_SPEAKER")),
    "session_creations_per_h": (lambda s: str(s.session_creations_per_h), _variable("SESSION_CREATIONS_PER_HOUR")),
    "clip_retention_days": (lambda s: s.clip_retention_days, _clips_days),
    "tracing": (
        lambda s: "Active" if s.tracing else None,
        lambda stage: _the_one(
            each.properties.get("TracingConfig", {}).get("Mode") for each in stage.of_type("Lambda::Function")
        ),
    ),
    "websocket_access_logs": (lambda s: s.websocket_access_logs, _access_logged),
    "edge_locations": (
        lambda s: PRICE_CLASSES[s.edge_locations],
        _property("CloudFront::Distribution", "DistributionConfig", "PriceClass"),
    ),
    "http_requests_per_s": (lambda s: s.http_requests_per_s, _throttle("HttpApi", "ThrottlingRateLimit")),
    "http_burst": (lambda s: s.http_burst, _throttle("HttpApi", "ThrottlingBurstLimit")),
    "websocket_messages_per_s": (
        lambda s: s.websocket_messages_per_s,
        _throttle("WebSocketApi", "ThrottlingRateLimit"),
    ),
    "websocket_burst": (lambda s: s.websocket_burst, _throttle("WebSocketApi", "ThrottlingBurstLimit")),
    "speakers_sign_up": (
        lambda s: not s.speakers_sign_up,
        _property("Cognito::UserPool", "AdminCreateUserConfig", "AllowAdminCreateUserOnly"),
    ),
    "end_to_end_alarm_ms": (lambda s: (s.end_to_end_alarm_ms, True), _latency_alarm),
}
"""What a stage's templates should have, and have, by the setting that it comes from."""


@pytest.mark.parametrize(
    "settings", [DEV, PROD, pytest.param(DIFFERENT, marks=pytest.mark.slow)], ids=lambda each: each.name
)
@pytest.mark.parametrize("row", ROWS)
def test_a_setting_is_what_the_template_has(row: str, settings: StageSettings, request: pytest.FixtureRequest) -> None:
    stage: SynthesizedStage = request.getfixturevalue(settings.name)
    wanted, found = ROWS[row]

    assert found(stage) == wanted(settings)


@pytest.mark.parametrize("row", ROWS)
def test_a_constant_in_the_place_of_a_setting_would_show(row: str) -> None:
    wanted, _ = ROWS[row]

    assert len({repr(wanted(each)) for each in (DEV, PROD, DIFFERENT)}) > 1


def test_production_keeps_its_logs_for_three_months(prod: SynthesizedStage) -> None:
    assert {group.properties["RetentionInDays"] for group in prod.of_type("Logs::LogGroup")} == {90}
