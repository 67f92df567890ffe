"""Puts the parts together: the only reader of the environment. Clients and collaborators are built once."""

import asyncio
import os
import random
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from babelcast.adapters.api_gateway import CHUNK_DEADLINE_S, ApiGatewayConnections
from babelcast.adapters.dynamodb.capacity import DynamoDbCellCapacity, DynamoDbSpeakerPlaces
from babelcast.adapters.dynamodb.connections import DynamoDbConnections
from babelcast.adapters.dynamodb.rate_limits import DynamoDbRateLimits
from babelcast.adapters.dynamodb.seats import DynamoDbSeats
from babelcast.adapters.dynamodb.segments import DynamoDbSegments
from babelcast.adapters.dynamodb.sessions import DynamoDbCursors, DynamoDbSessions
from babelcast.adapters.kinesis import KinesisAudioHistory, KinesisAudioStream
from babelcast.adapters.notification_sender import HandingOnNotifier, NotificationSenders
from babelcast.adapters.notifier import ApiGatewayNotifier
from babelcast.adapters.s3 import S3Clips
from babelcast.domain.audio import SAMPLE_RATE_HZ, ms_to_samples
from babelcast.domain.languages import LanguageOffer
from babelcast.domain.limits import session_creations
from babelcast.domain.segmenter import SegmenterLimits
from babelcast.observability import journal, meter
from babelcast.ports import Connections, Seats, Synthesizer
from babelcast.settings import (
    AudioProcessorSettings,
    AuthorizerSettings,
    ConnectionSettings,
    DisconnectSettings,
    HttpSessionSettings,
    NotificationSenderSettings,
    read_settings,
)
from babelcast.usecases.accept_audio import AcceptAudio
from babelcast.usecases.authorize_connection import AuthorizeConnection
from babelcast.usecases.broadcast import Broadcast
from babelcast.usecases.change_listening import ChangeListening
from babelcast.usecases.close_connection import CloseConnection
from babelcast.usecases.control_broadcast import ControlBroadcast
from babelcast.usecases.create_session import CreateSession
from babelcast.usecases.end_session import EndSession
from babelcast.usecases.join_session import JoinSession
from babelcast.usecases.limit_joins import LimitJoins
from babelcast.usecases.limit_messages import LimitMessages
from babelcast.usecases.lose_connection import LoseConnection
from babelcast.usecases.note_playback import NotePlayback
from babelcast.usecases.notify_segment import NotifySegment
from babelcast.usecases.open_connection import OpenConnection
from babelcast.usecases.phrase_cache import CachedSynthesizer, CachedTranslator
from babelcast.usecases.render_segment import RenderSegment
from babelcast.usecases.report_status import ReportStatus
from babelcast.usecases.show_session import ShowSession
from babelcast.usecases.speak_in_time import SpeakInTime, polly_quotas
from babelcast.usecases.speech_tools import ProcessingLimits, SpeechTools

if TYPE_CHECKING:
    from babelcast.usecases.process_audio import ProcessAudio  # brings numpy, which no other function has

_T = TypeVar("_T")

_MAX_STREAMS: Final = 25
"""Source: Transcribe Streaming quotas, concurrent HTTP/2 streams."""


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """Run on the environment's one event loop, which keeps its streams open between invocations."""
    return _loop().run_until_complete(work)


def _broadcast(
    settings: ConnectionSettings | AudioProcessorSettings, connections: Connections, seats: Seats
) -> Broadcast:
    notifier = HandingOnNotifier(
        ApiGatewayConnections(settings.websocket_management_endpoint),
        NotificationSenders(settings.notification_sender_function_name),
        meter,
    )
    return Broadcast(notifier=notifier, lose=_lose(connections, seats))


def _lose(connections: Connections, seats: Seats) -> LoseConnection:
    return LoseConnection(connections=connections, seats=seats, now_ms=now_ms)


def _seats(settings: ConnectionSettings | DisconnectSettings | AudioProcessorSettings) -> Seats:
    return DynamoDbSeats(settings.rate_limits_table_name, connections_table_name=settings.connections_table_name)


