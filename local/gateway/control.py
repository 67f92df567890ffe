"""Control of the gateway over HTTP, for tests and experiments.

========  ===========  ====================================================================
``POST``  ``/faults``  one `Fault`: ``{"kind": "throttle_connections", "seconds": 5}``
========  ===========  ====================================================================

What is not understood is answered with 400 and the reason.
"""

import logging
import time
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import msgspec
from aiohttp import web

from local.loopback import read_json

_log = logging.getLogger(__name__)


class FaultKind(StrEnum):
    """What goes wrong."""

    THROTTLE_CONNECTIONS = "throttle_connections"
    """`@connections` answers every request with 429."""

    HANG_CONNECTIONS = "hang_connections"
    """A message posted to one of these connections is not answered, nor sent on, before the fault is over."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Something that goes wrong for a while.

    Attributes:
        seconds: For so long, from now on.
        query: Hits connections that were opened with all of this; all connections when it is empty. For
            `HANG_CONNECTIONS` alone.
    """

    kind: FaultKind
    seconds: Annotated[float, msgspec.Meta(gt=0, le=600)]
    query: dict[str, str] = {}


class GatewayFaults:
    """What goes wrong at present."""

    def __init__(self) -> None:
        self._throttled_until = 0.0
        self._hanging: list[tuple[float, Fault]] = []

    def add(self, fault: Fault) -> None:
        """Let something go wrong from now on; a longer fault that is under way goes on."""
        match fault.kind:
            case FaultKind.THROTTLE_CONNECTIONS:
                self._throttled_until = max(self._throttled_until, time.monotonic() + fault.seconds)
            case FaultKind.HANG_CONNECTIONS:
                self._hanging.append((time.monotonic() + fault.seconds, fault))

    @property
    def throttles_connections(self) -> bool:
        """Whether `@connections` refuses requests at present."""
        return time.monotonic() < self._throttled_until

    def hangs_for(self, query: Mapping[str, str]) -> float:
        """Seconds that a post to a connection opened with this query hangs."""
        untils = (until for until, fault in self._hanging if fault.query.items() <= query.items())
        return max(0.0, max(untils, default=0.0) - time.monotonic())


def control_application(faults: GatewayFaults) -> web.Application:
    """The control endpoint of some faults."""

    async def post_fault(request: web.Request) -> web.Response:
        fault = await read_json(request, Fault)
        faults.add(fault)
        _log.warning("%s for %g s", fault.kind, fault.seconds)
        return web.Response(status=204)

    application = web.Application()
    application.add_routes([web.post("/faults", post_fault)])
    return application
