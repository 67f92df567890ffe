import re
from collections import defaultdict

import pytest

from babelcast.settings import SETTINGS_BY_FUNCTION, environment_keys, read_settings
from infrastructure.settings import DEV, PROD, StageSettings
from tests.infrastructure.templates import SynthesizedStage

CONNECTIONS_OF_STAGE = (
    "arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<WebSocketApi>/{stage}/*/@connections/*"
)
PERMISSIONS = {
    "authorizer": {
        "<Sessions.Arn>": "dynamodb:GetItem",
        "<RateLimits.Arn>": "dynamodb:UpdateItem",
    },
    "connection_handler": {
        "<Sessions.Arn>": "dynamodb:GetItem dynamodb:UpdateItem",
        "<Connections.Arn>": "dynamodb:DeleteItem dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem",
        "<Connections.Arn>/index/SessionLanguageIndex": "dynamodb:Query",
        "<Segments.Arn>": "dynamodb:Query",
        "<RateLimits.Arn>": "dynamodb:GetItem dynamodb:UpdateItem",
        "<AudioStream.Arn>": "kinesis:PutRecord",
        "<AudioBucket.Arn>/sessions/*": "s3:GetObject",
        CONNECTIONS_OF_STAGE: "execute-api:ManageConnections",
        "<NotificationSenderFunction.Arn>": "lambda:InvokeFunction",
    },
    "disconnect_handler": {
        "<Sessions.Arn>": "dynamodb:GetItem dynamodb:UpdateItem",
        "<Connections.Arn>": "dynamodb:DeleteItem dynamodb:PutItem",
        "<Connections.Arn>/index/SessionLanguageIndex": "dynamodb:Query",
        "<RateLimits.Arn>": "dynamodb:UpdateItem",
        "<AudioStream.Arn>": "kinesis:PutRecord",
        CONNECTIONS_OF_STAGE: "execute-api:ManageConnections",
    },
    "http_session_handler": {
        "<Sessions.Arn>": "dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem",
        "<RateLimits.Arn>": "dynamodb:GetItem dynamodb:UpdateItem",
        "<AudioStream.Arn>": "kinesis:PutRecord",
    },
    "audio_processor": {
        "<Sessions.Arn>": "dynamodb:GetItem dynamodb:UpdateItem",
        "<Connections.Arn>": "dynamodb:DeleteItem dynamodb:PutItem",
        "<Connections.Arn>/index/SessionLanguageIndex": "dynamodb:Query",
        "<Segments.Arn>": "dynamodb:PutItem dynamodb:Query dynamodb:UpdateItem",
        "<RateLimits.Arn>": "dynamodb:UpdateItem",
        "<AudioStream.Arn>": "kinesis:DescribeStream kinesis:DescribeStreamSummary kinesis:GetRecords "
        "kinesis:GetShardIterator kinesis:ListShards",
        "<AudioBucket.Arn>/sessions/*": "s3:GetObject s3:PutObject",
        "<CellConsumerFailureQueue.Arn>": "sqs:SendMessage",
        CONNECTIONS_OF_STAGE: "execute-api:ManageConnections",
        "<NotificationSenderFunction.Arn>": "lambda:InvokeFunction",
        "*": "polly:SynthesizeSpeech transcribe:StartStreamTranscription translate:TranslateText",
    },
    "notification_sender": {
        CONNECTIONS_OF_STAGE: "execute-api:ManageConnections",
    },
}
"""What each function may do, besides writing its own log: actions by resource. Cells and streams without numbers."""

GIVEN_OPTIONAL_VARIABLES = {"audio_processor": frozenset({"DRAFT_AFTER_QUIET_MS"})}
"""What a function could do without and the stages set; nothing else is set that it could do without."""

TRACING = "xray:PutTelemetryRecords xray:PutTraceSegments"


@pytest.mark.parametrize("settings", [DEV, PROD], ids=["dev", "prod"])
@pytest.mark.parametrize("name", PERMISSIONS)
def test_a_function_may_do_what_the_table_says(
    name: str, settings: StageSettings, request: pytest.FixtureRequest
) -> None:
    stage: SynthesizedStage = request.getfixturevalue(settings.name)
    expected = {
        resource.format(stage=settings.name): set(actions.split()) for resource, actions in PERMISSIONS[name].items()
    }
    if settings.tracing:
        expected.setdefault("*", set()).update(TRACING.split())
    if name == "audio_processor" and settings.cells.enhanced_fan_out:
        expected["<CellConsumerFanOut.ConsumerARN>"] = {"kinesis:SubscribeToShard"}

    for function in stage.every_function()[name]:
        logs = f"<{function.name.removesuffix('Function')}Logs.Arn>"
        allowed: dict[str, set[str]] = defaultdict(set)
        for action, resource in stage.statements(function):
            allowed[re.sub(r"(Cell|AudioStream)\d+", r"\1", resource) if resource != logs else logs].add(action)

        assert allowed.pop(logs) == {"logs:CreateLogStream", "logs:PutLogEvents"}
        assert allowed == expected


def test_no_action_is_a_wildcard(stage: SynthesizedStage) -> None:
    actions = {action for each in stage.every_function().values() for f in each for action, _ in stage.statements(f)}

    assert actions
    assert not [action for action in actions if "*" in action]


