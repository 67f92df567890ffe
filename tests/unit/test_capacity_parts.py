"""The parts of the model of a stage: a core, a quota, and the fan-out, whose numbers are the product's."""

import random
from dataclasses import replace
from typing import cast

import pytest
from simpy import Environment

from babelcast.adapters import api_gateway, notification_sender
from babelcast.usecases import draft_ahead
from babelcast.usecases.speech_tools import ProcessingLimits
from benchmarks.capacity import fan_out, live_session
from benchmarks.capacity.calibration import AWS_TIMES, ON_AWS, UnitCosts
from benchmarks.capacity.fan_out import Account, FanOut
from benchmarks.capacity.resources import Allowance, Chance, Processor, Steps
from benchmarks.capacity.scenario import PRODUCTION
from benchmarks.capacity.tally import Tally, Telling
from local.services.behaviour import ServiceTime

AT_ONCE = ServiceTime(median_ms=0)

# --- Resources


def test_a_core_that_work_comes_to_at_random_makes_it_wait_as_long_as_an_m_d_1_queue() -> None:
    clock, chance = Environment(), random.Random(1)
    core, work_s, rate_per_s = Processor(clock), 0.01, 70.0
    waits: list[float] = []

    def job() -> Steps:
        came = clock.now
        yield from core.work(work_s)
        waits.append(clock.now - came - work_s)

    def come() -> Steps:
        for _ in range(40_000):
            yield clock.timeout(chance.expovariate(rate_per_s))
            clock.process(job())

    clock.process(come())
    clock.run()
    load_factor = rate_per_s * work_s
    # Pollaczek and Khinchine: 0.7 × 10 ms / (2 × 0.3) = 11.67 ms
    assert sum(waits) / len(waits) == pytest.approx(load_factor * work_s / (2 * (1 - load_factor)), rel=0.05)
    assert core.busy_s == pytest.approx(40_000 * work_s)


def test_half_a_core_takes_twice_as_long() -> None:
    clock = Environment()
    core = Processor(clock, memory_mb=1769 // 2)
    clock.run(clock.process(core.work(0.5)))
    assert clock.now == pytest.approx(1.0, rel=0.01)


def test_an_allowance_gives_its_burst_and_then_its_rate() -> None:
    clock = Environment()
    allowance = Allowance(clock, rate_per_s=10, burst=5)
    assert allowance.grant(8) == 5
    assert (allowance.taken, allowance.refused) == (5, 3)
    clock.run(until=0.3)
    assert allowance.grant(8) == 3
    assert allowance.reserve(max_wait_s=0.2) == pytest.approx(0.1)
    assert allowance.reserve(max_wait_s=0.1) is None


# --- Fan-out


def tell(
    receivers: int, *, rate_per_s: float = 1e9, burst: float = 1e9, post_s: float = 0.0004
) -> tuple[Telling, Tally]:
    clock, tally = Environment(), Tally()
    telling = clock.process(
        FanOut(
            clock,
            Account(Allowance(clock, rate_per_s=rate_per_s, burst=burst), lambda_concurrency=100),
            Processor(clock),
            deployment=PRODUCTION,
            surroundings=replace(
                ON_AWS,
                costs=replace(UnitCosts(), post_s=post_s, sender_invocation_s=0),
                platform=replace(AWS_TIMES, invoke=AT_ONCE, post=ServiceTime(median_ms=20)),
            ),
            chance=Chance("1"),
            tally=tally,
        ).tell(receivers)
    )
    clock.run(telling)
    return cast("Telling", telling.value), tally


def test_a_few_are_told_by_the_cell_and_many_by_functions_of_their_own() -> None:
    few, tally = tell(200)
    assert tally.sender_invocations == 0
    assert few.reached[-1][0] == pytest.approx(200 * 0.0004 + 0.02)
    many, tally = tell(201)
    assert tally.sender_invocations == 2
    assert many.reached[-1][0] < few.reached[-1][0]


def test_so_many_chunks_go_out_at_once_and_who_waits_too_long_is_not_reached() -> None:
    telling, tally = tell(16 * 200)
    assert telling.unreached == 0
    assert telling.reached[-1][0] == pytest.approx(0.1, rel=0.05)
    telling, tally = tell(100_000)
    assert tally.senders_at_once == 16
    assert 0 < telling.unreached < 100_000
    assert sum(count for _, count in telling.reached) + telling.unreached == 100_000


def test_who_is_throttled_is_tried_again_and_then_not_reached() -> None:
    telling, tally = tell(200, rate_per_s=100, burst=50)
    assert sum(count for _, count in telling.reached) + telling.unreached == 200
    assert 50 <= sum(count for _, count in telling.reached) <= 50 + 100
    assert tally.posts_throttled > telling.unreached > 0


def test_ranks_are_told_in_their_order() -> None:
    telling = Telling(receivers=10, reached=[(1.0, 4), (2.0, 4)], unreached=2)
    assert [telling.told_at(rank) for rank in (0.0, 0.39, 0.4, 0.79, 0.8)] == [1.0, 1.0, 2.0, 2.0, None]


def test_numbers_of_the_product_are_the_products() -> None:
    limits = ProcessingLimits()
    assert fan_out.CHUNK_RECEIVERS == notification_sender.CHUNK_RECEIVERS
    assert fan_out.CONCURRENT_CHUNKS == notification_sender._CONCURRENT_CHUNKS
    assert fan_out._CONCURRENT_POSTS == api_gateway._CONCURRENT_POSTS
    assert (fan_out._SEND_DEADLINE_S, fan_out._CHUNK_DEADLINE_S) == (
        api_gateway.SEND_DEADLINE_S,
        api_gateway.CHUNK_DEADLINE_S,
    )
    assert (fan_out._ATTEMPTS, fan_out._BACKOFF_S) == (api_gateway._ATTEMPTS, api_gateway._BACKOFF_S)
    assert limits.feeding_burst_s == live_session._FEEDING_BURST_S
    assert limits.feeding_speed == live_session._FEEDING_SPEED
    assert limits.draft_tolerance_samples == live_session._DRAFT_TOLERANCE_S * 16_000
    assert live_session._DRAFTS_PER_CLAUSE == draft_ahead._DRAFTS_PER_SEGMENT
    assert limits.partial_interval_s == live_session._PARTIAL_INTERVAL_S
    assert limits.delivery_attempts == live_session._DELIVERY_ATTEMPTS
