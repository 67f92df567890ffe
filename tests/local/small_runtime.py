"""A running Lambda runtime for tests, with a client, and a function that tells about its environment."""

import json
from pathlib import Path
from typing import Any

import msgspec
import urllib3

from local.lambda_runtime.configuration import FunctionConfiguration
from tests.local.platform_processes import aws_client, function_arn, write_function

HANDLER_SOURCE = """
import os, sys, threading, time

ticks = 0

def tick():
    global ticks
    while True:
        ticks += 1
        time.sleep(0.0005)

threading.Thread(target=tick, daemon=True).start()
invocations = 0

def lambda_handler(event, context):
    global invocations
    invocations += 1
    match event.get("do"):
        case "sleep":
            time.sleep(event["seconds"])
        case "exit":
            os._exit(event["status"])
        case "raise":
            raise ValueError("no good")
        case "wait":
            while not os.path.exists(event["file"]):
                time.sleep(0.005)
        case "print":
            print(event["text"])
        case "large":
            return "x" * event["bytes"]
    return {
        "pid": os.getpid(), "ticks": ticks, "invocations": invocations,
        "name": context.function_name, "arn": context.invoked_function_arn, "requestId": context.aws_request_id,
        "remainingMs": context.get_remaining_time_in_millis(), "environment": dict(os.environ), "path": sys.path,
    }
"""

http = urllib3.PoolManager()


class Runtime:
    """A running runtime with a client of its Invoke API."""

    def __init__(self, url: str, directory: Path) -> None:
        self.url = url
        self.directory = directory
        self._client = aws_client("lambda", url)

    def register(self, name: str, source: str = HANDLER_SOURCE, **options: Any) -> str:
        handler = write_function(self.directory / name, "code", source)
        configuration = FunctionConfiguration(
            name=name,
            arn=function_arn(name),
            handler=handler,
            code_directory=str(self.directory / name),
            **options,
        )
        body = msgspec.json.encode(configuration)
        assert http.request("PUT", f"{self.url}/functions/{name}", body=body).status == 201
        return name

    def invoke(self, name: str, event: object = None, **options: Any) -> dict[str, Any]:
        """The answer, with its payload decoded."""
        answer = self._client.invoke(FunctionName=name, Payload=json.dumps(event or {}), **options)
        payload = answer["Payload"].read()
        return {**answer, "Payload": json.loads(payload) if payload else None}

    def environments(self, name: str) -> list[dict[str, Any]]:
        listed = json.loads(http.request("GET", f"{self.url}/environments").data)
        return [environment for environment in listed if environment["function"] == name]

    def rest(self, name: str, invocations: object) -> int:
        """Let an environment rest; the answer's status."""
        body = json.dumps({"invocations": invocations})
        return http.request("POST", f"{self.url}/functions/{name}/rest", body=body).status

    def log(self, name: str) -> str:
        return (self.directory / "logs" / f"{name}.log").read_text()
