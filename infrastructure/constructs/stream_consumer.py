"""A cell's consumer: one stream read by one function, a batch at a time, with a bounded price for failure."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infrastructure.constructs.python_function import PythonFunction


class StreamConsumer(Construct):
    """Delivers a single-shard stream to a function, at most one invocation at a time.

    A batch that fails is split and tried again; what still fails, or is too old, leaves its position (not its audio) in
    the failure queue, and the stream moves on. One shard and a parallelization factor of 1 give the single invocation;
    records stay in order across all sessions.

    Attributes:
        failure_queue: Receives one message per abandoned batch: shard, sequence numbers and reason.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stream: kinesis.IStream,
        consumer: PythonFunction,
        batch_size: int,
        batch_window_s: int,
        retry_attempts: int,
        record_age_s: int,
        enhanced_fan_out: bool,
    ) -> None:
        super().__init__(scope, construct_id)
        self.failure_queue = sqs.Queue(
            self,
            "FailureQueue",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            removal_policy=RemovalPolicy.DESTROY,
        )
        consumer.grant("sqs:SendMessage", on=[self.failure_queue.queue_arn])
        consumer.grant(
            "kinesis:DescribeStream",
            "kinesis:DescribeStreamSummary",
            "kinesis:GetRecords",
            "kinesis:GetShardIterator",
            "kinesis:ListShards",
            on=[stream.stream_arn],
        )
        source_arn = stream.stream_arn
        if enhanced_fan_out:
            # CloudFormation cannot name a consumer by itself; the name is unique within its stream.
            fan_out = kinesis.CfnStreamConsumer(
                self, "FanOut", consumer_name="audio-processor", stream_arn=stream.stream_arn
            )
            source_arn = fan_out.attr_consumer_arn
            consumer.grant("kinesis:SubscribeToShard", on=[source_arn])
        lambda_.CfnEventSourceMapping(
            self,
            "Mapping",
            function_name=consumer.function.function_name,
            event_source_arn=source_arn,
            # LATEST would miss records written while the mapping is being made; stale ones are dropped by age.
            starting_position="TRIM_HORIZON",
            batch_size=batch_size,
            maximum_batching_window_in_seconds=batch_window_s,
            parallelization_factor=1,
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=retry_attempts,
            maximum_record_age_in_seconds=record_age_s,
            function_response_types=["ReportBatchItemFailures"],
            destination_config=lambda_.CfnEventSourceMapping.DestinationConfigProperty(
                on_failure=lambda_.CfnEventSourceMapping.OnFailureProperty(destination=self.failure_queue.queue_arn)
            ),
        ).node.add_dependency(consumer.role)
