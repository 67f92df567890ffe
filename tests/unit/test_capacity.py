"""The model of a stage, against what can be known without it: sums by hand, queueing theory, and nothing lost."""

import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.capacity.calibration import AWS_TIMES, ON_AWS, PlatformTimes, Surroundings, UnitCosts, read_unit_costs
from benchmarks.capacity.check import Comparison, compare_with_published
from benchmarks.capacity.cost import hourly_cost
from benchmarks.capacity.limits import Limit, breaks, needs, raised
from benchmarks.capacity.scenario import LANGUAGES, PRODUCTION, UNLIMITED, Deployment, Load, Quotas
from benchmarks.capacity.simulation import Outcome, Percentiles, simulate
from benchmarks.capacity.speech import hear
from benchmarks.capacity.stadium import waiting_s, ways
from benchmarks.capacity.sweeps import Effort, sweep_languages, unhindered
from benchmarks.latency.speech import SpokenWord, natural_speech
from benchmarks.span.wifi import PERFECT
from infrastructure.settings import PROD
from local.errors import UserError
from local.services.behaviour import ServiceTime, Step

ALONE = PRODUCTION.for_sessions(1, per_cell=1)
AT_ONCE = ServiceTime(median_ms=0)


def load(*, sessions: int = 1, listeners: int = 5, languages: int = 2, seconds: float = 30.0, seed: int = 1) -> Load:
    return Load(sessions=sessions, listeners=listeners, languages=languages, seconds=seconds, seed=seed)


def steady(**times: ServiceTime) -> PlatformTimes:
    """A platform that takes no time but what is given, and always the same."""
    return PlatformTimes(
        gateway=times.get("gateway", AT_ONCE),
        kinesis_put=times.get("kinesis_put", AT_ONCE),
        push=times.get("push", AT_ONCE),
        invoke=times.get("invoke", AT_ONCE),
        read=times.get("read", AT_ONCE),
        transaction=times.get("transaction", AT_ONCE),
        post=times.get("post", AT_ONCE),
        clip_first_byte=times.get("clip_first_byte", AT_ONCE),
    )


FREE = UnitCosts(
    chunk_s=0, invocation_s=0, session_batch_s=0, audio_s=0, rendition_s=0, commit_s=0,
    audience_connection_s=0, post_s=0, sender_invocation_s=0,
)  # fmt: skip


# --- What is said and heard


@pytest.mark.parametrize("seed", range(5))
def test_every_word_is_in_one_clause(seed: int) -> None:
    words = natural_speech(60, seed=seed).words
    heard = hear(words, max_segment_s=6)
    clauses = [clause for each in heard for clause in each.clauses]
    assert [clause.number for clause in clauses] == list(range(len(clauses)))
    assert [clause.words[0] for clause in clauses] == [0, *(clause.words[1] for clause in clauses[:-1])]
    assert clauses[-1].words[1] == len(words)
    assert all(before.at_s <= after.at_s for before, after in pairwise(heard))
    assert all(each.known_until_s <= each.at_s for each in heard), "nothing is known too early"
    assert all(clause.end_s <= each.known_until_s for each in heard for clause in each.clauses)


# --- One session alone


