"""How a stack is to be started."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from local.event_source.configuration import MappingOverrides
from local.gateway.configuration import GatewayLimits
from local.services.behaviour import ServiceTimes

_SPEAKER_EMAIL: Final = "speaker@example.com"


class Engine(StrEnum):
    """What stands behind the local Transcribe, Translate and Polly."""

    SPEECH = "speech"
    TONES = "tones"


@dataclass(frozen=True, slots=True, kw_only=True)
class StackOptions:
    """How to start a stack.

    Attributes:
        state_dir: Receives `stack.json`, configurations and logs; its contents are replaced.
        assembly_dir: The stage's synthesized cloud assembly.
        packaged: Functions have their packages and nothing else; the assembly's layer must be built for this machine.
        engine: Speech, or tones for tests that must be exact.
        websocket_port, http_port, aws_port: 0 takes a free one.
        service_times: How long the speech services and S3 take; at once without. `local.services.profiles` has some.
        service_seed: The same seed draws the same service times.
        service_arguments: More options for `python -m local.services`.
        gateway_limits: API Gateway's, to be shortened for tests.
        allowed_origins: Web pages that may use the HTTP API besides those in the template.
        listener_url: Replaces the template's `LISTENER_URL`.
        environment: More variables by function name; they win over all others.
        event_source_overrides: For every event source mapping.
        max_environments: Execution environments per function.
        idle_seconds: An unused execution environment ends after so long.
        prewarmed_functions: How many environments of each function are started before the stack is ready.
        speaker_email: The demo account, with a password of its own each time.
    """

    state_dir: Path
    assembly_dir: Path
    packaged: bool = False
    engine: Engine = Engine.SPEECH
    websocket_port: int = 0
    http_port: int = 0
    aws_port: int = 0
    service_times: ServiceTimes = field(default_factory=dict)
    service_seed: int = 1
    service_arguments: tuple[str, ...] = ()
    gateway_limits: GatewayLimits = field(default_factory=GatewayLimits)
    allowed_origins: tuple[str, ...] = ()
    listener_url: str | None = None
    environment: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    event_source_overrides: MappingOverrides = field(default_factory=MappingOverrides)
    max_environments: int = 8
    idle_seconds: float = 300.0
    prewarmed_functions: int = 1
    speaker_email: str = _SPEAKER_EMAIL
