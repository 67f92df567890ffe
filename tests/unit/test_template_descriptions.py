"""What is read of a cloud assembly."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.blueprint import Blueprint
from local.gateway.configuration import Cors, GatewayLimits, RequestAuthorizer, WebSocketRoute
from local.template.api_resources import read_websocket_apis
from local.template.assembly import Assembly, ResourceKey, TemplateError
from local.template.compute_resources import read_event_source_mappings, read_function
from local.template.data_resources import (
    BucketCorsRule,
    IndexDescription,
    KeyAttribute,
    TableDescription,
    read_data,
)
from local.template.intrinsics import Physical
from tests.local.small_assembly import write_assembly

_SOURCES = {"talk": "", "admit": "", "consume": ""}

_STORES = {
    ResourceKey("SmallData", "Things"): Physical(ref="things"),
    ResourceKey("SmallData", "Stream"): Physical(ref="stream", attributes={"Arn": "arn:aws:kinesis:r:1:stream/stream"}),
    ResourceKey("SmallData", "Clips"): Physical(ref="clips"),
    ResourceKey("SmallData", "Pool"): Physical(ref="pool", attributes={"ProviderURL": "https://issuer/pool"}),
    ResourceKey("SmallData", "PoolClient"): Physical(ref="client"),
    ResourceKey("SmallApp", "FailureQueue"): Physical(ref="http://queue"),
}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return write_assembly(tmp_path, _SOURCES)


def test_stores(directory: Path) -> None:
    data = read_data(Assembly.load(directory))
    assert data.tables == (
        TableDescription(
            key=ResourceKey("SmallData", "Things"),
            partition=KeyAttribute(name="thingId", type="S"),
            sort=KeyAttribute(name="number", type="N"),
            indexes=(
                IndexDescription(
                    name="ByColour",
                    partition=KeyAttribute(name="colour", type="S"),
                    sort=None,
                    projection="INCLUDE",
                    included_attributes=("weight",),
                ),
            ),
            ttl_attribute="expiresAt",
        ),
    )
    (stream,) = data.streams
    assert (stream.shard_count, stream.retention_hours, stream.consumers) == (1, 24, ())
    assert data.buckets[0].cors_rules == (
        BucketCorsRule(
            allowed_origins=("http://app",),
            allowed_methods=("GET",),
            allowed_headers=(),
            exposed_headers=(),
            max_age_seconds=60,
        ),
    )
    assert data.user_pools[0].password_policy == {"MinimumLength": 12, "RequireNumbers": True}
    (client,) = data.user_pool_clients
    assert client.user_pool == data.user_pools[0].key
    assert client.explicit_auth_flows == ("ALLOW_USER_PASSWORD_AUTH",)


def test_a_function(directory: Path) -> None:
    function = read_function(Assembly.load(directory), ResourceKey("SmallApp", "Talk"))
    assert function.handler == "talk.handler.lambda_handler"
    assert function.code_directory == directory / "asset.talk"
    assert function.layer_directories == (directory / "asset.layer",)
    assert (function.timeout_seconds, function.memory_mb, function.reserved_concurrency) == (20, 256, None)


def test_an_event_source_mapping(directory: Path) -> None:
    (mapping,) = read_event_source_mappings(Assembly.load(directory))
    assert mapping.function == ResourceKey("SmallApp", "Consume")
    assert mapping.stream == ResourceKey("SmallData", "Stream")
    assert not mapping.enhanced_fan_out
    assert (mapping.batch_size, mapping.batching_window_seconds, mapping.parallelization_factor) == (50, 1, 1)
    assert (mapping.maximum_retry_attempts, mapping.maximum_record_age_seconds) == (2, 60)
    assert mapping.bisect_on_error
    assert mapping.reports_batch_item_failures
    assert mapping.failure_queue == ResourceKey("SmallApp", "FailureQueue")


def test_a_mapping_with_enhanced_fan_out_and_aws_defaults(directory: Path) -> None:
    _change(
        directory,
        Fan={
            "Type": "AWS::Kinesis::StreamConsumer",
            "Properties": {"ConsumerName": "fan", "StreamARN": {"Fn::ImportValue": "SmallData:StreamArn"}},
        },
        Mapping={
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": {"Fn::GetAtt": ["Fan", "ConsumerARN"]},
                "FunctionName": {"Ref": "Consume"},
                "StartingPosition": "LATEST",
            },
        },
    )
    assembly = Assembly.load(directory)
    (mapping,) = read_event_source_mappings(assembly)
    assert mapping.enhanced_fan_out
    assert mapping.stream == ResourceKey("SmallData", "Stream")
    assert (mapping.batch_size, mapping.batching_window_seconds) == (100, 0)
    assert (mapping.maximum_retry_attempts, mapping.maximum_record_age_seconds) == (-1, -1)
    assert mapping.failure_queue is None
    assert read_data(assembly).streams[0].consumers == (ResourceKey("SmallApp", "Fan"),)


def test_a_disabled_mapping_is_left_out(directory: Path) -> None:
    mapping = _resources(directory)["Mapping"]
    mapping["Properties"]["Enabled"] = False
    _change(directory, Mapping=mapping)
    assert read_event_source_mappings(Assembly.load(directory)) == ()


def test_a_route_answers_only_with_a_selection_expression_and_a_response(directory: Path) -> None:
    route = _resources(directory)["DefaultRoute"]
    del route["Properties"]["RouteResponseSelectionExpression"]
    _change(directory, DefaultRoute=route)
    (api,) = read_websocket_apis(Assembly.load(directory))
    assert not any(route.answers for route in api.routes)


def test_functions_are_found_through_aliases(directory: Path) -> None:
    _change(
        directory,
        Live={
            "Type": "AWS::Lambda::Alias",
            "Properties": {"FunctionName": {"Ref": "Consume"}, "FunctionVersion": {"Fn::GetAtt": ["V1", "Version"]}},
        },
        V1={"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Consume"}}},
        Mapping={
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": {"Fn::ImportValue": "SmallData:StreamArn"},
                "FunctionName": {"Ref": "Live"},
            },
        },
    )
    (mapping,) = read_event_source_mappings(Assembly.load(directory))
    assert mapping.function == ResourceKey("SmallApp", "Consume")


def test_the_gateways_configuration(directory: Path) -> None:
    blueprint = Blueprint.load(directory)
    gateway = blueprint.gateway(
        blueprint.resolver(_STORES),
        lambda_url="http://lambda",
        jwks_url="http://keys",
        limits=GatewayLimits(),
        more_origins=("http://localhost:9",),
    )
    websocket = gateway.websocket
    assert (websocket.stage, websocket.selection_expression) == ("dev", "$request.body.action")
    assert websocket.authorizer == RequestAuthorizer(function="admit", identity_sources=[])
    assert websocket.routes == [
        WebSocketRoute(route_key="$connect", function="talk"),
        WebSocketRoute(route_key="$disconnect", function="talk"),
        WebSocketRoute(route_key="$default", function="talk", answers=True),
        WebSocketRoute(route_key="tell", function="talk"),
    ]
    create, read = gateway.http.routes
    assert create.authorizer is not None
    assert (create.route_key, create.authorizer.issuer) == ("POST /things", "https://issuer/pool")
    assert create.authorizer.audience == ["client"]
    assert (read.route_key, read.authorizer) == ("GET /things/{thingId}", None)
    assert gateway.http.cors == Cors(
        allow_origins=["http://app", "http://localhost:9"],
        allow_methods=["GET", "POST"],
        allow_headers=["authorization"],
        max_age_seconds=60,
    )


def test_the_functions_variables(directory: Path) -> None:
    blueprint = Blueprint.load(directory)
    functions = blueprint.functions(
        blueprint.resolver(_STORES),
        replaced={"JWKS_URL": "http://keys", "SOURCE_LANGUAGES": "en", "ABSENT": "is not added"},
        added={"AWS_ENDPOINT_URL": "http://aws"},
        per_function={"talk": {"STAGE": "test", "EXTRA": "1"}},
    )
    by_name = {function.name: function for function in functions}
    assert set(by_name) == {"talk", "admit", "consume"}
    assert by_name["talk"].environment == {
        "AWS_ENDPOINT_URL": "http://aws",
        "STAGE": "test",
        "THINGS_TABLE_NAME": "things",
        "STREAM_NAME": "stream",
        "BUCKET_NAME": "clips",
        "TOKEN_ISSUER": "https://issuer/pool",
        "JWKS_URL": "http://keys",
        "WEBSOCKET_MANAGEMENT_ENDPOINT": "https://websocket.execute-api.us-east-1/dev",
        "SOURCE_LANGUAGES": "en",
        "EXTRA": "1",
    }
    assert by_name["consume"].reserved_concurrency == 1
    assert by_name["consume"].environment == {"AWS_ENDPOINT_URL": "http://aws", "THINGS_TABLE_NAME": "things"}


def test_functions_of_one_handler_are_numbered(directory: Path) -> None:
    second = _resources(directory)["Consume"]
    mapping = _resources(directory)["Mapping"]
    mapping["Properties"]["FunctionName"] = {"Ref": "Second"}
    _change(directory, Second=second, SecondMapping=mapping)
    assert sorted(Blueprint.load(directory).function_names.values()) == ["admit", "consume-0", "consume-1", "talk"]


def test_the_event_sources_configuration(directory: Path) -> None:
    blueprint = Blueprint.load(directory)
    configuration = blueprint.event_source(
        blueprint.resolver(_STORES), _STORES, lambda_url="http://lambda", aws_endpoint_url="http://aws"
    )
    (mapping,) = configuration.mappings
    assert (mapping.function, mapping.stream_name) == ("consume", "stream")
    assert mapping.event_source_arn == "arn:aws:kinesis:r:1:stream/stream"
    assert mapping.failure_queue_url == "http://queue"


def test_a_directory_without_an_assembly(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="not a cloud assembly"):
        Assembly.load(tmp_path)


def test_a_function_that_is_not_python(directory: Path) -> None:
    function = _resources(directory)["Talk"]
    function["Properties"]["Runtime"] = "nodejs22.x"
    _change(directory, Talk=function)
    with pytest.raises(TemplateError, match=r"function SmallApp/Talk has the runtime nodejs22\.x"):
        Blueprint.load(directory)


def test_stacks_of_a_nested_assembly(directory: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outer = tmp_path_factory.mktemp("outer")
    write_assembly(outer / "assembly-dev", _SOURCES)
    nested = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-dev"}}
    (outer / "manifest.json").write_text(json.dumps({"artifacts": {"dev": nested}}))
    assert set(Assembly.load(outer).stacks) == {"SmallData", "SmallApp"}


def _resources(directory: Path) -> dict[str, Any]:
    resources: dict[str, Any] = json.loads((directory / "SmallApp.template.json").read_text())["Resources"]
    return resources


def _change(directory: Path, **resources: Any) -> None:
    path = directory / "SmallApp.template.json"
    template = json.loads(path.read_text())
    template["Resources"].update(resources)
    path.write_text(json.dumps(template))
