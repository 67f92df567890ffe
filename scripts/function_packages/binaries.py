"""For which processor and interpreter a package's compiled modules are."""

import re
from pathlib import Path
from typing import Final

_ELF: Final = b"\x7fELF"
_MACHINES: Final = {0x3E: "x86_64", 0xB7: "aarch64"}
"""Source: the ELF header's e_machine, elf.h."""
_CPYTHON: Final = re.compile(r"\.cpython-(\d)(\d+)[a-z]*-")


def machine_of(path: Path) -> str | None:
    """The processor that a compiled file is for; None when it is not compiled."""
    with path.open("rb") as file:
        header = file.read(20)
    if header[:4] != _ELF:
        return None
    return _MACHINES.get(int.from_bytes(header[18:20], "little"), "another processor")


def wrong_binaries(directory: Path, *, machine: str, python: tuple[int, int]) -> list[str]:
    """Compiled modules that this processor and interpreter cannot load, one line each."""
    wrong = []
    for path in sorted(directory.rglob("*.so*")):
        found = machine_of(path)
        if found != machine:
            wrong.append(f"{path.relative_to(directory)} is for {found or 'no processor'}")
        version = _CPYTHON.search(path.name)
        if version is not None and (int(version[1]), int(version[2])) != python:
            wrong.append(f"{path.relative_to(directory)} is for Python {version[1]}.{version[2]}")
    return wrong


def on_machine(loaded: str, machine: str) -> str:
    """The name that a loaded file has in the same package for another processor."""
    return re.sub(r"(?<=-)(x86_64|aarch64)(?=-linux)", machine, loaded)
