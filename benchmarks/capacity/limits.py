"""What a load needs of each limit, which limit breaks first, and to what it would have to be raised."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from babelcast.domain.languages import SpeechEngine, language
from benchmarks.capacity.fan_out import CHUNK_RECEIVERS, CONCURRENT_CHUNKS
from benchmarks.capacity.scenario import Deployment, Load, Quotas
from benchmarks.capacity.simulation import Outcome, background_requests_per_s
from infrastructure.aws_limits import MAX_CELLS, MAX_SESSIONS_PER_SHARD
from infrastructure.settings import PROD

TOLD_WITHIN_MS: Final = PROD.end_to_end_alarm_ms
"""In the 95th percentile; longer delays are an alarm of the stage."""
_LEAST_SPOKEN: Final = 0.99
_MOST_MISSED: Final = 0.001
_MOST_THROTTLED: Final = 0.05
_FULL: Final = 0.8
"""Of a core; whoever comes then waits for others."""
_PEAK: Final = 2.0
"""Rates are asked for twice: sentences end together now and then."""
_HANDLING_S: Final = 0.03
"""How long `connection_handler` is busy with a message: mostly waiting for Kinesis."""
_TOLD_S: Final = 0.5
"""Between the first and the last listener of a clause. Source: `benchmarks.load.judging`."""
_JOINING_S: Final = 60.0
"""A hall scans the code within a minute."""


class Limit(StrEnum):
    """What can run out."""

    STREAMS = "Transcribe: concurrent streams"
    NEURAL = "Polly: neural SynthesizeSpeech per second"
    STANDARD = "Polly: standard SynthesizeSpeech per second"
    REQUESTS = "API Gateway: requests per second, messages to connections included"
    CONNECTIONS = "API Gateway: new connections per second"
    CONCURRENCY = "Lambda: concurrent executions"
    SHARD = "Kinesis: sessions of a shard"
    CELLS = "cells of a stage"
    PLACES = "places in the stage's cells"
    SEATS = "seats of a session"
    SENDERS = "notification_sender: 16 chunks at once from a cell"
    CORE = "audio_processor: the one core of a cell"
    READING = "the event source: how long a batch gathers"


SOURCES: Final[dict[Limit, str]] = {
    Limit.STREAMS: "Transcribe developer guide, limits-guidelines: 25, adjustable; `cells.transcribe_streams`",
    Limit.NEURAL: "Polly developer guide, limits: 8, burst 10, adjustable; a constant of `usecases/speak_in_time.py`",
    Limit.STANDARD: "Polly developer guide, limits: 80, burst 100, adjustable; constant as above",
    Limit.REQUESTS: "API Gateway limits: 10,000, burst 5,000 an account and region (2,500 in newer ones), adjustable",
    Limit.CONNECTIONS: "apigateway-execution-service-websocket-limits-table: 500, adjustable",
    Limit.CONCURRENCY: "Lambda gettingstarted-limits: 1,000 (new accounts less), adjustable",
    Limit.SHARD: "Kinesis service-sizes-and-limits, 1 MB/s: `aws_limits.MAX_SESSIONS_PER_SHARD`, 30; fixed",
    Limit.CELLS: "Lambda's 4 KB of environment: `aws_limits.MAX_CELLS`, 40; fixed, more take more stages",
    Limit.PLACES: "`cells.count` × `cells.sessions_per_cell`, own setting",
    Limit.SEATS: "`listeners_per_session`, own setting: 500, at most 10,000",
    Limit.SENDERS: "`adapters/notification_sender.py`, own: 16 threads, 200 connections each, two seconds",
    Limit.CORE: "Python on 1,769 MB; own",
    Limit.READING: "own: `cells.batch_window_s`, `cells.enhanced_fan_out`",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """How much of a limit a load takes.

    Attributes:
        needed: What the limit would have to be.
        allowed: What it is.
    """

    limit: Limit
    needed: float
    allowed: float

    @property
    def is_enough(self) -> bool:
        """Whether nothing has to be raised."""
        return self.needed <= self.allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Something that does not hold.

    Attributes:
        limit: What broke.
        what: What became of it.
    """

    limit: Limit
    what: str


