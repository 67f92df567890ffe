"""The real handlers on moto, called with events as AWS sends them."""

import json
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from babelcast import wiring
from babelcast.adapters import aws_client, s3
from http_session_handler.handler import lambda_handler
from tests import aws
from tests.aws_account import REGION
from tests.connections_server import ConnectionsServer

ISSUER = f"https://cognito-idp.{REGION}.amazonaws.com/{REGION}_pool"
CLIENT_ID = "speakers"
ENVIRONMENT = {
    "STAGE": "test",
    "LOG_LEVEL": "INFO",
    "SESSIONS_TABLE_NAME": aws.SESSIONS,
    "CONNECTIONS_TABLE_NAME": aws.CONNECTIONS,
    "SEGMENTS_TABLE_NAME": aws.SEGMENTS,
    "RATE_LIMITS_TABLE_NAME": aws.LIMITS,
    "AUDIO_STREAM_NAMES": aws.STREAM,
    "AUDIO_STREAM_NAME": aws.STREAM,
    "S3_BUCKET_NAME": aws.BUCKET,
    "PRESIGNED_URL_EXPIRATION": "600",
    "NOTIFICATION_SENDER_FUNCTION_NAME": "notification_sender",
    "WEBSOCKET_URL": "wss://abc123.execute-api.eu-west-1.amazonaws.com/dev",
    "LISTENER_URL": "https://babelcast.example/listen",
    "SESSIONS_PER_CELL": "2",
    "SESSIONS_PER_SPEAKER": "3",
    "SESSION_CREATIONS_PER_HOUR": "30",
    "LISTENERS_PER_SESSION": "3",
    "SOURCE_LANGUAGES": "en,es",
    "TARGET_LANGUAGES": "en,es,fr,uk",
    "SEGMENT_RETENTION_HOURS": "24",
    "MAX_SEGMENT_SECONDS": "8",
    "POLLY_NEURAL_PER_S": "8",
    "POLLY_STANDARD_PER_S": "80",
    "CELL_COUNT": "1",
    "SPOKEN_LANGUAGES_PER_SESSION": "12",
    "RESULT_WAIT_MS": "350",
    "PENDING_RESULT_WAIT_MS": "800",
    "USER_POOL_CLIENT_ID": CLIENT_ID,
    "TOKEN_ISSUER": ISSUER,
    "POWERTOOLS_METRICS_NAMESPACE": "Babelcast/test",
    "POWERTOOLS_SERVICE_NAME": "test",
}

Event = dict[str, Any]


class _JsonFile(BaseHTTPRequestHandler):
    def __init__(self, document: bytes, *arguments: Any) -> None:
        self._document = document
        super().__init__(*arguments)

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self._document)

    def log_message(self, *_: Any) -> None:
        return


