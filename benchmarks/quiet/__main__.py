"""Minutes of silence, noise and music through the whole stack: nothing may be made of them.

    python -m benchmarks.quiet --minutes 10
    python -m benchmarks.quiet --minutes 10 --engine tones --seed 2 --pace 2

For each engine a stack of its own has three sessions side by side, each with one listener: one hears silence, one noise
and one music, all of them synthesised. At the end of each, after a pause, a sentence is said, so that nothing passes
because nothing works.

segments            made before the sentence
captions            that the listener got before the sentence, partial ones included
Translate, Polly    requests before the first sentence; the services do not know of sessions
Transcribe streams  opened in all: listening for speech takes one for each session
sentence            whether it was heard, and how much of it wrongly

Exits with 1 if anything was made of sound without speech, or a sentence was not heard.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.quiet.report import EngineReport, table
from benchmarks.quiet.running import QuietPlan, play
from local.errors import UserError
from local.stack import Engine
from local.supervision import PROJECT_ROOT


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quiet", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="of each kind of sound (10)")
    parser.add_argument("--engine", choices=(*Engine, "both"), default="both", help="(both, one after the other)")
    parser.add_argument("--seed", type=int, default=1, help="of the sounds (1)")
    parser.add_argument("--pace", type=float, default=1.0, help="times real time (1)")
    parser.add_argument(
        "--assembly", type=Path, default=PROJECT_ROOT / "build" / "assembly", metavar="DIR", help="the templates"
    )
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep logs there")
    parser.add_argument("--out", type=Path, metavar="JSON", help="receives the numbers too")
    options = parser.parse_args(arguments)
    with TemporaryDirectory(prefix="babelcast-quiet-") as directory:
        plan = QuietPlan(
            seconds=options.minutes * 60,
            seed=options.seed,
            pace=options.pace,
            assembly_dir=options.assembly,
            directory=options.keep or Path(directory),
        )
        try:
            reports = [asyncio.run(play(plan, engine)) for engine in Engine if options.engine in (engine, "both")]
        except* UserError as errors:
            for error in errors.exceptions:
                print(f"failed: {error}", file=sys.stderr)
        except* FileNotFoundError:
            print("flite is not installed: apt-get install flite", file=sys.stderr)
        else:
            return _show(plan, reports, options.out)
    return 1


def _show(plan: QuietPlan, reports: Sequence[EngineReport], out: Path | None) -> int:
    problems = [problem for report in reports for problem in report.problems]
    print(table(reports))
    for problem in problems:
        print(problem)
    if out is not None:
        numbers = {
            "minutes": plan.seconds / 60,
            "seed": plan.seed,
            "pace": plan.pace,
            "engines": [report.as_json() for report in reports],
            "passed": not problems,
        }
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(numbers, indent=2) + "\n")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
