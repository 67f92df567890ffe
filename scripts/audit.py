"""Ask the vulnerability databases about every pinned package: pip-audit for requirements/*.txt, npm audit for npm's.

Exit status 1 when a vulnerability is known, 2 when a database gave no answer, which is no success.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
REQUIREMENTS: Final = ("layer", "signal-layer", "dev", "tools")
NPM_PROJECTS: Final = ("", "frontend")

ACCEPTED: Final[Mapping[str, str]] = {}
"""Vulnerabilities that do not concern Babelcast or have no remedy yet: id (``PYSEC-…``, ``GHSA-…``) → why."""


class UnansweredError(Exception):
    """A database gave no answer; the message says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vulnerability:
    """A published vulnerability of a pinned package.

    Attributes:
        package: Name, and version where the database gives it.
        identifier: ``PYSEC-…``, ``GHSA-…`` or what the database has instead.
        remedy: The first versions without it, or what it is about; may be empty.
    """

    package: str
    identifier: str
    remedy: str

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.package}: {self.identifier} {self.remedy}".rstrip()


def audit_requirements(file: Path, pip_audit: str) -> list[Vulnerability]:
    """What PyPI knows about the packages of a requirements file.

    Raises:
        UnansweredError: PyPI could not be asked, or does not answer for some package, which pip-audit by itself
            would pass over and say that there are no vulnerabilities.
    """
    command = [pip_audit, "--disable-pip", "--require-hashes", "--format=json", "--desc=off", "--progress-spinner=off"]
    report = _report([*command, f"--requirement={file}"], ROOT, f"PyPI ({file.name})")
    dependencies = report.get("dependencies")
    if not isinstance(dependencies, list):
        raise UnansweredError(f"PyPI ({file.name}): no report")
    skipped = [each["name"] for each in dependencies if "skip_reason" in each]
    if skipped:
        raise UnansweredError(
            f"PyPI ({file.name}): no answer for {len(skipped)} of {len(dependencies)} packages, {skipped[0]} among them"
        )
    return [
        Vulnerability(
            package=f"{each['name']} {each['version']}",
            identifier=found["id"],
            remedy=f"mended in {', '.join(found['fix_versions'])}" if found["fix_versions"] else "",
        )
        for each in dependencies
        for found in each["vulns"]
    ]


def audit_npm(project: Path) -> list[Vulnerability]:
    """What npm's registry knows about the packages of a lock file, those that only build or test included.

    Raises:
        UnansweredError: The registry could not be asked.
    """
    where = f"npm ({project.relative_to(ROOT) / 'package-lock.json'})"
    report = _report(["npm", "audit", "--json", "--package-lock-only"], project, where)
    vulnerabilities = report.get("vulnerabilities")
    if not isinstance(vulnerabilities, dict):
        raise UnansweredError(f"{where}: {report.get('message') or 'no report'}")
    # A package that is affected through another one names that other; the advisory is at the other's entry.
    return [
        Vulnerability(package=advisory["name"], identifier=advisory["url"].rpartition("/")[2], remedy=advisory["title"])
        for each in vulnerabilities.values()
        for advisory in each["via"]
        if isinstance(advisory, dict)
    ]


def _report(command: Sequence[str], directory: Path, where: str) -> dict[str, Any]:
    """What a program prints as JSON; its exit status does not tell vulnerabilities from failures."""
    try:
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
        report = json.loads(done.stdout)
    except OSError as error:
        raise UnansweredError(f"{where}: {command[0]} cannot be started") from error
    except ValueError as error:
        said = done.stderr.strip().splitlines()
        raise UnansweredError(f"{where}: {said[-1] if said else 'no report'}") from error
    return report if isinstance(report, dict) else {}


def _audits(pip_audit: str) -> Iterator[Callable[[], list[Vulnerability]]]:
    """Every question to a database, to be asked by calling it."""
    for name in REQUIREMENTS:
        yield partial(audit_requirements, ROOT / "requirements" / f"{name}.txt", pip_audit)
    for project in NPM_PROJECTS:
        yield partial(audit_npm, ROOT / project)


def main(arguments: Sequence[str] | None = None) -> int:
    """Audit everything and print what is known; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pip-audit", default="pip-audit", help="the program (default: the one in PATH)")
    pip_audit = parser.parse_args(arguments).pip_audit
    known: dict[Vulnerability, None] = {}  # in the order they were found, each once
    unanswered = []
    for audit in _audits(pip_audit):
        try:
            known |= dict.fromkeys(audit())
        except UnansweredError as error:
            unanswered.append(error)
    accepted = [each for each in known if each.identifier in ACCEPTED]
    for each in accepted:
        print(f"accepted: {each} – {ACCEPTED[each.identifier]}")
    open_ones = [each for each in known if each not in accepted]
    for each in open_ones:
        print(f"VULNERABLE {each}", file=sys.stderr)
    for why in unanswered:
        print(f"NOT AUDITED, the vulnerability database gave no answer: {why}", file=sys.stderr)
    if not open_ones and not unanswered:
        print("no known vulnerability")
    return 1 if open_ones else 2 if unanswered else 0


if __name__ == "__main__":
    sys.exit(main())
