"""How the local services behave on purpose: slow as the real ones, or broken as a test wants them.

`Behaviour` is that of the speech services and is set at run time through their control API (`local.services.control`).
Times are drawn by a `ServiceClock`, which the AWS server has too.
"""

import math
import random
import time
from collections import Counter
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from local.engines.speech import FinalResult, Result
from local.services.waits import WaitLog


class Service(StrEnum):
    """The three services."""

    TRANSCRIBE = "transcribe"
    TRANSLATE = "translate"
    POLLY = "polly"


class Step(StrEnum):
    """What takes its time. The last one is the AWS server's, the others are the speech services'."""

    TRANSCRIBE = "transcribe"
    """Opening a stream."""
    TRANSCRIBE_PARTIAL = "transcribe_partial"
    """From a partial result of the recogniser to its event."""
    TRANSCRIBE_FINAL = "transcribe_final"
    """From a final result of the recogniser, which comes after the pause that ends it, to its event."""
    TRANSLATE = "translate"
    POLLY = "polly"
    S3_PUT = "s3_put"
    """Storing an object in a bucket."""


class ServiceTime(msgspec.Struct, frozen=True, kw_only=True):
    """How long a step takes, in milliseconds: log-normal around a median, as response times of services are.

    Attributes:
        median_ms: Half of the answers are faster.
        sigma: Spread of the logarithm; 0: every answer takes the median; 0.3: the 95th percentile is 1.6 medians.
    """

    median_ms: Annotated[float, msgspec.Meta(ge=0, le=60_000)]
    sigma: Annotated[float, msgspec.Meta(ge=0, le=2)] = 0.0


ServiceTimes = Mapping[Step, ServiceTime]
"""By step; what is not named happens at once."""


class ServiceClock:
    """Draws how long steps take.

    Every step draws from a sequence of its own, so how often one is taken changes nothing for the others.

    Args:
        times: How long steps take.
        seed: The same seed gives the same times.
    """

    def __init__(self, times: ServiceTimes | None = None, *, seed: int = 1) -> None:
        self._times: ServiceTimes = times or {}
        self._draws: Final = {step: random.Random(f"{seed} {step}") for step in Step}

    def set_times(self, times: ServiceTimes) -> None:
        """Replace all times."""
        self._times = times

    def draw_ms(self, step: Step) -> float:
        """How long the step takes this time, in milliseconds."""
        taken = self._times.get(step)
        return 0.0 if taken is None else taken.median_ms * self._draws[step].lognormvariate(0.0, taken.sigma)


class FaultKind(StrEnum):
    """What goes wrong."""

    REFUSE = "refuse"
    """An internal failure, which the client may try again."""
    THROTTLE = "throttle"
    """Too many requests."""
    DELAY = "delay"
    """The answer comes late."""
    BREAK = "break"
    """Transcribe only: the open stream is reset when its next audio arrives."""


class Fault(msgspec.Struct, kw_only=True):
    """Something that goes wrong with the next requests.

    Attributes:
        times: How many requests it hits; None for all until it is cleared.
        seconds: It is over after so long, from now on; None for never.
        language: Only requests into this language, in the service's own code (``es``, ``es-ES``).
        delay_ms: For `FaultKind.DELAY`.
    """

    service: Service
    kind: FaultKind
    times: Annotated[int, msgspec.Meta(ge=1)] | None = None
    seconds: Annotated[float, msgspec.Meta(gt=0, le=600)] | None = None
    language: str | None = None
    delay_ms: Annotated[int, msgspec.Meta(ge=0, le=600_000)] = 0


class Behaviour:
    """The speech services' present behaviour and what they have done so far.

    Args:
        times: How long steps take.
        seed: The same seed gives the same times.

    Attributes:
        counters: Per service: ``requests``, ``failures``, and ``characters`` or ``audioMs``, ``opened``, ``open``.
        waits: How long clients were kept waiting.
    """

    def __init__(self, times: ServiceTimes | None = None, *, seed: int = 1) -> None:
        self._clock: Final = ServiceClock(times, seed=seed)
        self._faults: list[tuple[Fault, float]] = []
        self.counters: dict[Service, Counter[str]] = {service: Counter() for service in Service}
        self.waits: Final = WaitLog()

    def set_times(self, times: ServiceTimes) -> None:
        """Replace all service times; results that are on their way keep theirs."""
        self._clock.set_times(times)

    def add_fault(self, fault: Fault) -> None:
        """Let something go wrong from now on."""
        self._faults.append((fault, time.monotonic() + (math.inf if fault.seconds is None else fault.seconds)))

    def clear_faults(self) -> None:
        """Let everything go right again."""
        self._faults.clear()

    def take_fault(self, service: Service, language: str, *kinds: FaultKind) -> FaultKind | None:
        """The fault of these kinds that hits a request, if any; it is used up once."""
        fault = self._present_fault(service, language, kinds)
        if fault is None:
            return None
        self._use(fault)
        self.counters[service]["failures"] += 1
        return fault.kind

    async def take_time(self, service: Service, language: str) -> None:
        """Wait as long as the service takes to answer (Transcribe: to open a stream), longer if it is to be late."""
        delay_ms = self._clock.draw_ms(Step(service.value))
        fault = self._present_fault(service, language, (FaultKind.DELAY,))
        if fault is not None:
            delay_ms += fault.delay_ms
            self._use(fault)
        if delay_ms:
            await self.waits.sleep(service, delay_ms / 1000)

    def result_delay_s(self, result: Result) -> float:
        """How long after the recogniser's result Transcribe sends it."""
        step = Step.TRANSCRIBE_FINAL if isinstance(result, FinalResult) else Step.TRANSCRIBE_PARTIAL
        return self._clock.draw_ms(step) / 1000

    def _present_fault(self, service: Service, language: str, kinds: Collection[FaultKind]) -> Fault | None:
        now = time.monotonic()
        for fault, ends_at in self._faults:
            is_meant = fault.service is service and fault.kind in kinds and fault.language in (None, language)
            if is_meant and now < ends_at:
                return fault
        return None

    def _use(self, fault: Fault) -> None:
        if fault.times is not None:
            fault.times -= 1
            if fault.times == 0:
                self._faults = [each for each in self._faults if each[0] is not fault]
