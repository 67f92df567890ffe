"""The alarms of a stage. Each says what is wrong, what to do, and where docs/operations.md says more."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from infrastructure.constructs.stage_metrics import (
    CONNECTIONS,
    FIVE_MINUTES,
    MINUTE,
    SESSIONS,
    StageMetrics,
    percentage,
)

MAX_ERRORS_PERCENT: Final = 5
MAX_FAILED_DOWNLOADS_PERCENT: Final = 10
"""Promised by docs/operations.md, "A function fails" and "Listeners are not reached"."""

MAX_ITERATOR_AGE_MS: Final = 10_000
"""Older audio is late for everybody; at the stage's record age it is lost."""

QUOTA_IS_NEAR: Final = 0.8
"""Of a quota: a raise takes a day, so there should be a day's growth left."""

_ENOUGH_REPORTS: Final = 10
"""Clips heard in a minute; fewer come from a single listener, whose own network may be the reason."""

_ENOUGH: Final = 20
"""Occasions in five minutes; of fewer, one failure is 5 %."""

_SPOKEN: Final = 60
"""Chunks in a minute, 15 s of one speaker; fewer can come in one minute and be processed in the next."""


class Page(StrEnum):
    """Sections of docs/operations.md."""

    STOPPED = "Nothing is processed"
    LATENCY = "The latency alarm"
    BACKLOG = "Audio is waiting"
    DEAD_LETTERS = "Dead letters"
    TRANSCRIBE = "Transcribe at capacity"
    FUNCTIONS = "A function fails"
    SPEECH = "Speech services fail"
    DELIVERY = "Listeners are not reached"
    THROTTLING = "Throttling"
    CAPACITY = "Speakers are turned away"


