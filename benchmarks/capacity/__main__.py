"""How much a stage holds, what breaks first, and what it costs, by a discrete-event model of it.

One speaker's chunks go over a venue's Wi-Fi, API Gateway and `connection_handler` into the shard of their cell; batches
of it run `audio_processor`, in which all sessions of the cell have a part; what the recogniser hears becomes clauses by
the product's own segmenter; they are translated, spoken within Polly's rates, stored, committed and told to everybody,
within API Gateway's; a few of the listeners are followed to the ear, by the model of the listeners' player.

    python -m benchmarks.capacity --out out/bench-capacity
    python -m benchmarks.capacity --check --out out/bench-capacity

told          from the end of a clause's last word until it is on a listener's screen, p50 / p95 in seconds
ear           the same until its clip begins to sound
captions      for each word, from its end until its translation is on the screen
EVS           ear-voice span: for each word, from its end until its translation has been heard
core          share of a cell's one core that is busy
requests/s    at API Gateway, of the whole load, refused ones included
plainer       clips of a standard voice, because the neural ones were asked for too fast, or there is none
$/h           for everything, where it holds
breaks        the first thing that does not hold: sessions without a place, listeners without a seat, clips that are not
              spoken, notices that reach nobody, or 5 % told later than the stage's alarm

What is scaled. Of many sessions, some 40 in whole cells are simulated, with their part of what the account's cells
share. Of many listeners, every post to a connection is counted, in turns of 25, and 60 are followed. Listeners are
shared out evenly to languages, nobody comes or goes, no function starts cold, and no phrase is said twice.

With --check a local stack is held beside the model, and what the model is off by is printed; it takes five minutes.
It exits with 1 if a size that has settings loses words that were said.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.capacity.calibration import ON_AWS, UnitCosts, read_unit_costs
from benchmarks.capacity.check import as_json, check, compare_with_published
from benchmarks.capacity.check import table as comparison_table
from benchmarks.capacity.pictures import draw_cost, draw_latency
from benchmarks.capacity.report import first_breaks, size_numbers, size_table, sweep_numbers, sweep_table
from benchmarks.capacity.sizes import Recommendation, recommend_all
from benchmarks.capacity.stadium import table as stadium_table
from benchmarks.capacity.stadium import ways
from benchmarks.capacity.sweeps import Effort, Sweep, sweep_all
from benchmarks.command_line import write_numbers
from local.errors import UserError
from local.supervision import PROJECT_ROOT

_UNIT_COSTS = PROJECT_ROOT / "benchmarks" / "results" / "unit-costs.json"
_ASSEMBLY = PROJECT_ROOT / "build" / "assembly"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        costs = read_unit_costs(options.unit_costs) if options.unit_costs.exists() else UnitCosts()
        return _check(options, costs) if options.check else _sweep(options, costs)
    except UserError as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.capacity", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=120.0, help="of speech at each point (120)")
    parser.add_argument("--thinning", type=int, default=1, metavar="N", help="every Nth point of the sweeps (1)")
    parser.add_argument("--seed", type=int, default=1, help="of speech, times and networks (1)")
    parser.add_argument(
        "--unit-costs", type=Path, default=_UNIT_COSTS, metavar="JSON", help="measured costs, if the file is there"
    )
    parser.add_argument("--check", action="store_true", help="hold a local stack beside the model instead")
    parser.add_argument("--sessions", type=int, default=8, help="side by side in one cell, for --check (8)")
    parser.add_argument("--listeners", type=int, default=100, help="of one session, for --check (100)")
    parser.add_argument("--assembly", type=Path, default=_ASSEMBLY, metavar="DIR", help="the templates for --check")
    parser.add_argument("--out", type=Path, metavar="DIR", help="receives the numbers, the tables and the pictures")
    return parser


def _check(options: argparse.Namespace, costs: UnitCosts) -> int:
    comparisons = check(
        min(options.seconds, 30.0),
        options.sessions,
        options.listeners,
        costs,
        seed=options.seed,
        assembly=options.assembly,
    )
    print(comparison_table(comparisons))
    if options.out is not None:
        write_numbers(options.out / "capacity-check.json", {"comparisons": as_json(comparisons)})
    return 0


def _sweep(options: argparse.Namespace, costs: UnitCosts) -> int:
    surroundings = replace(ON_AWS, costs=costs)
    effort = Effort(seconds=options.seconds, thinning=options.thinning, seed=options.seed)
    sections = [f"## Beside what was measured\n\n{comparison_table(compare_with_published(costs))}"]
    sweeps: list[Sweep] = []
    for sweep in sweep_all(effort, surroundings):
        sweeps.append(sweep)
        sections.append(f"## {sweep.name.capitalize()}: {sweep.setting}\n\n{sweep_table(sweep)}")
        sections.append(f"### Where it breaks\n\n{first_breaks(sweep, surroundings)}")
        print("\n\n".join(sections[-3 if len(sweeps) == 1 else -2 :]), end="\n\n", flush=True)
    sizes = list(recommend_all(effort, surroundings))
    found = ways(sizes[0].outcome, languages=10)
    sections.append(f"## Recommended settings\n\n{size_table(sizes)}")
    sections.append(f"## 100,000 listeners, on paper\n\n{stadium_table(found)}")
    print("\n\n".join(sections[-2:]))
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "capacity.md").write_text("\n\n".join(["# What a stage holds, by a model", *sections]) + "\n")
        draw_latency(options.out / "capacity.png", sweeps, "What a stage holds: latency against load (a model)")
        draw_cost(options.out / "capacity-cost.png", [sweeps[1], sweeps[2]], found)
        write_numbers(options.out / "capacity.json", _numbers(sweeps, sizes))
    return int(any(each.outcome.words_committed < each.outcome.words for each in sizes if not each.broken))


def _numbers(sweeps: Sequence[Sweep], sizes: Sequence[Recommendation]) -> dict[str, Any]:
    return {"sweeps": [sweep_numbers(each) for each in sweeps], "sizes": [size_numbers(each) for each in sizes]}


if __name__ == "__main__":
    sys.exit(main())