def test_one_clause_takes_as_long_as_its_steps_do() -> None:
    """The sentence ends at 1.2 s; the chunk that brings the half second of quiet behind it is full at 1.75 s.

    At the gateway at once, 10 ms to a function, 20 ms into the stream, 70 ms to be pushed, 5 ms into the function, two
    reads of 4 ms; 1,050 ms until the recogniser's final, 50 ms after the invocation has begun that brings the chunk of
    2.75 s and listens for 100 ms; 100 ms for the translation, 300 ms for the voice, 40 ms to store; 25 ms to commit,
    4 ms to read who listens, 15 ms to tell. Drafts are off, so nothing is done ahead. The clip is played when its first
    byte has come, 30 ms later.
    """
    words = [
        SpokenWord(word="stone", start_ms=start, end_ms=start + 200) for start in (0.0, 250.0, 500.0, 750.0, 1_000.0)
    ]
    surroundings = Surroundings(
        costs=FREE,
        platform=steady(
            gateway=ServiceTime(median_ms=10),
            kinesis_put=ServiceTime(median_ms=20),
            push=ServiceTime(median_ms=70),
            invoke=ServiceTime(median_ms=5),
            read=ServiceTime(median_ms=4),
            transaction=ServiceTime(median_ms=25),
            post=ServiceTime(median_ms=15),
            clip_first_byte=ServiceTime(median_ms=30),
        ),
        services={
            Step.TRANSCRIBE_FINAL: ServiceTime(median_ms=1_050),
            Step.TRANSLATE: ServiceTime(median_ms=100),
            Step.POLLY: ServiceTime(median_ms=300),
            Step.S3_PUT: ServiceTime(median_ms=40),
        },
        speaker_network=PERFECT,
        listener_network=PERFECT,
    )
    deployment = replace(ALONE, draft_after_quiet_s=None, result_wait_s=0.1, pending_result_wait_s=0.1)
    outcome = simulate(
        load(listeners=1, languages=1), deployment, surroundings=surroundings, speeches=[words], quotas=UNLIMITED
    )
    (delivered,) = outcome.tally.delivered
    assert delivered.clause.end_s == pytest.approx(1.2)
    told_ms = 1_750 + 10 + 20 + 70 + 5 + 8 + 1_050 + 100 + 300 + 40 + 25 + 4 + 15 - 1_200
    assert outcome.told.p50 == pytest.approx(told_ms, abs=1)
    assert outcome.ear.p50 - outcome.told.p50 == pytest.approx(30, abs=1)


def test_the_model_is_near_what_was_measured() -> None:
    for comparison in compare_with_published(UnitCosts()):
        assert all(abs(error) < 0.15 for error in comparison.errors), comparison


def test_an_error_is_a_part_of_what_was_measured() -> None:
    comparison = Comparison(name="", measured=Percentiles(p50=200, p95=0), modelled=Percentiles(p50=150, p95=9))
    assert comparison.errors == (-0.25, 0.0)


# --- Conservation


@pytest.mark.parametrize(
    ("asked", "deployment", "quotas"),
    [
        (load(sessions=6, listeners=20, languages=3), PRODUCTION, Quotas()),
        (load(sessions=3, listeners=250, languages=12), PRODUCTION, Quotas()),
        (load(sessions=2), PRODUCTION.polled(window_s=2), Quotas()),
        (load(listeners=3_000), ALONE, Quotas(requests_per_s=3_000, requests_burst=500)),
    ],
    ids=["few", "many languages and chunks", "polled", "throttled"],
)
def test_nothing_is_lost_or_made(asked: Load, deployment: Deployment, quotas: Quotas) -> None:
    outcome = simulate(asked, replace(deployment, seats=10_000), quotas=quotas)
    tally = outcome.tally
    assert tally.chunks == tally.chunks_put == tally.chunks_taken
    assert outcome.words == outcome.words_committed > 50
    assert len(tally.delivered) == tally.clauses * asked.languages == tally.renditions
    spoken = tally.neural + tally.standard
    assert spoken + tally.over_quota + tally.at_capacity + tally.voiceless == tally.renditions
    assert spoken == sum(each.is_spoken for each in tally.delivered)
    for each in tally.delivered:
        for telling in each.tellings:
            assert sum(count for _, count in telling.reached) + telling.unreached == telling.receivers
    assert outcome.notices == tally.clauses * asked.listeners


def test_littles_law_holds_of_what_is_on_its_way() -> None:
    """Chunks in the stream on average are those that come per second, times how long each is there."""
    outcome = simulate(load(sessions=12, seconds=60), PRODUCTION.for_sessions(12, per_cell=12), quotas=UNLIMITED)
    tally = outcome.tally
    there_s = tally.waiting_chunk_s / tally.chunks_taken
    assert 0.07 < there_s < 2.0
    assert tally.waiting_area == pytest.approx(tally.chunks_put / outcome.seconds * there_s * outcome.seconds, rel=0.01)


