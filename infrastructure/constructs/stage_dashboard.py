"""The dashboard of a stage, from what matters to everybody at the top to what matters to the owner at the bottom."""

from collections.abc import Sequence
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infrastructure.constructs.stage_metrics import (
    AUTHORIZER,
    CONNECTIONS,
    DISCONNECTS,
    FIVE_MINUTES,
    PROCESSOR,
    SESSIONS,
    StageMetrics,
    percentage,
)

_COLUMNS: Final = 24
_GRAPH_HEIGHT: Final = 6

_ALARMS_OF_A_WIDGET: Final = 100
"""Source: CloudWatch API reference, "Dashboard body structure and syntax", alarm widgets."""

_HOPS: Final = (
    ("StreamLatency", "to the processor", PROCESSOR),
    ("TranscriptionLatency", "recognised", PROCESSOR),
    ("TranslationLatency", "translated", PROCESSOR),
    ("TTSLatency", "spoken", PROCESSOR),
    ("ClipUploadLatency", "clip stored", PROCESSOR),
    ("CommitLatency", "committed", PROCESSOR),
    ("NotificationLatency", "listeners told", PROCESSOR),
    ("S3DownloadLatency", "clip fetched", CONNECTIONS),
    ("PlaybackWait", "waited for its turn", CONNECTIONS),
)
"""Metric, what has happened by then, and who measures it; in the order in which a sentence passes them."""

SHARD_BYTES_PER_MINUTE: Final = 60_000_000
"""Source: Kinesis service-sizes-and-limits, 1 MB/s in."""


