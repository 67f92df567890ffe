"""All benches, one after the other, and one table of what they have measured beside the goals.

    make bench
    PYTHONPATH=shared_layer/python:lambdas:. .venv/bin/python -m benchmarks.board --only span,units

figure          what was measured; ``1.25×`` is the speaking rate
value           of Babelcast
old design      of the design that it replaces, in the same run: 3-second batches, ten languages offered; ratio: to it
goal            and whether it is met; of words, a promise on every machine
noise           how far two runs may lie apart: 0 where a seed decides, the quartiles' distance or 15 % of a processor's
                time, whichever is more, a step of a sweep, and fixed amounts for what is measured in real time
the run before  the value that the table had before, if the same was run for it, and whether it lies within the noise
command         measures that line alone

The parts are span (an hour's talk at each rate in simulated time, five minutes each in real time), units (processor's
time), cold (imports), latency (five minutes through the stack; the own overhead, `benchmarks/latency/overhead.py`),
capacity (the model, with the unit costs just measured) and check (the model beside a stack). Each writes its files and
its lines into the directory as soon as it is through; a part that is not run keeps its former lines with their date.
With --short everything is tiny, cold and check are left out, and nothing is worth being compared.

Writes `board.json`, `board.md` and the parts' own files. Exits with 1 if a promise is broken, such as a lost word, or a
part failed. Never because of a time, or of figures that differ.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.board.board import Board, read_board, table, write_board
from benchmarks.board.parts import PARTS, Part, Places
from benchmarks.board.rows import agreement, broken_promises
from benchmarks.board.running import rows_of, run_part
from local.errors import UserError
from local.supervision import PROJECT_ROOT

_NAMES = tuple(part.name for part in PARTS)
_RESULTS = PROJECT_ROOT / "benchmarks" / "results"
_SHORT_RESULTS = PROJECT_ROOT / "out" / "bench-short"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    options = options_of(arguments)
    try:
        return run_parts([part for part in PARTS if part.name in options.only], options)
    except UserError as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1


def run_parts(parts: Sequence[Part], options: argparse.Namespace) -> int:
    """Run some parts in their order, write the board after each, show it; returns the exit status.

    Raises:
        UserError: What is in the board's directory is no board.
    """
    out: Path = options.out or (_SHORT_RESULTS if options.short else _RESULTS)
    board = read_board(out)
    ran: list[str] = []
    failures: list[str] = []
    with tempfile.TemporaryDirectory(prefix="babelcast-board-") as work:
        for part in parts:
            arguments = part.short if options.short else part.full
            if arguments is None:
                board = board.with_part(part.name, rows_of(part, {}, {}, ran="", date=""))
                write_board(out, board)
                continue
            print(f"{part.name}: {part.command}", file=sys.stderr, flush=True)
            places = Places(work=Path(work) / part.name, out=out, assembly=options.assembly, stages=options.stages)
            board, failure = _run(part, arguments, places, board)
            ran.append(part.name)
            failures += [failure] if failure is not None else []
    print(table(board))
    rows = board.of_parts(ran)
    failures += [f"broken: {each}" for each in broken_promises(rows)]
    for failure in failures:
        print(failure)
    print(f"written to {out}")
    print(agreement(rows))
    return int(bool(failures))


def _run(part: Part, arguments: Sequence[str], places: Places, board: Board) -> tuple[Board, str | None]:
    done = run_part(part, arguments, places, board.former(part.name))
    if done.rows is not None:
        board = board.with_part(part.name, done.rows)
        write_board(places.out, board)
    return board, done.failure


def _part_names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    for name in names:
        if name not in _NAMES:
            raise argparse.ArgumentTypeError(f"no part is called {name}")
    return names


def options_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.board", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    build = PROJECT_ROOT / "build"
    parser.add_argument("--only", type=_part_names, default=_NAMES, help=f"of {','.join(_NAMES)} (all)")
    parser.add_argument("--short", action="store_true", help="a minute in all, to see that everything works")
    parser.add_argument("--assembly", type=Path, default=build / "assembly", metavar="DIR", help="the templates")
    parser.add_argument("--stages", type=Path, default=build / "stages", metavar="DIR", help="templates of each stage")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="receives everything (benchmarks/results, or out/bench-short with --short)",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
