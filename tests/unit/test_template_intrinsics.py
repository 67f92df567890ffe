"""Intrinsic functions, resolved and followed."""

from typing import Any

import pytest

from local.template.assembly import Assembly, Resource, ResourceKey, StackTemplate, TemplateError
from local.template.intrinsics import Physical, Pseudo, Resolver, UnknownIntrinsicError, UnresolvedReferenceError


def _stack(name: str, *resources: str, **more: Any) -> StackTemplate:
    keys = [ResourceKey(name, logical_id) for logical_id in resources]
    return StackTemplate(
        name=name,
        resources={key.logical_id: Resource(key=key, type="Test::Thing", properties={}) for key in keys},
        **more,
    )


_ASSEMBLY = Assembly(
    {
        "Data": _stack(
            "Data",
            "Table",
            exports=(("Data:TableName", {"Ref": "Table"}),),
            outputs={"TableArn": {"Fn::GetAtt": ["Table", "Arn"]}},
        ),
        "Api": _stack("Api", "Function", parameter_defaults={"Version": "/bootstrap/version"}),
    }
)

_RESOLVER = Resolver(
    _ASSEMBLY,
    {
        ResourceKey("Data", "Table"): Physical(ref="table-1", attributes={"Arn": "arn:table-1", "Stream.Arn": "arn:s"}),
        ResourceKey("Api", "Function"): Physical(ref="function-1", attributes={"Arn": "arn:function-1"}),
    },
    Pseudo(region="eu-west-1", account_id="123456789012"),
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("plain", "plain"),
        (600, 600),
        ({"Ref": "Function"}, "function-1"),
        ({"Ref": "Version"}, "/bootstrap/version"),
        ({"Ref": "AWS::Region"}, "eu-west-1"),
        ({"Ref": "AWS::StackName"}, "Api"),
        ({"Fn::GetAtt": ["Function", "Arn"]}, "arn:function-1"),
        ({"Fn::GetAtt": "Function.Arn"}, "arn:function-1"),
        ({"Fn::Join": ["/", ["a", {"Ref": "Function"}, 3]]}, "a/function-1/3"),
        ({"Fn::Sub": "${Function} in ${AWS::Region}: ${!literal} ${Function.Arn}"},
         "function-1 in eu-west-1: ${literal} arn:function-1"),
        ({"Fn::Sub": ["${name}!", {"name": {"Ref": "Function"}}]}, "function-1!"),
        ({"Fn::Select": [1, {"Fn::Split": [":", {"Fn::GetAtt": ["Function", "Arn"]}]}]}, "function-1"),
        ({"Fn::Select": ["0", ["a", "b"]]}, "a"),
        ({"Fn::ImportValue": "Data:TableName"}, "table-1"),
        ({"Fn::ImportValue": {"Fn::Join": [":", ["Data", "TableName"]]}}, "table-1"),
        ({"Fn::GetStackOutput": {"StackName": "Data", "OutputName": "TableArn"}}, "arn:table-1"),
        ({"keep": 1, "drop": {"Ref": "AWS::NoValue"}}, {"keep": 1}),
        ([1, {"Ref": "AWS::NoValue"}], [1]),
        ({"nested": [{"Ref": "Function"}]}, {"nested": ["function-1"]}),
    ],
)  # fmt: skip
def test_values(raw: object, expected: object) -> None:
    assert _RESOLVER.value("Api", raw) == expected


def test_an_attribute_may_have_dots() -> None:
    assert _RESOLVER.value("Data", {"Fn::GetAtt": ["Table", "Stream.Arn"]}) == "arn:s"
    assert _RESOLVER.value("Data", {"Fn::Sub": "${Table.Stream.Arn}"}) == "arn:s"


def test_text_of_a_number() -> None:
    assert _RESOLVER.text("Api", 600) == "600"


@pytest.mark.parametrize("name", ["Fn::Cidr", "Fn::If", "Fn::FindInMap", "Condition"])
def test_an_unknown_function_is_named(name: str) -> None:
    with pytest.raises(UnknownIntrinsicError, match=f"stack Api uses the intrinsic function {name}"):
        _RESOLVER.value("Api", {"deep": [{name: ["x"]}]})


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ({"Ref": "Nothing"}, "Nothing"),
        ({"Ref": "Table"}, "Table"),
        ({"Ref": "AWS::Nothing"}, "AWS::Nothing"),
        ({"Fn::GetAtt": ["Function", "Url"]}, r"Function\.Url"),
        ({"Fn::ImportValue": "Data:Nothing"}, "Data:Nothing"),
        ({"Fn::GetStackOutput": {"StackName": "Data", "OutputName": "Nothing"}}, "Nothing"),
    ],
)
def test_a_reference_without_a_value_is_named(raw: object, name: str) -> None:
    with pytest.raises(UnresolvedReferenceError, match=name):
        _RESOLVER.value("Api", raw)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"Fn::Join": ["", ["arn:", {"Fn::GetAtt": ["Function", "Arn"]}, "/x"]]}, ["Api/Function"]),
        ({"Fn::Sub": "${Function.Arn}/${!Table}/${AWS::Region}"}, ["Api/Function"]),
        ({"Fn::Sub": ["${f}", {"f": {"Ref": "Function"}}]}, ["Api/Function"]),
        ([{"Ref": "Function"}, {"x": {"Fn::ImportValue": "Data:TableName"}}], ["Api/Function", "Data/Table"]),
        ({"Fn::GetStackOutput": {"StackName": "Data", "OutputName": "TableArn"}}, ["Data/Table"]),
        ({"Ref": "AWS::Region"}, []),
        ("plain", []),
    ],
)
def test_references(raw: object, expected: list[str]) -> None:
    assert [str(key) for key in _ASSEMBLY.references("Api", raw)] == expected


def test_one_reference_of_a_type() -> None:
    assert _ASSEMBLY.reference("Api", {"Ref": "Function"}, "Test::Thing").key == ("Api", "Function")
    with pytest.raises(TemplateError, match="expected one Other::Thing"):
        _ASSEMBLY.reference("Api", {"Ref": "Function"}, "Other::Thing")
    with pytest.raises(TemplateError, match="found 2"):
        _ASSEMBLY.reference("Api", [{"Ref": "Function"}, {"Fn::ImportValue": "Data:TableName"}], "Test::Thing")
