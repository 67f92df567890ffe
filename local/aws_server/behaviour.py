"""How the AWS server behaves on purpose: an object takes its time into a bucket, presigned addresses expire, and
operations fail for a while."""

import asyncio
import json
import logging
import time
from datetime import UTC, datetime
from enum import StrEnum
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


_PUT_OBJECT: Final = "PutObject"
_SIGNED_AT: Final = "%Y%m%dT%H%M%SZ"


class Refusal(StrEnum):
    """How an operation fails."""

    FAIL = "fail"
    """With an internal failure of its service (status 500)."""
    THROTTLE = "throttle"
    """With the service's refusal of too many requests (status 400; S3: 503)."""


class OperationFault(msgspec.Struct, frozen=True, kw_only=True):
    """An operation that fails for a while.

    Attributes:
        operation: As the services that speak JSON name it in `X-Amz-Target`, without the service: ``GetRecords``;
            ``DynamoDB`` and ``Kinesis`` stand for all operations of theirs, ``PutObject`` for S3's.
        seconds: For so long, from now on.
    """

    operation: Annotated[str, msgspec.Meta(pattern="^[A-Z][A-Za-z]*$")]
    seconds: Annotated[float, msgspec.Meta(gt=0, le=600)]
    kind: Refusal = Refusal.FAIL


class ServerBehaviour:
    """The server's present behaviour.

    Args:
        clock: How long `Step.S3_PUT` takes; other steps are not taken here.
    """

    def __init__(self, clock: ServiceClock) -> None:
        self._clock: Final = clock
        self._fails_until: dict[tuple[str, Refusal], float] = {}

    def add_fault(self, fault: OperationFault) -> None:
        """Let an operation fail from now on; a longer failure that is under way goes on."""
        until = time.monotonic() + fault.seconds
        what = (fault.operation, fault.kind)
        self._fails_until[what] = max(until, self._fails_until.get(what, until))
        _log.warning("%s: %s for %g s", fault.operation, fault.kind, fault.seconds)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a request as the server behaves at present."""
        is_put = puts_object(request)
        service, _, operation = request.headers.get("X-Amz-Target", "").partition(".")
        names = (_PUT_OBJECT,) if is_put else (operation, service.partition("_")[0])
        fault = self._present_fault(names)
        if fault is not None:
            await request.read()
            return _refused_put(fault) if is_put else _refusal(request, fault)
        if is_put:
            await request.read()
            await asyncio.sleep(self._clock.draw_ms(Step.S3_PUT) / 1000)
        response = await handler(request)
        return _expired(response) if has_expired(request, now=time.time()) else response

    def _present_fault(self, names: tuple[str, ...]) -> Refusal | None:
        now = time.monotonic()
        for kind in Refusal:
            if any(now < self._fails_until.get((name, kind), 0.0) for name in names):
                return kind
        return None


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


def has_expired(request: web.Request, *, now: float) -> bool:
    """Whether a presigned address is asked for after its time. `now` is in epoch seconds."""
    try:
        signed_at = datetime.strptime(request.query["X-Amz-Date"], _SIGNED_AT).replace(tzinfo=UTC)
        return now > signed_at.timestamp() + int(request.query["X-Amz-Expires"])
    except (KeyError, ValueError):
        return False


def _refusal(request: web.Request, fault: Refusal) -> web.Response:
    """Source: botocore, service models with `InternalFailureException` (status 500), such as Kinesis's, and
    `ProvisionedThroughputExceededException` (status 400), as Kinesis and DynamoDB have it."""
    code, status = (
        ("InternalFailureException", 500) if fault is Refusal.FAIL else ("ProvisionedThroughputExceededException", 400)
    )
    body = {"__type": code, "message": "The request failed on purpose."}
    return web.Response(status=status, text=json.dumps(body), content_type=request.content_type)


def _refused_put(fault: Refusal) -> web.Response:
    """Source: S3 API reference, error responses."""
    code, status = ("InternalError", 500) if fault is Refusal.FAIL else ("SlowDown", 503)
    return _s3_error(status, code, "The request failed on purpose.")


def _expired(response: web.StreamResponse) -> web.Response:
    """A page may read S3's refusal as it may read the object. Source: S3 API reference, error responses."""
    refusal = _s3_error(403, "AccessDenied", "Request has expired")
    for name, value in response.headers.items():
        if name.lower().startswith("access-control-"):
            refusal.headers.add(name, value)
    return refusal


def _s3_error(status: int, code: str, message: str) -> web.Response:
    text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return web.Response(status=status, text=text, content_type="application/xml")
