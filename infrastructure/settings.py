"""The stages: every number and name in which one deployment differs from another, checked when it is made.

Nothing here imports the CDK, so reading a stage costs nothing.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from infrastructure.aws_limits import (
    API_GATEWAY_TIMEOUT_S,
    AWS_SOURCE_LANGUAGES,
    AWS_TARGET_LANGUAGES,
    MAX_CELLS,
    MAX_SESSIONS_PER_SHARD,
    MIN_RECORD_AGE_S,
    SMALL_REGION_BURST,
)
from infrastructure.prices import US_EAST_1, PriceTable


class SettingsError(ValueError):
    """A stage's settings contradict AWS's limits or each other; the message says which and how."""


class LogLevel(StrEnum):
    """What the functions log; values are Powertools' names."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"


class EdgeLocations(StrEnum):
    """Near whom the apps are kept; values are the members of `aws_cloudfront.PriceClass`."""

    NORTH_AMERICA_AND_EUROPE = "PRICE_CLASS_100"
    EVERYWHERE = "PRICE_CLASS_ALL"


class LogRetention(StrEnum):
    """How long logs are kept; values are the members of `aws_logs.RetentionDays`."""

    ONE_WEEK = "ONE_WEEK"
    ONE_MONTH = "ONE_MONTH"
    THREE_MONTHS = "THREE_MONTHS"


def _require(*, condition: bool, otherwise: str) -> None:
    if not condition:
        raise SettingsError(otherwise)


def _require_range(name: str, value: int, low: int, high: int) -> None:
    _require(condition=low <= value <= high, otherwise=f"{name} is {value}; it must be {low} to {high}")


def _require_unique(name: str, values: Iterable[str]) -> None:
    listed = list(values)
    _require(condition=bool(listed), otherwise=f"{name} is empty")
    _require(condition=len(set(listed)) == len(listed), otherwise=f"{name} lists something twice: {listed}")


def _is_origin(url: str) -> bool:
    """Whether this is scheme, host and port and nothing more, encrypted unless it is this very machine."""
    parts = urlsplit(url)
    is_local = parts.scheme == "http" and parts.hostname == "localhost"
    return (is_local or parts.scheme == "https") and bool(parts.hostname) and url == f"{parts.scheme}://{parts.netloc}"


