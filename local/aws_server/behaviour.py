"""How the AWS server behaves on purpose: an object takes its time into a bucket, and operations fail for a while."""

import asyncio
import json
import logging
import time
from typing import Annotated, Final

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from local.services.behaviour import ServiceClock, Step

_OTHER_PUTS: Final = frozenset(
    ("acl", "annotation", "encryption", "legal-hold", "renameObject", "retention", "tagging", "uploadId")
)
"""What else is put to an object, as the query names it. Source: botocore, service model of S3."""

_log = logging.getLogger("local.aws_server")


class OperationFault(msgspec.Struct, frozen=True, kw_only=True):
    """An operation that fails for a while, with an internal failure of its service (status 500).

    Attributes:
        operation: As the services that speak JSON name it in `X-Amz-Target`, without the service: ``GetRecords``.
        seconds: For so long, from now on.
    """

    operation: Annotated[str, msgspec.Meta(pattern="^[A-Z][A-Za-z]*$")]
    seconds: Annotated[float, msgspec.Meta(gt=0, le=600)]


class ServerBehaviour:
    """The server's present behaviour.

    Args:
        clock: How long `Step.S3_PUT` takes; other steps are not taken here.
    """

    def __init__(self, clock: ServiceClock) -> None:
        self._clock: Final = clock
        self._fails_until: dict[str, float] = {}

    def add_fault(self, fault: OperationFault) -> None:
        """Let an operation fail from now on; a longer failure that is under way goes on."""
        until = time.monotonic() + fault.seconds
        self._fails_until[fault.operation] = max(until, self._fails_until.get(fault.operation, until))
        _log.warning("%s fails for %g s", fault.operation, fault.seconds)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a request as the server behaves at present."""
        operation = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        if time.monotonic() < self._fails_until.get(operation, 0.0):
            return _internal_failure(request)
        if puts_object(request):
            await request.read()
            await asyncio.sleep(self._clock.draw_ms(Step.S3_PUT) / 1000)
        return await handler(request)


def puts_object(request: web.Request) -> bool:
    """Whether a request is S3's PutObject: nothing else is put at a key's address (path style) but what is named there.

    The other services that are served here take no PUT requests.
    """
    key = request.path.removeprefix("/").partition("/")[2]
    return (
        request.method == "PUT"
        and key != ""
        and "X-Amz-Copy-Source" not in request.headers
        and _OTHER_PUTS.isdisjoint(request.query)
    )


def _internal_failure(request: web.Request) -> web.Response:
    """Source: botocore, service models with `InternalFailureException` (status 500), such as Kinesis's."""
    body = {"__type": "InternalFailureException", "message": "The request failed on purpose."}
    return web.Response(status=500, text=json.dumps(body), content_type=request.content_type)
