import re
from dataclasses import replace
from typing import Any

import pytest

from babelcast.domain.languages import LANGUAGES, LanguageOffer
from babelcast.domain.limits import JOINS
from babelcast.usecases.speak_in_time import POLLY_QUOTAS
from infrastructure.app import main
from infrastructure.context import stage_of
from infrastructure.settings import DEV, PROD, STAGES, FunctionSize, SettingsError, StageSettings
from scripts.deployment.quotas import SECONDS_PER_SEGMENT

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1a2b-3c4d"
CUSTOM_DOMAINS: dict[str, Any] = {
    "speaker_domain": "speak.example.org",
    "listener_domain": "hear.example.org",
    "certificate_arn": CERTIFICATE,
}


@pytest.mark.parametrize("settings", STAGES.values(), ids=STAGES.keys())
def test_a_stage_offers_every_language_that_aws_has(settings: StageSettings) -> None:
    LanguageOffer.of(sources=settings.source_languages, targets=settings.target_languages)
    on_aws = {code for code in LANGUAGES if code != "gl"}

    assert set(settings.target_languages) == on_aws
    assert set(settings.source_languages) == {code for code in on_aws if LANGUAGES[code].transcribe_code}
    assert len(settings.target_languages) >= 20


@pytest.mark.parametrize("settings", STAGES.values(), ids=STAGES.keys())
def test_three_quarters_of_all_sessions_in_many_languages_fit_in_the_voices_rates(settings: StageSettings) -> None:
    sessions = 0.75 * settings.cells.count * settings.cells.sessions_per_cell
    clips_per_s = sessions * settings.spoken_languages_per_session / SECONDS_PER_SEGMENT
    assert clips_per_s <= sum(quota.rate_per_s for quota in POLLY_QUOTAS.values())


@pytest.mark.parametrize("settings", STAGES.values(), ids=STAGES.keys())
def test_a_hall_that_scans_the_code_together_is_let_in(settings: StageSettings) -> None:
    assert settings.http_burst >= JOINS.burst, "each page asks once, and so many may join from one address"
    assert settings.websocket_burst >= settings.listeners_per_session


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "Dev"}, "stage name 'Dev'"),
        ({"presigned_url_expiration_s": 5}, "presigned_url_expiration_s is 5; it must be 60 to 3600"),
        ({"max_segment_s": 60}, "max_segment_s is 60"),
        ({"clip_retention_days": 0}, "clip_retention_days is 0"),
        ({"segment_retention_h": 25}, "segment_retention_h is 25; it must be 1 to 24"),
        ({"target_languages": ()}, "target_languages is empty"),
        ({"source_languages": ("en", "en")}, "source_languages lists something twice"),
        ({"allowed_origins": ("https://babelcast.example/",)}, "allowed origin"),
        ({"allowed_origins": ("http://babelcast.example",)}, "allowed origin"),
        ({"allowed_origins": ("*",)}, "allowed origin"),
        ({"listener_url": "http://babelcast.example"}, "listener_url"),
        ({"listener_url": "https://babelcast.example/?a=1"}, "listener_url"),
        ({"http_burst": 1}, "http_burst is 1"),
        ({"listeners_per_session": 0}, "listeners_per_session is 0"),
        ({"spoken_languages_per_session": 0}, "spoken_languages_per_session is 0; it must be 1 to 41"),
        ({"sessions_per_speaker": 26}, "sessions_per_speaker is 26; it must be 1 to 25"),
        ({"session_creations_per_h": 0}, "session_creations_per_h is 0"),
        ({"end_to_end_alarm_ms": 5}, "end_to_end_alarm_ms is 5; it must be 1000 to 60000"),
        ({"speaker_domain": "speak.example.org"}, "listener_domain and certificate_arn missing"),
        (
            CUSTOM_DOMAINS | {"speaker_domain": "https://speak.example.org"},
            "speaker_domain 'https://speak.example.org'",
        ),
        (CUSTOM_DOMAINS | {"listener_domain": "localhost"}, "listener_domain 'localhost'"),
        (CUSTOM_DOMAINS | {"listener_domain": "speak.example.org"}, "are both speak.example.org"),
        (CUSTOM_DOMAINS | {"certificate_arn": CERTIFICATE.replace("us-east-1", "eu-central-1")}, "in us-east-1"),
    ],
)
def test_a_bad_value_is_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)):
        replace(DEV, **changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"count": 0}, "cells.count is 0"),
        ({"count": 41, "transcribe_streams": 10_000}, "cells.count is 41; it must be 1 to 40"),
        ({"sessions_per_cell": 31, "transcribe_streams": 100}, "cells.sessions_per_cell is 31; it must be 1 to 30"),
        ({"retired": 40}, "cells.retired is 40; it must be 0 to 39"),
        ({"count": 2}, "2 cells of 25 sessions need 50 Transcribe streams, the account has 25"),
        ({"batch_size": 100}, "cells.batch_size is 100; it must be 1000 to 10000"),
        ({"record_age_s": 30}, "cells.record_age_s is 30; it must be 60"),
        ({"retry_attempts": -1}, "cells.retry_attempts is -1"),
        ({"retention_h": 1}, "cells.retention_h is 1"),
    ],
)
def test_a_bad_cell_is_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)):
        replace(DEV.cells, **changes)


def test_a_function_that_outlasts_api_gateway_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"connection_handler\.timeout_s.* is 30"):
        replace(DEV.functions, connection_handler=FunctionSize(memory_mb=512, timeout_s=30))


def test_a_processor_that_leaves_no_time_for_a_retry_is_refused() -> None:
    with pytest.raises(SettingsError, match="may take 60 s and its records are dropped at 60 s"):
        replace(DEV, functions=replace(DEV.functions, audio_processor=FunctionSize(memory_mb=512, timeout_s=60)))


def test_the_context_chooses_a_stage_and_its_addresses() -> None:
    context = {
        "stage": "prod",
        "listenerUrl": "https://hear.example.org",
        "allowedOrigins": "https://a.org,https://b.org",
    }

    settings = stage_of(context)

    assert settings == replace(
        PROD, listener_url="https://hear.example.org", allowed_origins=("https://a.org", "https://b.org")
    )
    assert stage_of({}) == DEV


def test_the_context_names_the_apps_sites() -> None:
    context = {
        "speakerDomain": "speak.example.org",
        "listenerDomain": "hear.example.org",
        "certificateArn": CERTIFICATE,
    }

    assert stage_of(context) == replace(DEV, **CUSTOM_DOMAINS)


@pytest.mark.parametrize(
    ("context", "message"),
    [
        (["alarmEmial=ops@example.org"], "there is no context value alarmEmial; -c takes stage, layers, "),
        (["stage=qa"], "there is no stage 'qa'; -c stage= takes dev or prod"),
        (["layers=docs"], "docs/shared holds no layer: run `make layers`"),
        (["layers=none", "listenerUrl=ftp://babelcast.example"], "listener_url 'ftp://babelcast.example'"),
    ],
)
def test_the_command_explains_what_is_wrong(
    context: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([option for pair in context for option in ("-c", pair)]) == 2
    assert message in capsys.readouterr().err
