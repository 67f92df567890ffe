"""Control of the event source over HTTP, for tests and experiments.

========  ===========  =====================================================
``POST``  ``/faults``  one `Fault`: ``{"kind": "deliver_twice", "times": 2}``
========  ===========  =====================================================

What is not understood is answered with 400 and the reason.
"""

import logging
from enum import StrEnum
from typing import Annotated

import msgspec
from aiohttp import web

from local.loopback import read_json

_log = logging.getLogger("local.event_source")

DELIVERED_TWICE = "records are delivered once more"
"""In the log, for each batch that is."""


class FaultKind(StrEnum):
    """What goes wrong."""

    DELIVER_TWICE = "deliver_twice"
    """A batch that was delivered successfully is delivered once more before the next one of its lane."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Something that goes wrong with the next batches.

    Attributes:
        times: How many batches it hits, of whichever mapping.
    """

    kind: FaultKind
    times: Annotated[int, msgspec.Meta(ge=1)] = 1


class DeliveryFaults:
    """What goes wrong at present."""

    def __init__(self) -> None:
        self._redeliveries = 0

    def add(self, fault: Fault) -> None:
        """Let something go wrong from now on."""
        match fault.kind:
            case FaultKind.DELIVER_TWICE:
                self._redeliveries += fault.times

    def takes_redelivery(self) -> bool:
        """Whether the batch that has just been delivered is to be delivered once more; it is used up once."""
        if self._redeliveries == 0:
            return False
        self._redeliveries -= 1
        return True


def control_app(faults: DeliveryFaults) -> web.Application:
    """The control endpoint of some faults."""

    async def post_fault(request: web.Request) -> web.Response:
        fault = await read_json(request, Fault)
        faults.add(fault)
        _log.warning("%s, %d times", fault.kind, fault.times)
        return web.Response(status=204)

    app = web.Application()
    app.add_routes([web.post("/faults", post_fault)])
    return app
