"""What the functions are given: the events of API Gateway and of the event source, as AWS sends them."""

import base64
import time
from typing import Any, Final

from babelcast.domain.connection import Connection

Event = dict[str, Any]

_ARN: Final = "arn:aws:execute-api:us-east-1:123456789012:abc123/dev/$connect"


def websocket_event(route: str, connection: Connection, body: str | None = None) -> Event:
    """A message on a connection, or its ``$connect``."""
    is_speaker = connection.target_language is None
    return {
        "requestContext": {
            "routeKey": route,
            "eventType": "CONNECT" if route == "$connect" else "MESSAGE",
            "connectionId": connection.connection_id,
            "connectedAt": connection.joined_at_ms,
            "domainName": "abc123.execute-api.us-east-1.amazonaws.com",
            "stage": "dev",
            "authorizer": {
                "sessionId": connection.session_id,
                "role": connection.role.value,
                "cell": "0",
                "sourceLanguage": "en",
                "targetLanguage": connection.target_language or "",
                "userId": "user-1" if is_speaker else "",
            },
        },
        "body": body,
        "isBase64Encoded": False,
    }


def authorizer_event(connection: Connection, *, source_ip: str) -> Event:
    """API Gateway's question whether a listener may connect."""
    return {
        "type": "REQUEST",
        "methodArn": _ARN,
        "queryStringParameters": {
            "sessionId": connection.session_id,
            "role": connection.role.value,
            "targetLanguage": connection.target_language,
        },
        "requestContext": {
            "routeKey": "$connect",
            "eventType": "CONNECT",
            "connectionId": connection.connection_id,
            "connectedAt": connection.joined_at_ms,
            "identity": {"sourceIp": source_ip},
        },
    }


def kinesis_event(session_id: str, records: list[tuple[int, bytes]]) -> Event:
    """A batch of one session's records, as sequence number and data, which have come just now."""
    return {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": session_id,
                    "sequenceNumber": str(number),
                    "data": base64.b64encode(data).decode(),
                    "approximateArrivalTimestamp": time.time(),
                },
                "eventSource": "aws:kinesis",
                "eventID": f"shardId-000000000000:{number}",
            }
            for number, data in records
        ]
    }
