"""Where a running Babelcast is reached: all that a client needs, for the local stack and a deployed stage alike."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Addresses of one stage.

    Attributes:
        http_api_url: Base of the HTTP API, without a trailing slash.
        websocket_url: The WebSocket API with its stage, without a query.
        user_pool_id, user_pool_client_id: Cognito, for speakers' logins.
        aws_endpoint_url: Replaces AWS's own endpoints (the local stack's server); None on AWS.
        speaker_email, speaker_password: The local stack's demo account; None on AWS.
    """

    stage: str
    region: str
    http_api_url: str
    websocket_url: str
    user_pool_id: str
    user_pool_client_id: str
    aws_endpoint_url: str | None = None
    speaker_email: str | None = None
    speaker_password: str | None = None

    def save(self, path: Path) -> None:
        """Write as JSON, readable by this user alone."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def load(cls, path: Path) -> "Endpoints":
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: No stack has written it.
        """
        return cls(**json.loads(path.read_text()))
