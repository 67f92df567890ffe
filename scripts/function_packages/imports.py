"""Whether every import of a function resolves inside its package: run in a process that has nothing else.

The interpreter is started without site-packages, without the user's variables and without this project
(``python -I -S``). In it every import of the function and of the shared code is carried out, those within functions
too, which are only reached when a user does something.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_RESOLVE: Final = """
import ast, importlib, json, sys
from pathlib import Path

def is_for_types_only(node):
    test = ast.unparse(node.test) if isinstance(node, ast.If) else ""
    return test in ("TYPE_CHECKING", "typing.TYPE_CHECKING")

def imports(node):
    for child in ast.iter_child_nodes(node):
        if is_for_types_only(child):
            continue
        if isinstance(child, ast.Import):
            yield from ((alias.name, None, child.lineno) for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and not child.level:
            yield from ((child.module, alias.name, child.lineno) for alias in child.names)
        yield from imports(child)

def resolve(module, name):
    found = importlib.import_module(module)
    if name not in (None, "*") and not hasattr(found, name):
        importlib.import_module(module + "." + name)

handler, own, *path = sys.argv[1:]
sys.path[:0] = path
unresolved = []
sources = sorted(Path(path[0]).rglob("*.py")) + [
    source for directory in path[1:] for source in sorted(Path(directory, own).rglob("*.py"))
]
checked = 0
for source in sources:
    for module, name, line in imports(ast.parse(source.read_text())):
        checked += 1
        try:
            resolve(module, name)
        except Exception as error:
            unresolved.append(f"{source.name}:{line}: {module}{'.' + name if name else ''}: {error}")
module, _, function = handler.rpartition(".")
try:
    assert callable(getattr(importlib.import_module(module), function))
except Exception as error:
    unresolved.append(f"{handler}: {error}")
loaded = sorted(
    {
        str(Path(each.__file__).relative_to(directory))
        for each in list(sys.modules.values())
        for directory in path
        if getattr(each, "__file__", None) and Path(each.__file__).is_relative_to(directory)
    }
)
print(json.dumps({"unresolved": unresolved, "loaded": loaded, "imports": checked}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportCheck:
    """What came of it.

    Attributes:
        unresolved: One line for each import that failed.
        loaded: Files of the package that were loaded, relative to the directory on the path.
        imports: How many imports were carried out.
    """

    unresolved: tuple[str, ...]
    loaded: tuple[str, ...]
    imports: int


def check_imports(handler: str, path: Sequence[Path], *, shared_package: str = "babelcast") -> ImportCheck:
    """Carry out every import of a function.

    Args:
        handler: ``package.module.function``.
        path: The function's code, then its layers' ``python`` directories.
        shared_package: The package in the layers whose imports are ours, too.
    """
    command = [sys.executable, "-I", "-S", "-B", "-c", _RESOLVE, handler, shared_package, *map(str, path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=path[0], env={})
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()[-1:] or ["no reason"]
        return ImportCheck(unresolved=(f"{handler}: the interpreter ended: {reason[0]}",), loaded=(), imports=0)
    found = json.loads(done.stdout.splitlines()[-1])
    return ImportCheck(
        unresolved=tuple(found["unresolved"]), loaded=tuple(found["loaded"]), imports=int(found["imports"])
    )
