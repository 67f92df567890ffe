"""Remove each check that keeps strangers out, one at a time in a copy of the sources, and see the test of it fail.

    python -m scripts.check_mutants
    python -m scripts.check_mutants --only "join key"

The checks stand in ``tests/mutations.toml``: what is guarded, the text that guards it, what takes its place, and the
test that has to fail then. First all of those tests have to pass in the copy as it is. Nothing is changed here.
Exit status 1 if a test does not notice that its check is gone.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
MUTATIONS: Final = ROOT / "tests" / "mutations.toml"
_LEFT_OUT: Final = (
    ".*", "__pycache__", "build", "cdk.out", "dist", "node_modules", "out",
)  # fmt: skip
_TESTS_FAILED: Final = 1
"""Source: pytest's exit codes. 2 and more: the tests were not run, so that nothing has been shown."""


class MutationError(Exception):
    """A mutation does not fit the sources any more; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """A check that is taken away.

    Attributes:
        guards: What the check is there for.
        file: Where it is, from the root.
        old: Its text, which is in the file once.
        new: What takes its place.
        test: The test that has to fail, as pytest names it.
    """

    guards: str
    file: str
    old: str
    new: str
    test: str

    def applied(self, source: str) -> str:
        """The file's text without the check.

        Raises:
            MutationError: The check is not there, or more than once.
        """
        if source.count(self.old) != 1:
            raise MutationError(f"{self.guards}: the text is in {self.file} {source.count(self.old)} times")
        return source.replace(self.old, self.new)


def read_mutations(path: Path = MUTATIONS) -> tuple[Mutation, ...]:
    """All of a file, in its order."""
    return tuple(Mutation(**each) for each in tomllib.loads(path.read_text(encoding="utf-8"))["mutation"])


class Copy:
    """The sources at another place, where they may be changed."""

    def __init__(self, root: Path, source: Path = ROOT) -> None:
        self._root = root
        shutil.copytree(source, root, ignore=shutil.ignore_patterns(*_LEFT_OUT))

    def test(self, *tests: str) -> int:
        """Run tests; pytest's exit status."""
        # Two sources of the same second and size would have one bytecode.
        environment = {**os.environ, "PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
        return subprocess.run(
            command, cwd=self._root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        ).returncode

    def is_noticed(self, mutation: Mutation) -> bool:
        """Whether the mutation's test fails with it.

        Raises:
            MutationError: It does not fit the source.
        """
        path = self._root / mutation.file
        source = path.read_text(encoding="utf-8")
        path.write_text(mutation.applied(source), encoding="utf-8")
        try:
            return self.test(mutation.test) == _TESTS_FAILED
        finally:
            path.write_text(source, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.check_mutants",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="checks that guard what has this in its name")
    chosen = [each for each in read_mutations() if parser.parse_args(arguments).only in each.guards]
    began = time.monotonic()
    with TemporaryDirectory(prefix="babelcast-mutants-") as directory:
        copy = Copy(Path(directory) / "sources")
        if not chosen or copy.test(*sorted({each.test for each in chosen})) != 0:
            print("failed: there is no such check, or the tests do not pass as they are", file=sys.stderr)
            return 1
        unnoticed = 0
        for each in chosen:
            is_noticed = copy.is_noticed(each)
            unnoticed += not is_noticed
            print(f"{'noticed' if is_noticed else 'NOT NOTICED'}\t{each.guards}\t{each.test}", flush=True)
    print(f"\n{len(chosen) - unnoticed} of {len(chosen)} noticed, in {time.monotonic() - began:.0f} s")
    return int(unnoticed > 0)


if __name__ == "__main__":
    sys.exit(main())
