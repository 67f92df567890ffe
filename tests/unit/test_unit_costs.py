"""How the processor's time is taken and written."""

from benchmarks.unit_costs.__main__ import Measured
from benchmarks.unit_costs.fan_out import BASELINE
from benchmarks.unit_costs.measured import Cost, Prepare, Work, difference, ratios, repeat


def cost(*values_ms: float) -> Cost:
    return Cost(values_ms=values_ms)


def test_a_cost_is_the_median_with_the_quartiles() -> None:
    busy_once = cost(1.0, 2.0, 3.0, 4.0, 90.0)
    assert (busy_once.median_ms, busy_once.spread_ms) == (3.0, (2.0, 4.0))
    assert cost(7.0).spread_ms == (7.0, 7.0)


def test_what_one_more_adds_is_taken_repeat_by_repeat() -> None:
    """A slow moment slows both."""
    assert difference(cost(9.0, 18.0), cost(1.0, 2.0), by=4) == cost(2.0, 4.0)


def test_how_many_times_less() -> None:
    assert ratios({"a": cost(8.0), "b": cost(2.0)}, "a") == {"a": 1.0, "b": 4.0}


def test_works_take_turns_and_warm_up_first() -> None:
    done: list[str] = []

    def preparing(name: str) -> Prepare:
        def work() -> int:
            done.append(name)
            return 1

        def prepare() -> Work:
            return work

        return prepare

    costs = repeat({name: preparing(name) for name in ("a", "b")}, 3)

    assert done == ["a", "b"] * 5
    assert {name: len(each.values_ms) for name, each in costs.items()} == {"a": 3, "b": 3}


def test_the_file_has_the_medians_by_key_and_the_details_beneath() -> None:
    measured = Measured(units={"chunk_ms": cost(1.0, 3.0)}, fan_out={BASELINE: cost(0.8), "other": cost(0.1)})

    numbers = measured.as_json()

    assert numbers["chunk_ms"] == 2.0
    assert numbers["details"] == {"chunk_ms": {"median": 2.0, "quartiles": [1.5, 2.5], "repeats": 2}}
    assert numbers["fanOut"]["other"]["timesLessThanBoto3InThreads"] == 8.0
    assert "| chunk_ms | 2.000 | 1.500–2.500 |" in measured.table
    assert "| other | 0.100 | 0.100–0.100 | 8.0 |" in measured.table