def needs(load: Load, deployment: Deployment, quotas: Quotas, unhindered: Outcome) -> tuple[Need, ...]:
    """Of every limit, for a load.

    Args:
        load: The load.
        deployment: Its stage.
        quotas: The account's.
        unhindered: What becomes of the load when every quota is raised.
    """
    neural, standard = engine_rates_per_s(load, deployment, unhindered)
    handlers = background_requests_per_s(load)
    concurrency = (
        min(load.sessions, deployment.cells)
        + handlers * _HANDLING_S * _PEAK
        + unhindered.tally.senders_at_once * load.sessions / unhindered.simulated_sessions
    )
    per_cell = -(-load.sessions // deployment.cells)
    values = {
        Limit.STREAMS: (load.sessions, quotas.transcribe_streams),
        Limit.NEURAL: (_PEAK * neural, quotas.neural_per_s),
        Limit.STANDARD: (_PEAK * standard, quotas.standard_per_s),
        Limit.REQUESTS: (unhindered.requests_per_s, quotas.requests_per_s),
        Limit.CONNECTIONS: ((load.all_listeners + load.sessions) / _JOINING_S, 500),
        Limit.CONCURRENCY: (concurrency, quotas.lambda_concurrency),
        Limit.SHARD: (per_cell, MAX_SESSIONS_PER_SHARD),
        Limit.CELLS: (deployment.cells, MAX_CELLS),
        Limit.PLACES: (load.sessions, deployment.cells * deployment.sessions_per_cell),
        Limit.SEATS: (load.listeners, PROD.listeners_per_session),
        Limit.SENDERS: (_senders(load, unhindered), CONCURRENT_CHUNKS),
        Limit.CORE: (unhindered.processor_busy, 1.0),
    }
    return tuple(
        Need(limit=limit, needed=needed if limit is Limit.CORE else float(math.ceil(needed)), allowed=allowed)
        for limit, (needed, allowed) in values.items()
    )


def engine_rates_per_s(load: Load, deployment: Deployment, outcome: Outcome) -> tuple[float, float]:
    """Requests for neural and for standard voices on average, when each language has the better of its engines."""
    clauses_per_s = outcome.tally.clauses / outcome.simulated_sessions / outcome.seconds
    drafts = 1.0 + (outcome.tally.drafts_begun - outcome.tally.drafts_used) / max(1, outcome.tally.renditions)
    voices = [voice for code in load.listeners_by_language if (voice := language(code).voice) is not None]
    spoken = voices[: deployment.spoken_languages]
    neural = sum(voice.engine is SpeechEngine.NEURAL for voice in spoken)
    rate_per_s = load.sessions * clauses_per_s * drafts
    return rate_per_s * neural, rate_per_s * (len(spoken) - neural)


def _senders(load: Load, outcome: Outcome) -> float:
    """So many at once tell everybody of a clause, its caption and its languages, within `_TOLD_S` of the first."""
    notices = [load.listeners + 1, *load.listeners_by_language.values()]
    chunks = sum(-(-each // CHUNK_RECEIVERS) for each in notices if each > CHUNK_RECEIVERS)
    chunk_s = outcome.tally.sender_s / max(1, outcome.tally.sender_invocations)
    return chunks * chunk_s / _TOLD_S


def raised(quotas: Quotas, needed: Sequence[Need]) -> Quotas:
    """The quotas with everything raised that is not enough; bursts grow with their rates."""
    by_limit = {each.limit: each for each in needed if not each.is_enough}

    def factor(limit: Limit) -> float:
        return by_limit[limit].needed / by_limit[limit].allowed if limit in by_limit else 1.0

    neural, standard, requests = factor(Limit.NEURAL), factor(Limit.STANDARD), factor(Limit.REQUESTS)
    return replace(
        quotas,
        transcribe_streams=quotas.transcribe_streams * factor(Limit.STREAMS),
        neural_per_s=quotas.neural_per_s * neural,
        neural_burst=quotas.neural_burst * neural,
        standard_per_s=quotas.standard_per_s * standard,
        standard_burst=quotas.standard_burst * standard,
        requests_per_s=quotas.requests_per_s * requests,
        requests_burst=quotas.requests_burst * requests,
        lambda_concurrency=quotas.lambda_concurrency * factor(Limit.CONCURRENCY),
    )


def breaks(outcome: Outcome, deployment: Deployment, quotas: Quotas) -> tuple[Break, ...]:
    """What does not hold, in the order in which audio meets it; nothing when all is well."""
    load, tally = outcome.load, outcome.tally
    found = []
    if outcome.admitted < load.sessions:
        places = deployment.cells * deployment.sessions_per_cell
        limit = Limit.PLACES if places < min(load.sessions, quotas.transcribe_streams) else Limit.STREAMS
        found.append(Break(limit=limit, what=f"{load.sessions - outcome.admitted:,} sessions find no place"))
    if deployment.cells > MAX_CELLS:
        found.append(
            Break(limit=Limit.CELLS, what=f"{deployment.cells:,} cells take {-(-deployment.cells // MAX_CELLS)} stages")
        )
    if deployment.sessions_per_cell > MAX_SESSIONS_PER_SHARD and tally.chunks_delayed:
        found.append(Break(limit=Limit.SHARD, what=f"{tally.chunks_delayed:,} chunks are held up"))
    if outcome.seated < load.listeners:
        found.append(Break(limit=Limit.SEATS, what=f"{load.listeners - outcome.seated:,} listeners find no seat"))
    posts = tally.posts + tally.posts_throttled
    is_throttled = tally.posts_throttled > _MOST_THROTTLED * posts
    if outcome.missed_share > _MOST_MISSED:
        limit = Limit.REQUESTS if is_throttled else Limit.CONCURRENCY if tally.senders_throttled else Limit.SENDERS
        found.append(Break(limit=limit, what=f"{outcome.missed_share:.1%} of the notices reach nobody in three tries"))
    if outcome.not_spoken_share > 1 - _LEAST_SPOKEN:
        found.append(Break(limit=Limit.NEURAL, what=f"{outcome.not_spoken_share:.0%} of the clips are not spoken"))
    slow_part = Limit.REQUESTS if is_throttled else _slow_part(outcome, deployment)
    if outcome.words_committed < outcome.words:
        lost = 1 - outcome.words_committed / outcome.words
        found.append(Break(limit=slow_part, what=f"{lost:.1%} of the words are too late for their batch"))
    if outcome.told.p95 > TOLD_WITHIN_MS:
        found.append(Break(limit=slow_part, what=f"told within {outcome.told.p95 / 1000:.1f} s (p95)"))
    return tuple(found)


def _slow_part(outcome: Outcome, deployment: Deployment) -> Limit:
    """What makes listeners wait when nothing is refused."""
    if outcome.processor_busy > _FULL:
        return Limit.CORE
    if deployment.batch_window_s > 1:
        return Limit.READING
    return Limit.SENDERS if outcome.seated > CHUNK_RECEIVERS else Limit.READING
