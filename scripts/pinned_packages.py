"""The packages that a file of ``requirements`` pins, with the hashes of the files that may be installed."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PIN: Final = re.compile(r"(?P<name>[a-z0-9]+(?:-[a-z0-9]+)*)==(?P<version>[A-Za-z0-9.!+]+)")
_HASH: Final = re.compile(r"--hash=sha256:(?P<digest>[0-9a-f]{64})")


class PinError(Exception):
    """A line is no pin with hashes; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedPackage:
    """One package in one version.

    Attributes:
        name: As PyPI normalises it: small letters, digits and hyphens.
        version: The only one that is installed.
        sha256: Of every wheel and source archive of this version, in hexadecimal; never empty.
    """

    name: str
    version: str
    sha256: tuple[str, ...]

    @property
    def purl(self) -> str:
        """The package's URL. Source: purl-spec, type ``pypi``."""
        return f"pkg:pypi/{self.name}@{self.version}"


def read_pinned_packages(file: Path) -> list[PinnedPackage]:
    """The packages of a file, in its order.

    Raises:
        PinError: A requirement is not pinned, has no hash, or a line is something else, such as an index's address.
    """
    lines = (line.partition("#")[0].rstrip() for line in file.read_text().replace("\\\n", " ").splitlines())
    return [_pinned_package(file.name, line) for line in lines if line]


def _pinned_package(file: str, line: str) -> PinnedPackage:
    pin, *hashes = line.split()
    pinned, found = _PIN.fullmatch(pin), [_HASH.fullmatch(each) for each in hashes]
    digests = tuple(each["digest"] for each in found if each)
    if pinned is None or not digests or len(digests) != len(found):
        raise PinError(f"{file}: not a version with its hashes: {line[:80]}")
    return PinnedPackage(name=pinned["name"], version=pinned["version"], sha256=digests)
