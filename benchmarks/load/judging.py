"""What a step came to: was anything lost, how quickly was everything acknowledged and told, and what was the limit."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from benchmarks.latency.percentiles import percentile
from benchmarks.load.clients import LoadListener
from benchmarks.load.processes import Side, Usage
from benchmarks.load.running import Room, StepRecord
from benchmarks.soak.verdict import Damage, compare, in_language, words_written

ACKNOWLEDGED_WITHIN_MS: Final = 250
"""In the 95th percentile."""
TOLD_WITHIN_MS: Final = 500
"""The last listener of a segment after the first one, in the 95th percentile of segments."""
GENERATOR_LAG_MS: Final = 50
"""In the 95th percentile; a load generator that is later than that measures itself."""
_FULL: Final = 0.9
"""Of a core, or of the machine: there is no more to be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """Milliseconds."""

    p50: int
    p95: int
    p99: int
    longest: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Percentiles":
        """Zeros without values."""
        return cls(
            p50=percentile(values, 50),
            p95=percentile(values, 95),
            p99=percentile(values, 99),
            longest=round(max(values, default=0)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What the machine's time went into.

    Attributes:
        cores: By kind of process.
        shares: Of what the whole stack and the load generator took, by whose code it is.
        machine: Cores that were busy, those of others' work included.
        reached: What there was no more of; None while there was enough of everything.
    """

    cores: Mapping[str, float]
    shares: Mapping[Side, float]
    machine: float
    reached: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """One step's outcome.

    Attributes:
        acknowledgement: From handing a chunk to the socket to its acknowledgement.
        sent_late: From when a chunk was captured to handing it to the socket; the load generator's own.
        spread: Between the first and the last listener of a room and language who was told of a segment.
        latency: From the end of a segment in the speaker's mouth until each listener was told.
        words: Spoken, each counted for every listener and for the speaker, who has captions.
    """

    name: str
    sessions: int
    listeners: int
    speaking_s: float
    opening_s: float
    chunks: int
    unacknowledged: int
    acknowledgement: Percentiles
    sent_late: Percentiles
    generator_lag: Percentiles
    segments: int
    spread: Percentiles
    latency: Percentiles
    words: int
    damage: Damage
    clips_failed: int
    errors: Mapping[str, int]
    never_ended: int
    limit: Limit

    @property
    def losses(self) -> list[str]:
        """Everything that was lost, one line each; nothing on a machine however slow it may be."""
        found = []
        if self.damage.places:
            found.append(f"of {self.words} words {self.damage.in_words}")
        if self.unacknowledged:
            found.append(f"{self.unacknowledged} of {self.chunks} chunks were not acknowledged")
        if self.clips_failed:
            found.append(f"{self.clips_failed} clips could not be fetched")
        if self.errors:
            found.append(f"errors: {', '.join(f'{code} {count}' for code, count in sorted(self.errors.items()))}")
        if self.never_ended:
            found.append(f"{self.never_ended} clients were not told of the end")
        return found

    @property
    def problems(self) -> list[str]:
        """Losses, and times that are too long."""
        found = self.losses
        if self.acknowledgement.p95 > ACKNOWLEDGED_WITHIN_MS:
            found.append(f"acknowledged within {self.acknowledgement.p95} ms (p95) instead of {ACKNOWLEDGED_WITHIN_MS}")
        if self.spread.p95 > TOLD_WITHIN_MS:
            found.append(f"the last listener {self.spread.p95} ms (p95) after the first instead of {TOLD_WITHIN_MS}")
        return found

    @property
    def is_measured(self) -> bool:
        """Whether the load generator kept time; if it did not, bad times may be its own."""
        return self.generator_lag.p95 <= GENERATOR_LAG_MS

    def as_json(self) -> dict[str, Any]:
        """Everything."""
        return {
            **asdict(self),
            "problems": self.problems,
            "generatorKeptTime": self.is_measured,
        }


def judge(record: StepRecord, sides: Mapping[str, Side]) -> StepReport:
    """Judge a step.

    Args:
        record: Of the step.
        sides: Whose code each kind of process runs.
    """
    rooms = record.rooms
    errors: Counter[str] = Counter()
    for client in (client for room in rooms for client in room.clients):
        errors.update(client.errors)
    damages = [damage for room in rooms for damage in _damages(room)]
    speakers = [room.speaker for room in rooms]
    return StepReport(
        name=record.step.name,
        sessions=record.step.sessions,
        listeners=sum(len(room.listeners) for room in rooms),
        speaking_s=round(record.speaking_s, 1),
        opening_s=round(record.opening_s, 1),
        chunks=sum(len(each.chunks.sent_at) for each in speakers),
        unacknowledged=sum(each.chunks.unacknowledged for each in speakers),
        acknowledgement=Percentiles.of([ms for each in speakers for ms in each.chunks.acknowledgement_ms()]),
        sent_late=Percentiles.of([late_s * 1000 for each in speakers for late_s in each.chunks.late_s]),
        generator_lag=Percentiles.of(record.generator_lag_ms),
        segments=sum(len(each.captions) for each in speakers),
        spread=Percentiles.of([ms for room in rooms for ms in _spreads_ms(room)]),
        latency=Percentiles.of([ms for room in rooms for ms in _latencies_ms(room)]),
        words=sum(len(room.words) * len(room.clients) for room in rooms),
        damage=_sum(damages),
        clips_failed=sum(each.clips_failed for room in rooms for each in room.listeners),
        errors=dict(errors),
        never_ended=record.never_ended,
        limit=limit(record.usage, sides),
    )


def _damages(room: Room) -> list[Damage]:
    """Of the speaker's captions, and of each listener's texts."""
    words = room.words
    expected = {language: in_language(words, language) for language in {each.language for each in room.listeners}}
    told = [_compare(words, [room.speaker.captions[number] for number in sorted(room.speaker.captions)])]
    for listener in room.listeners:
        texts = [listener.notices[number].text for number in sorted(listener.notices)]
        told.append(_compare(expected[listener.language], texts))
    return told


def _compare(spoken: Sequence[str], texts: Sequence[str]) -> Damage:
    received = words_written(texts)
    # Comparing takes long when there are many words, and is seldom needed.
    return Damage() if received == list(spoken) else compare(spoken, received)


def _sum(damages: Sequence[Damage]) -> Damage:
    return Damage(
        lost=sum(each.lost for each in damages),
        extra=sum(each.extra for each in damages),
        cut=sum(each.cut for each in damages),
        moved=sum(each.moved for each in damages),
        places=tuple(place for each in damages for place in each.places),
    )


def _spreads_ms(room: Room) -> list[float]:
    """For each segment and language that more than one listener was told of."""
    told: dict[tuple[str, int], list[float]] = {}
    for listener in room.listeners:
        for number, notice in listener.notices.items():
            told.setdefault((listener.language, number), []).append(notice.at)
    return [(max(moments) - min(moments)) * 1000 for moments in told.values() if len(moments) > 1]


def _latencies_ms(room: Room) -> list[float]:
    def latency_ms(listener: LoadListener) -> list[float]:
        began_ms = room.speaker.began_at * 1000
        return [each.at * 1000 - began_ms - each.spoken_end_ms for each in listener.notices.values()]

    return [ms for listener in room.listeners for ms in latency_ms(listener)]


def limit(used: Usage, sides: Mapping[str, Side]) -> Limit:
    """What the time went into, and what was used up."""
    total = sum(used.by_kind.values()) or 1.0
    shares = {
        side: round(sum(cores for kind, cores in used.by_kind.items() if sides[kind] is side) / total, 3)
        for side in Side
    }
    return Limit(
        cores={kind: round(cores, 3) for kind, cores in sorted(used.by_kind.items(), key=lambda each: -each[1])},
        shares=shares,
        machine=round(used.machine, 2),
        reached=_used_up(used, sides),
    )


def _used_up(used: Usage, sides: Mapping[str, Side]) -> str | None:
    full = [kind for kind, cores in used.busiest.items() if cores >= _FULL and sides[kind] is not Side.PRODUCT]
    if full:
        kind = max(full, key=lambda each: used.busiest[each])
        return f"one process of {kind} ({sides[kind]}) has a whole core"
    if used.machine >= _FULL * used.cores:
        ours = sum(used.by_kind.values())
        others = used.machine - ours
        return f"the machine's {used.cores} cores; {others:.1f} of them for work that is not the stack's"
    return None
