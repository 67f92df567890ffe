"""The model beside the local stack: the same speech, the same service times, the same rooms, and how far it is off."""

import asyncio
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.capacity.calibration import ON_THIS_MACHINE, Surroundings, UnitCosts
from benchmarks.capacity.scenario import UNLIMITED, Deployment, Load
from benchmarks.capacity.simulation import Outcome, Percentiles, simulate
from benchmarks.latency.speech import SpokenWord, natural_speech
from benchmarks.load.judging import StepReport, judge
from benchmarks.load.running import Step, Venue
from benchmarks.soak.running import Sentence, make_script
from benchmarks.tables import markdown_table
from infrastructure.settings import DEV, STAGES
from local.broadcasting import unless_failing
from local.engines.tone_alphabet import GAP_SECONDS, WORD_SECONDS
from local.errors import UserError
from local.event_source.configuration import MappingOverrides
from local.services.profiles import Profile
from local.stack import Engine, Stack, StackOptions
from local.supervision import PROJECT_ROOT

_PUBLISHED: Final = PROJECT_ROOT / "benchmarks" / "results" / "latency-natural.json"
_WARM_UP: Final = Step(sessions=2, listeners=2, seconds=6.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """One thing to be compared.

    Attributes:
        is_pushed: The shard's records are; otherwise it is polled once a second.
        step: As many sessions in one cell, the first with so many listeners and the others with one each.
    """

    is_pushed: bool
    step: Step

    @property
    def name(self) -> str:
        """For people."""
        return f"{'pushed' if self.is_pushed else 'polled'}, {self.step.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A measured time and the model's, in ms; the error is the model's, in parts of what was measured."""

    name: str
    measured: Percentiles
    modelled: Percentiles

    @property
    def errors(self) -> tuple[float, float]:
        """Of p50 and p95."""
        return tuple(  # type: ignore[return-value]  # two of them
            (modelled - measured) / measured if measured else 0.0
            for modelled, measured in (
                (self.modelled.p50, self.measured.p50),
                (self.modelled.p95, self.measured.p95),
            )
        )


def table(comparisons: Sequence[Comparison]) -> str:
    """As Markdown."""
    return markdown_table(
        ("what", "measured p50", "model", "error", "measured p95", "model", "error"),
        [
            (
                each.name,
                f"{each.measured.p50:,} ms",
                f"{each.modelled.p50:,} ms",
                f"{each.errors[0]:+.0%}",
                f"{each.measured.p95:,} ms",
                f"{each.modelled.p95:,} ms",
                f"{each.errors[1]:+.0%}",
            )
            for each in comparisons
        ],
    )


def compare_with_published(costs: UnitCosts, path: Path = _PUBLISHED) -> list[Comparison]:
    """The half hour of one session and one listener that `make bench-latency MINUTES=30` has measured, said again."""
    comparisons = []
    for measured in json.loads(path.read_text()):
        load = Load(sessions=1, listeners=1, languages=1, seconds=measured["minutes"] * 60)
        outcome = simulate(
            load,
            replace(Deployment.of(STAGES[measured["stage"]]), max_segment_s=measured["max_segment_s"]),
            surroundings=replace(ON_THIS_MACHINE, costs=costs),
            speeches=[natural_speech(load.seconds, seed=load.seed).words],
        )
        for name, modelled, key in (
            ("clause's end → listener told", outcome.told, "notified"),
            ("clause's end → clip begins", outcome.ear, "played"),
        ):
            comparisons.append(
                Comparison(
                    name=f"{measured['stage']}, 30 min of one session: {name}",
                    measured=Percentiles(p50=measured[f"{key}_p50_ms"], p95=measured[f"{key}_p95_ms"]),
                    modelled=modelled,
                )
            )
    return comparisons


async def compare_with_stack(rooms: Sequence[Room], costs: UnitCosts, *, seed: int, assembly: Path) -> list[Comparison]:
    """Hold the rooms on stacks of their own, one kind of event source after the other, and in the model.

    Raises:
        UserError: A stack does not start, somebody could not come in, or something was lost.
    """
    comparisons = []
    for is_pushed in (False, True):
        steps = [each.step for each in rooms if each.is_pushed is is_pushed]
        if not steps:
            continue
        reports = await _hold(steps, is_pushed=is_pushed, seed=seed, assembly=assembly)
        for step, report in zip(steps, reports, strict=True):
            if report.losses:
                raise UserError(f"{step.name}: {'; '.join(report.losses)}")
            room = Room(is_pushed=is_pushed, step=step)
            outcome = model(room, replace(ON_THIS_MACHINE, costs=costs), seed=seed)
            measured = Percentiles(p50=report.latency.p50, p95=report.latency.p95)
            comparisons.append(
                Comparison(name=f"{room.name}: clause's end → told", measured=measured, modelled=outcome.told)
            )
    return comparisons


async def _hold(steps: Sequence[Step], *, is_pushed: bool, seed: int, assembly: Path) -> list[StepReport]:
    overrides, environment = MappingOverrides(), {}
    if is_pushed:
        overrides = MappingOverrides(enhanced_fan_out=True)
        # As in the stage whose records are pushed.
        environment = {"audio_processor": {"RESULT_WAIT_MS": "150", "PENDING_RESULT_WAIT_MS": "150"}}
    with TemporaryDirectory(prefix="babelcast-capacity-") as directory:
        options = StackOptions(
            state_dir=Path(directory) / "state",
            assembly_dir=assembly,
            engine=Engine.TONES,
            service_times=Profile.AWS.times,
            service_seed=seed,
            service_arguments=("--max-streams=100",),
            environment=environment,
            event_source_overrides=overrides,
        )
        async with Stack(options) as stack, Venue(stack, seed=seed) as venue:
            await unless_failing(venue.hold(_WARM_UP), stack.wait())
            return [judge(await unless_failing(venue.hold(step), stack.wait()), venue.watch.sides) for step in steps]


def model(room: Room, surroundings: Surroundings, *, seed: int) -> Outcome:
    """The same room in the model, with the same words at the same times."""
    step = room.step
    deployment = replace(Deployment.of(DEV), cells=1, sessions_per_cell=max(step.sessions, 1), seats=10_000)
    if room.is_pushed:
        deployment = replace(deployment, enhanced_fan_out=True, result_wait_s=0.15, pending_result_wait_s=0.15)
    load = Load(
        sessions=step.sessions,
        listeners=step.listeners,
        languages=len(step.languages),
        seconds=step.seconds,
        seed=seed,
    )
    return simulate(load, deployment, quotas=UNLIMITED, surroundings=surroundings, speeches=_speeches(step, seed=seed))


def _speeches(step: Step, *, seed: int) -> list[tuple[SpokenWord, ...]]:
    """What `Venue` has its speakers say: draws in the same order from the same seed, eight programmes in turn."""
    chance = random.Random(f"{seed} {step.sessions}")
    programmes = [_words(make_script(min(step.seconds, 60.0), chance)) for _ in range(min(8, step.sessions))]
    return [programmes[index % len(programmes)] for index in range(step.sessions)]


def _words(script: Sequence[Sentence]) -> tuple[SpokenWord, ...]:
    at_s, words = 0.0, []
    for sentence in script:
        for word in sentence.words:
            words.append(SpokenWord(word=word, start_ms=at_s * 1000, end_ms=(at_s + WORD_SECONDS) * 1000))
            at_s += WORD_SECONDS + GAP_SECONDS
        at_s += sentence.pause_s
    return tuple(words)


def check(
    seconds: float, sessions: int, listeners: int, costs: UnitCosts, *, seed: int, assembly: Path
) -> list[Comparison]:
    """The published half hour, and rooms on a stack: alone, side by side in one cell, and before a hall."""
    sizes = [(1, 1), (sessions, 1), (1, listeners)]
    rooms = [
        Room(is_pushed=is_pushed, step=Step(sessions=many, listeners=heard, seconds=seconds))
        for is_pushed in (False, True)
        for many, heard in sizes
    ]
    return [
        *compare_with_published(costs),
        *asyncio.run(compare_with_stack(rooms, costs, seed=seed, assembly=assembly)),
    ]


def as_json(comparisons: Sequence[Comparison]) -> list[Mapping[str, Any]]:
    """For a file."""
    return [asdict(each) | {"errors": [round(error, 4) for error in each.errors]} for each in comparisons]
