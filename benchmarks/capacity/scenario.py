"""What is asked of a stage, how the stage is set up, and what AWS allows it."""

from dataclasses import dataclass, replace
from typing import Final

from babelcast.domain.languages import LanguageCode, SpeechEngine
from babelcast.usecases.speak_in_time import POLLY_QUOTAS
from infrastructure.settings import PROD, StageSettings

LANGUAGES: Final = tuple(
    LanguageCode(code) for code in "es fr de ja pt-BR zh it ko ar pl nl tr ru sv hi pt ca cs fi uk".split()
)
"""In the order in which they are asked for; eight can be spoken by Polly's standard voices as well or alone."""

CHUNK_S: Final = 0.25
CHUNK_BYTES: Final = 8_024
"""A record: 250 ms of audio at 16 kHz and 16 bits, and its head. Source: `infrastructure.costs.Assumptions`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Sessions at the same time, all alike.

    Attributes:
        listeners: Of each session, shared out evenly to its languages.
        languages: Of each session, the first ones of `LANGUAGES`.
        seconds: Each speaker speaks for about so long.
        seed: Of speech, times and networks.
    """

    sessions: int
    listeners: int
    languages: int
    seconds: float = 120.0
    seed: int = 1

    def __post_init__(self) -> None:
        if self.sessions < 1 or self.listeners < 1 or not 1 <= self.languages <= len(LANGUAGES):
            raise ValueError(f"a load has sessions, listeners, and 1 to {len(LANGUAGES)} languages")

    @property
    def listeners_by_language(self) -> dict[LanguageCode, int]:
        """Without those that nobody is left for."""
        each, more = divmod(self.listeners, self.languages)
        counts = {code: each + (index < more) for index, code in enumerate(LANGUAGES[: self.languages])}
        return {code: count for code, count in counts.items() if count}

    @property
    def all_listeners(self) -> int:
        """Of all sessions together."""
        return self.sessions * self.listeners


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A stage's settings, as far as the model knows them; the names are those of `StageSettings`.

    Attributes:
        memory_mb: Of `audio_processor` and `notification_sender`.
    """

    cells: int
    sessions_per_cell: int
    enhanced_fan_out: bool
    batch_window_s: float
    batch_size: int
    record_age_s: float
    result_wait_s: float
    pending_result_wait_s: float
    max_segment_s: float
    draft_after_quiet_s: float | None
    spoken_languages: int
    seats: int
    memory_mb: int
    connection_memory_mb: int

    @classmethod
    def of(cls, stage: StageSettings) -> "Deployment":
        """A stage as it is deployed."""
        cells, functions = stage.cells, stage.functions
        return cls(
            cells=cells.count,
            sessions_per_cell=cells.sessions_per_cell,
            enhanced_fan_out=cells.enhanced_fan_out,
            batch_window_s=cells.batch_window_s,
            batch_size=cells.batch_size,
            record_age_s=cells.record_age_s,
            result_wait_s=cells.result_wait_ms / 1000,
            pending_result_wait_s=cells.pending_result_wait_ms / 1000,
            max_segment_s=stage.max_segment_s,
            draft_after_quiet_s=None if stage.draft_after_quiet_ms is None else stage.draft_after_quiet_ms / 1000,
            spoken_languages=stage.spoken_languages_per_session,
            seats=stage.listeners_per_session,
            memory_mb=functions.audio_processor.memory_mb,
            connection_memory_mb=functions.connection_handler.memory_mb,
        )

    def polled(self, *, window_s: float) -> "Deployment":
        """The same without enhanced fan-out, listening as long as `StageSettings` of a polled stage do."""
        return replace(
            self, enhanced_fan_out=False, batch_window_s=window_s, result_wait_s=0.35, pending_result_wait_s=0.8
        )

    def for_sessions(self, sessions: int, *, per_cell: int) -> "Deployment":
        """With as many cells as the sessions need, and as many seats as anybody asks for."""
        return replace(self, cells=-(-sessions // per_cell), sessions_per_cell=per_cell, seats=1_000_000)


PRODUCTION: Final = Deployment.of(PROD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """What the account may have at once or per second; the defaults are those of an account that asked for nothing.

    Attributes:
        transcribe_streams: Open at once.
        neural_per_s, neural_burst, standard_per_s, standard_burst: Polly's SynthesizeSpeech, by engine.
        requests_per_s, requests_burst: API Gateway's, of all APIs and of messages to connections together.
        lambda_concurrency: Invocations at once.
        shard_bytes_per_s, shard_records_per_s: Written to a shard; no quota that can be raised.

    Source: `benchmarks.capacity.limits.LIMITS`, where each has its own.
    """

    transcribe_streams: float = 25
    neural_per_s: float = POLLY_QUOTAS[SpeechEngine.NEURAL].rate_per_s
    neural_burst: float = POLLY_QUOTAS[SpeechEngine.NEURAL].burst
    standard_per_s: float = POLLY_QUOTAS[SpeechEngine.STANDARD].rate_per_s
    standard_burst: float = POLLY_QUOTAS[SpeechEngine.STANDARD].burst
    requests_per_s: float = 10_000
    requests_burst: float = 5_000
    lambda_concurrency: float = 1_000
    shard_bytes_per_s: float = 1_000_000
    shard_records_per_s: float = 1_000

    def share(self, part: float) -> "Quotas":
        """What is left to a part of the account's work; what a cell has of its own stays as it is."""
        return replace(
            self,
            requests_per_s=self.requests_per_s * part,
            requests_burst=max(1.0, self.requests_burst * part),
            lambda_concurrency=max(1.0, self.lambda_concurrency * part),
        )


UNLIMITED: Final = Quotas(
    transcribe_streams=1e9,
    neural_per_s=1e9,
    neural_burst=1e9,
    standard_per_s=1e9,
    standard_burst=1e9,
    requests_per_s=1e9,
    requests_burst=1e9,
    lambda_concurrency=1e9,
)
"""Everything raised as far as anybody could wish; a shard and a core stay what they are."""