def test_every_function_has_a_role_of_its_own_without_managed_policies(stage: SynthesizedStage) -> None:
    functions = stage.of_type("Lambda::Function")
    roles = {function.properties["Role"].removesuffix(".Arn>") + ">" for function in functions}

    assert len(roles) == len(functions)
    for role in stage.of_type("IAM::Role"):
        if role.reference in roles:
            assert not role.properties.get("ManagedPolicyArns")
            assert not role.properties.get("Policies")


def test_policies_belong_to_one_role_each(stage: SynthesizedStage) -> None:
    assert all(len(policy.properties["Roles"]) == 1 for policy in stage.of_type("IAM::Policy"))


def test_every_function_runs_python_3_13_on_arm64(stage: SynthesizedStage) -> None:
    for function in stage.of_type("Lambda::Function"):
        assert function.properties["Runtime"] == "python3.13"
        assert function.properties["Architectures"] == ["arm64"]


def test_numpy_is_a_layer_of_the_audio_processor_alone(stage: SynthesizedStage) -> None:
    layers = {name: {tuple(f.properties["Layers"]) for f in each} for name, each in stage.every_function().items()}

    assert layers.pop("audio_processor") == {("<SharedLayer>", "<SignalLayer>")}
    assert layers.keys() == PERMISSIONS.keys() - {"audio_processor"}
    assert set.union(*layers.values()) == {("<SharedLayer>",)}


def test_no_layer_is_without_a_function_of_its_stack(stage: SynthesizedStage) -> None:
    used = {
        (function.stack, layer["Ref"])
        for function in stage.of_type("Lambda::Function")
        for layer in function.raw["Properties"]["Layers"]
    }

    assert {(layer.stack, layer.logical_id) for layer in stage.of_type("Lambda::LayerVersion")} == used


def test_layers_are_for_python_3_13_on_arm64(stage: SynthesizedStage) -> None:
    for layer in stage.of_type("Lambda::LayerVersion"):
        assert layer.properties["CompatibleRuntimes"] == ["python3.13"]
        assert layer.properties["CompatibleArchitectures"] == ["arm64"]


def test_every_function_logs_to_a_group_of_the_stage(stage: SynthesizedStage) -> None:
    groups = [group.reference for group in stage.of_type("Logs::LogGroup")]
    used = [function.properties["LoggingConfig"]["LogGroup"] for function in stage.of_type("Lambda::Function")]

    assert set(used) <= set(groups)
    assert len(set(used)) == len(used)


@pytest.mark.parametrize("name", SETTINGS_BY_FUNCTION)
def test_the_environment_is_what_the_function_reads(name: str, stage: SynthesizedStage) -> None:
    settings = SETTINGS_BY_FUNCTION[name]
    required, optional = environment_keys(settings)
    given = GIVEN_OPTIONAL_VARIABLES.get(name, frozenset())

    for function in stage.every_function()[name]:
        environment = dict(function.properties["Environment"]["Variables"])
        assert environment.pop("POWERTOOLS_SERVICE_NAME") == name
        assert environment.pop("POWERTOOLS_METRICS_NAMESPACE") == f"Babelcast/{environment['STAGE']}"
        # numpy reads the one, and the C library the other; only this function has numpy, and so many threads.
        assert environment.pop("OPENBLAS_NUM_THREADS", None) == ("1" if name == "audio_processor" else None)
        assert environment.pop("MALLOC_ARENA_MAX", None) == ("2" if name == "audio_processor" else None)
        assert environment.keys() == required | given
        read_settings(settings, environment)
    assert given <= optional


def test_every_function_is_known_to_the_settings(stage: SynthesizedStage) -> None:
    assert stage.functions().keys() == SETTINGS_BY_FUNCTION.keys()


@pytest.mark.parametrize("name", SETTINGS_BY_FUNCTION)
def test_a_functions_code_is_its_own_directory(name: str, dev: SynthesizedStage) -> None:
    asset = dev.directory / dev.functions()[name].raw["Metadata"]["aws:asset:path"]

    assert [path.name for path in asset.iterdir()] == [name]
    assert (asset / name / "handler.py").is_file()
    assert not list(asset.rglob("__pycache__"))


def test_clients_post_to_https_and_connect_to_wss(stage: SynthesizedStage) -> None:
    functions = stage.functions()
    endpoint = functions["audio_processor"].properties["Environment"]["Variables"]["WEBSOCKET_MANAGEMENT_ENDPOINT"]
    url = functions["http_session_handler"].properties["Environment"]["Variables"]["WEBSOCKET_URL"]

    assert re.fullmatch(r"https://<WebSocketApi>\.execute-api\.<AWS::Region>\.<AWS::URLSuffix>/(dev|prod)", endpoint)
    assert url == endpoint.replace("https://", "wss://")


def test_tokens_are_checked_against_the_pools_own_keys(stage: SynthesizedStage) -> None:
    environment = stage.functions()["authorizer"].properties["Environment"]["Variables"]

    assert environment["TOKEN_ISSUER"] == "<Speakers.ProviderURL>"
    assert environment["JWKS_URL"] == "<Speakers.ProviderURL>/.well-known/jwks.json"
    assert environment["USER_POOL_CLIENT_ID"] == "<SpeakersWebClient>"


def test_functions_behind_api_gateway_end_before_it_stops_waiting(stage: SynthesizedStage) -> None:
    for name, function in stage.functions().items():
        if name != "audio_processor":
            assert function.properties["Timeout"] < 29
