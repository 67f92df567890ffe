"""Run the model for a load on a deployment, and say what became of it.

Of a stage with many cells, at most `SIMULATED_SESSIONS` sessions in whole cells are run. What cells share, requests of
API Gateway and Lambda's concurrency, is given to them in proportion to the sessions; Polly's rates are shared out to
all cells anyway, by the product. Of the listeners, every post is counted, and at most `SAMPLED_LISTENERS` are followed
to the ear.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from simpy import Environment, Event

from benchmarks.capacity.calibration import ON_AWS, Surroundings
from benchmarks.capacity.cell import Cell
from benchmarks.capacity.fan_out import Account
from benchmarks.capacity.ingestion import Speaker
from benchmarks.capacity.listening import ClauseHeard, listen
from benchmarks.capacity.live_session import LiveSession
from benchmarks.capacity.resources import Allowance, Chance, Steps
from benchmarks.capacity.scenario import PRODUCTION, Deployment, Load, Quotas
from benchmarks.capacity.tally import Delivered, Tally
from benchmarks.latency.percentiles import percentile
from benchmarks.latency.speech import SpokenWord, natural_speech
from infrastructure.costs import Assumptions

SIMULATED_SESSIONS: Final = 40
SAMPLED_LISTENERS: Final = 60
_SEEDS: Final = 100_003
"""A session's speech has a seed of its own, which no other load's has."""
_PATIENCE_S: Final = 90.0
"""So long after the last word, what has not come does not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """Milliseconds; zeros without values."""

    p50: int
    p95: int

    @classmethod
    def of(cls, values_s: Sequence[float]) -> "Percentiles":
        """Of seconds."""
        values_ms = [each * 1000 for each in values_s]
        return cls(p50=percentile(values_ms, 50), p95=percentile(values_ms, 95))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a load.

    Attributes:
        admitted: Sessions that found a place and a recogniser.
        seated: Listeners of each that found a seat.
        cells: That have sessions.
        simulated_sessions, simulated_cells: Of these, those that were run.
        seconds: From the first sample until the last speaker had finished.
        told, ear: From the end of a clause's last word until it is on the listener's screen, and until its clip begins.
        caption_span, ear_span: From a word's end until it is on the screen, and until its translation has been heard:
            the ear-voice span.
        words, words_committed: Spoken in the simulated sessions, and in clauses.
        notices, notices_missed: Clauses times listeners, and those of them that nobody was told.
        processor_busy: Share of the time for which a cell's core worked, on average.
        running: Share of the time for which `audio_processor` ran.
        requests_per_s: At API Gateway, of the whole load, those that were refused included.
    """

    load: Load
    admitted: int
    seated: int
    cells: int
    simulated_sessions: int
    simulated_cells: int
    seconds: float
    told: Percentiles
    ear: Percentiles
    caption_span: Percentiles
    ear_span: Percentiles
    clauses_followed: int
    clauses_skipped: int
    words: int
    words_committed: int
    notices: int
    notices_missed: int
    processor_busy: float
    running: float
    requests_per_s: float
    tally: Tally

    @property
    def missed_share(self) -> float:
        """Of the notices."""
        return self.notices_missed / self.notices if self.notices else 0.0

    @property
    def not_spoken_share(self) -> float:
        """Of the renditions that have a voice and a place among the spoken ones, those for which no engine had room."""
        tried = self.tally.neural + self.tally.standard + self.tally.over_quota
        return self.tally.over_quota / tried if tried else 0.0


def simulate(
    load: Load,
    deployment: Deployment = PRODUCTION,
    *,
    quotas: Quotas | None = None,
    surroundings: Surroundings = ON_AWS,
    speeches: Sequence[Sequence[SpokenWord]] = (),
) -> Outcome:
    """Run the model until everything that was said has been told; the same arguments have the same outcome.

    Args:
        load: What is asked of the stage.
        deployment: The stage.
        quotas: The account's; those of a new one by default.
        surroundings: Where the stage is.
        speeches: What is said in each session, instead of what the load's seed says.
    """
    return _Run(load, deployment, quotas or Quotas(), surroundings, speeches).outcome()


class _Run:
    def __init__(
        self,
        load: Load,
        deployment: Deployment,
        quotas: Quotas,
        surroundings: Surroundings,
        speeches: Sequence[Sequence[SpokenWord]],
    ) -> None:
        self._asked = load
        self._surroundings = surroundings
        places = deployment.cells * deployment.sessions_per_cell
        self._admitted = int(min(load.sessions, places, quotas.transcribe_streams))
        self._seated = min(load.listeners, deployment.seats)
        self._load = Load(
            sessions=max(1, self._admitted),
            listeners=self._seated,
            languages=min(load.languages, self._seated),
            seconds=load.seconds,
            seed=load.seed,
        )
        self._cells = min(deployment.cells, self._admitted)
        per_cell, more = divmod(self._admitted, self._cells)
        sizes = [per_cell + (index < more) for index in range(self._cells)]
        count = 1
        while count < len(sizes) and sum(sizes[: count + 1]) <= SIMULATED_SESSIONS:
            count += 1
        self._sizes = sizes[:count]
        self._part = sum(self._sizes) / self._admitted
        self._clock = Environment()
        self._tally = Tally()
        self._chance = Chance(f"{load.seed}")
        own = quotas.share(self._part)
        background = background_requests_per_s(self._load) * self._part
        requests = Allowance(
            self._clock,
            rate_per_s=max(own.requests_per_s - background, own.requests_per_s * 0.01),
            burst=own.requests_burst,
        )
        account = Account(requests, lambda_concurrency=own.lambda_concurrency)
        self._sessions: list[tuple[LiveSession, float]] = []
        self._all_cells: list[Cell] = []
        speaking = []
        for index, size in enumerate(self._sizes):
            cell = Cell(
                self._clock,
                account,
                load=self._load,
                deployment=deployment,
                quotas=quotas,
                surroundings=surroundings,
                chance=Chance(f"{load.seed} cell {index}"),
                tally=self._tally,
            )
            self._all_cells.append(cell)
            for _ in range(size):
                number = len(self._sessions)
                seed = load.seed * _SEEDS + number
                words = speeches[number] if speeches else natural_speech(load.seconds, seed=seed).words
                session = cell.open_session(number, words)
                begins_at = self._chance.of("beginnings").uniform(0.0, 1.0)
                self._sessions.append((session, begins_at))
                speaker = Speaker(
                    self._clock,
                    cell.shard,
                    session=number,
                    begins_at=begins_at,
                    chunks=session.chunks,
                    deployment=deployment,
                    surroundings=surroundings,
                    chance=Chance(f"{load.seed} speaker {number}"),
                    tally=self._tally,
                )
                speaking.append(self._clock.process(speaker.speak()))
        self._spoken_until = 0.0
        self._clock.run(self._clock.process(self._until_all_is_told(speaking)))

    def _until_all_is_told(self, speaking: Sequence[Event]) -> Steps:
        yield self._clock.all_of(speaking)
        self._spoken_until = self._clock.now
        expected = self._tally.chunks
        gives_up_at = self._clock.now + _PATIENCE_S
        while self._clock.now < gives_up_at:
            handled = self._tally.chunks_taken + self._tally.chunks_too_old
            if handled >= expected and not any(cell.is_running for cell in self._all_cells):
                return
            yield self._clock.timeout(0.5)

    def outcome(self) -> Outcome:
        tally, seconds = self._tally, self._spoken_until
        heard = [clause for each in self._followed() for clause in each]
        told = [each.told_s for each in heard if each.told_s is not None]
        ear = [each.ear_s for each in heard if each.ear_s is not None]
        counts = self._load.listeners_by_language
        simulated = len(self._sessions)
        return Outcome(
            load=self._asked,
            admitted=self._admitted,
            seated=self._seated,
            cells=self._cells,
            simulated_sessions=simulated,
            simulated_cells=len(self._sizes),
            seconds=seconds,
            told=Percentiles.of(told),
            ear=Percentiles.of(ear),
            caption_span=Percentiles.of([span for each in heard for span in each.caption_spans_s]),
            ear_span=Percentiles.of([span for each in heard for span in each.ear_spans_s]),
            clauses_followed=len(heard),
            clauses_skipped=sum(each.is_skipped for each in heard),
            words=sum(len(session.words) for session, _ in self._sessions),
            words_committed=self._words_committed(),
            notices=sum(counts[each.language] for each in tally.delivered),
            notices_missed=sum(each.missed if each.tellings else counts[each.language] for each in tally.delivered),
            processor_busy=sum(cell.processor.busy_s for cell in self._all_cells) / len(self._sizes) / seconds,
            running=tally.invocation_s / len(self._sizes) / seconds,
            requests_per_s=(tally.posts + tally.posts_throttled) / seconds / self._part
            + background_requests_per_s(self._load),
            tally=tally,
        )

    def _words_committed(self) -> int:
        clauses = {(each.session, each.clause.number): each.clause for each in self._tally.delivered}
        return sum(each.words[1] - each.words[0] for each in clauses.values())

    def _followed(self) -> Sequence[Sequence[ClauseHeard]]:
        by_room: dict[tuple[int, str], list[Delivered]] = {}
        for each in self._tally.delivered:
            by_room.setdefault((each.session, each.language), []).append(each)
        rooms = sorted(by_room)
        rooms = rooms[:: max(1, -(-len(rooms) // SAMPLED_LISTENERS))]
        each_room = max(1, SAMPLED_LISTENERS // max(1, len(rooms)))
        heard: list[Sequence[ClauseHeard]] = []
        for number, code in rooms:
            session, begins_at = self._sessions[number]
            delivered = sorted(by_room[number, code], key=lambda each: each.clause.number)
            heard += [
                listen(
                    delivered,
                    session.words,
                    spoken_from=begins_at,
                    surroundings=self._surroundings,
                    seed=f"{self._load.seed} {number} {code} {listener}",
                )
                for listener in range(min(each_room, self._load.listeners_by_language[delivered[0].language]))
            ]
        return heard


def background_requests_per_s(load: Load) -> float:
    """What clients send: chunks, heartbeats, and reports of how far listeners are behind."""
    assumed = Assumptions()
    clients = load.all_listeners + load.sessions
    return (
        load.sessions * assumed.chunks_per_s
        + clients * assumed.heartbeats_per_hour / 3_600
        + load.all_listeners * assumed.reports_per_hour / 3_600
    )
