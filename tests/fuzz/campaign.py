"""How many cases each test tries, and where they come from.

Every run tries the same cases, so that what `make test` says does not change by chance. Another campaign is had by
``FUZZ_SEED=20261120 make test PYTEST=tests/fuzz``; the seed is printed at the end, and gives the same cases again.
What a campaign has found is kept at its test as an ``@example``.
"""

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

import hypothesis
from hypothesis import HealthCheck, settings

SEED_VARIABLE: Final = "FUZZ_SEED"

LEAST_CASES: Final = 10_000
"""Of all campaigns together."""

_Test = TypeVar("_Test", bound=Callable[..., Any])


@dataclass(slots=True, kw_only=True)
class Campaign:
    """One test's cases: how many there are to be, and how many were tried."""

    cases: int
    tried: int = 0


def seed() -> int | None:
    """The seed that was asked for; without one, the cases follow from the tests alone."""
    text = os.environ.get(SEED_VARIABLE, "")
    return int(text) if text else None


def fuzz(cases: int) -> Callable[[_Test], _Test]:
    """Try so many cases; stands above ``@given``. Fixtures live for all cases of a test."""

    def decorate(test: _Test) -> _Test:
        campaign = Campaign(cases=cases)
        handle = cast("Any", test).hypothesis
        handle.inner_test = _counted(handle.inner_test, campaign)
        test = settings(
            max_examples=cases,
            derandomize=seed() is None,
            database=None,
            deadline=None,
            suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        )(test)
        if (chosen := seed()) is not None:
            test = hypothesis.seed(chosen)(test)
        cast("Any", test).campaign = campaign
        return test

    return decorate


def _counted(inner: Callable[..., Any], campaign: Campaign) -> Callable[..., Any]:
    @functools.wraps(inner)
    def counted(*arguments: Any, **named: Any) -> Any:
        campaign.tried += 1
        return inner(*arguments, **named)

    return counted
