"""Measures one unit in a process of its own, in a function's environment: see `benchmarks.unit_costs`.

``python -m benchmarks.unit_costs.process UNIT --repeats N --seed N`` writes the costs as JSON; what the function writes
goes nowhere.
"""

import argparse
import json
import os
import sys

from benchmarks.unit_costs.fan_out import compare_clients
from benchmarks.unit_costs.units import UNITS

FAN_OUT = "fan-out"


def main() -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.unit_costs.process", description=__doc__)
    parser.add_argument("unit", choices=(*UNITS, FAN_OUT))
    parser.add_argument("--repeats", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    options = parser.parse_args()
    results = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123  a device
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    if options.unit == FAN_OUT:
        costs = compare_clients(options.repeats)
    else:
        costs = dict(UNITS[options.unit].measure(options.repeats, options.seed))
    json.dump({name: list(cost.values_ms) for name, cost in costs.items()}, results)
    results.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
