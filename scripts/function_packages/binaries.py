"""For which processor and interpreter a package's compiled modules are, and what of them is loaded."""

import re
import struct
from pathlib import Path
from typing import Final

_ELF: Final = b"\x7fELF"
_MACHINES: Final = {0x3E: "x86_64", 0xB7: "aarch64"}
"""Source: the ELF header's e_machine, elf.h."""
_64_BIT_LITTLE_ENDIAN: Final = b"\x02\x01"
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


def without_symbols(image: bytes) -> bytes:
    """A shared object without what only debuggers read: symbol tables, line numbers, the table of sections.

    A loader reads the program headers and the segments that they name, and nothing behind the last of them.
    Source: elf(5); the section header table is optional in what is executed.

    Raises:
        ValueError: It is no ELF file of 64 bits, little-endian.
    """
    if image[:6] != _ELF + _64_BIT_LITTLE_ENDIAN:
        raise ValueError("not an ELF file of 64 bits, little-endian")
    (headers_offset,) = struct.unpack_from("<Q", image, 32)
    header_bytes, headers = struct.unpack_from("<HH", image, 54)
    end = headers_offset + header_bytes * headers
    for header in range(headers):
        # p_offset, p_vaddr, p_paddr, p_filesz
        offset, _, _, size = struct.unpack_from("<4Q", image, headers_offset + header * header_bytes + 8)
        end = max(end, offset + size)
    loaded = bytearray(image[:end])
    struct.pack_into("<Q", loaded, 40, 0)  # e_shoff
    struct.pack_into("<HH", loaded, 60, 0, 0)  # e_shnum, e_shstrndx
    return bytes(loaded)
