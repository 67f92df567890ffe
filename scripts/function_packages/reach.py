"""What a function imports: its own imports, and those of the shared code that it can reach.

`babelcast.wiring` imports within its functions what only one Lambda function needs, and a handler calls its own. Hence
a module of the shared code is reached when reached code imports it, and a top-level function in it when reached code
names it. A name counts wherever it is written, so that rather too much is reached than too little.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SHARED_PACKAGE: Final = "babelcast"

_FOR_TYPES_ONLY: Final = ("TYPE_CHECKING", "typing.TYPE_CHECKING")
_DOTTED: Final = re.compile(r"([A-Za-z_]\w*)\.([\w.]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One name that code imports.

    Attributes:
        place: ``wiring.py:12``.
        module: Absolute.
        name: What is taken from the module, None for the module itself.
        attributes: What the code reads from it, such as ``fft.rfft``.
    """

    place: str
    module: str
    name: str | None
    attributes: tuple[str, ...]

    def may_load(self) -> Iterator[str]:
        """Modules: the one that is named, the packages that it is in, and the name, which may be a module."""
        parts = self.module.split(".")
        yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))
        if self.name:
            yield f"{self.module}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a function may load.

    Attributes:
        imports: Those of its own code and of the shared code that it reaches, those within functions included.
        modules: Of the shared code.
    """

    imports: tuple[Import, ...]
    modules: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A top-level function, or the rest of a module, which runs when it is imported.

    Attributes:
        function: The function's name; None for the rest.
        names: Everything that is named in it.
    """

    module: str
    function: str | None
    imports: tuple[Import, ...]
    names: frozenset[str]


def reach_of(code: Path, shared: Path) -> Reach:
    """Follow a function's imports.

    Args:
        code: The function's own code, all of which counts.
        shared: Holds the shared package, such as ``python/`` of a layer.
    """
    modules = _shared_parts(shared)
    parts = {part for source in sorted(code.rglob("*.py")) for part in _parts(source, code)}
    loaded: set[str] = set()
    before = 0
    while len(parts) > before:
        before = len(parts)
        names = {name for part in parts for name in part.names}
        loaded = {each for part in parts for imported in part.imports for each in imported.may_load()} & modules.keys()
        parts |= {
            part for module in loaded for part in modules[module] if part.function is None or part.function in names
        }
    imports = {imported for part in parts for imported in part.imports}
    return Reach(imports=tuple(sorted(imports, key=_in_order)), modules=frozenset(loaded))


def shared_modules(shared: Path) -> frozenset[str]:
    """Every module of the shared code."""
    return frozenset(_shared_parts(shared))


def _in_order(imported: Import) -> tuple[str, int, str, str]:
    file, _, line = imported.place.rpartition(":")
    return file, int(line), imported.module, imported.name or ""


def _shared_parts(shared: Path) -> Mapping[str, list[_Part]]:
    sources = sorted((shared / SHARED_PACKAGE).rglob("*.py"))
    return {_module_name(source, shared): list(_parts(source, shared)) for source in sources}


def _module_name(source: Path, directory: Path) -> str:
    return ".".join(source.relative_to(directory).with_suffix("").parts).removesuffix(".__init__")


def _parts(source: Path, directory: Path) -> Iterator[_Part]:
    tree = ast.parse(source.read_text())
    module, read = _module_name(source, directory), _attributes_read(tree)
    functions = [each for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    rest = ast.Module(body=[each for each in tree.body if each not in functions], type_ignores=[])
    for function, body in [(None, rest), *((each.name, each) for each in functions)]:
        nodes = list(_at_run_time(body))
        imports = tuple(imported for node in nodes for imported in _imports(node, source.name, read))
        names = frozenset(name for node in nodes for name in _names(node))
        yield _Part(module=module, function=function, imports=imports, names=names)


def _at_run_time(node: ast.AST) -> Iterator[ast.AST]:
    """A node and everything below it, without what is there for type checkers alone."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) in _FOR_TYPES_ONLY):
            yield from _at_run_time(child)


def _imports(node: ast.AST, file: str, read: Mapping[str, tuple[str, ...]]) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            # Without an alias the name that is bound is the outermost package's.
            bound = alias.asname or alias.name.partition(".")[0]
            module = alias.name if alias.asname else bound
            place = f"{file}:{node.lineno}"
            yield Import(place=place, module=module, name=None, attributes=read.get(bound, ()))
            if module != alias.name:
                yield Import(place=place, module=alias.name, name=None, attributes=())
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        for alias in node.names:
            yield Import(
                place=f"{file}:{node.lineno}",
                module=node.module,
                name=None if alias.name == "*" else alias.name,
                attributes=read.get(alias.asname or alias.name, ()),
            )


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.ImportFrom):
        yield from (alias.name for alias in node.names)


def _attributes_read(tree: ast.AST) -> dict[str, tuple[str, ...]]:
    """What is read from each name, ``rfft`` and ``fft.rfft`` for instance."""
    dotted = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    read: dict[str, list[str]] = {}
    for each in sorted(dotted):
        if match := _DOTTED.fullmatch(each):
            read.setdefault(match[1], []).append(match[2])
    return {name: tuple(attributes) for name, attributes in read.items()}
