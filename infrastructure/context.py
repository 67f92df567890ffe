"""Context values: what one deployment gives with ``-c KEY=VALUE`` in place of its stage's settings.

Nothing here imports the CDK.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from infrastructure.settings import STAGES, SettingsError, StageSettings

REPLACED_SETTINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "listenerUrl": "listener_url",
        "allowedOrigins": "allowed_origins",
        "speakerDomain": "speaker_domain",
        "listenerDomain": "listener_domain",
        "certificateArn": "certificate_arn",
        "alarmEmail": "alarm_email",
    }
)
"""The setting that each context value replaces; an empty value replaces nothing."""

RECORD: Final = "Context"
"""The output of the data stack that says with which of them the stage was made; the first stack that is deployed."""

CONTEXT_KEYS: Final = ("stage", "layers", *REPLACED_SETTINGS)
"""The context values that the app takes."""

_KEPT_BY_THE_CDK: Final = ("cli-telemetry", "acknowledged-issue-numbers")
"""What the CDK's command line notes for itself in `cdk.context.json`."""


def refuse_unknown_keys(keys: Iterable[str]) -> None:
    """Let through what the app takes and what is the CDK's own: feature flags, ``aws:cdk:…`` and cached lookups.

    Raises:
        SettingsError: Another key, such as a misspelt one, whose value nothing would use.
    """
    unknown = [
        key
        for key in keys
        if key not in CONTEXT_KEYS and key not in _KEPT_BY_THE_CDK and not key.startswith("@") and ":" not in key
    ]
    if unknown:
        raise SettingsError(f"there is no context value {', '.join(unknown)}; -c takes {', '.join(CONTEXT_KEYS)}")


def stage_of(context: Mapping[str, str | None]) -> StageSettings:
    """The stage that the context asks for, with the settings it replaces.

    Raises:
        SettingsError: No such stage, or a value that a stage cannot have.
    """
    name = context.get("stage") or "dev"
    if name not in STAGES:
        raise SettingsError(f"there is no stage {name!r}; -c stage= takes {' or '.join(STAGES)}")
    replaced: dict[str, Any] = {
        field: setting_of(key, value) for key, field in REPLACED_SETTINGS.items() if (value := context.get(key))
    }
    return replace(STAGES[name], **replaced)


def setting_of(key: str, value: str) -> str | tuple[str, ...]:
    """A context value as its setting has it; origins are a comma list."""
    return tuple(value.split(",")) if key == "allowedOrigins" else value


def record_of(context: Mapping[str, str | None]) -> str:
    """The given values in JSON, to be kept with the deployed stage."""
    return json.dumps({key: value for key in REPLACED_SETTINGS if (value := context.get(key))}, sort_keys=True)
