"""Typed descriptions of what runs: functions and the event source mappings that feed them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local.template.assembly import Assembly, Resource, ResourceKey, TemplateError
from local.template.data_resources import QUEUE_TYPE, STREAM_CONSUMER_TYPE, STREAM_TYPE

FUNCTION_TYPE: Final = "AWS::Lambda::Function"
LAYER_TYPE: Final = "AWS::Lambda::LayerVersion"
MAPPING_TYPE: Final = "AWS::Lambda::EventSourceMapping"
_FUNCTION_QUALIFIERS: Final = ("AWS::Lambda::Alias", "AWS::Lambda::Version")


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionDescription:
    """A Python function.

    Attributes:
        key: Its address in the assembly.
        handler: `package.module.function`.
        code_directory: The asset that Lambda unpacks as /var/task.
        layer_directories: Layers' assets, each with a `python/` directory, in order.
        environment: Values as the template has them, intrinsics included.
        timeout_seconds, memory_mb: The function's limits.
        reserved_concurrency: At most so many invocations at once, None without a limit.
        runtime: `python3.13` or the like.
    """

    key: ResourceKey
    handler: str
    code_directory: Path
    layer_directories: tuple[Path, ...]
    environment: Mapping[str, Any]
    timeout_seconds: int
    memory_mb: int
    reserved_concurrency: int | None
    runtime: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSourceMappingDescription:
    """A Kinesis event source mapping, with Lambda's own defaults where the template is silent.

    `maximum_retry_attempts` and `maximum_record_age_seconds` are -1 for "without limit".
    """

    key: ResourceKey
    function: ResourceKey
    stream: ResourceKey
    enhanced_fan_out: bool
    starting_position: str
    batch_size: int
    batching_window_seconds: int
    parallelization_factor: int
    maximum_retry_attempts: int
    maximum_record_age_seconds: int
    bisect_on_error: bool
    reports_batch_item_failures: bool
    failure_queue: ResourceKey | None


def function_of(assembly: Assembly, stack: str, value: object) -> ResourceKey:
    """The function that a value refers to, directly or through an alias or version.

    Raises:
        TemplateError: It refers to none or to several.
    """
    resource = assembly.reference(stack, value, FUNCTION_TYPE, *_FUNCTION_QUALIFIERS)
    while resource.type in _FUNCTION_QUALIFIERS:
        resource = assembly.reference(
            resource.key.stack, resource.properties["FunctionName"], FUNCTION_TYPE, *_FUNCTION_QUALIFIERS
        )
    return resource.key


def read_function(assembly: Assembly, key: ResourceKey) -> FunctionDescription:
    """Read one function.

    Raises:
        TemplateError: It is not a Python function made of file assets.
    """
    resource = assembly.resource(key)
    properties = resource.properties
    runtime = str(properties.get("Runtime", ""))
    if not runtime.startswith("python"):
        raise TemplateError(f"function {key} has the runtime {runtime or 'of an image'}; only Python runs here")
    layers = [assembly.reference(key.stack, layer, LAYER_TYPE) for layer in properties.get("Layers", ())]
    return FunctionDescription(
        key=key,
        handler=properties["Handler"],
        code_directory=_asset(assembly, resource, properties["Code"]),
        layer_directories=tuple(_asset(assembly, layer, layer.properties["Content"]) for layer in layers),
        environment=properties.get("Environment", {}).get("Variables", {}),
        timeout_seconds=int(properties.get("Timeout", 3)),
        memory_mb=int(properties.get("MemorySize", 128)),
        reserved_concurrency=properties.get("ReservedConcurrentExecutions"),
        runtime=runtime,
    )


def read_event_source_mappings(assembly: Assembly) -> tuple[EventSourceMappingDescription, ...]:
    """Every enabled Kinesis event source mapping of an assembly."""
    return tuple(
        _mapping(assembly, resource)
        for resource in assembly.of_type(MAPPING_TYPE)
        if resource.properties.get("Enabled", True) and _reads_a_stream(assembly, resource)
    )


def _reads_a_stream(assembly: Assembly, resource: Resource) -> bool:
    sources = assembly.references(resource.key.stack, resource.properties.get("EventSourceArn"))
    return any(assembly.resource(key).type in (STREAM_TYPE, STREAM_CONSUMER_TYPE) for key in sources)


def _mapping(assembly: Assembly, resource: Resource) -> EventSourceMappingDescription:
    stack, properties = resource.key.stack, resource.properties
    source = assembly.reference(stack, properties["EventSourceArn"], STREAM_TYPE, STREAM_CONSUMER_TYPE)
    enhanced = source.type == STREAM_CONSUMER_TYPE
    stream = assembly.reference(source.key.stack, source.properties["StreamARN"], STREAM_TYPE) if enhanced else source
    destination = properties.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
    return EventSourceMappingDescription(
        key=resource.key,
        function=function_of(assembly, stack, properties["FunctionName"]),
        stream=stream.key,
        enhanced_fan_out=enhanced,
        starting_position=properties.get("StartingPosition", "TRIM_HORIZON"),
        batch_size=int(properties.get("BatchSize", 100)),
        batching_window_seconds=int(properties.get("MaximumBatchingWindowInSeconds", 0)),
        parallelization_factor=int(properties.get("ParallelizationFactor", 1)),
        maximum_retry_attempts=int(properties.get("MaximumRetryAttempts", -1)),
        maximum_record_age_seconds=int(properties.get("MaximumRecordAgeInSeconds", -1)),
        bisect_on_error=bool(properties.get("BisectBatchOnFunctionError", False)),
        reports_batch_item_failures="ReportBatchItemFailures" in properties.get("FunctionResponseTypes", ()),
        failure_queue=assembly.reference(stack, destination, QUEUE_TYPE).key if destination else None,
    )


def _asset(assembly: Assembly, resource: Resource, code: Mapping[str, Any]) -> Path:
    directories = assembly.stacks[resource.key.stack].asset_directories
    object_key = code.get("S3Key")
    if not isinstance(object_key, str) or object_key not in directories:
        raise TemplateError(f"{resource.key} is not made of a file asset of its assembly")
    return directories[object_key]
