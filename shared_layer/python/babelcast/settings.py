"""The environment of each function as a type. Field names in upper case are the variables' names.

A missing or wrong variable fails at the start of the function with what to set.
"""

import dataclasses
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeVar

from babelcast.domain.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSettings:
    """What every function has."""

    stage: str
    log_level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizerSettings(FunctionSettings):
    """``authorizer``.

    Attributes:
        token_issuer: The ``iss`` of valid access tokens.
        jwks_url: Where the pool's public keys are.
    """

    sessions_table_name: str
    rate_limits_table_name: str
    user_pool_client_id: str
    token_issuer: str
    jwks_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSettings(FunctionSettings):
    """``connection_handler``.

    Attributes:
        audio_stream_names: One per cell, in the cells' order.
        listeners_per_session: Seats of a session.
        presigned_url_expiration: Seconds that a clip's URL is valid.
        websocket_management_endpoint: ``https://…/stage``.
        notification_sender_function_name: Tells listeners when they are many.
    """

    sessions_table_name: str
    connections_table_name: str
    segments_table_name: str
    rate_limits_table_name: str
    audio_stream_names: tuple[str, ...]
    listeners_per_session: int
    s3_bucket_name: str
    presigned_url_expiration: int
    websocket_management_endpoint: str
    notification_sender_function_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisconnectSettings(FunctionSettings):
    """``disconnect_handler``; see `ConnectionSettings`."""

    sessions_table_name: str
    connections_table_name: str
    rate_limits_table_name: str
    audio_stream_names: tuple[str, ...]
    websocket_management_endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSessionSettings(FunctionSettings):
    """``http_session_handler``.

    Attributes:
        sessions_per_cell: Live sessions that one cell carries.
        sessions_per_speaker: Live sessions that one speaker may have.
        session_creations_per_hour: Sessions that one speaker may create in the long run; a third of them at once.
        source_languages, target_languages: Codes the stage enables.
        websocket_url: What apps connect to, ``wss://…/stage``.
        listener_url: Page that listeners open, without a query.
    """

    sessions_table_name: str
    rate_limits_table_name: str
    audio_stream_names: tuple[str, ...]
    sessions_per_cell: int
    sessions_per_speaker: int
    session_creations_per_hour: int
    source_languages: tuple[str, ...]
    target_languages: tuple[str, ...]
    websocket_url: str
    listener_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioProcessorSettings(FunctionSettings):
    """``audio_processor``; see `ConnectionSettings`, too.

    Attributes:
        segment_retention_hours: What was said is kept so long after it became final, and no longer than its session.
        max_segment_seconds: A clause that runs longer is cut at its widest pause.
        cell_count: How many cells share the account's quotas.
        polly_neural_per_s, polly_standard_per_s: What Polly allows the account, by engine.
        spoken_languages_per_session: Those with the most listeners; listeners of others read.
        result_wait_ms: How long an invocation listens for results after the audio it brought.
        pending_result_wait_ms: The same while somebody's sentence is not finished.
        draft_after_quiet_ms: When the speaker has been quiet for so long, the sentence is translated and spoken
            although the recogniser has not closed it yet; None for never.
        aws_endpoint_url_transcribe_streaming: Another Transcribe Streaming endpoint, or None for the region's own.
    """

    sessions_table_name: str
    connections_table_name: str
    segments_table_name: str
    rate_limits_table_name: str
    audio_stream_name: str
    s3_bucket_name: str
    presigned_url_expiration: int
    websocket_management_endpoint: str
    notification_sender_function_name: str
    segment_retention_hours: int
    max_segment_seconds: int
    cell_count: int
    polly_neural_per_s: int
    polly_standard_per_s: int
    spoken_languages_per_session: int
    result_wait_ms: int
    pending_result_wait_ms: int
    draft_after_quiet_ms: int | None = None
    aws_endpoint_url_transcribe_streaming: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationSenderSettings(FunctionSettings):
    """``notification_sender``; see `ConnectionSettings`."""

    websocket_management_endpoint: str


_S = TypeVar("_S", bound=FunctionSettings)

SETTINGS_BY_FUNCTION: Final[Mapping[str, type[FunctionSettings]]] = MappingProxyType(
    {
        "authorizer": AuthorizerSettings,
        "connection_handler": ConnectionSettings,
        "disconnect_handler": DisconnectSettings,
        "http_session_handler": HttpSessionSettings,
        "audio_processor": AudioProcessorSettings,
        "notification_sender": NotificationSenderSettings,
    }
)


def environment_keys(settings: type[FunctionSettings]) -> tuple[frozenset[str], frozenset[str]]:
    """The variables that a function needs, and those that it may have."""
    required = {f.name.upper() for f in dataclasses.fields(settings) if f.default is dataclasses.MISSING}
    every = {f.name.upper() for f in dataclasses.fields(settings)}
    return frozenset(required), frozenset(every - required)


def read_settings(settings: type[_S], environment: Mapping[str, str]) -> _S:
    """Read a function's settings.

    Raises:
        ConfigurationError: Names every variable that is missing, empty or of the wrong type.
    """
    hints = typing.get_type_hints(settings)
    values: dict[str, Any] = {}
    problems: list[str] = []
    for each in dataclasses.fields(settings):
        name = each.name.upper()
        text = environment.get(name, "")
        if not text:
            if each.default is dataclasses.MISSING:
                problems.append(f"set {name}")
            continue
        try:
            values[each.name] = _parse(text, hints[each.name])
        except ValueError as error:
            problems.append(f"{name}: {error}")
    if problems:
        raise ConfigurationError("; ".join(problems))
    return settings(**values)


def _parse(text: str, kind: object) -> object:
    if kind in (int, int | None):
        number = int(text) if text.isascii() and text.isdigit() else 0
        if number <= 0:
            raise ValueError("must be a whole number above zero")
        return number
    if kind == tuple[str, ...]:
        parts = tuple(part.strip() for part in text.split(","))
        if not all(parts):
            raise ValueError("must be a comma-separated list without empty entries")
        return parts
    return text