class Keys:
    """The user pool's key pair, and another one."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._foreign = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        document = json.dumps({"keys": [{**public, "kid": "pool-key", "use": "sig", "alg": "RS256"}]}).encode()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_JsonFile, document))
        self.url = f"http://127.0.0.1:{self._server.server_port}/jwks.json"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def token(self, user: str = "user-1", *, foreign: bool = False, **claims: object) -> str:
        now = int(time.time())
        payload = {
            "sub": user,
            "iss": ISSUER,
            "client_id": CLIENT_ID,
            "token_use": "access",
            "iat": now,
            "exp": now + 3600,
            **claims,
        }
        return jwt.encode(
            payload, self._foreign if foreign else self._key, algorithm="RS256", headers={"kid": "pool-key"}
        )


@pytest.fixture(scope="session")
def keys() -> Iterator[Keys]:
    keys = Keys()
    yield keys
    keys.close()


_gateways: list[ConnectionsServer] = []


@pytest.fixture
def gateway() -> Iterator[ConnectionsServer]:
    """What the handlers post to."""
    with ConnectionsServer() as server:
        _gateways.append(server)
        yield server
        _gateways.remove(server)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, keys: Keys, gateway: ConnectionsServer) -> Iterator[None]:
    for name, value in {**ENVIRONMENT, "JWKS_URL": keys.url, "WEBSOCKET_MANAGEMENT_ENDPOINT": gateway.url}.items():
        monkeypatch.setenv(name, value)
    caches: list[Any] = [
        wiring.connection_handling,
        wiring.disconnect_handling,
        wiring.authorizing,
        wiring.http_session_handling,
        wiring.audio_processing,
        wiring.notification_sending,
        aws_client.client,
        aws_client.dynamodb_client,
        s3._client,
    ]
    for each in caches:
        each.cache_clear()
    with aws.aws(monkeypatch):
        yield


@pytest.fixture
def create(stage: None) -> Callable[..., str]:
    """Creates a session through the HTTP API and returns its id."""

    def create(user: str = "user-1", **body: object) -> str:
        answer = lambda_handler(http_event("POST /sessions", body={"sourceLanguage": "en", **body}, user=user), None)
        assert answer["statusCode"] == 201, answer
        return str(json.loads(answer["body"])["sessionId"])

    return create


def http_event(
    route: str,
    *,
    body: object = None,
    user: str | None = None,
    session_id: str | None = None,
    raw: str | None = None,
    source_ip: str = "192.0.2.1",
    join_key: str | None = None,
) -> Event:
    """Payload format 2.0."""
    method, path = route.split()
    event: Event = {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path.replace("{sessionId}", session_id or ""),
        "headers": {"content-type": "application/json"},
        "requestContext": {"http": {"method": method, "sourceIp": source_ip}, "stage": "$default"},
        "isBase64Encoded": False,
    }
    if join_key is not None:
        event["headers"]["join-key"] = join_key
    if session_id:
        event["pathParameters"] = {"sessionId": session_id}
    if user:
        event["requestContext"]["authorizer"] = {"jwt": {"claims": {"sub": user}, "scopes": None}}
    if body is not None or raw is not None:
        event["body"] = json.dumps(body) if raw is None else raw
    return event


def authorizer_event(*, source_ip: str = "192.0.2.1", **query: str) -> Event:
    return {
        "type": "REQUEST",
        "methodArn": f"arn:aws:execute-api:{REGION}:123456789012:abc123/dev/$connect",
        "headers": {"Host": "abc123.execute-api.eu-west-1.amazonaws.com"},
        "queryStringParameters": query or None,
        "requestContext": {
            "routeKey": "$connect",
            "eventType": "CONNECT",
            "connectionId": "new=",
            "connectedAt": int(time.time() * 1000),
            "identity": {"sourceIp": source_ip},
        },
    }


def websocket_event(
    route: str,
    *,
    connection: str = "speaker=",
    session_id: str,
    role: str = "speaker",
    language: str = "",
    user: str = "user-1",
    body: object = None,
    raw: str | None = None,
    connected_at: int | None = None,
) -> Event:
    event: Event = {
        "requestContext": {
            "routeKey": route,
            "eventType": "MESSAGE",
            "connectionId": connection,
            "connectedAt": connected_at or int(time.time() * 1000),
            "domainName": "abc123.execute-api.eu-west-1.amazonaws.com",
            "stage": "dev",
            "authorizer": {
                "sessionId": session_id,
                "role": role,
                "cell": "0",
                "sourceLanguage": "en",
                "targetLanguage": language,
                "userId": user if role == "speaker" else "",
            },
        },
        "isBase64Encoded": False,
    }
    if body is not None or raw is not None:
        event["body"] = json.dumps(body) if raw is None else raw
    return event


def kinesis_event(*records: tuple[str, str, bytes]) -> Event:
    """Records as (session, sequence number, data)."""
    return {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": session_id,
                    "sequenceNumber": number,
                    "data": b64encode(data).decode(),
                    "approximateArrivalTimestamp": 1_795_000_000.1,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"shardId-000000000000:{number}",
                "eventName": "aws:kinesis:record",
                "awsRegion": REGION,
                "eventSourceARN": f"arn:aws:kinesis:{REGION}:123456789012:stream/{aws.STREAM}",
            }
            for session_id, number, data in records
        ]
    }


def told(connection: str) -> list[dict[str, Any]]:
    """What was posted to a connection, in order."""
    return list(_gateways[-1].told(connection))
