"""What a load costs an hour, by `infrastructure.costs`, with the model's own counts in place of its averages."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from benchmarks.capacity.scenario import Deployment, Load
from benchmarks.capacity.simulation import Outcome
from infrastructure.aws_limits import MAX_SESSIONS_PER_SHARD
from infrastructure.costs import Assumptions, Design, Event, Service, estimate
from infrastructure.settings import PROD, StageSettings

_HOUR_S: Final = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlyCost:
    """Dollars for an hour of the whole load, without free tiers, volume discounts and standing costs.

    Attributes:
        by_service: `notification_sender`'s invocations are in Lambda's.
    """

    load: Load
    by_service: Mapping[Service, float]

    @property
    def total(self) -> float:
        """Of all services."""
        return sum(self.by_service.values())

    @property
    def per_listener(self) -> float:
        """For one listener."""
        return self.total / self.load.all_listeners


def hourly_cost(outcome: Outcome, deployment: Deployment) -> HourlyCost:
    """Of a load that holds.

    How often captions change, how often and for how long the cells' functions run, how many drafts are thrown away and
    which clips are spoken are the model's; a standard voice is counted as a neural one, which costs more. Transcribe is
    by the price without a minimum.
    """
    load, tally = outcome.load, outcome.tally
    session_s = outcome.simulated_sessions * outcome.seconds
    assumed = replace(
        Assumptions(),
        partial_captions_per_s=tally.partials / session_s,
        segment_s=session_s / max(1, tally.clauses),
        cell_invocations_polled_per_s=tally.invocations / outcome.simulated_cells / outcome.seconds,
        cell_invocations_pushed_per_s=tally.invocations / outcome.simulated_cells / outcome.seconds,
        single_session_busy=min(1.0, outcome.running),
        discarded_drafts=(tally.drafts_begun - tally.drafts_used) / max(1, tally.renditions),
    )
    event = Event(
        speakers=load.sessions,
        hours=1.0,
        languages=load.languages,
        offered_languages=load.languages,
        listeners=load.listeners,
    )
    stage = _stage(deployment)
    prices = stage.prices
    by_session = estimate(
        event,
        design=Design.BABELCAST,
        stage=stage,
        prices=prices,
        transcribe=prices.transcribe[0],
        assumptions=assumed,
    ).per_session_hour
    by_service = {service: usd * load.sessions for service, usd in by_session.items()}
    spoken = (tally.neural + tally.standard) / max(1, tally.renditions)
    by_service[Service.POLLY] *= spoken
    senders = load.sessions / session_s * _HOUR_S
    by_service[Service.LAMBDA] += senders * (
        tally.sender_invocations * prices.lambda_request.usd
        + tally.sender_s * deployment.memory_mb / 1024 * prices.lambda_gb_second.usd
    )
    return HourlyCost(load=load, by_service=by_service)


def _stage(deployment: Deployment) -> StageSettings:
    """Production's prices and sizes with the deployment's cells, as far as they make a difference to costs."""
    per_cell = min(deployment.sessions_per_cell, MAX_SESSIONS_PER_SHARD)
    cells = replace(
        PROD.cells,
        count=1,
        sessions_per_cell=per_cell,
        transcribe_streams=max(PROD.cells.transcribe_streams, per_cell),
        enhanced_fan_out=deployment.enhanced_fan_out,
    )
    return replace(PROD, cells=cells, sessions_per_speaker=1)
