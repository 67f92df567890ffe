"""What an answer may be: the forms and error codes of docs/protocol.md, and nothing else."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from babelcast.domain.errors import BabelcastError
from babelcast.protocol.messages import MAX_MESSAGE_BYTES

_PROTOCOL: Final = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text()

CODES: Final = frozenset(re.findall(r"`([A-Z_]+)`", _PROTOCOL.partition("\nCodes: ")[2].partition("retryable")[0]))
NOTICES: Final = frozenset(
    re.findall(r"^\| `(\w+)` \|", _PROTOCOL.partition("## Server → client")[2].partition("\n## ")[0], re.MULTILINE)
)
assert {"INVALID_MESSAGE", "INTERNAL"} <= CODES, "docs/protocol.md lists the codes"
assert {"error", "sessionJoined"} <= NOTICES, "docs/protocol.md lists the messages"

STATUSES: Final = frozenset({400, 401, 403, 404, 409, 413, 429})
"""Refusals of the HTTP API, when nothing behind it is missing or full."""


def check_error(error: BabelcastError) -> None:
    """A refusal that its sender can understand."""
    assert error.code in CODES - {"INTERNAL"}, error.code
    assert len(error.message) < 1_000


def check_status(answer: Mapping[str, Any]) -> None:
    """A refusal of the HTTP API, and neither a fault nor a success."""
    assert answer["statusCode"] in STATUSES


def check_notice(notice: dict[str, Any], size: int) -> None:
    """A message that a client can understand and API Gateway deliver.

    Args:
        notice: As it was parsed.
        size: Bytes on the wire.
    """
    assert notice.get("type") in NOTICES, notice
    assert size <= MAX_MESSAGE_BYTES
    if notice["type"] == "error":
        assert notice["code"] in CODES - {"INTERNAL"}, notice["code"]
        assert set(notice) == {"type", "code", "message", "retryable", "action"}
