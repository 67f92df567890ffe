"""What each function is granted against what its code can ask for: neither more nor less."""

import re

import pytest

from babelcast.settings import SETTINGS_BY_FUNCTION
from tests.infrastructure.aws_calls import aws_calls
from tests.infrastructure.templates import SynthesizedStage

SESSIONS, CONNECTIONS, SEGMENTS = "<Sessions.Arn>", "<Connections.Arn>", "<Segments.Arn>"
STREAM, CLIPS, ANYTHING = "<AudioStream.Arn>", "<AudioBucket.Arn>/sessions/*", "*"

STORES = {
    "DynamoDbSessions": ("dynamodb", SESSIONS),
    "DynamoDbCursors": ("dynamodb", SESSIONS),
    "DynamoDbConnections": ("dynamodb", CONNECTIONS),
    "DynamoDbSegments": ("dynamodb", SEGMENTS),
    "DynamoDbPlaces": ("dynamodb", "<RateLimits.Arn>"),
    "DynamoDbSeats": ("dynamodb", "<RateLimits.Arn>"),
    "DynamoDbRateLimits": ("dynamodb", "<RateLimits.Arn>"),
    "KinesisAudioStream": ("kinesis", STREAM),
    "KinesisAudioHistory": ("kinesis", STREAM),
    "S3Clips": ("s3", CLIPS),
    "TranscribeTranscriber": ("transcribe", ANYTHING),
    "TranslateTranslator": ("translate", ANYTHING),
    "PollySynthesizer": ("polly", ANYTHING),
}
"""By adapter: the prefix of its service's actions, and what they are done to."""

OTHERWISE = {
    # A transaction needs the permissions of the writes in it.
    ("DynamoDbCursors", "transact_write_items"): {
        (SESSIONS, "dynamodb:UpdateItem"),
        (SEGMENTS, "dynamodb:PutItem"),
    },
    ("DynamoDbConnections", "query"): {(f"{CONNECTIONS}/index/SessionLanguageIndex", "dynamodb:Query")},
    ("DynamoDbSeats", "query"): {(f"{CONNECTIONS}/index/SessionLanguageIndex", "dynamodb:Query")},
    # A presigned address lets its bearer do what its signer may.
    ("S3Clips", "generate_presigned_url"): {(CLIPS, "s3:GetObject")},
    # Signed by the adapter itself.
    ("_Lane", "post"): {("<connections of the stage>", "execute-api:ManageConnections")},
    ("NotificationSenders", "invoke"): {("<NotificationSenderFunction.Arn>", "lambda:InvokeFunction")},
}
"""Calls whose permission has another name or another resource."""

BY_LAMBDA = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:ListShards",
    "kinesis:SubscribeToShard",
    "sqs:SendMessage",
}
"""What Lambda itself does in the function's name: it writes logs and traces, reads the stream, reports lost batches.

`kinesis:GetRecords` and `kinesis:GetShardIterator`, too, but a replay calls these as well.
"""


def needed(function: str) -> set[tuple[str, str]]:
    """(resource, action) of everything that the function's code can call."""
    found: set[tuple[str, str]] = set()
    for adapter, operation in aws_calls(function):
        if (adapter, operation) in OTHERWISE:
            found |= OTHERWISE[adapter, operation]
        else:
            service, resource = STORES[adapter]
            found.add((resource, f"{service}:{operation.title().replace('_', '')}"))
    return found


def granted(stage: SynthesizedStage, name: str) -> list[set[tuple[str, str]]]:
    """(resource, action) of what the role of each function of this name allows, besides what Lambda does."""
    return [
        {
            (_without_number(resource), action)
            for action, resource in stage.statements(function)
            if action not in BY_LAMBDA
        }
        for function in stage.every_function()[name]
    ]


def _without_number(resource: str) -> str:
    if resource.endswith("/@connections/*"):
        return "<connections of the stage>"
    return re.sub(r"AudioStream\d+", "AudioStream", resource)


@pytest.mark.parametrize("name", SETTINGS_BY_FUNCTION)
def test_a_function_is_granted_what_its_code_calls(name: str, stage: SynthesizedStage) -> None:
    for allowed in granted(stage, name):
        assert allowed == needed(name)


def test_what_only_one_function_does_is_granted_to_it_alone(stage: SynthesizedStage) -> None:
    actions = {
        name: {action for allowed in granted(stage, name) for _, action in allowed} for name in stage.functions()
    }
    who = {action: {name for name in actions if action in actions[name]} for action in set().union(*actions.values())}

    for action in ("transcribe:StartStreamTranscription", "translate:TranslateText", "polly:SynthesizeSpeech"):
        assert who[action] == {"audio_processor"}
    assert who["s3:PutObject"] == who["kinesis:GetRecords"] == {"audio_processor"}
    assert who["kinesis:PutRecord"] == {"connection_handler", "disconnect_handler", "http_session_handler"}