class StageAlarms(Construct):
    """All alarms of a stage; they tell the topic when they go off and when it is over.

    Missing data is never an alarm: a room in which nobody speaks measures nothing. That work has stopped altogether
    shows where it comes in and not where it is done.

    Attributes:
        alarms: In the order in which an operator should look at them.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        metrics: StageMetrics,
        transcribe_streams: int,
        record_age_s: int,
        end_to_end_ms: int,
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self.alarms: list[cloudwatch.Alarm] = []
        self._metrics = metrics
        self._action = actions.SnsAction(topic)
        self._served(record_age_s, end_to_end_ms)
        self._functions()
        self._speech(transcribe_streams)
        self._delivery()
        self._throttles()

    def _served(self, record_age_s: int, end_to_end_ms: int) -> None:
        metrics = self._metrics
        self._stopped(
            "ProcessingStopped",
            metrics.unprocessed(),
            says="Somebody speaks and nothing is processed, in no cell: nobody hears anything. Look at the log of "
            "audio_processor; after a deployment, deploy the version before it.",
        )
        for cell in range(len(metrics.stream_names)):
            self._stopped(
                f"Cell{cell}Stopped",
                metrics.undelivered(cell),
                says=f"Audio comes into the stream of cell {cell} and its audio_processor is not invoked. See whether "
                "the event source mapping is enabled and what it says of its last result.",
            )
        self._alarm(
            "EndToEndLatency",
            cloudwatch.MathExpression(
                expression=f"IF(heard >= {_ENOUGH_REPORTS}, p95, 0)",
                using_metrics={
                    "p95": metrics.own("EndToEndLatency", by=CONNECTIONS, statistic="p95"),
                    "heard": metrics.own("EndToEndLatency", by=CONNECTIONS, statistic="SampleCount"),
                },
                label="End to end, p95 in ms",
                period=MINUTE,
            ),
            above=end_to_end_ms,
            minutes=5,
            of_them=3,
            says=f"One clip in twenty is heard more than {end_to_end_ms / 1_000:g} s late. Find the hop that has "
            "grown in the dashboard's latency row.",
            page=Page.LATENCY,
        )
        for cell, processor in enumerate(metrics.processors):
            self._alarm(
                f"Cell{cell}IteratorAge",
                metrics.function(processor, "IteratorAge", statistic="Maximum"),
                above=MAX_ITERATOR_AGE_MS,
                minutes=3,
                says=f"Audio waits more than 10 s in cell {cell}; at {record_age_s} s it is dropped. Look for errors, "
                "throttles and long durations of the cell's audio_processor.",
                page=Page.BACKLOG,
            )
        for cell in range(len(metrics.failure_queue_names)):
            self._alarm(
                f"Cell{cell}DeadLetters",
                metrics.dead_letters(cell),
                above=0,
                says=f"Cell {cell} has given up a batch: some seconds of speech were not translated. Read the message "
                "for the reason, look at the log of that minute, then purge the queue.",
                page=Page.DEAD_LETTERS,
            )

    def _functions(self) -> None:
        metrics = self._metrics
        for function, name in ((each, _pascal(each)) for each in metrics.function_names):
            self._rate(
                f"{name}Errors",
                metrics.function(function, "Errors", period=FIVE_MINUTES),
                metrics.function(function, "Invocations", period=FIVE_MINUTES),
                says=f"More than 5 % of the invocations of {function} end in an error. Read its log (make logs); after "
                "a deployment, deploy the version before it.",
                page=Page.FUNCTIONS,
            )
            self._alarm(
                f"{name}Throttles",
                metrics.function(function, "Throttles"),
                above=0,
                minutes=5,
                of_them=3,
                says=f"Lambda refuses to run {function}: the account has no concurrency left. Raise the quota of "
                "concurrent executions.",
                page=Page.THROTTLING,
            )
        self._rate(
            "MessageFailures",
            metrics.own("MessagesFailed", by=CONNECTIONS, period=FIVE_MINUTES),
            metrics.function(CONNECTIONS, "Invocations", period=FIVE_MINUTES),
            says="More than 5 % of the clients' messages could not be carried out through no fault of theirs. The log "
            "of connection_handler names the service.",
            page=Page.FUNCTIONS,
        )
        self._rate(
            "HttpServerErrors",
            metrics.http("5xx", period=FIVE_MINUTES),
            metrics.http("Count", period=FIVE_MINUTES),
            says="More than 5 % of the HTTP requests are answered 5xx: sessions cannot be created. Read the log of "
            "http_session_handler.",
            page=Page.FUNCTIONS,
        )
        self._rate(
            "WebSocketErrors",
            metrics.websocket("ExecutionError", period=FIVE_MINUTES),
            metrics.websocket("MessageCount", period=FIVE_MINUTES),
            says="API Gateway cannot call the functions behind the WebSocket API. Look for a permission or a timeout "
            "in its log.",
            page=Page.FUNCTIONS,
        )

    def _speech(self, transcribe_streams: int) -> None:
        metrics = self._metrics
        self._alarm(
            "TranscribeStreams",
            metrics.per_minute("TranscribedMs", label="Streams in use"),
            above=round(QUOTA_IS_NEAR * transcribe_streams, 1),
            minutes=5,
            of_them=3,
            says=f"More than 80 % of the {transcribe_streams} Transcribe streams are in use. Request more concurrent "
            "streams, then raise cells.transcribe_streams and cells.count.",
            page=Page.TRANSCRIBE,
        )
        self._alarm(
            "TranscribeRefusals",
            metrics.own("TranscribeStreamsRefused"),
            above=2,
            minutes=5,
            of_them=2,
            says="Transcribe does not open streams. It is at its quota, or disturbed: see the account's quotas and "
            "AWS's health page. The audio is kept and tried again.",
            page=Page.TRANSCRIBE,
        )
        for name, part, whole, what in (
            ("SessionBatchFailures", "SessionBatchFailures", "SessionBatches", "batches of a session's audio fail"),
            ("TranslationFailures", "TranslationFailures", "Renditions", "sentences are shown untranslated"),
            ("SynthesisFailures", "SynthesisFailures", "Renditions", "sentences are shown but not spoken"),
        ):
            self._rate(
                name,
                metrics.own(part, period=FIVE_MINUTES),
                metrics.own(whole, period=FIVE_MINUTES),
                says=f"More than 5 % of the {what}. The dashboard names the language; the log of audio_processor names "
                "the error; see AWS's health page and the service's quota.",
                page=Page.SPEECH,
            )

    def _delivery(self) -> None:
        metrics = self._metrics
        self._rate(
            "ClipDownloads",
            metrics.own("ClipDownloadFailures", by=CONNECTIONS, period=FIVE_MINUTES),
            metrics.own("ClipsReported", by=CONNECTIONS, period=FIVE_MINUTES),
            above=MAX_FAILED_DOWNLOADS_PERCENT,
            says="More than 10 % of the clips could not be fetched or decoded. Fetch one yourself: look at the CORS "
            "rules of the bucket, the lifetime of addresses, and the listeners' network.",
            page=Page.DELIVERY,
        )
        self._rate(
            "Notifications",
            metrics.every("NotificationsFailed", period=FIVE_MINUTES),
            metrics.every("NotificationsSent", period=FIVE_MINUTES),
            says="More than 5 % of the notices do not reach connections that exist. Look at the throttle of API "
            "Gateway, which @connections shares with all APIs of the account.",
            page=Page.DELIVERY,
        )
        self._alarm(
            "AtCapacity",
            metrics.own("SessionsRefusedAtCapacity", by=SESSIONS, period=FIVE_MINUTES),
            above=0,
            says="A speaker was told that there is no room for one more session. Add a cell, within the Transcribe "
            "quota.",
            page=Page.CAPACITY,
        )

    def _throttles(self) -> None:
        metrics = self._metrics
        for cell in range(len(metrics.stream_names)):
            self._alarm(
                f"Cell{cell}StreamThrottles",
                metrics.stream(cell, "WriteProvisionedThroughputExceeded"),
                above=0,
                minutes=5,
                of_them=3,
                says=f"The stream of cell {cell} refuses audio: more than 1 MB/s or 1,000 records/s. The apps send it "
                "again. Lower cells.sessions_per_cell and add a cell.",
                page=Page.THROTTLING,
            )
        for name, table in metrics.table_names.items():
            for event in ("ReadThrottleEvents", "WriteThrottleEvents"):
                self._table_throttles(f"{name}{event}", metrics.table(name, event), table)
        self._table_throttles(
            "ConnectionsIndexReadThrottleEvents", metrics.index("ReadThrottleEvents"), metrics.index_name
        )

    def _table_throttles(self, construct_id: str, metric: cloudwatch.Metric, table: str) -> None:
        self._alarm(
            construct_id,
            metric,
            above=0,
            minutes=5,
            of_them=3,
            says=f"DynamoDB refuses requests to {table} for minutes. A single hot key or the account's table quota is "
            "the reason: see the table's metrics.",
            page=Page.THROTTLING,
        )

    def _stopped(self, construct_id: str, metric: cloudwatch.IMetric, *, says: str) -> None:
        # The newest minute is often not complete: three of five are.
        self._alarm(construct_id, metric, above=_SPOKEN - 1, minutes=5, of_them=3, says=says, page=Page.STOPPED)

    def _rate(
        self,
        construct_id: str,
        part: cloudwatch.Metric | Sequence[cloudwatch.Metric],
        whole: cloudwatch.Metric | Sequence[cloudwatch.Metric],
        *,
        above: float = MAX_ERRORS_PERCENT,
        says: str,
        page: Page,
    ) -> None:
        self._alarm(construct_id, percentage(part, whole, of_at_least=_ENOUGH), above=above, says=says, page=page)

    def _alarm(
        self,
        construct_id: str,
        metric: cloudwatch.IMetric,
        *,
        above: float,
        minutes: int = 1,
        of_them: int | None = None,
        says: str,
        page: Page,
    ) -> None:
        """An alarm.

        Args:
            construct_id: PascalCase noun.
            metric: Its period is one ``minute`` of those below, unless it has a longer one.
            above: The last value that is in order.
            minutes: How many periods are looked at.
            of_them: How many of them have to be above; None for all.
            says: What is wrong, and what to do.
            page: Where to read on.
        """
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            metric=metric,
            threshold=above,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=minutes,
            datapoints_to_alarm=of_them or minutes,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=f'{says} See docs/operations.md, "{page}".',
        )
        alarm.add_alarm_action(self._action)
        alarm.add_ok_action(self._action)
        self.alarms.append(alarm)


def _pascal(function: str) -> str:
    """``audio_processor 0`` becomes ``AudioProcessor0``."""
    return "".join(part.capitalize() for part in function.replace(" ", "_").split("_"))