def now_ms() -> int:
    """Epoch milliseconds."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionHandling:
    """What ``connection_handler`` needs."""

    accept_audio: AcceptAudio
    control: ControlBroadcast
    join: JoinSession
    listening: ChangeListening
    status: ReportStatus
    note_playback: NotePlayback
    open: OpenConnection
    limits: LimitMessages
    connections: Connections
    broadcast: Broadcast


@cache
def connection_handling() -> ConnectionHandling:
    """Built from the environment of ``connection_handler``."""
    settings = read_settings(ConnectionSettings, os.environ)
    sessions = DynamoDbSessions(settings.sessions_table_name)
    segments = DynamoDbSegments(settings.segments_table_name)
    connections = DynamoDbConnections(settings.connections_table_name)
    seats = _seats(settings)
    stream = KinesisAudioStream(settings.audio_stream_names)
    broadcast = _broadcast(settings, connections, seats)
    limits = LimitMessages(meter=meter, monotonic_s=time.monotonic)
    open_connection = OpenConnection(
        connections=connections,
        seats=seats,
        listeners_per_session=settings.listeners_per_session,
        meter=meter,
        now_ms=now_ms,
    )
    notify = NotifySegment(
        broadcast=broadcast,
        clips=S3Clips(settings.s3_bucket_name, url_expiration_s=settings.presigned_url_expiration),
        segments=segments,
    )
    return ConnectionHandling(
        accept_audio=AcceptAudio(stream=stream, limits=limits, meter=meter),
        control=ControlBroadcast(sessions=sessions, stream=stream, now_ms=now_ms),
        join=JoinSession(
            sessions=sessions,
            segments=segments,
            connections=connections,
            open=open_connection,
            notify=notify,
            broadcast=broadcast,
            now_ms=now_ms,
        ),
        listening=ChangeListening(sessions=sessions, connections=connections, now_ms=now_ms),
        status=ReportStatus(sessions=sessions, connections=connections, broadcast=broadcast, now_ms=now_ms),
        note_playback=NotePlayback(connections=connections, meter=meter),
        open=open_connection,
        limits=limits,
        connections=connections,
        broadcast=broadcast,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DisconnectHandling:
    """What ``disconnect_handler`` needs."""

    close: CloseConnection
    status: ReportStatus


@cache
def disconnect_handling() -> DisconnectHandling:
    """Built from the environment of ``disconnect_handler``."""
    settings = read_settings(DisconnectSettings, os.environ)
    sessions = DynamoDbSessions(settings.sessions_table_name)
    connections = DynamoDbConnections(settings.connections_table_name)
    lose = _lose(connections, _seats(settings))
    # Only the speaker is told.
    notifier = ApiGatewayNotifier(ApiGatewayConnections(settings.websocket_management_endpoint), meter)
    broadcast = Broadcast(notifier=notifier, lose=lose)
    return DisconnectHandling(
        close=CloseConnection(
            sessions=sessions,
            lose=lose,
            stream=KinesisAudioStream(settings.audio_stream_names),
            now_ms=now_ms,
        ),
        status=ReportStatus(sessions=sessions, connections=connections, broadcast=broadcast, now_ms=now_ms),
    )


@cache
def authorizing() -> AuthorizeConnection:
    """Built from the environment of ``authorizer``."""
    from babelcast.adapters.cognito import CognitoTokenVerifier

    settings = read_settings(AuthorizerSettings, os.environ)
    return AuthorizeConnection(
        sessions=DynamoDbSessions(settings.sessions_table_name),
        tokens=CognitoTokenVerifier(
            issuer=settings.token_issuer, client_id=settings.user_pool_client_id, jwks_url=settings.jwks_url
        ),
        joins=_joins(settings),
        now_ms=now_ms,
    )


def _joins(settings: AuthorizerSettings | HttpSessionSettings) -> LimitJoins:
    return LimitJoins(limits=DynamoDbRateLimits(settings.rate_limits_table_name), meter=meter, now_ms=now_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSessionHandling:
    """What ``http_session_handler`` needs."""

    create: CreateSession
    end: EndSession
    show: ShowSession
    offer: LanguageOffer
    websocket_url: str
    listener_url: str


@cache
def http_session_handling() -> HttpSessionHandling:
    """Built from the environment of ``http_session_handler``."""
    settings = read_settings(HttpSessionSettings, os.environ)
    sessions = DynamoDbSessions(settings.sessions_table_name)
    capacity = DynamoDbCellCapacity(
        settings.rate_limits_table_name,
        cells=len(settings.audio_stream_names),
        sessions_per_cell=settings.sessions_per_cell,
    )
    places = DynamoDbSpeakerPlaces(settings.rate_limits_table_name, sessions_per_speaker=settings.sessions_per_speaker)
    offer = LanguageOffer.of(sources=settings.source_languages, targets=settings.target_languages)
    return HttpSessionHandling(
        create=CreateSession(
            sessions=sessions,
            capacity=capacity,
            places=places,
            limits=DynamoDbRateLimits(settings.rate_limits_table_name),
            creations=session_creations(settings.session_creations_per_hour),
            offer=offer,
            rng=random.SystemRandom(),
            now_ms=now_ms,
        ),
        end=EndSession(
            control=ControlBroadcast(
                sessions=sessions, stream=KinesisAudioStream(settings.audio_stream_names), now_ms=now_ms
            ),
            capacity=capacity,
            places=places,
        ),
        show=ShowSession(sessions=sessions, joins=_joins(settings)),
        offer=offer,
        websocket_url=settings.websocket_url,
        listener_url=settings.listener_url,
    )


def _paced(synthesizer: Synthesizer, settings: AudioProcessorSettings) -> SpeakInTime:
    quotas = polly_quotas(
        neural_per_s=settings.polly_neural_per_s,
        standard_per_s=settings.polly_standard_per_s,
        cells=settings.cell_count,
    )
    return SpeakInTime(synthesizer, quotas, meter=meter, monotonic_s=time.monotonic)


@cache
def audio_processing() -> "ProcessAudio":
    """Built from the environment of ``audio_processor``."""
    from babelcast.adapters.polly import PollySynthesizer
    from babelcast.adapters.transcribe import TranscribeTranscriber
    from babelcast.adapters.translate import TranslateTranslator
    from babelcast.usecases.live_transcription import TranscriptionPool
    from babelcast.usecases.process_audio import ProcessAudio

    settings = read_settings(AudioProcessorSettings, os.environ)
    segments = DynamoDbSegments(settings.segments_table_name)
    connections = DynamoDbConnections(settings.connections_table_name)
    clips = S3Clips(settings.s3_bucket_name, url_expiration_s=settings.presigned_url_expiration)
    paced = _paced(PollySynthesizer(meter), settings)
    broadcast = _broadcast(settings, connections, _seats(settings))
    sessions = DynamoDbSessions(settings.sessions_table_name)
    return ProcessAudio(
        sessions=sessions,
        segments=segments,
        history=KinesisAudioHistory(settings.audio_stream_name),
        pool=TranscriptionPool(max_streams=_MAX_STREAMS),
        tools=SpeechTools(
            cursors=DynamoDbCursors(
                sessions_table_name=settings.sessions_table_name,
                segments_table_name=settings.segments_table_name,
                segment_retention_s=settings.segment_retention_hours * 3_600,
            ),
            connections=connections,
            transcriber=TranscribeTranscriber(
                region=os.environ["AWS_REGION"], endpoint_url=settings.aws_endpoint_url_transcribe_streaming
            ),
            render=RenderSegment(
                translator=CachedTranslator(TranslateTranslator(meter), meter),
                synthesizer=CachedSynthesizer(paced, meter),
                clips=clips,
                meter=meter,
                monotonic_s=time.monotonic,
            ),
            notify=NotifySegment(broadcast=broadcast, clips=clips, segments=segments),
            broadcast=broadcast,
            status=ReportStatus(sessions=sessions, connections=connections, broadcast=broadcast, now_ms=now_ms),
            meter=meter,
            journal=journal,
            limits=ProcessingLimits(
                result_wait_s=settings.result_wait_ms / 1000,
                pending_result_wait_s=settings.pending_result_wait_ms / 1000,
                draft_after_quiet_samples=(
                    None if settings.draft_after_quiet_ms is None else ms_to_samples(settings.draft_after_quiet_ms)
                ),
                spoken_languages=settings.spoken_languages_per_session,
                segments=SegmenterLimits.up_to(settings.max_segment_seconds * SAMPLE_RATE_HZ),
            ),
            has_room=paced.has_room,
            now_ms=now_ms,
            monotonic_s=time.monotonic,
        ),
    )


@cache
def notification_sending() -> ApiGatewayConnections:
    """Built from the environment of ``notification_sender``."""
    settings = read_settings(NotificationSenderSettings, os.environ)
    return ApiGatewayConnections(settings.websocket_management_endpoint, deadline_s=CHUNK_DEADLINE_S)