class StageDashboard(Construct):
    """One page for whoever is called when something is wrong.

    Attributes:
        dashboard: Named by CloudFormation.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        metrics: StageMetrics,
        alarms: Sequence[cloudwatch.IAlarm],
        transcribe_streams: int,
        end_to_end_ms: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self._metrics = metrics
        self.dashboard = cloudwatch.Dashboard(self, "Dashboard", default_interval=Duration.hours(3))
        self._served(alarms, end_to_end_ms)
        self._latency()
        self._failures()
        self._load(transcribe_streams)
        self._costs()

    def _served(self, alarms: Sequence[cloudwatch.IAlarm], end_to_end_ms: int) -> None:
        metrics = self._metrics
        self._title("Is the room served now?", "Red alarms say what to do; docs/operations.md says more.")
        for first in range(0, len(alarms), _ALARMS_OF_A_WIDGET):
            shown = list(alarms[first : first + _ALARMS_OF_A_WIDGET])
            self.dashboard.add_widgets(
                cloudwatch.AlarmStatusWidget(
                    title="More alarms" if first else "Alarms",
                    alarms=shown,
                    width=_COLUMNS,
                    height=3 + (len(shown) + 7) // 8,
                )
            )
        delay = [metrics.own("EndToEndLatency", by=CONNECTIONS, statistic=each, label=each) for each in ("p50", "p95")]
        age = [metrics.function(each, "IteratorAge", statistic="Maximum") for each in metrics.processors]
        people = [
            metrics.per_minute("AudioMsProcessed", label="Speakers on the air"),
            metrics.per_minute("ListenerMs", label="Listeners"),
        ]
        self._numbers(
            ("End to end, ms", delay),
            ("Oldest waiting audio, ms", age),
            (
                "Chunks in a minute",
                [
                    metrics.own("AudioChunksReceived", by=CONNECTIONS, label="received"),
                    metrics.own("AudioChunksProcessed", label="processed"),
                ],
            ),
            (
                "Records that no processor takes",
                [metrics.undelivered(cell) for cell in range(len(metrics.stream_names))],
            ),
            ("Now in the room", people),
            ("Failing, %", [*(self._errors(each) for each in metrics.processors), self._clip_failures()]),
        )
        self._graphs(
            self._graph(
                "End to end: from the speech in the stream to the listeners' ears, ms",
                delay,
                limit=end_to_end_ms,
                limit_is="alarm on p95",
            ),
            self._graph("Who is in the room", people),
            self._graph("Oldest waiting audio, ms", age),
        )

    def _latency(self) -> None:
        self._title("Latency by hop", "Which part of the way has grown? What each hop includes: docs/observability.md.")
        self._graphs(
            *(
                self._graph(
                    f"{title}, ms",
                    [self._metrics.own(name, by=by, statistic=stat, label=hop) for name, hop, by in _HOPS],
                )
                for stat, title in (("p50", "Half of the sentences are within"), ("p95", "19 of 20 are within"))
            ),
            self._graph(
                "Duration of an invocation, p95, ms",
                [self._metrics.function(each, "Duration", statistic="p95") for each in self._metrics.function_names],
            ),
        )

    def _failures(self) -> None:
        metrics = self._metrics
        self._title("Failures by service", "What is lost, and for whom?")
        self._graphs(
            self._graph("Functions: invocations that fail, %", [self._errors(each) for each in metrics.function_names]),
            self._own(
                "Recognition", "TranscribeStreamsRefused", "SessionBatchFailures", "SessionRetries", "RecordsDropped",
                "BadRecords", "SilentSessionsUnfinished", "SessionsCarriedOver",
            ),
            self._own("Sentences without translation or voice", "TranslationFailures", "SynthesisFailures"),
        )  # fmt: skip
        self._graphs(
            self._graph("The same by language", [metrics.own_by_language("TranslationFailures", "SynthesisFailures")]),
            self._own("Audio on its way", "AudioGaps", "Replays", "DuplicateChunks", "Redeliveries"),
            self._graph(
                "Listeners",
                [
                    *(metrics.summed(name) for name in ("NotificationsFailed", "ConnectionsGone")),
                    *(metrics.own(name, by=CONNECTIONS) for name in ("ClipDownloadFailures", "ClipsSkipped")),
                ],
            ),
        )
        self._graphs(
            self._graph(
                "Refused",
                [
                    metrics.own("ConnectionsRefused", by=AUTHORIZER),
                    metrics.own("MessagesRefused", by=CONNECTIONS),
                    metrics.own("MessagesFailed", by=CONNECTIONS),
                    metrics.own("HttpRequestsRefused", by=SESSIONS),
                    metrics.own("SessionsRefusedAtCapacity", by=SESSIONS),
                ],
            ),
            self._graph(
                "API Gateway",
                [
                    *(metrics.websocket(name) for name in ("ClientError", "IntegrationError", "ExecutionError")),
                    *(metrics.http(name) for name in ("4xx", "5xx")),
                ],
            ),
            self._graph(
                "Dead letters", [metrics.dead_letters(cell) for cell in range(len(metrics.failure_queue_names))]
            ),
        )

        self._graphs(
            self._graph(
                "Over a limit",
                [
                    *(metrics.summed(name) for name in ("JoinsLimited", "LimitsUnchecked")),
                    metrics.own("HttpRequestsLimited", by=SESSIONS),
                    *(
                        metrics.own(name, by=CONNECTIONS)
                        for name in ("ListenersRefusedAtCapacity", "AudioChunksLimited", "MessagesLimited")
                    ),
                ],
            ),
            self._graph(
                "How speakers sound, dB",
                [
                    metrics.own(name, statistic=statistic, label=label)
                    for name, statistic, label in (
                        ("SpeechSnr", "p10", "Over the noise, p10"),
                        ("SpeechLoudness", "p10", "Loudness, p10"),
                        ("SpeechLoudness", "p90", "Loudness, p90"),
                    )
                ],
                least=None,
            ),
            self._own("Speakers told of bad sound", "QualityWarnings"),
        )

    def _load(self, transcribe_streams: int) -> None:
        metrics = self._metrics
        cells = range(len(metrics.stream_names))
        self._title("Load and quotas", "How much room is left?")
        self._graphs(
            self._graph(
                "Transcribe streams",
                [metrics.per_minute("TranscribedMs", label="In use")],
                limit=transcribe_streams,
            ),
            self._graph(
                "Bytes into each cell's stream in a minute",
                [metrics.stream(cell, "IncomingBytes") for cell in cells],
                limit=SHARD_BYTES_PER_MINUTE,
            ),
            self._graph(
                "Chunks",
                [metrics.own("AudioChunksReceived", by=CONNECTIONS), metrics.own("AudioChunksProcessed")],
            ),
        )
        self._graphs(
            self._graph(
                "Throttles",
                [
                    *(metrics.function(each, "Throttles") for each in metrics.function_names),
                    *(metrics.stream(cell, "WriteProvisionedThroughputExceeded") for cell in cells),
                    *(metrics.table(each, "WriteThrottleEvents") for each in metrics.table_names),
                ],
            ),
            self._own(
                "Polly's quota and refusals",
                "RenditionsUnspokenAtCapacity",
                "SpeechWithStandardEngine",
                "SpeechOverQuota",
                "SpeechMarkupRefused",
            ),
            self._graph(
                "Sessions and connections",
                [
                    metrics.own("SessionsCreated", by=SESSIONS),
                    metrics.websocket("ConnectCount"),
                    metrics.own("ConnectionsClosed", by=DISCONNECTS),
                    metrics.own("TranscribeStreamsOpened"),
                ],
            ),
        )

    def _costs(self) -> None:
        metrics = self._metrics
        self._title("What it costs", "The units that are paid for; make cost knows their prices.")
        self._graphs(
            self._own(
                "Characters", "CharactersTranslated", "CharactersSpokenNeural", "CharactersSpokenStandard"
            ),
            self._graph(
                "Minutes in a minute",
                [
                    metrics.per_minute("TranscribedMs", label="Transcribed"),
                    metrics.per_minute("ListenerMs", label="Listened to"),
                ],
            ),
            self._graph(
                "Messages",
                [
                    metrics.websocket("MessageCount"),
                    metrics.summed("NotificationsSent"),
                    metrics.summed("NotificationsHandedOn"),
                    metrics.http("Count"),
                ],
            ),
        )  # fmt: skip
        self._graphs(
            self._own("Sentences", "SegmentsCommitted", "Renditions"),
            self._own("Made ahead, and what came of it", "DraftsBegun", "DraftsUsed", "PhraseCacheHits"),
            self._graph(
                "Units of the tables",
                [metrics.table(each, "ConsumedWriteCapacityUnits") for each in metrics.table_names],
            ),
        )

    def _errors(self, function: str) -> cloudwatch.MathExpression:
        metrics = self._metrics
        return percentage(
            metrics.function(function, "Errors", period=FIVE_MINUTES),
            metrics.function(function, "Invocations", period=FIVE_MINUTES),
            of_at_least=1,
        )

    def _clip_failures(self) -> cloudwatch.MathExpression:
        return percentage(
            self._metrics.own("ClipDownloadFailures", by=CONNECTIONS, period=FIVE_MINUTES, label="clips"),
            self._metrics.own("ClipsReported", by=CONNECTIONS, period=FIVE_MINUTES),
            of_at_least=1,
        )

    def _title(self, title: str, question: str) -> None:
        self.dashboard.add_widgets(cloudwatch.TextWidget(markdown=f"## {title}\n{question}", width=_COLUMNS, height=2))

    def _numbers(self, *numbers: tuple[str, Sequence[cloudwatch.IMetric]]) -> None:
        self.dashboard.add_widgets(
            *(
                cloudwatch.SingleValueWidget(
                    title=title, metrics=list(shown), width=_COLUMNS // len(numbers), height=4, sparkline=True
                )
                for title, shown in numbers
            )
        )

    def _graphs(self, *graphs: cloudwatch.GraphWidget) -> None:
        self.dashboard.add_widgets(*graphs)

    def _own(self, title: str, *names: str) -> cloudwatch.GraphWidget:
        return self._graph(title, [self._metrics.own(name) for name in names])

    def _graph(
        self,
        title: str,
        metrics: Sequence[cloudwatch.IMetric],
        *,
        limit: float | None = None,
        limit_is: str = "quota",
        least: float | None = 0,
    ) -> cloudwatch.GraphWidget:
        annotation = (
            []
            if limit is None
            else [cloudwatch.HorizontalAnnotation(value=limit, label=limit_is, color=cloudwatch.Color.RED)]
        )
        return cloudwatch.GraphWidget(
            title=title,
            left=list(metrics),
            left_annotations=annotation,
            left_y_axis=cloudwatch.YAxisProps(min=least),
            width=_COLUMNS // 3,
            height=_GRAPH_HEIGHT,
        )
