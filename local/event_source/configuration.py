"""What is read, how it is batched and what happens to a batch that fails."""

from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """One event source mapping, in Lambda's own terms.

    Attributes:
        name: For the log.
        function: Name of the function.
        function_arn: Its ARN, for the failure message.
        stream_name: The stream.
        event_source_arn: The stream's ARN, or the consumer's with enhanced fan-out.
        enhanced_fan_out: Records are pushed instead of polled for.
        starting_position: `TRIM_HORIZON` or `LATEST`.
        maximum_retry_attempts, maximum_record_age_seconds: -1 for no limit.
        failure_queue_url: Gets a message about each batch that is given up.
    """

    name: str
    function: str
    function_arn: str
    stream_name: str
    event_source_arn: str
    enhanced_fan_out: bool = False
    starting_position: str = "TRIM_HORIZON"
    batch_size: int = 100
    batching_window_seconds: float = 0.0
    parallelization_factor: int = 1
    maximum_retry_attempts: int = -1
    maximum_record_age_seconds: float = -1.0
    bisect_on_error: bool = False
    reports_batch_item_failures: bool = False
    failure_queue_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingOverrides:
    """What a stack does otherwise than its template says; None keeps the template's.

    Attributes:
        batching_window_seconds: 0 to 300.
        enhanced_fan_out: The event keeps the template's ARN of its source, whichever way it comes.
    """

    batching_window_seconds: float | None = None
    enhanced_fan_out: bool | None = None

    def applied_to(self, mapping: Mapping) -> Mapping:
        """The mapping as it is to run."""
        if self.batching_window_seconds is not None:
            mapping = replace(mapping, batching_window_seconds=self.batching_window_seconds)
        if self.enhanced_fan_out is not None:
            mapping = replace(mapping, enhanced_fan_out=self.enhanced_fan_out)
        return mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class PollingSettings:
    """How the platform behaves where a mapping has no say.

    Attributes:
        standard_poll_seconds: A shard is polled so often. Source: Lambda guide, "base rate of once per second".
        fan_out_poll_seconds: With enhanced fan-out; stands for the push. Source: Kinesis enhanced-consumers, ~70 ms.
        payload_bytes: An event is no bigger. Source: Lambda gettingstarted-limits, 6 MB.
        retry_base_seconds, retry_longest_seconds: Pause before a retry: the base, doubled each time up to the longest.
            Ours; AWS does not publish them.
    """

    standard_poll_seconds: float = 1.0
    fan_out_poll_seconds: float = 0.07
    payload_bytes: int = 6 * 1024 * 1024
    retry_base_seconds: float = 0.25
    retry_longest_seconds: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSourceConfiguration:
    """All mappings of a stack.

    Attributes:
        positions_directory: Keeps how far each shard has been delivered; None: a new process begins at the mapping's
            starting position again.
    """

    region: str
    lambda_url: str
    aws_endpoint_url: str
    mappings: list[Mapping]
    polling: PollingSettings = field(default_factory=PollingSettings)
    positions_directory: str | None = None
