"""The logs of a stage's functions, found through CloudFormation and followed together."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from scripts.deployment.errors import DeploymentError
from scripts.deployment.stage import Stage

LATE_MS: Final = 30_000
"""How much later than a newer line an older one may still appear."""

_FRAME: Final = frozenset({"level", "message", "timestamp", "service", "xray_trace_id", "request_id"})
"""Of a structured line, what every line has and its place in the output says already."""

_LOGICAL_ID = re.compile(r"(?P<construct>\w+?)(?P<access>Access)?Logs[0-9A-F]{8}")
_PLATFORM_LINE = re.compile(r"(INIT_START|START|END|REPORT|XRAY) ")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSource:
    """One log group.

    Attributes:
        name: ``connection_handler``, ``cell0_audio_processor``, ``http_access`` …
        group: The log group's own name.
    """

    name: str
    group: str


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class LogLine:
    """One event of a log group.

    Attributes:
        timestamp_ms: Since 1970, UTC.
    """

    timestamp_ms: int
    source: str
    message: str

    def __str__(self) -> str:
        moment = datetime.fromtimestamp(self.timestamp_ms / 1_000, UTC)
        return f"{moment:%H:%M:%S}.{self.timestamp_ms % 1_000:03d}  {self.source:<22}  {_readable(self.message)}"


def log_sources(cloudformation: Any, stage: Stage, *, function: str | None = None) -> list[LogSource]:
    """The log groups of a stage's stacks, by name.

    Args:
        cloudformation: A client.
        stage: Its api and processing stacks are looked at.
        function: Only those whose name is this or ends with it: ``audio_processor`` is that of every cell.

    Raises:
        DeploymentError: The stage is not deployed, or has no such function.
    """
    found = []
    for stack in (stage.api_stack, stage.processing_stack):
        try:
            pages = list(cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":
                raise
            raise DeploymentError(f"{stack} is not deployed in this account and region") from None
        for resource in (each for page in pages for each in page["StackResourceSummaries"]):
            match = _LOGICAL_ID.fullmatch(resource["LogicalResourceId"])
            if resource["ResourceType"] == "AWS::Logs::LogGroup" and match is not None:
                name = _snake_case(match["construct"]) + ("_access" if match["access"] else "")
                found.append(LogSource(name=name, group=resource["PhysicalResourceId"]))
    chosen = [each for each in found if function is None or each.name == function or each.name.endswith(f"_{function}")]
    if not chosen:
        raise DeploymentError(f"no function {function!r}; there are {', '.join(sorted(each.name for each in found))}")
    return chosen


@dataclass(slots=True, kw_only=True)
class LogTail:
    """Returns each line once, over any number of polls.

    Attributes:
        logs: A CloudWatch Logs client.
        session_id: Only lines that name this session; None for all.
        metrics: Show lines of embedded metrics, too.
    """

    logs: Any
    sources: Sequence[LogSource]
    session_id: str | None = None
    metrics: bool = False
    _seen: dict[str, int] = field(default_factory=dict)

    def poll(self, since_ms: int) -> list[LogLine]:
        """The lines since then that were not returned before, in the order of time.

        Args:
            since_ms: Milliseconds since 1970; later polls may pass the same or a later moment.
        """
        lines = [line for source in self.sources for line in self._poll_source(source, since_ms)]
        self._seen = {event: at for event, at in self._seen.items() if at >= since_ms}
        return sorted(lines)

    def _poll_source(self, source: LogSource, since_ms: int) -> list[LogLine]:
        wanted = {"filterPattern": f'"{self.session_id}"'} if self.session_id else {}
        lines = []
        pages = self.logs.get_paginator("filter_log_events").paginate(
            logGroupName=source.group, startTime=since_ms, **wanted
        )
        for event in (each for page in pages for each in page["events"]):
            if event["eventId"] not in self._seen:
                self._seen[event["eventId"]] = event["timestamp"]
                if self.metrics or not _is_routine(event["message"]):
                    lines.append(LogLine(timestamp_ms=event["timestamp"], source=source.name, message=event["message"]))
        return lines


def _readable(message: str) -> str:
    """A structured line as its level, message and details; any other as it is."""
    fields = _fields(message)
    if not {"level", "message"} <= fields.keys():
        return message.rstrip()
    details = " ".join(f"{key}={value}" for key, value in fields.items() if key not in _FRAME and value is not None)
    return f"{fields['level']:<7} {fields['message']}  {details}".rstrip()


def _fields(message: str) -> dict[str, Any]:
    try:
        fields = json.loads(message)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _is_routine(message: str) -> bool:
    """Whether Lambda itself or the metrics have written a line."""
    return _PLATFORM_LINE.match(message) is not None or "_aws" in _fields(message)


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
