"""The access logs of API Gateway's stages: one JSON line per request, without anything that a caller has sent.

The groups are named by CloudFormation like everything else, without the prefix ``/aws/vendedlogs/``. It saves room in
the account's one resource policy of 5,120 characters, which API Gateway extends for each group of an HTTP API; newer
subscriptions have a policy at the group itself, and WebSocket APIs write with the account's log role.
Source: CloudWatch Logs user guide, "Logs sent to CloudWatch Logs"; PutResourcePolicy.
"""

import json
from collections.abc import Mapping
from typing import Final

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigwv2
from aws_cdk import aws_logs as logs
from constructs import Construct

WEBSOCKET_FIELDS: Final = {
    "requestTime": "$context.requestTime",
    "requestId": "$context.requestId",
    "connectionId": "$context.connectionId",
    "eventType": "$context.eventType",
    "routeKey": "$context.routeKey",
    "status": "$context.status",
    "authorizerStatus": "$context.authorizer.status",
    "authorizerError": "$context.authorizer.error",
    "integrationStatus": "$context.integration.status",
    "integrationLatencyMs": "$context.integration.latency",
}
"""The query of ``$connect``, which carries the speaker's token, is not among them."""

HTTP_FIELDS: Final = {
    "requestTime": "$context.requestTime",
    "requestId": "$context.requestId",
    "routeKey": "$context.routeKey",
    "status": "$context.status",
    "authorizerError": "$context.authorizer.error",
    "integrationError": "$context.integrationErrorMessage",
    "responseLatencyMs": "$context.responseLatency",
}


def access_log(
    scope: Construct, *, fields: Mapping[str, str], retention: logs.RetentionDays
) -> apigwv2.CfnStage.AccessLogSettingsProperty:
    """A log group in this scope and the settings that send a stage's lines to it."""
    log_group = logs.LogGroup(scope, "AccessLogs", retention=retention, removal_policy=RemovalPolicy.DESTROY)
    return apigwv2.CfnStage.AccessLogSettingsProperty(
        destination_arn=log_group.log_group_arn, format=json.dumps(dict(fields), separators=(",", ":"))
    )
