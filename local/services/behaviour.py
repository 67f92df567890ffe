"""How the local services behave on purpose: slow as the real ones, or broken as a test wants them.

Everything here is set at run time through the control endpoint (`local.services.control`).
"""

import asyncio
import random
from collections import Counter
from enum import StrEnum
from typing import Annotated, Final

import msgspec


class Service(StrEnum):
    """The three services."""

    TRANSCRIBE = "transcribe"
    TRANSLATE = "translate"
    POLLY = "polly"


class ServiceTime(msgspec.Struct, frozen=True, kw_only=True):
    """How long a service takes, in milliseconds: log-normal around a median, as response times of services are.

    Attributes:
        median_ms: Half of the answers are faster.
        sigma: Spread of the logarithm; 0: every answer takes the median; 0.3: the 95th percentile is 1.6 medians.
    """

    median_ms: Annotated[float, msgspec.Meta(ge=0, le=60_000)]
    sigma: Annotated[float, msgspec.Meta(ge=0, le=2)] = 0.0


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
        language: Only requests into this language, in the service's own code (``es``, ``es-ES``).
        delay_ms: For `FaultKind.DELAY`.
    """

    service: Service
    kind: FaultKind
    times: Annotated[int, msgspec.Meta(ge=1)] | None = None
    language: str | None = None
    delay_ms: Annotated[int, msgspec.Meta(ge=0, le=600_000)] = 0


class Behaviour:
    """The services' present behaviour and what they have done so far.

    Attributes:
        counters: Per service: ``requests``, ``failures``, and ``characters`` or ``audioMs``, ``opened``, ``open``.
    """

    def __init__(self, times: dict[Service, ServiceTime] | None = None, *, seed: int = 1) -> None:
        self._times: dict[Service, ServiceTime] = times or {}
        self._faults: list[Fault] = []
        self._rng: Final = random.Random(seed)
        self.counters: dict[Service, Counter[str]] = {service: Counter() for service in Service}

    def set_times(self, times: dict[Service, ServiceTime]) -> None:
        """Replace all service times."""
        self._times = times

    def add_fault(self, fault: Fault) -> None:
        """Let something go wrong from now on."""
        self._faults.append(fault)

    def clear_faults(self) -> None:
        """Let everything go right again."""
        self._faults.clear()

    def take_fault(self, service: Service, language: str, *kinds: FaultKind) -> FaultKind | None:
        """The fault of these kinds that hits a request, if any; it is used up once."""
        for fault in self._faults:
            if fault.service is service and fault.kind in kinds and fault.language in (None, language):
                self._use(fault)
                self.counters[service]["failures"] += 1
                return fault.kind
        return None

    async def take_time(self, service: Service, language: str) -> None:
        """Wait as long as the service would take, and longer if it is to be late."""
        delay_ms = 0.0
        time = self._times.get(service)
        if time is not None and time.median_ms > 0:
            delay_ms += time.median_ms * self._rng.lognormvariate(0.0, time.sigma)
        for fault in tuple(self._faults):
            if fault.service is service and fault.kind is FaultKind.DELAY and fault.language in (None, language):
                delay_ms += fault.delay_ms
                self._use(fault)
                break
        if delay_ms:
            await asyncio.sleep(delay_ms / 1000)

    def _use(self, fault: Fault) -> None:
        if fault.times is not None:
            fault.times -= 1
            if fault.times == 0:
                self._faults.remove(fault)
