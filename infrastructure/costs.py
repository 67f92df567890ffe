"""What a room costs: from speakers, hours, languages, listeners and silence to dollars by service. Pure arithmetic.

Two designs are compared. Babelcast keeps one Transcribe stream open for a session, and translates and speaks only the
languages that somebody listens to. The old one opened a stream for each 3-second batch, and translated and spoke every
language of the session. Everything else is taken to be alike.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from infrastructure.prices import PriceTable, TranscribePrice
from infrastructure.settings import StageSettings

_HOUR_S: Final = 3_600
_GB: Final = 1e9


class Service(StrEnum):
    """What a bill lists."""

    TRANSCRIBE = "Transcribe"
    TRANSLATE = "Translate"
    POLLY = "Polly"
    LAMBDA = "Lambda"
    MESSAGES = "API Gateway messages"
    CONNECTIONS = "API Gateway minutes"
    KINESIS = "Kinesis"
    DYNAMODB = "DynamoDB"
    S3 = "S3 requests"
    TRANSFER = "data transfer, CloudFront"
    LOGS = "CloudWatch logs"


class Design(StrEnum):
    """Which system is paid for."""

    BABELCAST = "Babelcast"
    OLD = "old design"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What is to be paid for.

    Attributes:
        speakers: Sessions at the same time, 1 or more.
        hours: How long each lasts.
        languages: Languages of a session that somebody listens to.
        offered_languages: Languages that a session allows, which the old design translated into, all of them.
        listeners: Of each session, in all its languages together.
        silence: Share of the time in which nobody speaks, 0 to below 1; Transcribe hears it as well.
    """

    speakers: int = 1
    hours: float = 1.0
    languages: int = 3
    offered_languages: int = 10
    listeners: int = 50
    silence: float = 0.0

    def __post_init__(self) -> None:
        if self.speakers < 1 or self.hours <= 0:
            raise ValueError("there is at least one speaker, for some time")
        if not 0 <= self.languages <= self.offered_languages:
            raise ValueError(
                f"{self.languages} languages cannot be listened to when {self.offered_languages} are offered"
            )
        if self.listeners < 0 or not 0 <= self.silence < 1:
            raise ValueError("listeners are 0 or more, silence is a share of 0 to below 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What is not known of an event, with the values that are used; each is an average.

    Attributes:
        characters_per_hour: Of uninterrupted speech: 150 words a minute of 6 characters, the space included. A
            translation is taken to be as long as its source.
        segment_s: Speech in a segment.
        chunks_per_s: The speaker's audio messages; each is answered.
        chunk_bytes: Of audio in a Kinesis record, 250 ms at 16 kHz and 16 bits.
        partial_captions_per_s: Captions that still change, to everybody; the most that is sent.
        heartbeats_per_hour, reports_per_hour: Messages of each client, and playback reports of each listener.
        clip_bytes_per_s: An MP3 of 48 kbit/s.
        caption_bytes: A message to a listener.
        app_bytes: What a client loads of its app.
        connection_invocation_s: How long a function runs for one message.
        invocations_per_connection: Authorizer, connect, join, disconnect.
        cell_invocations_polled_per_s, cell_invocations_pushed_per_s: Of `audio_processor`, without and with enhanced
            fan-out.
        single_session_busy: Share of the time in which `audio_processor` runs for one session; for more, all of it.
        discarded_drafts: Translations and clips made ahead and thrown away, as a share of those that are used.
        old_batch_s: What the old design's streams lasted.
        log_bytes_per_invocation: Lambda's own three lines and one of metrics.
        segment_language_bytes, segment_bytes: A segment record, per language and besides.

    Source: cell invocations, single_session_busy, discarded_drafts from benchmarks/results/latency-natural.json;
    the pace of speech from the facts on which the design rests; connection_invocation_s, log_bytes_per_invocation and
    the sizes are estimates.
    """

    characters_per_hour: float = 54_000
    segment_s: float = 3.0
    chunks_per_s: float = 4.0
    chunk_bytes: int = 8_024
    partial_captions_per_s: float = 2.0
    heartbeats_per_hour: float = 30
    reports_per_hour: float = 360
    clip_bytes_per_s: float = 6_000
    caption_bytes: float = 700
    app_bytes: float = 250_000
    connection_invocation_s: float = 0.015
    invocations_per_connection: float = 4
    cell_invocations_polled_per_s: float = 1.0
    cell_invocations_pushed_per_s: float = 3.9
    single_session_busy: float = 0.75
    discarded_drafts: float = 0.03
    old_batch_s: float = 3.0
    log_bytes_per_invocation: float = 1_000
    segment_bytes: float = 300
    segment_language_bytes: float = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Dollars for one session and hour, by service."""

    per_session_hour: Mapping[Service, float]

    @property
    def total(self) -> float:
        """All services together, for one session and hour."""
        return math.fsum(self.per_session_hour.values())


def estimate(
    event: Event,
    *,
    design: Design,
    stage: StageSettings,
    prices: PriceTable,
    transcribe: TranscribePrice,
    assumptions: Assumptions | None = None,
) -> Estimate:
    """What one session costs for one hour, its share of the cells included."""
    usage = _Usage(event=event, design=design, stage=stage, assumed=assumptions or Assumptions())
    return Estimate(
        per_session_hour={
            Service.TRANSCRIBE: usage.streams * transcribe.stream_usd(usage.stream_s),
            Service.TRANSLATE: usage.characters * prices.translate_character.usd,
            Service.POLLY: usage.characters * prices.polly_neural_character.usd,
            Service.LAMBDA: (
                (usage.connection_invocations + usage.cell_invocations) * prices.lambda_request.usd
                + usage.gb_seconds * prices.lambda_gb_second.usd
            ),
            Service.MESSAGES: usage.messages * prices.websocket_message.usd,
            Service.CONNECTIONS: (1 + event.listeners) * 60 * prices.websocket_connection_minute.usd,
            Service.KINESIS: (
                usage.records * prices.kinesis_put_unit.usd
                + usage.cells_per_session * prices.kinesis_shard_hour.usd
                + usage.consumers_per_session * prices.kinesis_consumer_hour.usd
                + usage.pushed_gb * prices.kinesis_consumer_gb.usd
            ),
            Service.DYNAMODB: (
                usage.write_units * prices.dynamodb_write_unit.usd + usage.read_units * prices.dynamodb_read_unit.usd
            ),
            Service.S3: usage.clips_stored * prices.s3_put.usd + usage.clips_fetched * prices.s3_get.usd,
            Service.TRANSFER: (
                usage.listener_gb * prices.transfer_gb.usd + usage.app_gb_per_hour * prices.cloudfront_gb.usd
            ),
            Service.LOGS: usage.log_gb * prices.logs_gb.usd,
        }
    )


@dataclass(frozen=True, kw_only=True)
class _Usage:
    """How much of everything one session uses in one hour."""

    event: Event
    design: Design
    stage: StageSettings
    assumed: Assumptions

    @property
    def speech_s(self) -> float:
        return _HOUR_S * (1 - self.event.silence)

    @property
    def segments(self) -> float:
        return self.speech_s / self.assumed.segment_s

    @property
    def translated_languages(self) -> int:
        return self.event.languages if self.design is Design.BABELCAST else self.event.offered_languages

    @property
    def streams(self) -> float:
        """Transcribe streams in the hour; Babelcast's is one for the whole session, or for as much of it."""
        return 1 / self.event.hours if self.design is Design.BABELCAST else _HOUR_S / self.assumed.old_batch_s

    @property
    def stream_s(self) -> float:
        return self.event.hours * _HOUR_S if self.design is Design.BABELCAST else self.assumed.old_batch_s

    @property
    def characters(self) -> float:
        discarded = self.assumed.discarded_drafts if self.design is Design.BABELCAST else 0.0
        spoken = self.assumed.characters_per_hour * (1 - self.event.silence)
        return spoken * self.translated_languages * (1 + discarded)

    @property
    def cells_per_session(self) -> float:
        return math.ceil(self.event.speakers / self.stage.cells.sessions_per_cell) / self.event.speakers

    @property
    def consumers_per_session(self) -> float:
        return self.cells_per_session if self.stage.cells.enhanced_fan_out else 0.0

    @property
    def records(self) -> float:
        return self.assumed.chunks_per_s * _HOUR_S

    @property
    def pushed_gb(self) -> float:
        return self.records * self.assumed.chunk_bytes / _GB if self.stage.cells.enhanced_fan_out else 0.0

    @property
    def client_messages(self) -> float:
        """Messages that clients send, each of which runs a function."""
        clients = (1 + self.event.listeners) * self.assumed.heartbeats_per_hour
        return self.records + clients + self.event.listeners * self.assumed.reports_per_hour

    @property
    def captions(self) -> float:
        """Messages to each client: captions that change, and final ones."""
        return self.speech_s * self.assumed.partial_captions_per_s + self.segments

    @property
    def messages(self) -> float:
        acknowledgements = self.records
        to_listeners = self.event.listeners * (self.captions + self.segments)
        return self.client_messages + acknowledgements + self.captions + to_listeners

    @property
    def connection_invocations(self) -> float:
        connecting = (1 + self.event.listeners) * self.assumed.invocations_per_connection / self.event.hours
        return self.client_messages + connecting

    @property
    def cell_invocations(self) -> float:
        assumed, pushed = self.assumed, self.stage.cells.enhanced_fan_out
        per_s = assumed.cell_invocations_pushed_per_s if pushed else assumed.cell_invocations_polled_per_s
        return per_s * _HOUR_S * self.cells_per_session

    @property
    def gb_seconds(self) -> float:
        sizes = self.stage.functions
        connection_gb = sizes.connection_handler.memory_mb / 1024
        processor_gb = sizes.audio_processor.memory_mb / 1024
        busy = self.assumed.single_session_busy if self.event.speakers == 1 else 1.0
        return (
            self.connection_invocations * self.assumed.connection_invocation_s * connection_gb
            + _HOUR_S * busy * self.cells_per_session * processor_gb
        )

    @property
    def write_units(self) -> float:
        """Segment and cursor in a transaction, which counts twice, and the mark that it was delivered."""
        assumed = self.assumed
        size = assumed.segment_bytes + assumed.segment_language_bytes * self.translated_languages
        segment_units = math.ceil(size / 1024)
        return self.segments * (2 * (segment_units + 1) + segment_units)

    @property
    def read_units(self) -> float:
        """The session and its audience for each invocation of the cell, 4 KB and a page of connections each."""
        audience_units = max(1, math.ceil(self.event.listeners * 200 / 4096)) / 2
        invocations = self.cell_invocations / self.cells_per_session
        return invocations * (1 + audience_units)

    @property
    def clips_stored(self) -> float:
        return self.segments * self.translated_languages

    @property
    def clips_fetched(self) -> float:
        return self.segments * self.event.listeners

    @property
    def listener_gb(self) -> float:
        clips = self.event.listeners * self.speech_s * self.assumed.clip_bytes_per_s
        captions = (self.event.listeners * (self.captions + self.segments) + self.captions) * self.assumed.caption_bytes
        return (clips + captions) / _GB

    @property
    def app_gb_per_hour(self) -> float:
        return (1 + self.event.listeners) * self.assumed.app_bytes / self.event.hours / _GB

    @property
    def log_gb(self) -> float:
        invocations = self.connection_invocations + self.cell_invocations
        return invocations * self.assumed.log_bytes_per_invocation / _GB
