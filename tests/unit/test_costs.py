"""Costs, against sums done by hand."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from infrastructure.costs import Assumptions, Design, Estimate, Event, Service, estimate
from infrastructure.prices import (
    TRANSCRIBE_WITH_MINIMUM,
    TRANSCRIBE_WITHOUT_MINIMUM,
    US_EAST_1,
    TranscribePrice,
)
from infrastructure.settings import DEV, PROD, StageSettings
from scripts import cost

NO_DRAFTS = Assumptions(discarded_drafts=0.0)


def session_hour(
    event: Event,
    *,
    design: Design = Design.BABELCAST,
    stage: StageSettings = PROD,
    transcribe: TranscribePrice = TRANSCRIBE_WITHOUT_MINIMUM,
    assumptions: Assumptions = NO_DRAFTS,
) -> Estimate:
    return estimate(event, design=design, stage=stage, prices=US_EAST_1, transcribe=transcribe, assumptions=assumptions)


def test_one_stream_an_hour_costs_an_hour_of_transcribe_in_both_readings() -> None:
    event = Event(hours=2)
    # 3,600 s × $0.0001667 = $0.60012; 60 min × $0.024 = $1.44
    assert session_hour(event).per_session_hour[Service.TRANSCRIBE] == pytest.approx(0.60012)
    dear = session_hour(event, transcribe=TRANSCRIBE_WITH_MINIMUM)
    assert dear.per_session_hour[Service.TRANSCRIBE] == pytest.approx(1.44)


def test_a_stream_for_each_batch_pays_the_minimum_five_times_over() -> None:
    # 1,200 streams of 3 s. Without a minimum the same audio costs the same; with it, 1,200 × 15 s = 5 h.
    old = session_hour(Event(), design=Design.OLD)
    assert old.per_session_hour[Service.TRANSCRIBE] == pytest.approx(0.60012)
    dear = session_hour(Event(), design=Design.OLD, transcribe=TRANSCRIBE_WITH_MINIMUM)
    assert dear.per_session_hour[Service.TRANSCRIBE] == pytest.approx(5 * 1.44)


def test_a_session_shorter_than_the_minimum_pays_it() -> None:
    # 9 s of audio are billed as 15 s: 15 × $0.0004 = $0.006 for 9 s, which is 400 times that for an hour.
    short = session_hour(Event(hours=9 / 3600), transcribe=TRANSCRIBE_WITH_MINIMUM)
    assert short.per_session_hour[Service.TRANSCRIBE] == pytest.approx(2.4)


def test_only_languages_that_are_listened_to_are_translated_and_spoken() -> None:
    event = Event(languages=2, offered_languages=10)
    # 54,000 characters: $0.81 to translate and $0.864 to speak, for each language
    now = session_hour(event).per_session_hour
    assert now[Service.TRANSLATE] == pytest.approx(2 * 0.81)
    assert now[Service.POLLY] == pytest.approx(2 * 0.864)
    old = session_hour(event, design=Design.OLD).per_session_hour
    assert old[Service.TRANSLATE] == pytest.approx(10 * 0.81)
    assert old[Service.POLLY] == pytest.approx(10 * 0.864)


def test_drafts_that_are_thrown_away_are_paid_for() -> None:
    drafted = session_hour(Event(languages=1), assumptions=Assumptions(discarded_drafts=0.1)).per_session_hour
    assert drafted[Service.TRANSLATE] == pytest.approx(0.81 * 1.1)


def test_silence_saves_the_models_but_not_transcribe() -> None:
    spoken, half_silent = (session_hour(Event(silence=silence)).per_session_hour for silence in (0.0, 0.5))
    assert half_silent[Service.TRANSCRIBE] == spoken[Service.TRANSCRIBE]
    for service in (Service.TRANSLATE, Service.POLLY, Service.S3):
        assert half_silent[service] == pytest.approx(spoken[service] / 2)


def test_messages_of_a_speaker_and_one_listener() -> None:
    # speaker: 14,400 chunks + 14,400 answers + 30 heartbeats + captions (7,200 changing + 1,200 final) = 37,230
    # listener: 30 heartbeats + 360 reports + captions 8,400 + 1,200 segments = 9,990
    alone = session_hour(Event(listeners=0)).per_session_hour
    assert alone[Service.MESSAGES] == pytest.approx(37_230e-6)
    both = session_hour(Event(listeners=1)).per_session_hour
    assert both[Service.MESSAGES] == pytest.approx(47_220e-6)
    # two connections of 60 minutes at $0.25 a million
    assert both[Service.CONNECTIONS] == pytest.approx(120 * 0.25e-6)


def test_kinesis_with_and_without_enhanced_fan_out() -> None:
    # 14,400 records × $0.014/M = $0.0002016, a shard $0.015; pushed: $0.015 and 14,400 × 8,024 B × $0.013/GB
    polled = session_hour(Event(), stage=DEV).per_session_hour[Service.KINESIS]
    assert polled == pytest.approx(0.0002016 + 0.015)
    pushed = session_hour(Event(), stage=PROD).per_session_hour[Service.KINESIS]
    assert pushed == pytest.approx(0.0002016 + 0.030 + 0.1155456 * 0.013)


def test_sessions_share_their_cell() -> None:
    # 12 sessions fill a cell of prod, the 13th needs a second one: 2 shards and 2 consumers, $0.06, for 13 sessions
    assert PROD.cells.sessions_per_cell == 12
    thirteen = session_hour(Event(speakers=13)).per_session_hour[Service.KINESIS]
    assert thirteen == pytest.approx(0.0002016 + 0.06 / 13 + 0.1155456 * 0.013)


def test_lambda_of_a_speaker_without_listeners() -> None:
    # dev: 14,400 chunks + 30 heartbeats + 4 for connecting = 14,434 of 15 ms at 0.5 GB = 108.255 GB-s;
    # audio_processor 0.75 × 3,600 s × 1,769/1,024 GB = 4,664.355 GB-s in 3,600 invocations
    found = session_hour(Event(listeners=0), stage=DEV).per_session_hour[Service.LAMBDA]
    assert found == pytest.approx((14_434 + 3_600) * 0.2e-6 + (108.255 + 4_664.35546875) * 0.0000133334)


def test_s3_and_what_the_listeners_download() -> None:
    found = session_hour(Event(languages=2, listeners=10)).per_session_hour
    # 1,200 segments: 2,400 PUT at $0.005 a thousand, 12,000 GET at $0.0004 a thousand
    assert found[Service.S3] == pytest.approx(0.012 + 0.0048)
    # clips 10 × 3,600 s × 6,000 B = 0.216 GB; (10 × 9,600 + 8,400) messages of 700 B = 0.07308 GB; 11 apps of 250 kB
    assert found[Service.TRANSFER] == pytest.approx(0.28908 * 0.09 + 0.00275 * 0.085)


def test_writes_count_twice_in_a_transaction() -> None:
    # 2 languages: 300 + 2 × 250 B fit in 1 KB: 2 × (1 + 1) + 1 = 5 writes for each of 1,200 segments;
    # polled: 3,600 reads of the session, and half a unit for the audience
    found = session_hour(Event(languages=2, listeners=1), stage=DEV).per_session_hour[Service.DYNAMODB]
    assert found == pytest.approx(6_000 * 0.625e-6 + 3_600 * 1.5 * 0.125e-6)


def test_the_total_is_the_sum() -> None:
    found = session_hour(Event())
    assert set(found.per_session_hour) == set(Service)
    assert found.total == pytest.approx(sum(found.per_session_hour.values()))


def test_a_thousand_users_in_three_languages_stay_within_the_budget() -> None:
    """Ten rooms that hear three languages each: below $90 an hour, whichever of Transcribe's prices holds."""
    event = Event(speakers=10, listeners=99, languages=3)
    for transcribe in (TRANSCRIBE_WITHOUT_MINIMUM, TRANSCRIBE_WITH_MINIMUM):
        assert session_hour(event, transcribe=transcribe, assumptions=Assumptions()).total * 10 < 90


