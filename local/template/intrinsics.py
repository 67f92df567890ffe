"""CloudFormation's intrinsic functions: followed to the resources they name, or resolved to values.

Understood: Ref, Fn::GetAtt, Fn::Join, Fn::Sub, Fn::Select, Fn::Split, Fn::ImportValue, Fn::GetStackOutput and the
pseudo parameters. Any other is an error that names it; none is passed over in silence.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from local.template.assembly import Assembly, StackTemplate

_NO_VALUE: Final = object()
_SUBSTITUTION: Final = re.compile(r"\$\{(!?)([^}]+)\}")


class UnknownIntrinsicError(Exception):
    """A template uses an intrinsic function that the local stack does not understand."""

    def __init__(self, name: str, stack: str) -> None:
        self.name = name
        super().__init__(f"stack {stack} uses the intrinsic function {name}, which is not understood")


class UnresolvedReferenceError(Exception):
    """A value refers to something that has no value here."""

    def __init__(self, reference: str, stack: str) -> None:
        self.reference = reference
        super().__init__(f"stack {stack} refers to {reference}, which has no value in the local stack")


@dataclass(frozen=True, slots=True, kw_only=True)
class Physical:
    """A resource as created.

    Attributes:
        ref: What `Ref` gives.
        attributes: What `Fn::GetAtt` gives, by attribute name.
    """

    ref: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pseudo:
    """The pseudo parameters."""

    region: str
    account_id: str
    partition: str = "aws"
    url_suffix: str = "amazonaws.com"

    def value(self, name: str, stack: str) -> object:
        """The value of `AWS::<name>`.

        Raises:
            UnresolvedReferenceError: There is no such pseudo parameter here.
        """
        values = {
            "AWS::Region": self.region,
            "AWS::AccountId": self.account_id,
            "AWS::Partition": self.partition,
            "AWS::URLSuffix": self.url_suffix,
            "AWS::StackName": stack,
            "AWS::StackId": f"arn:{self.partition}:cloudformation:{self.region}:{self.account_id}:stack/{stack}/local",
            "AWS::NoValue": _NO_VALUE,
        }
        if name not in values:
            raise UnresolvedReferenceError(name, stack)
        return values[name]


def intrinsic(value: object) -> tuple[str, Any] | None:
    """Name and argument of the intrinsic function that a value is, or None when it is a plain value."""
    if isinstance(value, dict) and len(value) == 1:
        name, argument = next(iter(value.items()))
        if name in ("Ref", "Condition") or name.startswith("Fn::"):
            return name, argument
    return None


def attribute_path(argument: object) -> tuple[str, str]:
    """Logical id and attribute of a Fn::GetAtt, in its list or its dotted form."""
    if isinstance(argument, str):
        logical_id, _, attribute = argument.partition(".")
        return logical_id, attribute
    assert isinstance(argument, list)
    return str(argument[0]), ".".join(str(part) for part in argument[1:])


class ReferenceScope:
    """Follows references, without knowing any physical value, from one stack through an assembly."""

    def __init__(self, assembly: "Assembly", stack: str) -> None:
        self._assembly = assembly
        self._stack = stack

    def references(self, value: object) -> Iterator[tuple[str, str]]:
        """(stack, logical id) of every resource that a value refers to, in order of appearance."""
        found = intrinsic(value)
        if found is not None:
            yield from self._of_intrinsic(*found)
        elif isinstance(value, dict):
            for item in value.values():
                yield from self.references(item)
        elif isinstance(value, list):
            for item in value:
                yield from self.references(item)

    def _of_intrinsic(self, name: str, argument: Any) -> Iterator[tuple[str, str]]:
        match name:
            case "Ref":
                yield from self._resource(argument)
            case "Fn::GetAtt":
                yield from self._resource(attribute_path(argument)[0])
            case "Fn::Sub":
                text, values = argument if isinstance(argument, list) else (argument, {})
                for literal, inner in _SUBSTITUTION.findall(text):
                    if not literal and inner not in values:
                        yield from self._resource(inner.partition(".")[0])
                yield from self.references(list(values.values()))
            case "Fn::ImportValue":
                stack, exported = exported_value(self._assembly, argument, self._stack)
                yield from ReferenceScope(self._assembly, stack).references(exported)
            case "Fn::GetStackOutput":
                stack, output = stack_output(self._assembly, argument, self._stack)
                yield from ReferenceScope(self._assembly, stack).references(output)
            case _:
                yield from self.references(argument)

    def _resource(self, logical_id: str) -> Iterator[tuple[str, str]]:
        if logical_id in self._assembly.stacks[self._stack].resources:
            yield self._stack, logical_id


def exported_value(assembly: "Assembly", name: object, stack: str) -> tuple[str, Any]:
    """The stack that exports a name, and the value as it stands in that stack.

    Raises:
        UnresolvedReferenceError: Nobody exports it.
    """
    for exporter in assembly.stacks.values():
        for export_name, value in exporter.exports:
            if export_name == name:
                return exporter.name, value
    raise UnresolvedReferenceError(f"the export {name!r}", stack)


def stack_output(assembly: "Assembly", argument: Mapping[str, Any], stack: str) -> tuple[str, Any]:
    """The stack that a Fn::GetStackOutput names, and the output's value as it stands in that stack.

    Raises:
        UnresolvedReferenceError: There is no such stack or output.
    """
    owner: StackTemplate | None = assembly.stacks.get(str(argument["StackName"]))
    if owner is None or argument["OutputName"] not in owner.outputs:
        raise UnresolvedReferenceError(f"the output {argument!r}", stack)
    return owner.name, owner.outputs[argument["OutputName"]]


class Resolver:
    """Turns template values into plain ones, given the physical values of the resources."""

    def __init__(self, assembly: "Assembly", physical: Mapping[Any, Physical], pseudo: Pseudo) -> None:
        """`physical`: by `ResourceKey`."""
        self._assembly = assembly
        self._physical = physical
        self._pseudo = pseudo

    def value(self, stack: str, raw: object) -> Any:
        """The plain value of something that stands in a stack.

        Raises:
            UnknownIntrinsicError: It uses a function that is not understood.
            UnresolvedReferenceError: It refers to something without a physical value.
        """
        found = intrinsic(raw)
        if found is not None:
            return self._evaluate(stack, *found)
        if isinstance(raw, dict):
            resolved = {key: self.value(stack, item) for key, item in raw.items()}
            return {key: item for key, item in resolved.items() if item is not _NO_VALUE}
        if isinstance(raw, list):
            return [item for item in (self.value(stack, item) for item in raw) if item is not _NO_VALUE]
        return raw

    def text(self, stack: str, raw: object) -> str:
        """The plain value as text; see `value`."""
        value = self.value(stack, raw)
        return value if isinstance(value, str) else str(value)

    def _evaluate(self, stack: str, name: str, argument: Any) -> Any:
        evaluators: Mapping[str, Callable[[str, Any], Any]] = {
            "Ref": self._ref,
            "Fn::GetAtt": lambda stack, path: self._attribute(stack, *attribute_path(path)),
            "Fn::Join": self._join,
            "Fn::Sub": self._substitute,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::ImportValue": self._import,
            "Fn::GetStackOutput": lambda stack, output: self.value(*stack_output(self._assembly, output, stack)),
        }
        if name not in evaluators:
            raise UnknownIntrinsicError(name, stack)
        return evaluators[name](stack, argument)

    def _join(self, stack: str, argument: Any) -> str:
        delimiter, parts = argument
        return str(delimiter).join(str(part) for part in self.value(stack, parts))

    def _select(self, stack: str, argument: Any) -> Any:
        index, items = argument
        return self.value(stack, items)[int(self.value(stack, index))]

    def _split(self, stack: str, argument: Any) -> list[str]:
        delimiter, text = argument
        return self.text(stack, text).split(delimiter)

    def _import(self, stack: str, argument: Any) -> Any:
        return self.value(*exported_value(self._assembly, self.value(stack, argument), stack))

    def _ref(self, stack: str, logical_id: str) -> object:
        if logical_id.startswith("AWS::"):
            return self._pseudo.value(logical_id, stack)
        physical = self._physical.get((stack, logical_id))
        if physical is not None:
            return physical.ref
        defaults = self._assembly.stacks[stack].parameter_defaults
        if logical_id in defaults:
            return defaults[logical_id]
        raise UnresolvedReferenceError(logical_id, stack)

    def _attribute(self, stack: str, logical_id: str, attribute: str) -> str:
        physical = self._physical.get((stack, logical_id))
        if physical is None or attribute not in physical.attributes:
            raise UnresolvedReferenceError(f"{logical_id}.{attribute}", stack)
        return physical.attributes[attribute]

    def _substitute(self, stack: str, argument: Any) -> str:
        text, values = argument if isinstance(argument, list) else (argument, {})

        def replacement(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in values:
                return self.text(stack, values[name])
            if "." in name and not name.startswith("AWS::"):
                return self._attribute(stack, *attribute_path(name))
            return str(self._ref(stack, name))

        return _SUBSTITUTION.sub(replacement, str(text))
