"""A gateway with functions behind it, for tests."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import urllib3

from local.gateway.configuration import (
    Cors,
    GatewayConfiguration,
    GatewayLimits,
    HttpApi,
    HttpRoute,
    JwtAuthorizer,
    RequestAuthorizer,
    WebSocketApi,
    WebSocketRoute,
)
from local.lambda_runtime.configuration import FunctionConfiguration
from tests.local.platform_processes import ACCOUNT_ID, REGION, function_arn, running, write_function

APPLICATION = """
import json, os, time

def remember(kind, event):
    connection_id = event["requestContext"]["connectionId"]
    path = f"{os.environ['EVENTS']}/{kind}-{connection_id}.json"
    with open(path + ".part", "w") as file:
        json.dump(event, file)
    os.rename(path + ".part", path)

def wait_for(name):
    while not os.path.exists(f"{os.environ['EVENTS']}/{name}"):
        time.sleep(0.005)

def lambda_handler(event, context):
    context_of_request = event["requestContext"]
    if "http" in context_of_request:
        return http(event)
    match context_of_request["routeKey"]:
        case "$connect":
            remember("connect", event)
            query = event.get("queryStringParameters", {})
            if "gate" in query:
                wait_for(query["gate"])
            if query.get("connect") == "raise":
                raise ValueError("no")
            if query.get("connect") == "nothing":
                return None
            return {"statusCode": int(query.get("connect", 200))}
        case "$disconnect":
            remember("disconnect", event)
            return {"statusCode": 200}
    message = json.loads(event["body"]) if event["body"].startswith("{") else {}
    if "gate" in message:
        wait_for(message["gate"])
    match message.get("do"):
        case "raise":
            raise ValueError("no")
        case "nothing":
            return None
        case "exit":
            os._exit(1)
    return {"statusCode": 200, "body": json.dumps(event)}

def http(event):
    match (event.get("queryStringParameters") or {}).get("do"):
        case "raise":
            raise ValueError("no")
        case "plain":
            return {"plain": True}
        case "sleep":
            time.sleep(15)
    headers = {"content-type": "application/json", "access-control-allow-origin": "http://elsewhere"}
    return {"statusCode": 201, "headers": headers, "cookies": ["a=1", "b=2"], "body": json.dumps(event)}
"""

AUTHORIZER = """
import json, os

def lambda_handler(event, context):
    query = event.get("queryStringParameters", {})
    policy = {
        "Version": "2012-10-17",
        "Statement": [{
            "Action": "execute-api:Invoke",
            "Effect": "Deny" if query.get("admit") == "deny" else "Allow",
            "Resource": "arn:aws:execute-api:*:*:api/dev/*" if query.get("admit") == "any" else event["methodArn"],
        }],
    }
    match query.get("admit"):
        case "unauthorized":
            raise Exception("Unauthorized")
        case "raise":
            raise ValueError("no")
        case "malformed":
            return {"isAuthorized": True}
        case "nested":
            return {"principalId": "u", "policyDocument": policy, "context": {"deep": {"a": 1}}}
        case "large":
            return {"principalId": "u", "policyDocument": policy, "context": {"much": "x" * 9000}}
        case "other":
            policy["Statement"][0]["Resource"] = event["methodArn"] + "/else"
    context = {"role": "speaker", "cell": 0, "live": True, "event": json.dumps(event)}
    return {"principalId": "u", "policyDocument": policy, "context": context}
"""


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """Addresses of a running gateway, and where its functions leave the events of connections."""

    websocket_url: str
    http_url: str
    connections_url: str
    events: Path

    def remembered(self, kind: str, connection_id: str) -> Mapping[str, Any] | None:
        """The `connect` or `disconnect` event of a connection, once its function has got it."""
        path = self.events / f"{kind}-{connection_id}.json"
        return json.loads(path.read_text()) if path.exists() else None


@dataclass(frozen=True, kw_only=True)
class Functions:
    """A running runtime with the functions `app` and `admit`, and the directory in which they work."""

    url: str
    directory: Path


@contextmanager
def functions(directory: Path) -> Iterator[Functions]:
    """Run them."""
    (directory / "events").mkdir()
    arguments = ("--log-directory", str(directory / "logs"), "--max-environments", "6")
    with running("local.lambda_runtime", *arguments, log=directory / "runtime.log") as ready:
        for name, source in {"app": APPLICATION, "admit": AUTHORIZER}.items():
            configuration = FunctionConfiguration(
                name=name,
                arn=function_arn(name),
                handler=write_function(directory / name, name, source),
                code_directory=str(directory / name),
                environment={"EVENTS": str(directory / "events")},
                timeout_seconds=20,
            )
            url = f"{ready['url']}/functions/{name}"
            assert urllib3.request("PUT", url, body=msgspec.json.encode(configuration)).status == 201
        yield Functions(url=ready["url"], directory=directory)


@contextmanager
def gateway(
    behind: Functions,
    *,
    limits: GatewayLimits | None = None,
    jwks_url: str = "",
    jwt: JwtAuthorizer | None = None,
    identity_sources: tuple[str, ...] = (),
) -> Iterator[Gateway]:
    """A gateway in front of `functions`."""
    configuration = GatewayConfiguration(
        region=REGION,
        account_id=ACCOUNT_ID,
        lambda_url=behind.url,
        jwks_url=jwks_url,
        websocket=WebSocketApi(
            api_id="api",
            stage="dev",
            selection_expression="$request.body.action",
            routes=[
                WebSocketRoute(route_key="$connect", function="app"),
                WebSocketRoute(route_key="$disconnect", function="app"),
                WebSocketRoute(route_key="$default", function="app", answers=True),
                WebSocketRoute(route_key="ask", function="app", answers=True),
                WebSocketRoute(route_key="tell", function="app"),
            ],
            authorizer=RequestAuthorizer(function="admit", identity_sources=list(identity_sources)),
        ),
        http=HttpApi(
            api_id="http",
            stage="$default",
            routes=[
                HttpRoute(route_key="GET /things/{thingId}", function="app"),
                HttpRoute(route_key="POST /things", function="app", authorizer=jwt),
                HttpRoute(route_key="GET /broken", function="no-such-function"),
            ],
            cors=Cors(
                allow_origins=["http://app"],
                allow_methods=["GET", "POST"],
                allow_headers=["authorization", "content-type"],
                expose_headers=["x-extra"],
                max_age_seconds=60,
            ),
        ),
        limits=limits or GatewayLimits(),
    )
    config = behind.directory / f"gateway-{len(list(behind.directory.iterdir()))}.json"
    config.write_bytes(msgspec.json.encode(configuration))
    with running("local.gateway", "--config", str(config), log=config.with_suffix(".log")) as ready:
        yield Gateway(
            websocket_url=ready["websocketUrl"],
            http_url=ready["httpUrl"],
            connections_url=ready["connectionsUrl"],
            events=behind.directory / "events",
        )
