"""What the apps' pages may do, in the words of HTTP headers: the same on AWS and where the local stack serves them.

Nothing here imports the CDK.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

_POLICY_FILE: Final = Path(__file__).resolve().parent.parent / "frontend" / "content-security-policy.json"

REFERRER_POLICY: Final = "no-referrer"
"""The addresses of listeners' pages name the session."""


def content_security_policy(*, http_api: str, websocket_api: str, accounts: str, clips: str) -> str:
    """What a page may load and reach: itself and its stage, as ``frontend/content-security-policy.json`` says.

    The file's directives list their sources; the names in braces are this function's arguments, each an origin or a
    pattern of origins.

    Args:
        http_api: The HTTP API.
        websocket_api: The WebSocket API, ``wss:`` (or ``ws:`` on this machine).
        accounts: Where speakers sign in: Cognito.
        clips: Where clips are fetched: S3.
    """
    endpoints = {"http_api": http_api, "websocket_api": websocket_api, "accounts": accounts, "clips": clips}
    directives: Mapping[str, Sequence[str]] = json.loads(_POLICY_FILE.read_text())
    return "; ".join(
        " ".join(dict.fromkeys((name, *(source.format(**endpoints) for source in sources))))
        for name, sources in directives.items()
    )


def permissions_policy(*, microphone: bool) -> str:
    """What a page may ask its user for: the microphone at most."""
    return f"camera=(), display-capture=(), geolocation=(), microphone=({'self' if microphone else ''})"
