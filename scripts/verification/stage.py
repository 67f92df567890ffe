"""Where a deployed stage is, from the stacks' outputs."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from local.endpoints import Endpoints
from local.errors import WrongInputError

_NEEDED: Final = ("HttpApiUrl", "WebSocketUrl", "UserPoolId", "UserPoolClientId")


def read_outputs(path: Path, *, stage: str) -> Endpoints:
    """Read what ``cdk deploy --outputs-file`` wrote: outputs by stack.

    Raises:
        WrongInputError: The file is missing, is not one of outputs, or lacks one that clients need.
    """
    try:
        outputs = json.loads(path.read_text())
    except FileNotFoundError:
        raise WrongInputError(f"{path} does not exist: deploy first, with make deploy STAGE={stage}") from None
    except (OSError, ValueError):
        raise WrongInputError(f"{path} does not hold the outputs of a stage") from None
    found = _flattened(outputs, f"Babelcast{stage.capitalize()}")
    missing = [name for name in _NEEDED if name not in found]
    if missing:
        raise WrongInputError(f"{path} lacks {', '.join(missing)}: deploy the stage again")
    return Endpoints(
        stage=stage,
        region=found["UserPoolId"].partition("_")[0],  # ids of user pools begin with their region
        http_api_url=found["HttpApiUrl"].rstrip("/"),
        websocket_url=found["WebSocketUrl"],
        user_pool_id=found["UserPoolId"],
        user_pool_client_id=found["UserPoolClientId"],
    )


def _flattened(outputs: Any, prefix: str) -> Mapping[str, str]:
    """The outputs of the stage's stacks, by their own names."""
    if not isinstance(outputs, dict):
        return {}
    stacks = [outputs[name] for name in outputs if name.startswith(prefix) and isinstance(outputs[name], dict)]
    return {name: value for stack in stacks for name, value in stack.items() if isinstance(value, str)}
