"""The metrics that the functions write, read from their source: name, unit, and which functions can write it."""

import ast
import functools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "shared_layer" / "python" / "babelcast"
LAMBDAS = ROOT / "lambdas"
UNITS = {"count": "Count", "duration_ms": "Milliseconds", "level": "None"}


@dataclass(frozen=True, slots=True)
class EmittedMetric:
    """One metric of the namespace.

    Attributes:
        services: Values of the dimension ``service`` that it can have.
        by_language: Whether it exists with the dimension ``language``, too.
    """

    name: str
    unit: str
    services: frozenset[str]
    by_language: bool


@functools.cache
def emitted_metrics() -> dict[str, EmittedMetric]:
    """By name."""
    services: dict[str, set[str]] = defaultdict(set)
    units: dict[str, set[str]] = defaultdict(set)
    by_language: dict[str, bool] = defaultdict(bool)
    for service in sorted(path.parent.name for path in LAMBDAS.glob("*/handler.py")):
        for path in files_of(service):
            for name, unit, language in _measurements(path):
                services[name].add(service)
                units[name].add(unit)
                by_language[name] |= language
    assert all(len(each) == 1 for each in units.values()), "a metric has one unit"
    _assert_complete(set(services))
    return {
        name: EmittedMetric(name, min(units[name]), frozenset(who), by_language[name]) for name, who in services.items()
    }


def _assert_complete(found: set[str]) -> None:
    every = {name for path in (*PACKAGE.rglob("*.py"), *LAMBDAS.rglob("*.py")) for name, _, _ in _measurements(path)}
    assert every == found, f"no function reaches {every - found}"


def _measurements(path: Path) -> Iterator[tuple[str, str, bool]]:
    """(name, unit, whether also by language) of every call of a meter in a file."""
    tree = ast.parse(path.read_text())
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for call in ast.walk(function):
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and call.func.attr in UNITS
                and _last_name(call.func.value).lstrip("_") == "meter"
            ):
                by_language = any(keyword.arg == "language" for keyword in call.keywords)
                names = list(_names(call.args[0], function, tree))
                assert names, f"{path.name}:{call.lineno}: the name of a metric is not to be found in the file"
                for name in names:
                    yield name, UNITS[call.func.attr], by_language


def _names(argument: ast.expr, function: ast.FunctionDef | ast.AsyncFunctionDef, tree: ast.Module) -> Iterator[str]:
    """What a metric's name can be: a text, one of two, one of a table's, or a parameter's values in this file."""
    match argument:
        case ast.Constant(value=str(name)):
            yield name
        case ast.IfExp(body=first, orelse=second):
            yield from _names(first, function, tree)
            yield from _names(second, function, tree)
        case ast.Subscript(value=ast.Name(id=table)):
            for statement in tree.body:
                if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(statement.value, ast.Dict):
                    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
                    if isinstance(target, ast.Name) and target.id == table:
                        for value in statement.value.values:
                            yield from _names(value, function, tree)
        case ast.Name(id=parameter):
            parameters = [each.arg for each in function.args.args if each.arg != "self"]
            index = parameters.index(parameter)
            for call in ast.walk(tree):
                if isinstance(call, ast.Call) and _last_name(call.func) == function.name:
                    yield from _names(call.args[index], function, tree)


def _last_name(expression: ast.expr) -> str:
    match expression:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


def files_of(service: str) -> set[Path]:
    """A function's own files, and those of the package that the wiring gives it, with what they import."""
    reached = own = set((LAMBDAS / service).rglob("*.py"))
    waiting = {path for builder in builders_of(own) for path in _wired(builder)}
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached = reached | {path}
            waiting |= set(_imported(ast.parse(path.read_text())).values())
    return reached


def builders_of(files: set[Path]) -> set[str]:
    """What these files take from the wiring."""
    return {
        node.attr
        for path in files
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "wiring"
    }


@functools.cache
def _wired(builder: str) -> frozenset[Path]:
    """The files whose names a function of the wiring uses, or a function of the wiring that it calls."""
    tree = ast.parse((PACKAGE / "wiring.py").read_text())
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    imported = _imported(tree)
    if builder not in functions:
        return frozenset()
    used = {node.id for node in ast.walk(functions[builder]) if isinstance(node, ast.Name)} - {builder}
    files = {imported[name] for name in used if name in imported}
    return frozenset(files.union(*(_wired(name) for name in used if name in functions)))


def _imported(tree: ast.Module) -> dict[str, Path]:
    """Name and file of everything that is imported from use cases and adapters, within functions, too."""
    return {
        alias.asname or alias.name: PACKAGE / f"{node.module.removeprefix('babelcast.').replace('.', '/')}.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module is not None
        and node.module.startswith(("babelcast.usecases.", "babelcast.adapters."))
        for alias in node.names
    }
