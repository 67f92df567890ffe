"""One start of a function, in an interpreter without site-packages, as Lambda's runtime makes it.

    python -I -S -B process.py MODULE FIRST_USE lazy|eager DIRECTORY…

MODULE is the handler's, FIRST_USE what its first invocation takes from `babelcast.wiring`, and the directories are the
function's code and its layers. With ``eager`` every AWS client that the function can use is built as a part of the
import, as by modules that build theirs at their top level; with ``lazy``, when the product builds it. Prints JSON:
times in milliseconds, the number of loaded modules, the services that boto3's clients were built for, and the adapters
whose clients were built before their first call.

Whatever this file imports before the clock runs costs the handler nothing: it imports what any interpreter has loaded.
"""

from __future__ import annotations

import gc
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def parts_of(collaborators: object) -> Iterator[Any]:
    """Every object of Babelcast's that collaborators are made of, they themselves included."""
    waiting, seen = [collaborators], set()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if type(each).__module__.startswith("babelcast."):
            yield each
        elif not isinstance(each, dict | list | tuple):
            continue
        waiting.extend(gc.get_referents(each))


def build_lazy_clients(collaborators: object) -> list[str]:
    """Build what adapters build at their first call, and not when they are built themselves; returns the adapters."""
    built = set()
    for part in parts_of(collaborators):
        adapter, module = type(part).__name__, sys.modules[type(part).__module__]
        match adapter:
            case "S3Clips":
                module._client()
            case "NotificationSenders":
                part._client  # noqa: B018  builds it
            case "TranscribeTranscriber":
                part._connected()
            case "SignedPosts":
                module._bootstrap()
                module._tls()
            case _:
                continue
        built.add(adapter)
    return sorted(built)


def services_with_clients() -> list[str]:
    """For which services boto3's clients exist in this process."""
    from botocore.client import BaseClient

    clients = [each for each in gc.get_objects() if issubclass(type(each), BaseClient)]
    return sorted({each.meta.service_model.service_name for each in clients})


def main() -> None:
    """Start the function and print what it took."""
    module, first_use, clients, *path = sys.argv[1:]
    sys.path[:0] = path
    began_s, cpu_began_s = time.perf_counter(), time.process_time()
    __import__(module)
    from babelcast import wiring

    build = getattr(wiring, first_use)
    hurried = build_lazy_clients(build()) if clients == "eager" else []
    imported_s, cpu_imported_s = time.perf_counter(), time.process_time()
    build()
    cpu_used_s, modules = time.process_time(), len(sys.modules)

    import json

    print(
        json.dumps(
            {
                "import_ms": (cpu_imported_s - cpu_began_s) * 1000,
                "import_wall_ms": (imported_s - began_s) * 1000,
                "first_use_ms": (cpu_used_s - cpu_imported_s) * 1000,
                "modules": modules,
                "clients": services_with_clients(),
                "hurried": hurried,
            }
        )
    )


if __name__ == "__main__":
    main()