@pytest.mark.parametrize(
    "wrong",
    [
        {"speakers": 0},
        {"hours": 0},
        {"languages": 11},
        {"languages": -1},
        {"listeners": -1},
        {"silence": 1.0},
        {"silence": -0.1},
    ],
)
def test_impossible_events_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        replace(Event(), **wrong)


def test_every_price_says_where_it_comes_from() -> None:
    prices = US_EAST_1.named()

    assert {"transcribe, no minimum", "transcribe, 15 s minimum", "translate character"} < prices.keys()
    for price in prices.values():
        assert price.source
        assert price.unit
        assert len(price.read_on.split("-")) == 3


def test_a_stage_is_estimated_with_its_own_prices() -> None:
    dearer = replace(US_EAST_1.translate_character, usd=10 * US_EAST_1.translate_character.usd)
    reading = replace(TRANSCRIBE_WITHOUT_MINIMUM, name="the bill")
    elsewhere = replace(US_EAST_1, region="eu-central-2", transcribe=(reading,), translate_character=dearer)

    shown = [cost.report(Event(), replace(PROD, prices=prices)) for prices in (US_EAST_1, elsewhere)]

    translate = [float(re.findall(r"^Translate +([\d.]+)", each, re.MULTILINE)[0]) for each in shown]
    assert translate[1] == pytest.approx(10 * translate[0], rel=1e-3)
    assert "Prices (USD, eu-central-2)" in shown[1]
    assert "Babelcast, the bill" in shown[1]
    assert "15 s minimum" not in shown[1]


def test_the_command_prints_both_readings_beside_the_old_design() -> None:
    command = [sys.executable, "-m", "scripts.cost", "--speakers", "2", "--hours", "3", "--languages", "4"]
    root = Path(cost.__file__).parents[1]
    shown = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    for words in ("Babelcast, no minimum", "Babelcast, 15 s minimum", "old design, no minimum", "6 session-hours"):
        assert words in shown
    for service in Service:
        assert f"\n{service}" in shown
    assert "Assumptions" in shown
    assert "not counted" in shown


def test_the_command_refuses_what_cannot_be() -> None:
    assert cost.main(["--silence", "1.5"]) == 2


def test_more_languages_than_a_stage_has_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    known = len(DEV.target_languages)

    assert cost.main(["--stage", "dev", "--languages", str(known)]) == 0
    capsys.readouterr()
    for too_many in (["--languages", str(known + 1)], ["--offered", str(known + 1)]):
        assert cost.main(["--stage", "dev", *too_many]) == 2
        assert capsys.readouterr().err == f"cost: {known + 1} languages: stage dev has {known}\n"


def test_what_is_left_out_is_said() -> None:
    shown = cost.report(Event(), PROD)
    for words in ("X-Ray", "HTTP API", "CloudFront", "notification_sender"):
        assert words in shown.partition("not counted")[2]
