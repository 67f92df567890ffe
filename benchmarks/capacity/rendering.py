"""A clause in a language: translated, spoken within Polly's rates, and stored."""

from collections.abc import Generator
from enum import Enum, auto
from typing import Any

from simpy import Environment, Event, Resource

from babelcast.adapters.aws_client import CONCURRENT_CALLS
from babelcast.domain.languages import LanguageCode, SpeechEngine, language
from babelcast.usecases.speak_in_time import POLLY_QUOTAS
from benchmarks.capacity.calibration import Surroundings
from benchmarks.capacity.resources import Allowance, Chance, Processor, Steps
from benchmarks.capacity.scenario import Deployment, Quotas
from benchmarks.capacity.tally import Tally
from local.services.behaviour import Step


class Voiced(Enum):
    """What became of a rendition."""

    NEURAL = auto()
    STANDARD = auto()
    OVER_QUOTA = auto()
    AT_CAPACITY = auto()
    VOICELESS = auto()
    DROPPED = auto()
    """Begun ahead, and for other words than were said."""

    @property
    def is_spoken(self) -> bool:
        """Whether there is a clip."""
        return self in {Voiced.NEURAL, Voiced.STANDARD}


class Gate:
    """Whether the cell's function is running: between invocations its environment is frozen."""

    def __init__(self, clock: Environment) -> None:
        self._clock = clock
        self._opened = clock.event()
        self._is_open = False

    def open(self) -> None:
        """An invocation begins."""
        self._is_open = True
        self._opened.succeed()
        self._opened = self._clock.event()

    def close(self) -> None:
        """It is over."""
        self._is_open = False

    def passed(self) -> Steps:
        """Wait until the function runs."""
        while not self._is_open:
            yield self._opened


class Draft:
    """A clause in all its languages, on its way.

    Attributes:
        words: Of the clause.
        voiced: What became of each language so far.
        is_dropped: Nobody wants it any more.
    """

    def __init__(self, words: tuple[int, int]) -> None:
        self.words = words
        self.voiced: dict[LanguageCode, Voiced] = {}
        self.is_dropped = False
        self.made: Event | None = None


class Rendering:
    """One cell's; each service has its threads, and each engine the cell's share of the account's rate."""

    def __init__(
        self,
        clock: Environment,
        processor: Processor,
        gate: Gate,
        *,
        deployment: Deployment,
        quotas: Quotas,
        surroundings: Surroundings,
        chance: Chance,
        tally: Tally,
    ) -> None:
        self._clock = clock
        self._processor = processor
        self._gate = gate
        self._spoken_languages = deployment.spoken_languages
        self._surroundings = surroundings
        self._chance = chance
        self._tally = tally
        self._threads = {step: Resource(clock, CONCURRENT_CALLS) for step in (Step.TRANSLATE, Step.POLLY, Step.S3_PUT)}
        cells = deployment.cells
        self._engines = {
            SpeechEngine.NEURAL: Allowance(
                clock, rate_per_s=quotas.neural_per_s / cells, burst=quotas.neural_burst / cells
            ),
            SpeechEngine.STANDARD: Allowance(
                clock, rate_per_s=quotas.standard_per_s / cells, burst=quotas.standard_burst / cells
            ),
        }

    @property
    def has_room(self) -> bool:
        """For drafts."""
        return self._engines[SpeechEngine.NEURAL].is_half_full

    def begin(self, words: tuple[int, int], languages: tuple[LanguageCode, ...]) -> Draft:
        """Translate and speak into all languages at the same time; the first ones that have a voice are spoken."""
        draft = Draft(words)
        voiced = [code for code in languages if language(code).is_spoken]
        spoken = frozenset(voiced[: self._spoken_languages])
        draft.made = self._clock.all_of(
            [self._clock.process(self._make(draft, code, is_spoken=code in spoken)) for code in languages]
        )
        return draft

    def store(self, draft: Draft) -> Steps:
        """Store the clips."""
        for voiced in draft.voiced.values():
            self._count(voiced)
        yield self._clock.all_of(
            [self._clock.process(self._call(Step.S3_PUT)) for voiced in draft.voiced.values() if voiced.is_spoken]
        )

    def _make(self, draft: Draft, code: LanguageCode, *, is_spoken: bool) -> Steps:
        yield from self._processor.work(self._surroundings.costs.rendition_s)
        yield from self._call(Step.TRANSLATE)
        yield from self._gate.passed()
        voice = language(code).voice
        if voice is None:
            draft.voiced[code] = Voiced.VOICELESS
        elif not is_spoken:
            draft.voiced[code] = Voiced.AT_CAPACITY
        elif draft.is_dropped:
            draft.voiced[code] = Voiced.DROPPED
        else:
            draft.voiced[code] = yield from self._speak(voice.engine, has_standard=voice.has_standard)

    def _speak(self, engine: SpeechEngine, *, has_standard: bool) -> Generator[Event, Any, Voiced]:
        engines = (engine, SpeechEngine.STANDARD) if has_standard and engine is SpeechEngine.NEURAL else (engine,)
        for each in engines:
            wait_s = self._engines[each].reserve(max_wait_s=POLLY_QUOTAS[each].max_wait_s)
            if wait_s is not None:
                if wait_s:
                    yield self._clock.timeout(wait_s)
                yield from self._call(Step.POLLY)
                yield from self._gate.passed()
                return Voiced.NEURAL if each is SpeechEngine.NEURAL else Voiced.STANDARD
        return Voiced.OVER_QUOTA

    def _call(self, step: Step) -> Steps:
        with self._threads[step].request() as thread:
            yield thread
            yield self._clock.timeout(self._chance.seconds(step, self._surroundings.services.get(step)))

    def _count(self, voiced: Voiced) -> None:
        self._tally.renditions += 1
        match voiced:
            case Voiced.NEURAL:
                self._tally.neural += 1
            case Voiced.STANDARD:
                self._tally.standard += 1
            case Voiced.OVER_QUOTA:
                self._tally.over_quota += 1
            case Voiced.AT_CAPACITY:
                self._tally.at_capacity += 1
            case Voiced.VOICELESS:
                self._tally.voiceless += 1
