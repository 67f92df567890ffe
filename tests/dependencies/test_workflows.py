"""The workflows run the actions that were read: each by its commit, which nobody can move, and not by a tag."""

import re
from pathlib import Path

import pytest

WORKFLOWS = sorted((Path(__file__).resolve().parents[2] / ".github" / "workflows").glob("*.y*ml"))
PINNED = re.compile(r"[\w.-]+(/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def used(workflow: str) -> list[str]:
    """What stands behind each ``uses:``, the comment with its version included."""
    return [each.strip() for each in re.findall(r"^[\s-]*[\"']?uses[\"']?:(.*)$", workflow, flags=re.MULTILINE)]


def test_every_action_is_a_commit_and_names_its_version() -> None:
    found = [each for path in WORKFLOWS for each in used(path.read_text(encoding="utf-8"))]
    assert len(found) >= len(WORKFLOWS) >= 3
    assert [each for each in found if PINNED.fullmatch(each) is None] == []


def test_a_version_is_the_same_commit_everywhere() -> None:
    pins = {each for path in WORKFLOWS for each in used(path.read_text(encoding="utf-8"))}
    assert len({pin.partition("@")[0] for pin in pins}) == len(pins)


@pytest.mark.parametrize(
    "line",
    [
        "      - uses: actions/checkout@v6.0.2",
        "      - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd",
        "        uses: actions/checkout@de0fac2 # v6.0.2",
        '      - "uses": actions/checkout@main # v6.0.2',
    ],
)
def test_an_action_by_its_tag_is_seen(line: str) -> None:
    (found,) = used(f"    steps:\n{line}\n        with:\n")
    assert PINNED.fullmatch(found) is None
