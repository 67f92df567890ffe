"""The board as a file, and as a table."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from benchmarks.board.parts import PARTS
from benchmarks.board.rows import HEADINGS, Row, agreement, broken_promises, cells_of
from benchmarks.tables import markdown_table
from local.errors import UserError

BOARD_JSON = "board.json"
BOARD_MARKDOWN = "board.md"


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """All rows, by part; a part that was not run this time keeps its last ones."""

    parts: dict[str, tuple[Row, ...]]

    @property
    def rows(self) -> tuple[Row, ...]:
        """In the parts' order."""
        return tuple(row for part in PARTS for row in self.parts.get(part.name, ()))

    def with_part(self, name: str, rows: Sequence[Row]) -> "Board":
        """The board with one part's rows replaced."""
        return Board(parts={**self.parts, name: tuple(rows)})

    def former(self, name: str) -> Mapping[str, Row]:
        """A part's rows by key."""
        return {row.key: row for row in self.parts.get(name, ())}

    def of_parts(self, names: Sequence[str]) -> tuple[Row, ...]:
        """The rows of some parts."""
        return tuple(row for name in names for row in self.parts.get(name, ()))


def read_board(directory: Path) -> Board:
    """The board in a directory; an empty one where there is none.

    Raises:
        UserError: What is there is no board.
    """
    path = directory / BOARD_JSON
    try:
        return msgspec.json.decode(path.read_bytes(), type=Board)
    except FileNotFoundError:
        return Board(parts={})
    except msgspec.MsgspecError as error:
        raise UserError(f"{path} is no board: {error}") from error


def write_board(directory: Path, board: Board) -> None:
    """Write both forms."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / BOARD_JSON).write_bytes(msgspec.json.format(msgspec.json.encode(board)) + b"\n")
    (directory / BOARD_MARKDOWN).write_text(markdown(board))


def table(board: Board) -> str:
    """All rows, as Markdown."""
    return markdown_table(HEADINGS, [cells_of(row) for row in board.rows])


def markdown(board: Board) -> str:
    """The table with its circumstances, as a page."""
    judged = [row for row in board.rows if row.met is not None]
    summary = [
        f"{sum(row.met is True for row in judged)} of {len(judged)} goals are met.",
        *(f"**Broken: {each}**" for each in broken_promises(board.rows)),
        agreement(board.rows),
    ]
    measured = [f"* {part.name}: {_circumstances(board.parts.get(part.name, ()))}" for part in PARTS]
    title = "# What is measured, and its goals"
    return "\n\n".join((title, " ".join(summary), table(board), "\n".join(measured))) + "\n"


def _circumstances(rows: Sequence[Row]) -> str:
    if not rows or not rows[0].ran:
        return "not measured"
    return f"{rows[0].date}, {rows[0].machine}: `python -m {rows[0].ran}`"
