"""Whether every import of a function resolves inside its package: run in a process that has nothing else.

The interpreter is started without site-packages, without the user's variables and without this project
(``python -I -S``). In it every import of the function and of the shared code that it can reach is carried out, those
within functions too, which are only reached when a user does something; and what the code reads from an imported module
is looked up, because a package may load parts of itself, or lack them, only then.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from scripts.function_packages.reach import Reach

_RESOLVE: Final = """
import importlib, json, sys
from pathlib import Path
from types import ModuleType

def resolve(module, name):
    found = importlib.import_module(module)
    if name is None:
        return found
    if not hasattr(found, name):
        importlib.import_module(module + "." + name)
    return getattr(found, name)

def look_up(found, attributes):
    for attribute in attributes.split("."):
        if isinstance(found, ModuleType):
            found = getattr(found, attribute)

handler, *path = sys.argv[1:]
sys.path[:0] = path
unresolved = []
for each in json.load(sys.stdin):
    what = ".".join(filter(None, (each["module"], each["name"])))
    try:
        found = resolve(each["module"], each["name"])
        for attributes in each["attributes"]:
            what = ".".join(filter(None, (each["module"], each["name"], attributes)))
            look_up(found, attributes)
    except Exception as error:
        unresolved.append(f"{each['place']}: {what}: {error}")
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
print(json.dumps({"unresolved": unresolved, "loaded": loaded}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportCheck:
    """What came of it.

    Attributes:
        unresolved: One line for each import that failed.
        loaded: Files of the package that were loaded, relative to the directory on the path.
    """

    unresolved: tuple[str, ...]
    loaded: tuple[str, ...]


def check_imports(handler: str, path: Sequence[Path], reach: Reach) -> ImportCheck:
    """Carry out every import of a function.

    Args:
        handler: ``package.module.function``.
        path: The function's code, then its layers' ``python`` directories.
        reach: What it imports.
    """
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", _RESOLVE, handler, *map(str, path)],
        input=json.dumps([asdict(each) for each in reach.imports]),
        capture_output=True,
        text=True,
        check=False,
        cwd=path[0],
        env={},
    )
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()[-1:] or ["no reason"]
        return ImportCheck(unresolved=(f"{handler}: the interpreter ended: {reason[0]}",), loaded=())
    found = json.loads(done.stdout.splitlines()[-1])
    return ImportCheck(unresolved=tuple(found["unresolved"]), loaded=tuple(found["loaded"]))
