"""A cloud assembly (what CDK's synthesis writes): its stacks, their resources, outputs and file assets."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from local.errors import UserError
from local.template.intrinsics import ReferenceScope


class TemplateError(UserError):
    """The assembly says something that cannot be read; the message names the place."""


class ResourceKey(NamedTuple):
    """A resource's address in an assembly."""

    stack: str
    logical_id: str

    def __str__(self) -> str:
        return f"{self.stack}/{self.logical_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource as the template has it; its properties may contain intrinsic functions."""

    key: ResourceKey
    type: str
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackTemplate:
    """One stack.

    Attributes:
        exports: Values by output name *and* by logical id of the output; both may contain intrinsics.
        parameter_defaults: Parameters that have a default value.
        asset_directories: Directories of file assets by the object key they are published under.
        region: The stack's own region, None when it is synthesized for any.
    """

    name: str
    resources: Mapping[str, Resource]
    exports: tuple[tuple[Any, Any], ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)
    parameter_defaults: Mapping[str, Any] = field(default_factory=dict)
    asset_directories: Mapping[str, Path] = field(default_factory=dict)
    region: str | None = None


class Assembly:
    """All stacks of one cloud assembly."""

    def __init__(self, stacks: Mapping[str, StackTemplate]) -> None:
        self.stacks = stacks

    @classmethod
    def load(cls, directory: Path) -> "Assembly":
        """Read `manifest.json`, the templates and asset manifests it names, and nested assemblies.

        Raises:
            TemplateError: There is no assembly in the directory, or it has no stack.
        """
        stacks = {stack.name: stack for stack in _stacks_of(directory)}
        if not stacks:
            raise TemplateError(f"the cloud assembly in {directory} has no stack")
        return cls(stacks)

    @property
    def region(self) -> str | None:
        """The region that the stacks are synthesized for, if they are for a certain one."""
        return next((stack.region for stack in self.stacks.values() if stack.region), None)

    def of_type(self, *types: str) -> Iterator[Resource]:
        """Resources of any of these types, in the templates' order."""
        for stack in self.stacks.values():
            for resource in stack.resources.values():
                if resource.type in types:
                    yield resource

    def resource(self, key: ResourceKey) -> Resource:
        """The resource at an address.

        Raises:
            TemplateError: There is none.
        """
        try:
            return self.stacks[key.stack].resources[key.logical_id]
        except KeyError:
            raise TemplateError(f"no resource {key}") from None

    def scope(self, stack: str) -> ReferenceScope:
        """Where references in this stack look."""
        return ReferenceScope(self, stack)

    def references(self, stack: str, value: object) -> tuple[ResourceKey, ...]:
        """Every resource that a value refers to, through other stacks' exports too, in order of appearance."""
        return tuple(ResourceKey(*found) for found in self.scope(stack).references(value))

    def reference(self, stack: str, value: object, *types: str) -> Resource:
        """The one resource of any of these types that a value refers to.

        Raises:
            TemplateError: The value refers to none, or to several.
        """
        found = {key: self.resource(key) for key in self.references(stack, value)}
        matching = [resource for resource in found.values() if resource.type in types]
        if len(matching) != 1:
            raise TemplateError(
                f"expected one {' or '.join(types)} in {value!r} of stack {stack}, found {len(matching)}"
            )
        return matching[0]


def _stacks_of(directory: Path) -> Iterator[StackTemplate]:
    manifest_path = directory / "manifest.json"
    if not manifest_path.is_file():
        raise TemplateError(f"{directory} is not a cloud assembly: it has no manifest.json")
    artifacts: Mapping[str, Any] = json.loads(manifest_path.read_text()).get("artifacts", {})
    for artifact_id, artifact in artifacts.items():
        properties = artifact.get("properties", {})
        if artifact["type"] == "aws:cloudformation:stack":
            yield _stack(directory, properties.get("stackName", artifact_id), artifact_id, artifact)
        elif artifact["type"] == "cdk:cloud-assembly":
            yield from _stacks_of(directory / properties["directoryName"])


def _stack(directory: Path, name: str, artifact_id: str, artifact: Mapping[str, Any]) -> StackTemplate:
    template = json.loads((directory / artifact["properties"]["templateFile"]).read_text())
    outputs: Mapping[str, Any] = template.get("Outputs", {})
    region = str(artifact.get("environment", "")).rsplit("/", 1)[-1]
    return StackTemplate(
        name=name,
        resources={
            logical_id: Resource(
                key=ResourceKey(name, logical_id), type=body["Type"], properties=body.get("Properties", {})
            )
            for logical_id, body in template.get("Resources", {}).items()
        },
        exports=tuple((output["Export"]["Name"], output["Value"]) for output in outputs.values() if "Export" in output),
        outputs={output_id: output["Value"] for output_id, output in outputs.items()},
        parameter_defaults={
            parameter: body["Default"]
            for parameter, body in template.get("Parameters", {}).items()
            if "Default" in body
        },
        asset_directories=_asset_directories(directory, artifact_id),
        region=None if region in ("", "unknown-region") else region,
    )


def _asset_directories(directory: Path, artifact_id: str) -> dict[str, Path]:
    manifest_path = directory / f"{artifact_id}.assets.json"
    if not manifest_path.is_file():
        return {}
    return {
        destination["objectKey"]: (directory / file["source"]["path"]).resolve()
        for file in json.loads(manifest_path.read_text()).get("files", {}).values()
        if "path" in file["source"]
        for destination in file["destinations"].values()
    }
