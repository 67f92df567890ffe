"""Every row of the failure table names the tests that show it, one by one, and they are run."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEST_DIRECTORIES = (ROOT / "tests", ROOT / "frontend" / "packages", ROOT / "frontend" / "apps")
PROOFS: dict[str, dict[str, list[str]]] = tomllib.loads(
    (ROOT / "tests" / "failure_proofs.toml").read_text(encoding="utf-8")
)


def rows() -> dict[str, set[str]]:
    """The files that each row names, by its first cell."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = text.split("## 4. When things fail")[1].split("\n## ")[0]
    cells = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")][1:]
    return {what: set(re.findall(r"`([\w.-]+)`", shown_by)) for what, _, shown_by in cells}


def files(name: str) -> list[Path]:
    """Those of this name that pytest or vitest collects; a unit's and a system's tests may have the same."""
    found = (path for each in TEST_DIRECTORIES for path in each.rglob(name))
    return [path for path in found if "node_modules" not in path.parts]


def run_of(source: str, *, is_python: bool) -> Iterator[str]:
    """The tests that a file runs: not what is skipped or expected to fail, nor what only looks like one."""
    if not is_python:
        yield from re.findall(r"^\s*it\(\s*\"([^\"]+)\"", source, flags=re.MULTILINE)
        return
    for each in ast.parse(source).body:
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name.startswith("test_"):
            marks = " ".join(ast.unparse(decorator) for decorator in each.decorator_list)
            if "mark.skip" not in marks and "mark.xfail" not in marks:
                yield each.name


def collected(name: str) -> set[str]:
    is_python = name.startswith("test_") and name.endswith(".py")
    assert is_python or name.endswith(".test.ts"), f"nobody runs {name}"
    return {test for path in files(name) for test in run_of(path.read_text(encoding="utf-8"), is_python=is_python)}


def test_every_failure_has_its_proofs_and_no_proof_is_of_another() -> None:
    table = rows()
    assert len(table) > 20
    assert set(table) ^ set(PROOFS) == set()
    assert {what: set(PROOFS[what]) for what in table} == table


@pytest.mark.parametrize("what", PROOFS)
def test_what_shows_a_failure_is_run(what: str) -> None:
    assert PROOFS[what]
    for name, shown_by in PROOFS[what].items():
        assert shown_by, f"no test of {name}"
        assert set(shown_by) - collected(name) == set()


def test_what_is_not_run_is_no_proof() -> None:
    skipped = "@pytest.mark.skipif(True)\ndef test_a() -> None: ...\n\n\n@pytest.mark.xfail\nasync def test_b(): ...\n"
    assert list(run_of(f"{skipped}\n\ndef test_c(): ...\n\n\ndef d(): ...\n", is_python=True)) == ["test_c"]
    assert list(run_of('  it("runs", f);\n  it.skip("rests", f);\n  // it("was", f);\n', is_python=False)) == ["runs"]
