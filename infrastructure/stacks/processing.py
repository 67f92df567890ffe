"""What turns audio into translated speech: the cells."""

from pathlib import Path

from aws_cdk import Stack
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infrastructure.constructs.python_function import FunctionDefaults, PythonFunction, signal_layer
from infrastructure.constructs.stream_consumer import StreamConsumer
from infrastructure.layers import FunctionLayers
from infrastructure.settings import StageSettings
from infrastructure.stacks.api import INVOKE_FUNCTION, MANAGE_CONNECTIONS, ApiStack
from infrastructure.stacks.data import DataStack
from infrastructure.stacks.functions import function_defaults


class ProcessingStack(Stack):
    """One audio processor and one consumer per stream. Cells share tables and clips, and nothing else."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: StageSettings,
        data: DataStack,
        api: ApiStack,
        code_directory: Path,
        layers: FunctionLayers,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._data = data
        self._api = api
        self.functions: list[PythonFunction] = []
        self.consumers: list[StreamConsumer] = []
        defaults = function_defaults(
            self, settings=settings, code_directory=code_directory, layer_directory=layers.shared
        )
        signal = signal_layer(self, layers.signal)
        cells = settings.cells
        for cell, stream in enumerate(data.streams):
            processor = self._audio_processor(f"Cell{cell}AudioProcessor", stream, defaults, signal)
            consumer = StreamConsumer(
                self,
                f"Cell{cell}Consumer",
                stream=stream,
                consumer=processor,
                batch_size=cells.batch_size,
                batch_window_s=cells.batch_window_s,
                retry_attempts=cells.retry_attempts,
                record_age_s=cells.record_age_s,
                enhanced_fan_out=cells.enhanced_fan_out,
            )
            self.functions.append(processor)
            self.consumers.append(consumer)

    def _audio_processor(
        self, construct_id: str, stream: kinesis.Stream, defaults: FunctionDefaults, signal: lambda_.ILayerVersion
    ) -> PythonFunction:
        data, settings, websocket = self._data, self._settings, self._api.websocket
        sender = self._api.notification_sender.function
        function = PythonFunction(
            self,
            construct_id,
            name="audio_processor",
            description="Recognises, translates and speaks the audio of one stream's sessions",
            memory_mb=settings.functions.audio_processor.memory_mb,
            timeout_s=settings.functions.audio_processor.timeout_s,
            reserved_concurrency=1 if settings.cells.reserves_concurrency else None,
            defaults=defaults,
            more_layers=[signal],
            environment={
                # numpy's linear algebra has nothing to share out; its threads cost each start 40 ms of the processor.
                "OPENBLAS_NUM_THREADS": "1",
                # Its many threads each keep some memory of their own otherwise, which is never given back.
                "MALLOC_ARENA_MAX": "2",
                "SESSIONS_TABLE_NAME": data.sessions.table_name,
                "CONNECTIONS_TABLE_NAME": data.connections.table_name,
                "SEGMENTS_TABLE_NAME": data.segments.table_name,
                "RATE_LIMITS_TABLE_NAME": data.rate_limits.table_name,
                "AUDIO_STREAM_NAME": stream.stream_name,
                "S3_BUCKET_NAME": data.bucket.bucket_name,
                "PRESIGNED_URL_EXPIRATION": str(settings.presigned_url_expiration_s),
                "WEBSOCKET_MANAGEMENT_ENDPOINT": websocket.management_endpoint,
                "NOTIFICATION_SENDER_FUNCTION_NAME": sender.function_name,
                "SEGMENT_RETENTION_HOURS": str(settings.segment_retention_h),
                "MAX_SEGMENT_SECONDS": str(settings.max_segment_s),
                "CELL_COUNT": str(settings.cells.count),
                "POLLY_NEURAL_PER_S": str(settings.cells.polly_neural_per_s),
                "POLLY_STANDARD_PER_S": str(settings.cells.polly_standard_per_s),
                "SPOKEN_LANGUAGES_PER_SESSION": str(settings.spoken_languages_per_session),
                "RESULT_WAIT_MS": str(settings.cells.result_wait_ms),
                "PENDING_RESULT_WAIT_MS": str(settings.cells.pending_result_wait_ms),
                **(
                    {"DRAFT_AFTER_QUIET_MS": str(settings.draft_after_quiet_ms)}
                    if settings.draft_after_quiet_ms is not None
                    else {}
                ),
            },
        )
        # A transaction needs the permissions of the writes in it.
        function.grant("dynamodb:GetItem", "dynamodb:UpdateItem", on=[data.sessions.table_arn])
        function.grant("dynamodb:DeleteItem", "dynamodb:PutItem", on=[data.connections.table_arn])
        function.grant("dynamodb:UpdateItem", on=[data.rate_limits.table_arn])
        function.grant("dynamodb:Query", on=[data.session_language_index_arn])
        function.grant("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query", on=[data.segments.table_arn])
        function.grant("s3:PutObject", "s3:GetObject", on=[data.clips_arn])
        function.grant(MANAGE_CONNECTIONS, on=[websocket.connections_arn])
        function.grant(INVOKE_FUNCTION, on=[sender.function_arn])
        # These have no resources of their own to name.
        function.grant(
            "transcribe:StartStreamTranscription", "translate:TranslateText", "polly:SynthesizeSpeech", on=["*"]
        )
        return function
