"""Every row of the failure table names tests that show it, and the tests exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEST_DIRECTORIES = (ROOT / "tests", ROOT / "frontend" / "packages", ROOT / "frontend" / "apps")


def test_every_failure_is_shown_by_tests_that_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = text.split("## 4. When things fail")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 20
    known = {
        path.name for each in TEST_DIRECTORIES for path in each.glob("**/*test*") if "node_modules" not in path.parts
    }
    for what, _, shown_by in rows:
        names = re.findall(r"`([\w.-]+)`", shown_by)
        assert names, f"no test shows what follows when {what}"
        assert set(names) <= known, f"of a test that is not there: {what}"
