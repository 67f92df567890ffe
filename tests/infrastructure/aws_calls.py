"""What each function can ask of AWS, read from its source: from its handler through use cases to AWS clients."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.infrastructure.emitted_metrics import LAMBDAS, PACKAGE, builders_of, files_of

ADAPTERS = PACKAGE / "adapters"

PORTS = {
    "DynamoDbSessions": "sessions",
    "DynamoDbCursors": "cursors",
    "DynamoDbConnections": "connections",
    "DynamoDbSegments": "segments",
    "DynamoDbCellCapacity": "capacity",
    "DynamoDbSpeakerPlaces": "places",
    "DynamoDbPlaces": "places",
    "DynamoDbSeats": "seats",
    "DynamoDbRateLimits": "limits",
    "KinesisAudioStream": "stream",
    "KinesisAudioHistory": "history",
    "S3Clips": "clips",
    "ApiGatewayNotifier": "notifier",
    "HandingOnNotifier": "notifier",
    "ApiGatewayConnections": "connections",
    "_Lane": "prompt",
    "NotificationSenders": "senders",
    "TranslateTranslator": "translator",
    "PollySynthesizer": "synthesizer",
    "TranscribeTranscriber": "transcriber",
}
"""By adapter: what those who use it call it. An adapter's method is reached by a call on that name and no other."""


@dataclass(frozen=True, slots=True)
class _Body:
    """One function or method, and the class it belongs to."""

    path: Path
    owner: str
    node: ast.FunctionDef | ast.AsyncFunctionDef

    @property
    def is_adapters(self) -> bool:
        return self.path.is_relative_to(ADAPTERS)


def aws_calls(service: str) -> set[tuple[str, str]]:
    """(adapter, operation of its client) of every call that a function of ``lambdas/`` can come to.

    Use cases and free functions are reached by their name wherever it is called, so that more may be found than there
    is; adapters' methods only by the name of their port.
    """
    own = set((LAMBDAS / service).rglob("*.py"))
    bodies = [body for path in {*files_of(service), PACKAGE / "wiring.py"} for body in _bodies(path)]
    reached = {body for body in bodies if body.path in own}
    names = {("wiring", builder) for builder in builders_of(own)} | {
        name for body in reached for name in _named(body.node)
    }
    while more := {body for body in bodies if body not in reached and _is_reached(body, names, reached)}:
        reached |= more
        names |= {name for body in more for name in _named(body.node)}
    return {(body.owner, operation) for body in reached if body.is_adapters for operation in _operations(body.node)}


def _bodies(path: Path) -> Iterator[_Body]:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield _Body(path, "", node)
        elif isinstance(node, ast.ClassDef):
            for member in node.body:
                if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield _Body(path, node.name, member)


def _is_reached(body: _Body, names: set[tuple[str, str]], reached: set[_Body]) -> bool:
    name = body.node.name
    if name.startswith("__"):
        # An object is made, and perhaps called, by whoever names its class.
        return ("", body.owner) in names
    if body.is_adapters and body.owner:
        within = any(other.owner == body.owner and ("self", name) in _named(other.node) for other in reached)
        return within or (PORTS.get(body.owner, body.owner), name) in names
    return any(called == name for _, called in names)


def _named(node: ast.AST) -> set[tuple[str, str]]:
    """(what stands before the dot, name) of everything that a function names."""
    found = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            found.add(("", each.id))
        elif isinstance(each, ast.Attribute):
            match each.value:
                case ast.Attribute(attr=receiver) | ast.Name(id=receiver):
                    found.add((receiver.lstrip("_"), each.attr))
                case _:
                    found.add(("?", each.attr))
    return found


def _operations(node: ast.AST) -> set[str]:
    """Methods of ``_client``, ``_client()`` or a variable that is one."""
    found = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute):
            match each.value:
                case (
                    ast.Attribute(attr="_client")
                    | ast.Name(id="client")
                    | ast.Call(func=ast.Name(id="_client") | ast.Attribute(attr="_connected"))
                ):
                    found.add(each.attr)
                case _:
                    pass
    return found
