"""Context values hold for one deployment: what was given before and is left out would be taken away from the stage."""

import json
from collections.abc import Mapping
from typing import Any

from infrastructure.context import RECORD, REPLACED_SETTINGS, setting_of
from scripts.deployment.outputs import deployed_outputs
from scripts.deployment.stage import Stage


def left_out_values(cloudformation: Any, stage: Stage) -> dict[str, str]:
    """What the deployed stage was made with, is not given now, and is not the stage's own setting by now either."""
    recorded: Mapping[str, str] = json.loads(deployed_outputs(cloudformation, stage.data_stack).get(RECORD, "{}"))
    return {
        key: value
        for key, value in recorded.items()
        if key in REPLACED_SETTINGS
        and key not in stage.context
        and setting_of(key, value) != getattr(stage.settings, REPLACED_SETTINGS[key])
    }


def choices(stage: Stage, left_out: Mapping[str, str]) -> str:
    """The two lines to choose from: give the values again, or take them away knowingly."""
    removed = dict.fromkeys(left_out, "")
    return (
        f"{stage.name} was deployed with {_pairs(left_out)}, which this would take away.\n"
        f'  to keep:      CONTEXT="{_pairs({**stage.context, **left_out})}"\n'
        f'  to take away: CONTEXT="{_pairs({**stage.context, **removed})}"'
    )


def _pairs(values: Mapping[str, str]) -> str:
    return " ".join(f"{key}={value}" for key, value in values.items())
