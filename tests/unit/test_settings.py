"""Bad configuration fails at the start and says what to set."""

import pytest

from babelcast.domain.errors import ConfigurationError
from babelcast.settings import (
    SETTINGS_BY_FUNCTION,
    AudioProcessorSettings,
    ConnectionSettings,
    environment_keys,
    read_settings,
)

CONNECTION = {
    "STAGE": "dev",
    "LOG_LEVEL": "INFO",
    "SESSIONS_TABLE_NAME": "s",
    "CONNECTIONS_TABLE_NAME": "c",
    "SEGMENTS_TABLE_NAME": "g",
    "AUDIO_STREAM_NAMES": "one, two",
    "S3_BUCKET_NAME": "b",
    "PRESIGNED_URL_EXPIRATION": "600",
    "WEBSOCKET_MANAGEMENT_ENDPOINT": "https://x/dev",
    "NOTIFICATION_SENDER_FUNCTION_NAME": "n",
    "RATE_LIMITS_TABLE_NAME": "r",
    "LISTENERS_PER_SESSION": "500",
}


def test_the_environment_becomes_a_type() -> None:
    settings = read_settings(ConnectionSettings, CONNECTION)
    assert settings.audio_stream_names == ("one", "two")
    assert settings.presigned_url_expiration == 600


def test_everything_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(ConfigurationError) as error:
        read_settings(ConnectionSettings, {**CONNECTION, "STAGE": "", "S3_BUCKET_NAME": ""})
    assert "set STAGE" in error.value.message
    assert "set S3_BUCKET_NAME" in error.value.message


@pytest.mark.parametrize("value", ["0", "-5", "ten", "1.5", "٣"])
def test_a_number_has_to_be_one(value: str) -> None:
    with pytest.raises(ConfigurationError, match="PRESIGNED_URL_EXPIRATION"):
        read_settings(ConnectionSettings, {**CONNECTION, "PRESIGNED_URL_EXPIRATION": value})


def test_a_list_has_no_empty_entries() -> None:
    with pytest.raises(ConfigurationError, match="AUDIO_STREAM_NAMES"):
        read_settings(ConnectionSettings, {**CONNECTION, "AUDIO_STREAM_NAMES": "one,,two"})


def test_every_function_has_its_settings() -> None:
    assert set(SETTINGS_BY_FUNCTION) == {
        "authorizer",
        "connection_handler",
        "disconnect_handler",
        "http_session_handler",
        "audio_processor",
        "notification_sender",
    }
    required, optional = environment_keys(AudioProcessorSettings)
    assert "MAX_SEGMENT_SECONDS" in required
    assert optional == {"AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING", "DRAFT_AFTER_QUIET_MS"}
