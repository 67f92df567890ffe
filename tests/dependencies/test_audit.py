"""`make audit` with programs that answer as pip-audit and npm do: only full answers without a finding are a success."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts import audit

Run = Callable[[], tuple[int, str]]


class Databases:
    """What the two programs print; the exit status is 1 for everything but a clean report, as theirs is."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def python(self, *dependencies: dict[str, Any], said: str = "") -> None:
        """pip-audit's answer, for every requirements file."""
        report = json.dumps({"dependencies": dependencies, "fixes": []}) if dependencies else ""
        self._program("pip-audit", report, said)

    def npm(self, report: dict[str, Any] | None) -> None:
        """npm's answer, for every lock file."""
        self._program("npm", json.dumps(report) if report is not None else "", "npm error network")

    def _program(self, name: str, printed: str, said: str) -> None:
        (self._directory / f"{name}.json").write_text(printed)
        program = self._directory / name
        program.write_text(f"#!/bin/sh\ncat '{program}.json'\necho '{said}' >&2\nexit 1\n")
        program.chmod(0o755)


CLEAN = {"name": "boto3", "version": "1.44.5", "vulns": []}
NO_NPM_FINDING = {"auditReportVersion": 2, "vulnerabilities": {}, "metadata": {}}


@pytest.fixture
def databases(tmp_path: Path) -> Databases:
    made = Databases(tmp_path)
    made.python(CLEAN)
    made.npm(NO_NPM_FINDING)
    return made


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def run_audit() -> tuple[int, str]:
        status = audit.main(["--pip-audit", str(tmp_path / "pip-audit")])
        said = capsys.readouterr()
        return status, said.out + said.err

    return run_audit


def test_full_answers_without_a_finding_are_a_success(databases: Databases, run: Run) -> None:
    assert run() == (0, "no known vulnerability\n")


def test_a_vulnerable_python_package_fails(databases: Databases, run: Run) -> None:
    found = {"id": "PYSEC-2026-7", "fix_versions": ["2.16.0"], "aliases": []}
    databases.python(CLEAN, {"name": "pyjwt", "version": "2.15.1", "vulns": [found]})

    status, said = run()

    assert status == 1
    assert said.count("VULNERABLE pyjwt 2.15.1: PYSEC-2026-7 mended in 2.16.0") == 1


def test_a_vulnerable_npm_package_fails_and_is_named_once(databases: Databases, run: Run) -> None:
    advisory = {
        "name": "nanoid",
        "title": "Predictable ids",
        "url": "https://github.com/advisories/GHSA-mwcw-c2x4-8c55",
    }
    vulnerabilities = {"nanoid": {"via": [advisory]}, "postcss": {"via": ["nanoid"]}}
    databases.npm({**NO_NPM_FINDING, "vulnerabilities": vulnerabilities})

    assert run() == (1, "VULNERABLE nanoid: GHSA-mwcw-c2x4-8c55 Predictable ids\n")


def test_packages_that_pypi_does_not_answer_for_are_not_passed_over(databases: Databases, run: Run) -> None:
    databases.python(CLEAN, {"name": "pyjwt", "skip_reason": "Dependency not found on PyPI"})

    status, said = run()

    assert status == 2
    assert "NOT AUDITED" in said
    assert "no answer for 1 of 2 packages, pyjwt among them" in said
    assert "no known vulnerability" not in said


def test_a_database_out_of_reach_is_no_success(databases: Databases, run: Run) -> None:
    databases.python(said="ERROR: Could not connect to PyPI")
    databases.npm({"message": "405 Method Not Allowed", "error": {"summary": ""}})

    status, said = run()

    assert status == 2
    for name in ("layer", "signal-layer", "dev", "tools"):
        assert f"PyPI ({name}.txt): ERROR: Could not connect to PyPI" in said
    assert "npm (frontend/package-lock.json): 405 Method Not Allowed" in said


def test_a_finding_counts_though_another_database_is_out_of_reach(databases: Databases, run: Run) -> None:
    databases.python({"name": "pyjwt", "version": "2.15.1", "vulns": [{"id": "PYSEC-2026-7", "fix_versions": []}]})
    databases.npm(None)

    status, said = run()

    assert status == 1
    assert "npm error network" in said