def _is_domain(name: str) -> bool:
    """Whether this is a host's full name in lower case, as a certificate and CloudFront take it."""
    label = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    return len(name) <= 253 and re.fullmatch(rf"({label}\.)+{label}", name) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSize:
    """What one function gets.

    Attributes:
        memory_mb: 128 to 10,240; a whole core comes with 1,769.
        timeout_s: An invocation is killed after this.
    """

    memory_mb: int
    timeout_s: int

    def __post_init__(self) -> None:
        _require_range("memory_mb", self.memory_mb, 128, 10_240)
        _require_range("timeout_s", self.timeout_s, 1, 900)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSizes:
    """The size of every function, by its name."""

    authorizer: FunctionSize
    connection_handler: FunctionSize
    disconnect_handler: FunctionSize
    http_session_handler: FunctionSize
    audio_processor: FunctionSize
    notification_sender: FunctionSize

    def __post_init__(self) -> None:
        for name in ("authorizer", "connection_handler", "disconnect_handler", "http_session_handler"):
            size: FunctionSize = getattr(self, name)
            _require_range(
                f"{name}.timeout_s, which API Gateway must outwait,", size.timeout_s, 1, API_GATEWAY_TIMEOUT_S
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class CellSettings:
    """How many cells there are and how each consumes its stream.

    Attributes:
        count: Cells of the stage, up to `MAX_CELLS`, each a single-shard stream with one audio processor.
        retired: Former cells, the last ones, whose streams are kept for the deployment that takes them away from all
            that used them; CloudFormation deletes nothing that another stack still names. No session may be live in
            them.
        sessions_per_cell: Live sessions assigned to a cell at most.
        transcribe_streams: The account's quota of concurrent Transcribe streams; 25 unless it was raised.
        polly_neural_per_s, polly_standard_per_s: Its rates of Polly's SynthesizeSpeech with neural and with standard
            voices; 8 and 80 unless they were raised. Cells share them evenly.
        batch_size: Records a batch holds at most; it counts all sessions of the shard, four records a second each.
        batch_window_s: How long a batch may gather before it is delivered.
        enhanced_fan_out: Records are pushed (about 70 ms) rather than polled once a second; costs by shard and GB.
        result_wait_ms: How long an invocation listens for results after the audio it brought. Pushed streams bring the
            next audio at once, and should not be kept waiting.
        pending_result_wait_ms: The same while somebody's sentence is not finished. Polled streams bring the next audio
            after a second, so most of it can be listened through.
        retry_attempts: Deliveries of a failing batch after the first.
        record_age_s: Older records go to the failure queue undelivered; nobody wants to hear them live.
        retention_h: How long the stream keeps audio, which is how far a replay can reach back.
        reserves_concurrency: Set one concurrent invocation aside for each processor, so that other functions of the
            account cannot starve it; needs an account with more concurrency than the minimum.
    """

    count: int
    retired: int = 0
    sessions_per_cell: int
    transcribe_streams: int = 25
    polly_neural_per_s: int = 8
    polly_standard_per_s: int = 80
    batch_size: int = 1_000
    batch_window_s: int = 0
    enhanced_fan_out: bool
    result_wait_ms: int
    pending_result_wait_ms: int
    retry_attempts: int = 2
    record_age_s: int = MIN_RECORD_AGE_S
    retention_h: int = 24
    reserves_concurrency: bool

    def __post_init__(self) -> None:
        _require_range("cells.count", self.count, 1, MAX_CELLS)
        _require_range("cells.retired", self.retired, 0, MAX_CELLS - self.count)
        _require_range("cells.sessions_per_cell", self.sessions_per_cell, 1, MAX_SESSIONS_PER_SHARD)
        _require_range("cells.polly_neural_per_s", self.polly_neural_per_s, 1, 10_000)
        _require_range("cells.polly_standard_per_s", self.polly_standard_per_s, 1, 10_000)
        _require_range("cells.batch_size", self.batch_size, 1_000, 10_000)
        _require_range("cells.batch_window_s", self.batch_window_s, 0, 5)
        _require_range("cells.result_wait_ms", self.result_wait_ms, 50, 2_000)
        _require_range("cells.pending_result_wait_ms", self.pending_result_wait_ms, self.result_wait_ms, 2_000)
        _require_range("cells.retry_attempts", self.retry_attempts, 1, 10)
        _require_range("cells.record_age_s", self.record_age_s, MIN_RECORD_AGE_S, 600)
        _require_range("cells.retention_h", self.retention_h, 24, 168)
        sessions = self.count * self.sessions_per_cell
        _require(
            condition=sessions <= self.transcribe_streams,
            otherwise=f"{self.count} cells of {self.sessions_per_cell} sessions need {sessions} Transcribe streams, "
            f"the account has {self.transcribe_streams}: raise the quota and cells.transcribe_streams, or have fewer",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSettings:
    """One deployment of Babelcast.

    Attributes:
        name: In stack names, the WebSocket URL and the functions' `STAGE`.
        presigned_url_expiration_s: How long a clip's address works; a role's own credentials can end it sooner.
        max_segment_s: A clause that goes on for longer is committed at its widest pause, and from half of it on at a
            breath. With less, words are heard sooner; with more, they are translated with more around them.
        draft_after_quiet_ms: When the speaker has been quiet for so long, the sentence is translated and spoken
            although the recogniser has not closed it yet; None for never. It saves the listeners' time and costs the
            sentences that go on after such a pause.
        segment_retention_h: What was said and its translations are deleted so long after they were final, and with
            their session, 24 h after its creation, in any case.
        clip_retention_days: Clips are deleted after this.
        keeps_data: Tables, users and clips survive the stack's deletion, and tables can be restored to a point in time.
        websocket_access_logs: Log each WebSocket event's route and status. API Gateway writes with one log role for all
            APIs of the account in the region; the stage sets that to a role of its own, whatever it was, and leaves it
            there when it is deleted.
        edge_locations: Near whom the apps are kept.
        speaker_domain, listener_domain: Names of the apps' sites, which need a DNS record each; None for CloudFront's.
        certificate_arn: For both names, in us-east-1; given with them or not at all.
        allowed_origins: Web origins that may call the HTTP API and fetch clips, besides the apps' own.
        listener_url: Where listeners go instead of the listeners' app; the HTTP API appends the session's id.
        http_requests_per_s, http_burst: What the HTTP API lets through, all callers together. A hall scans the code
            together, and each page asks once; whoever is turned away asks again by itself.
        websocket_messages_per_s, websocket_burst: What the WebSocket API lets through, opened connections included;
            a speaker sends four messages a second, and a hall of listeners joins at once. A stage's limit cannot be
            above the account's, which is 10,000 a second and 5,000 at once, or `SMALL_REGION_BURST` in newer regions.
        listeners_per_session: Seats of a session; who finds none is told that the room is full.
        spoken_languages_per_session: Languages that a session has spoken at the same time, those with the most
            listeners; more are translated and read. Polly's default rates hold 12 in each of 19 sessions.
        sessions_per_speaker: Live sessions that one speaker may have.
        session_creations_per_h: Sessions that one speaker may create in the long run; a third of them at once.
        speakers_sign_up: Anyone may open a speaker's account; otherwise an operator does.
        end_to_end_alarm_ms: Longer delays of one clip in twenty are an alarm, 5 s by the project's target.
        alarm_email: Who is told of alarms, once they have confirmed it; None for nobody.
        prices: What AWS asks in the stage's region, for estimates only.
    """

    name: str
    cells: CellSettings
    functions: FunctionSizes
    source_languages: tuple[str, ...] = AWS_SOURCE_LANGUAGES
    target_languages: tuple[str, ...] = AWS_TARGET_LANGUAGES
    presigned_url_expiration_s: int = 600
    max_segment_s: int = 3
    draft_after_quiet_ms: int | None = 300
    segment_retention_h: int = 24
    clip_retention_days: int = 1
    log_level: LogLevel
    log_retention: LogRetention
    keeps_data: bool
    tracing: bool
    websocket_access_logs: bool
    edge_locations: EdgeLocations
    speaker_domain: str | None = None
    listener_domain: str | None = None
    certificate_arn: str | None = None
    allowed_origins: tuple[str, ...] = ()
    listener_url: str | None = None
    http_requests_per_s: int = 500
    http_burst: int = SMALL_REGION_BURST
    websocket_messages_per_s: int = 2_000
    websocket_burst: int = SMALL_REGION_BURST
    listeners_per_session: int = 500
    spoken_languages_per_session: int = 12
    sessions_per_speaker: int = 3
    session_creations_per_h: int = 30
    speakers_sign_up: bool = False
    end_to_end_alarm_ms: int = 5_000
    alarm_email: str | None = None
    prices: PriceTable = US_EAST_1

    @property
    def metrics_namespace(self) -> str:
        """Where the functions' metrics are; stages in one account do not mix."""
        return f"Babelcast/{self.name}"

    def __post_init__(self) -> None:
        _require(
            condition=re.fullmatch(r"[a-z][a-z0-9]{1,15}", self.name) is not None,
            otherwise=f"stage name {self.name!r} must be 2 to 16 lower-case letters and digits, a letter first",
        )
        _require_unique("source_languages", self.source_languages)
        _require_unique("target_languages", self.target_languages)
        _require_range("presigned_url_expiration_s", self.presigned_url_expiration_s, 60, 3_600)
        _require_range("max_segment_s", self.max_segment_s, 2, 30)
        if self.draft_after_quiet_ms is not None:
            _require_range("draft_after_quiet_ms", self.draft_after_quiet_ms, 100, 2_000)
        _require(
            condition=self.alarm_email is None
            or re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", self.alarm_email) is not None,
            otherwise=f"alarm_email {self.alarm_email!r} is no e-mail address",
        )
        _require_range("segment_retention_h", self.segment_retention_h, 1, 24)
        _require_range("clip_retention_days", self.clip_retention_days, 1, 7)
        _require_range("http_requests_per_s", self.http_requests_per_s, 1, 10_000)
        _require_range("http_burst", self.http_burst, self.http_requests_per_s, 5_000)
        _require_range("websocket_messages_per_s", self.websocket_messages_per_s, 100, 5_000)
        _require_range("websocket_burst", self.websocket_burst, 100, 5_000)
        _require_range("listeners_per_session", self.listeners_per_session, 1, 10_000)
        _require_range("spoken_languages_per_session", self.spoken_languages_per_session, 1, len(AWS_TARGET_LANGUAGES))
        _require_range("sessions_per_speaker", self.sessions_per_speaker, 1, self.cells.sessions_per_cell)
        _require_range("session_creations_per_h", self.session_creations_per_h, 1, 3_600)
        _require_range("end_to_end_alarm_ms", self.end_to_end_alarm_ms, 1_000, 60_000)
        self._require_addresses()
        attempt_s = self.functions.audio_processor.timeout_s + self.cells.batch_window_s
        _require(
            condition=attempt_s < self.cells.record_age_s,
            otherwise=f"a batch may take {attempt_s} s and its records are dropped at {self.cells.record_age_s} s, "
            "which leaves no retry: shorten audio_processor.timeout_s or the batch window",
        )

    def _require_addresses(self) -> None:
        if self.allowed_origins:
            _require_unique("allowed_origins", self.allowed_origins)
        for origin in self.allowed_origins:
            _require(
                condition=_is_origin(origin),
                otherwise=f"allowed origin {origin!r} must be https://host (or http://localhost:port), without a path",
            )
        listener = urlsplit(self.listener_url or "https://listener.invalid")
        _require(
            condition=_is_origin(f"{listener.scheme}://{listener.netloc}")
            and not listener.query
            and not listener.fragment,
            otherwise=f"listener_url {self.listener_url!r} must be https (or http://localhost), without a query",
        )
        custom = {
            "speaker_domain": self.speaker_domain,
            "listener_domain": self.listener_domain,
            "certificate_arn": self.certificate_arn,
        }
        missing = [name for name, value in custom.items() if not value]
        _require(
            condition=len(missing) in (0, len(custom)),
            otherwise=f"{' and '.join(missing)} missing: custom domains need speaker_domain, listener_domain and "
            "certificate_arn together",
        )
        for name in ("speaker_domain", "listener_domain"):
            _require(
                condition=custom[name] is None or _is_domain(custom[name] or ""),
                otherwise=f"{name} {custom[name]!r} must be a host's name such as speak.example.org, without https://",
            )
        _require(
            condition=self.speaker_domain is None or self.speaker_domain != self.listener_domain,
            otherwise=f"speaker_domain and listener_domain are both {self.speaker_domain}; each app needs its own, "
            "so that listeners' pages have no right to the microphone",
        )
        _require(
            condition=self.certificate_arn is None
            or re.fullmatch(r"arn:aws[a-z-]*:acm:us-east-1:\d{12}:certificate/[\w-]+", self.certificate_arn)
            is not None,
            otherwise=f"certificate_arn {self.certificate_arn!r} must be a certificate of ACM in us-east-1, "
            "where CloudFront looks for it: arn:aws:acm:us-east-1:<account>:certificate/<id>",
        )


DEV: Final = StageSettings(
    name="dev",
    cells=CellSettings(
        count=1,
        sessions_per_cell=25,
        enhanced_fan_out=False,
        result_wait_ms=350,
        pending_result_wait_ms=800,
        reserves_concurrency=False,
    ),
    functions=FunctionSizes(
        authorizer=FunctionSize(memory_mb=512, timeout_s=10),
        connection_handler=FunctionSize(memory_mb=512, timeout_s=15),
        disconnect_handler=FunctionSize(memory_mb=512, timeout_s=15),
        http_session_handler=FunctionSize(memory_mb=512, timeout_s=15),
        audio_processor=FunctionSize(memory_mb=1_769, timeout_s=50),
        notification_sender=FunctionSize(memory_mb=1_024, timeout_s=10),
    ),
    log_level=LogLevel.INFO,
    log_retention=LogRetention.ONE_WEEK,
    keeps_data=False,
    tracing=False,
    websocket_access_logs=False,
    edge_locations=EdgeLocations.NORTH_AMERICA_AND_EUROPE,
    allowed_origins=("http://localhost:5173", "http://localhost:5174"),
    sessions_per_speaker=25,
    session_creations_per_h=3_600,
    # Polling costs up to a second; 5.0 s are this stage's normal p95. Source: benchmarks/results/latency-natural.md.
    end_to_end_alarm_ms=6_500,
)
"""For trying out: cheapest, keeps nothing; apps served by Vite on the developer's machine may use it too."""

PROD: Final = StageSettings(
    name="prod",
    cells=CellSettings(
        count=2,
        sessions_per_cell=12,
        enhanced_fan_out=True,
        result_wait_ms=150,
        pending_result_wait_ms=150,
        reserves_concurrency=True,
    ),
    functions=FunctionSizes(
        authorizer=FunctionSize(memory_mb=1_024, timeout_s=10),
        connection_handler=FunctionSize(memory_mb=1_024, timeout_s=15),
        disconnect_handler=FunctionSize(memory_mb=1_024, timeout_s=15),
        http_session_handler=FunctionSize(memory_mb=1_024, timeout_s=15),
        audio_processor=FunctionSize(memory_mb=1_769, timeout_s=50),
        notification_sender=FunctionSize(memory_mb=1_769, timeout_s=10),
    ),
    log_level=LogLevel.INFO,
    log_retention=LogRetention.THREE_MONTHS,
    keeps_data=True,
    tracing=True,
    websocket_access_logs=True,
    edge_locations=EdgeLocations.EVERYWHERE,
)
"""For the public: two cells, so that a fault leaves half of the sessions alone, within the default Transcribe quota."""

STAGES: Final = {stage.name: stage for stage in (DEV, PROD)}
"""Every stage by its name."""
