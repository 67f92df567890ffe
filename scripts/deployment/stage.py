"""Which stage is meant, where its files are, and what its stacks are called."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infrastructure.context import REPLACED_SETTINGS, stage_of
from infrastructure.settings import STAGES, SettingsError, StageSettings
from scripts.deployment.errors import DeploymentError

ROOT: Final = Path(__file__).resolve().parent.parent.parent
"""The project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssembledStack:
    """A stack as it would be deployed.

    Attributes:
        is_protected: CloudFormation refuses to delete it until somebody lifts its termination protection.
    """

    name: str
    is_protected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of one project directory.

    Attributes:
        settings: What the stage is made with, context values included.
        root: The project.
        context: What is passed to the CDK app with ``-c``, besides the stage's name and the layer.
    """

    settings: StageSettings
    root: Path = ROOT
    context: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """``dev`` or ``prod``."""
        return self.settings.name

    @property
    def stack_prefix(self) -> str:
        """What all its stacks' names begin with."""
        return f"Babelcast{self.name.capitalize()}"

    @property
    def data_stack(self) -> str:
        """Tables, streams, clips and speakers."""
        return f"{self.stack_prefix}Data"

    @property
    def web_stack(self) -> str:
        """The apps' buckets and distributions."""
        return f"{self.stack_prefix}Web"

    @property
    def api_stack(self) -> str:
        """Both APIs."""
        return f"{self.stack_prefix}Api"

    @property
    def processing_stack(self) -> str:
        """The cells."""
        return f"{self.stack_prefix}Processing"

    @property
    def observability_stack(self) -> str:
        """The dashboard and the alarms."""
        return f"{self.stack_prefix}Observability"

    @property
    def assembly(self) -> Path:
        """What the CDK's command line deploys; made by ``make`` for every deployment."""
        return self.root / "build" / "deploy" / self.name

    @property
    def outputs_file(self) -> Path:
        """The stacks' outputs as of the last deployment from this machine."""
        return self.root / "build" / f"outputs-{self.name}.json"

    def app_build(self, app: str) -> Path:
        """The production build of an app, ``speaker`` or ``listener``."""
        return self.root / "frontend" / "apps" / app / "dist"

    def stacks(self) -> Sequence[AssembledStack]:
        """The stacks in the assembly, in its order.

        Raises:
            DeploymentError: The assembly is missing.
        """
        manifest = self.assembly / "manifest.json"
        if not manifest.is_file():
            raise DeploymentError(f"{manifest} is missing: the synthesis left nothing behind")
        artifacts = json.loads(manifest.read_text())["artifacts"]
        return [
            AssembledStack(name=name, is_protected=each["properties"].get("terminationProtection", False))
            for name, each in artifacts.items()
            if each["type"] == "aws:cloudformation:stack"
        ]


def stage_named(name: str, *, root: Path = ROOT, context: Sequence[str] = ()) -> Stage:
    """The stage of that name.

    Args:
        name: A key of `infrastructure.settings.STAGES`.
        root: The project.
        context: ``KEY=VALUE`` pairs; without a value, the stage's own setting holds.

    Raises:
        DeploymentError: There is no such stage, a pair is none, or the stage cannot have the value.
    """
    pairs = [pair.partition("=") for pair in context]
    for key, equals, _ in pairs:
        if not equals:
            raise DeploymentError(f"a context value is KEY=VALUE, not {key!r}")
        if key not in REPLACED_SETTINGS:
            raise DeploymentError(f"there is no context value {key!r}; there are {', '.join(REPLACED_SETTINGS)}")
    given = {key: value for key, _, value in pairs}
    if name not in STAGES:
        raise DeploymentError(f"there is no stage {name!r}: STAGE is {' or '.join(STAGES)}")
    try:
        return Stage(settings=stage_of({**given, "stage": name}), root=root, context=given)
    except SettingsError as error:
        raise DeploymentError(str(error)) from None
