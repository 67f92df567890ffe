"""What a stage measures, as CloudWatch metrics: its own by name, those of AWS by the stage's resources."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

MINUTE: Final = Duration.minutes(1)
FIVE_MINUTES: Final = Duration.minutes(5)

PROCESSOR: Final = "audio_processor"
CONNECTIONS: Final = "connection_handler"
AUTHORIZER: Final = "authorizer"
SESSIONS: Final = "http_session_handler"
DISCONNECTS: Final = "disconnect_handler"

_NOTIFIERS: Final = (PROCESSOR, CONNECTIONS, DISCONNECTS)

WRITERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "NotificationsSent": _NOTIFIERS,
        "NotificationsFailed": _NOTIFIERS,
        "ConnectionsGone": _NOTIFIERS,
        "NotificationsHandedOn": (PROCESSOR, CONNECTIONS),
        "JoinsLimited": (AUTHORIZER, SESSIONS),
        "LimitsUnchecked": (AUTHORIZER, CONNECTIONS, SESSIONS),
    }
)
"""The functions that write a metric, where several do."""

_MS_PER_MINUTE: Final = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StageMetrics:
    """The metrics of one stage.

    Attributes:
        namespace: Of the functions' own metrics.
        function_names: Physical names by what people call the functions.
        stream_names: One per cell, in the cells' order.
        failure_queue_names: The same.
        table_names: Physical names by what people call the tables.
        index_name: The index of the connections' table.
        websocket_api_id: Its only stage is ``websocket_stage``.
        http_api_id: Its only stage is ``$default``.
    """

    namespace: str
    function_names: Mapping[str, str]
    stream_names: tuple[str, ...]
    failure_queue_names: tuple[str, ...]
    table_names: Mapping[str, str]
    connections_table: str
    index_name: str
    websocket_api_id: str
    websocket_stage: str
    http_api_id: str

    def own(
        self,
        name: str,
        *,
        by: str = PROCESSOR,
        statistic: str = "Sum",
        label: str | None = None,
        period: Duration = MINUTE,
    ) -> cloudwatch.Metric:
        """A metric that a function writes; docs/observability.md lists them.

        Args:
            name: As the code has it.
            by: The function that writes it.
            statistic: ``Sum``, ``p95`` and so on.
            label: In graphs; None for the name.
            period: Of each value.
        """
        return cloudwatch.Metric(
            namespace=self.namespace,
            metric_name=name,
            dimensions_map={"service": by},
            statistic=statistic,
            label=label or name,
            period=period,
        )

    def every(self, name: str, *, period: Duration = MINUTE) -> tuple[cloudwatch.Metric, ...]:
        """A counter that several functions write, from each of them."""
        return tuple(self.own(name, by=by, label=f"{name} {by}", period=period) for by in WRITERS[name])

    def summed(self, name: str) -> cloudwatch.MathExpression:
        """A counter that several functions write, all of them together."""
        metrics = self.every(name)
        return cloudwatch.MathExpression(
            expression=_sum(metrics), using_metrics={_id(each): each for each in metrics}, label=name, period=MINUTE
        )

    def own_by_language(self, *names: str) -> cloudwatch.MathExpression:
        """Every language's counter of these names, whichever languages there are by now."""
        wanted = " OR ".join(f'"{name}"' for name in names)
        return cloudwatch.MathExpression(
            expression=f"SEARCH('{{{self.namespace},language,service}} MetricName=({wanted})', 'Sum', 300)",
            using_metrics={},
            label="",
            period=FIVE_MINUTES,
        )

    def per_minute(self, name: str, *, label: str, by: str = PROCESSOR) -> cloudwatch.MathExpression:
        """A counter of milliseconds as minutes for each minute: how many at the same time, all cells together."""
        metric = self.own(name, by=by)
        return cloudwatch.MathExpression(
            expression=f"{_id(metric)} / {_MS_PER_MINUTE}",
            using_metrics={_id(metric): metric},
            label=label,
            period=MINUTE,
        )

    def function(
        self, function: str, name: str, *, statistic: str = "Sum", period: Duration = MINUTE
    ) -> cloudwatch.Metric:
        """A metric that Lambda keeps of one function."""
        dimensions = {"FunctionName": self.function_names[function]}
        return _aws("Lambda", name, dimensions, statistic=statistic, label=function, period=period)

    def stream(self, cell: int, name: str, *, period: Duration = MINUTE) -> cloudwatch.Metric:
        """A metric that Kinesis keeps of a cell's stream."""
        return _aws("Kinesis", name, {"StreamName": self.stream_names[cell]}, label=f"cell {cell}", period=period)

    def dead_letters(self, cell: int) -> cloudwatch.Metric:
        """How many batches a cell has given up that nobody has looked at."""
        dimensions = {"QueueName": self.failure_queue_names[cell]}
        name = "ApproximateNumberOfMessagesVisible"
        return _aws("SQS", name, dimensions, statistic="Maximum", label=f"cell {cell}", period=MINUTE)

    def table(self, table: str, name: str, *, period: Duration = MINUTE) -> cloudwatch.Metric:
        """A metric that DynamoDB keeps of a table."""
        return _aws("DynamoDB", name, {"TableName": self.table_names[table]}, label=table, period=period)

    def index(self, name: str, *, period: Duration = MINUTE) -> cloudwatch.Metric:
        """A metric that DynamoDB keeps of the connections' index, apart from its table."""
        dimensions = {
            "TableName": self.table_names[self.connections_table],
            "GlobalSecondaryIndexName": self.index_name,
        }
        return _aws("DynamoDB", name, dimensions, label=f"index of {self.connections_table}", period=period)

    def websocket(self, name: str, *, period: Duration = MINUTE) -> cloudwatch.Metric:
        """A metric that API Gateway keeps of the WebSocket API."""
        dimensions = {"ApiId": self.websocket_api_id, "Stage": self.websocket_stage}
        return _aws("ApiGateway", name, dimensions, label=f"WebSocket {name}", period=period)

    def http(self, name: str, *, period: Duration = MINUTE) -> cloudwatch.Metric:
        """A metric that API Gateway keeps of the HTTP API."""
        dimensions = {"ApiId": self.http_api_id, "Stage": "$default"}
        return _aws("ApiGateway", name, dimensions, label=f"HTTP {name}", period=period)

    def unprocessed(self) -> cloudwatch.MathExpression:
        """Chunks that came in a minute in which none was processed, all cells together."""
        return _without(self.own("AudioChunksReceived", by=CONNECTIONS), self.own("AudioChunksProcessed"))

    def undelivered(self, cell: int) -> cloudwatch.MathExpression:
        """Records that came into a cell's stream in a minute in which its processor was not invoked."""
        invocations = self.function(self.processors[cell], "Invocations")
        return _without(self.stream(cell, "IncomingRecords"), invocations, label=f"cell {cell}")

    @property
    def processors(self) -> tuple[str, ...]:
        """What people call the cells' audio processors, in the cells' order."""
        return tuple(name for name in self.function_names if name.startswith(PROCESSOR))


