"""Synthesized templates as the tests read them: resources by kind, values as text.

A reference reads as ``<LogicalId>`` or ``<LogicalId.Attribute>``, without the hash that the CDK appends, whether it
stays in its stack or comes from another one's export; a joined value reads as one string.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource.

    Attributes:
        name: Its logical id without the hash.
        properties: With every reference as text.
        raw: The template's own words.
    """

    stack: str
    logical_id: str
    type: str
    properties: Mapping[str, Any]
    raw: Mapping[str, Any]

    @property
    def name(self) -> str:
        return _without_hash(self.logical_id)

    @property
    def reference(self) -> str:
        return f"<{self.name}>"


class SynthesizedStage:
    """Every template of one stage's assembly."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.templates: dict[str, Any] = {
            path.name.removesuffix(".template.json"): json.loads(path.read_text())
            for path in sorted(directory.glob("*.template.json"))
        }
        self._exports = {
            output["Export"]["Name"]: output["Value"]
            for template in self.templates.values()
            for output in template.get("Outputs", {}).values()
            if "Export" in output
        }
        self.resources = [
            Resource(
                stack=stack,
                logical_id=logical_id,
                type=body["Type"],
                properties=self.text_of(body.get("Properties", {})),
                raw=body,
            )
            for stack, template in self.templates.items()
            for logical_id, body in template["Resources"].items()
        ]

    def of_type(self, kind: str) -> list[Resource]:
        """Resources of a type, ``AWS::`` left out."""
        return [resource for resource in self.resources if resource.type == f"AWS::{kind}"]

    def one(self, kind: str, name: str) -> Resource:
        """The one resource of a type with this name."""
        (found,) = [resource for resource in self.of_type(kind) if resource.name == name]
        return found

    def functions(self) -> dict[str, Resource]:
        """Each function by its directory's name; of those that every cell has, the first cell's."""
        every = self.every_function()
        return {name: functions[0] for name, functions in every.items()}

    def every_function(self) -> dict[str, list[Resource]]:
        """All functions by their directory's name, cells in order."""
        found: dict[str, list[Resource]] = {}
        for resource in self.of_type("Lambda::Function"):
            found.setdefault(resource.properties["Handler"].partition(".")[0], []).append(resource)
        return found

    def statements(self, function: Resource) -> Iterator[tuple[str, str]]:
        """(action, resource) of everything that a function's role allows."""
        role = function.properties["Role"].removeprefix("<").removesuffix(".Arn>")
        for policy in self.of_type("IAM::Policy"):
            if f"<{role}>" not in policy.properties["Roles"]:
                continue
            for statement in policy.properties["PolicyDocument"]["Statement"]:
                assert statement["Effect"] == "Allow"
                for action in _listed(statement["Action"]):
                    for resource in _listed(statement["Resource"]):
                        yield action, resource

    def outputs(self) -> dict[str, str]:
        """Outputs meant for people and clients."""
        return {
            name: self.text_of(output["Value"])
            for template in self.templates.values()
            for name, output in template.get("Outputs", {}).items()
            if "Export" not in output
        }

    def text_of(self, value: Any) -> Any:  # noqa: PLR0911 - one return per intrinsic function
        """A value with every intrinsic function as text."""
        match value:
            case {"Ref": str(name)}:
                return f"<{_without_hash(name)}>"
            case {"Fn::GetAtt": [str(name), str(attribute)]}:
                return f"<{_without_hash(name)}.{attribute}>"
            case {"Fn::ImportValue": str(name)}:
                return self.text_of(self._exports[name])
            case {"Fn::Join": [str(separator), list(parts)]}:
                return separator.join(self.text_of(part) for part in parts)
            case {"Fn::Sub": str(text)}:
                return text
            case dict():
                unknown = [key for key in value if key.startswith("Fn::")]
                assert not unknown, f"the tests cannot read {unknown}"
                return {key: self.text_of(item) for key, item in value.items()}
            case list():
                return [self.text_of(item) for item in value]
            case _:
                return value


def _without_hash(logical_id: str) -> str:
    return re.sub(r"(?<=.)[0-9A-F]{8}$", "", logical_id)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
