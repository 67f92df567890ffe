"""What an operator sees: the dashboard, the alarms and where they go."""

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from infrastructure.constructs.alarm_topic import AlarmTopic
from infrastructure.constructs.stage_alarms import StageAlarms
from infrastructure.constructs.stage_dashboard import StageDashboard
from infrastructure.constructs.stage_metrics import StageMetrics
from infrastructure.settings import StageSettings
from infrastructure.stacks.api import ApiStack
from infrastructure.stacks.data import SESSION_LANGUAGE_INDEX, DataStack
from infrastructure.stacks.processing import ProcessingStack


class ObservabilityStack(Stack):
    """Watches the other stacks and changes nothing in them; it can be deployed again or deleted at any time."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: StageSettings,
        data: DataStack,
        api: ApiStack,
        processing: ProcessingStack,
    ) -> None:
        super().__init__(scope, construct_id)
        metrics = StageMetrics(
            namespace=settings.metrics_namespace,
            function_names={
                **{
                    f"{each.name} cell {cell}": each.function.function_name
                    for cell, each in enumerate(processing.functions)
                },
                **{each.name: each.function.function_name for each in api.functions},
            },
            stream_names=tuple(stream.stream_name for stream in data.streams),
            failure_queue_names=tuple(each.failure_queue.queue_name for each in processing.consumers),
            table_names={
                table.node.id: table.table_name
                for table in (data.sessions, data.connections, data.segments, data.rate_limits)
            },
            connections_table=data.connections.node.id,
            index_name=SESSION_LANGUAGE_INDEX,
            websocket_api_id=api.websocket.api_id,
            websocket_stage=settings.name,
            http_api_id=api.http.api_id,
        )
        topic = AlarmTopic(self, "AlarmTopic", email=settings.alarm_email).topic
        alarms = StageAlarms(
            self,
            "Alarms",
            metrics=metrics,
            transcribe_streams=settings.cells.transcribe_streams,
            record_age_s=settings.cells.record_age_s,
            end_to_end_ms=settings.end_to_end_alarm_ms,
            topic=topic,
        )
        dashboard = StageDashboard(
            self,
            "Overview",
            metrics=metrics,
            alarms=alarms.alarms,
            transcribe_streams=settings.cells.transcribe_streams,
            end_to_end_ms=settings.end_to_end_alarm_ms,
        ).dashboard
        CfnOutput(self, "DashboardName", value=dashboard.dashboard_name)
        CfnOutput(self, "AlarmTopicArn", value=topic.topic_arn)