def _aws(
    service: str,
    name: str,
    dimensions: Mapping[str, str],
    *,
    statistic: str = "Sum",
    label: str,
    period: Duration,
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=f"AWS/{service}",
        metric_name=name,
        dimensions_map=dict(dimensions),
        statistic=statistic,
        label=label,
        period=period,
    )


def _id(metric: cloudwatch.Metric) -> str:
    """A name in an expression; within one graph it stands for one metric."""
    return re.sub(r"\W", "_", f"m_{metric.metric_name}_{metric.label}")


def _sum(metrics: Sequence[cloudwatch.Metric]) -> str:
    """The sum of counters; one that has not been written counts as zero."""
    return " + ".join(f"FILL({_id(each)}, 0)" for each in metrics)


def percentage(
    part: cloudwatch.Metric | Sequence[cloudwatch.Metric],
    whole: cloudwatch.Metric | Sequence[cloudwatch.Metric],
    *,
    of_at_least: int,
) -> cloudwatch.MathExpression:
    """A share in percent, 0 while the whole is so small that it says nothing.

    A counter that has not been written counts as zero. Several are added up.
    """
    parts = [part] if isinstance(part, cloudwatch.Metric) else part
    wholes = [whole] if isinstance(whole, cloudwatch.Metric) else whole
    total = _sum(wholes) if len(wholes) > 1 else _id(wholes[0])
    return cloudwatch.MathExpression(
        expression=f"IF({total} >= {of_at_least}, 100 * ({_sum(parts)}) / ({total}), 0)",
        using_metrics={_id(each): each for each in (*parts, *wholes)},
        label=parts[0].metric_name if len(parts) > 1 else parts[0].label or "",
        period=FIVE_MINUTES,
    )


def _without(
    work: cloudwatch.Metric, done: cloudwatch.Metric, *, label: str | None = None
) -> cloudwatch.MathExpression:
    """How much work came in each minute in which nothing was done; 0 while anything is.

    Neither counter is written when there is nothing to count, so that both are filled with zeros; a counter without a
    single value in the period is, too. CloudWatch fills a minute that merely is not there yet as well: an alarm has to
    ask for several.
    Source: CloudWatch user guide, "Using metric math", FILL.
    """
    a, b = _id(work), _id(done)
    return cloudwatch.MathExpression(
        expression=f"IF(FILL({b}, 0) == 0, FILL({a}, 0), 0)",
        using_metrics={a: work, b: done},
        label=label or work.label or "",
        period=MINUTE,
    )
