"""Look for keys, passwords and tokens in every file that git tracks or would track; part of ``make check``.

detect-secrets finds them, without asking any service whether they are valid. What is found and harmless stands in
``scripts/harmless_secrets.toml`` with its reason. Exit status 1 on any other finding, or when an entry there has become
needless.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from detect_secrets.core.scan import scan_file
from detect_secrets.settings import transient_settings

ROOT: Final = Path(__file__).resolve().parent.parent
HARMLESS: Final = Path(__file__).with_name("harmless_secrets.toml")

_DETECTORS: Final = (
    "AWSKeyDetector",
    "Base64HighEntropyString",
    "BasicAuthDetector",
    "GitHubTokenDetector",
    "HexHighEntropyString",
    "JwtTokenDetector",  # Cognito's tokens
    "KeywordDetector",
    "NpmDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
    "SlackDetector",
)
_FILTERS: Final = (
    "is_indirect_reference",
    "is_likely_id_string",
    "is_lock_file",
    "is_not_alphanumeric_string",
    "is_potential_uuid",
    "is_prefixed_with_dollar_sign",
    "is_sequential_string",
    "is_templated_secret",
)
"""Not `is_line_allowlisted`, which lets a comment in the line hide a secret without a reason."""
_FILES_PER_TASK: Final = 40


class NoRepositoryError(Exception):
    """Git does not tell which files are tracked; the message is git's."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """What looks like a secret.

    Attributes:
        path: Relative to the repository.
        line: Counted from 1.
        kind: detect-secrets' name of what it looks like.
        digest: The first eight hexadecimal digits of the secret's SHA-256, which tell it from another one.
    """

    path: str
    line: int
    kind: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Harmless:
    """What may be found.

    Attributes:
        path: Pattern of paths, as a shell would match it.
        kind: As of `Finding`.
        digests: The secrets that are meant; all of this kind when empty.
        reason: Why it is none.
    """

    path: str
    kind: str
    digests: frozenset[str]
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether this finding is meant."""
        return (
            fnmatch(finding.path, self.path)
            and finding.kind == self.kind
            and (not self.digests or finding.digest in self.digests)
        )


def read_harmless(file: Path) -> list[Harmless]:
    """The entries of a file.

    Raises:
        KeyError: An entry lacks its path, its kind or its reason.
    """
    return [
        Harmless(
            path=each["path"],
            kind=each["kind"],
            digests=frozenset(each.get("digests", ())),
            reason=each["reason"],
        )
        for each in tomllib.loads(file.read_text())["harmless"]
    ]


def tracked_files(root: Path) -> list[str]:
    """Every file that git tracks, or would if all were added; relative to the root.

    Raises:
        NoRepositoryError: Git does not list the files.
    """
    # Listing files runs nothing of a repository, so it may belong to somebody else.
    git = ("git", "-c", "safe.directory=*", "ls-files")
    command = [*git, "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoRepositoryError(done.stderr.strip())
    listed = {name for name in done.stdout.split("\0") if name}
    return sorted(name for name in listed if (root / name).is_file() and not (root / name).is_symlink())


def find_secrets(root: Path, names: Sequence[str]) -> list[Finding]:
    """What looks like a secret in these files, in their order; no more than once per file and secret."""
    tasks = [names[start : start + _FILES_PER_TASK] for start in range(0, len(names), _FILES_PER_TASK)]
    if len(tasks) <= 1:
        return sorted(_scan(root, names))
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        return sorted(found for each in pool.map(_scan, [root] * len(tasks), tasks) for found in each)


def _scan(root: Path, names: Iterable[str]) -> list[Finding]:
    settings = {
        "plugins_used": [{"name": each} for each in _DETECTORS],
        "filters_used": [{"path": f"detect_secrets.filters.heuristic.{each}"} for each in _FILTERS],
    }
    with transient_settings(settings):
        return [
            Finding(
                path=name,
                line=found.line_number,
                kind=found.type,
                digest=hashlib.sha256((found.secret_value or "").encode()).hexdigest()[:8],
            )
            for name in names
            for found in scan_file(str(root / name))
        ]


def faults(findings: Sequence[Finding], harmless: Sequence[Harmless]) -> Iterator[str]:
    """What is wrong, one line each."""
    for finding in findings:
        if not any(each.covers(finding) for each in harmless):
            yield f"{finding.path}:{finding.line}: {finding.kind} (digest {finding.digest})"
    for each in harmless:
        if not any(each.covers(finding) for finding in findings):
            yield f"{HARMLESS.name}: nothing is found any more of {each.path}, {each.kind}"
        needless = each.digests - {finding.digest for finding in findings if each.covers(finding)}
        if needless and len(needless) < len(each.digests):
            yield f"{HARMLESS.name}: {each.path}: not found any more: {', '.join(sorted(needless))}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Scan and print what is wrong; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=ROOT, help="a git repository (default: this one)")
    parser.add_argument("--harmless", type=Path, default=HARMLESS, help=f"default: scripts/{HARMLESS.name}")
    options = parser.parse_args(arguments)
    try:
        names = tracked_files(options.root)
    except NoRepositoryError as error:
        print(f"not looked for secrets: {error}", file=sys.stderr)
        return 1
    wrong = list(faults(find_secrets(options.root, names), read_harmless(options.harmless)))
    for each in wrong:
        print(each, file=sys.stderr)
    if wrong:
        print("A secret must be renewed where it is valid, for git keeps it. If it is none:", file=sys.stderr)
        print(f"an entry with its reason in scripts/{HARMLESS.name}.", file=sys.stderr)
        return 1
    print(f"no secret in {len(names)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