def test_the_same_seed_says_the_same_and_another_one_does_not() -> None:
    first, again, other = (simulate(load(sessions=2, seed=seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert [each.clause for each in first.tally.delivered] != [each.clause for each in other.tally.delivered]


def test_the_end_of_a_session_waits_for_what_was_said() -> None:
    slow = replace(ON_AWS, services={**ON_AWS.services, Step.TRANSCRIBE_FINAL: ServiceTime(median_ms=8_000)})
    outcome = simulate(load(), ALONE, surroundings=slow)
    assert outcome.words == outcome.words_committed > 50


# --- More is never quicker


def told_p50(outcome: Outcome) -> int:
    return outcome.told.p50


def test_more_sessions_of_a_cell_wait_for_one_another() -> None:
    p50 = [
        told_p50(
            simulate(load(sessions=count, seconds=60), PRODUCTION.for_sessions(count, per_cell=count), quotas=UNLIMITED)
        )
        for count in (1, 6, 20)
    ]
    assert p50[0] < p50[1] < p50[2]


def test_a_longer_window_makes_everybody_wait() -> None:
    p50 = [told_p50(simulate(load(seconds=60), PRODUCTION.polled(window_s=window_s))) for window_s in (0, 2, 4)]
    assert simulate(load(seconds=60), ALONE).told.p50 < p50[0] < p50[1] < p50[2]


def test_more_languages_have_more_plainer_voices_and_at_last_none() -> None:
    # Twelve sessions and two cells.
    outcomes = [simulate(load(sessions=12, listeners=20, languages=count)) for count in (1, 4, 12)]
    plainer = [each.tally.standard / (each.tally.standard + each.tally.neural) for each in outcomes]
    assert plainer[0] < plainer[1] < plainer[2]
    assert outcomes[0].not_spoken_share == 0 < outcomes[2].not_spoken_share


def test_a_cell_has_its_share_of_the_voices_and_no_more() -> None:
    asked = load(listeners=20, languages=8)
    assert simulate(asked, replace(PRODUCTION, cells=1)).not_spoken_share == 0
    assert simulate(asked, replace(PRODUCTION, cells=8)).not_spoken_share > 0


# --- What breaks, and what it takes


def broken(asked: Load, deployment: Deployment = PRODUCTION, quotas: Quotas | None = None) -> list[Limit]:
    quotas = quotas or Quotas()
    return [each.limit for each in breaks(simulate(asked, deployment, quotas=quotas), deployment, quotas)]


def test_what_breaks_first_is_named() -> None:
    assert broken(load()) == []
    assert broken(load(sessions=25))[0] is Limit.PLACES
    assert broken(load(sessions=30), replace(PRODUCTION, cells=3))[0] is Limit.STREAMS
    assert broken(load(listeners=501))[0] is Limit.SEATS
    assert broken(load(sessions=41), PRODUCTION.for_sessions(41, per_cell=1), UNLIMITED)[0] is Limit.CELLS
    assert broken(load(sessions=12, listeners=20, languages=12))[0] is Limit.NEURAL
    assert broken(load(listeners=20_000), ALONE)[0] is Limit.REQUESTS
    assert broken(load(listeners=40_000), ALONE, UNLIMITED)[0] is Limit.SENDERS
    assert broken(load(), PRODUCTION.polled(window_s=4))[0] is Limit.READING
    together = PRODUCTION.for_sessions(2, per_cell=2).polled(window_s=4)
    assert broken(load(sessions=2), together)[0] is Limit.READING
    many = PRODUCTION.for_sessions(24, per_cell=24)
    assert broken(load(sessions=24, listeners=20, languages=3), many) == []


def test_what_was_raised_as_needed_is_enough() -> None:
    asked = load(sessions=12, listeners=20, languages=10, seconds=60)
    deployment = PRODUCTION.for_sessions(12, per_cell=3)
    assert Limit.NEURAL in broken(asked, deployment)
    needed = needs(asked, deployment, Quotas(), simulate(asked, deployment, quotas=UNLIMITED))
    by_limit = {each.limit: each for each in needed}
    assert not by_limit[Limit.NEURAL].is_enough
    assert by_limit[Limit.STREAMS].is_enough
    assert by_limit[Limit.REQUESTS].is_enough
    quotas = raised(Quotas(), needed)
    assert quotas.neural_per_s == by_limit[Limit.NEURAL].needed > 8
    assert quotas.transcribe_streams == Quotas().transcribe_streams
    assert broken(asked, deployment, quotas) == []


def test_a_part_of_a_large_load_is_enough_to_know_it() -> None:
    """Of 200 sessions a fifth is simulated; each is told as late as in a load that is simulated whole."""
    few, many = (
        simulate(load(sessions=count), PRODUCTION.for_sessions(count, per_cell=4), quotas=UNLIMITED)
        for count in (40, 200)
    )
    assert (few.simulated_sessions, many.simulated_sessions, many.cells) == (40, 40, 50)
    assert many.told.p50 == pytest.approx(few.told.p50, rel=0.05)
    assert many.requests_per_s == pytest.approx(5 * few.requests_per_s, rel=0.05)


def test_a_part_of_a_large_load_has_its_part_of_the_quota() -> None:
    asked, deployment = load(sessions=200, listeners=20), PRODUCTION.for_sessions(200, per_cell=4)
    wanted = simulate(asked, deployment, quotas=UNLIMITED).requests_per_s
    enough, half = (
        simulate(
            asked,
            deployment,
            quotas=replace(UNLIMITED, requests_per_s=part * wanted, requests_burst=part * wanted),
        )
        for part in (2.0, 0.5)
    )
    assert enough.tally.posts_throttled == 0 < half.tally.posts_throttled


def test_a_hall_that_cannot_be_told_would_ask_for_as_much_as_many_rooms() -> None:
    room, hall = (unhindered(load(listeners=count), ALONE, ON_AWS) for count in (1_000, 30_000))
    assert hall.requests_per_s == pytest.approx(30 * room.requests_per_s, rel=0.01)


# --- Costs


def test_a_session_costs_what_its_services_do_and_more_listeners_cost_each_less() -> None:
    few, many = (simulate(load(listeners=count, seconds=60), ALONE) for count in (5, 400))
    cost, dearer = hourly_cost(few, ALONE), hourly_cost(many, ALONE)
    # An hour of Transcribe, $0.60, and about 54,000 characters in two languages for $31 a million.
    assert 0.6 + 2 * 54_000 * 31e-6 < cost.total < 1.3 * (0.6 + 2 * 54_000 * 31e-6)
    assert cost.total < dearer.total
    assert dearer.per_listener < cost.per_listener / 20


def test_a_list_is_waited_for_as_long_as_two_phases_together() -> None:
    p50, p95 = waiting_s(kept_s=1.0, poll_s=1.0)
    assert p50 == pytest.approx(1.0, abs=0.01)
    assert p95 == pytest.approx(2 - math.sqrt(2 * 0.05), abs=0.01)


def test_a_list_on_a_cdn_holds_where_connections_do_not() -> None:
    connections, every_second, *_ = ways(simulate(load(seconds=60), ALONE), languages=10)
    assert connections.requests_per_s > 5 * connections.allowed_per_s
    assert every_second.requests_per_s < every_second.allowed_per_s
    assert connections.added_p50_s < every_second.added_p50_s


# --- Files and sweeps


def test_measured_costs_take_the_place_of_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "unit-costs.json"
    path.write_text('{"machine": {"cores": 2}, "listener_ms": 0.05, "join_ms": 9, "segment_ms": 4}')
    assert read_unit_costs(path) == replace(UnitCosts(), post_s=0.00005, commit_s=0.004)


@pytest.mark.parametrize("text", ['{"chunk_ms": "1"}', '{"chunk_ms": -1}', '["chunk_ms"]', "nothing"])
def test_costs_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "unit-costs.json"
    path.write_text(text)
    with pytest.raises(UserError):
        read_unit_costs(path)


def test_a_sweep_has_its_ends() -> None:
    sweep = sweep_languages(Effort(seconds=15, thinning=20), replace(ON_AWS, platform=AWS_TIMES))
    assert [point.along for point in sweep.of(sweep.series[0])] == [1, 20]
    alone, twelve = sweep.series
    assert [sweep.of(each)[0].broken for each in (alone, twelve)] == [(), ()]
    assert sweep.first_break(twelve) is not None
    assert sweep.of(alone)[1].outcome.not_spoken_share < sweep.of(twelve)[1].outcome.not_spoken_share / 10


def test_production_is_the_stages() -> None:
    assert PRODUCTION.cells * PRODUCTION.sessions_per_cell <= Quotas().transcribe_streams
    assert PRODUCTION.seats == PROD.listeners_per_session
    assert set(LANGUAGES) <= set(PROD.target_languages)
    assert len(set(LANGUAGES)) == 20
