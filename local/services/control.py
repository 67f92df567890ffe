"""Control of the local speech services over HTTP, for tests and experiments.

==========  ===============  =====================================================================
``GET``     ``/counters``    what each service has done: ``{"polly": {"requests": 3, …}, …}``
``POST``    ``/waits``       from now on, note how long clients are kept waiting
``GET``     ``/waits``       what was noted: `local.services.waits.Waits`
``PUT``     ``/times``       `ServiceTime` by `Step`: ``{"polly": {"median_ms": 350, "sigma": 0.2}}``
``POST``    ``/faults``      one `Fault`: ``{"service": "polly", "kind": "throttle", "times": 3}``
``DELETE``  ``/faults``      everything goes right again
==========  ===============  =====================================================================

What is not understood is answered with 400 and the reason; times of steps that are not taken here change nothing.
"""

import msgspec
from aiohttp import web

from local.loopback import read_json
from local.services.behaviour import Behaviour, Fault, ServiceTime, Step


def control_app(behaviour: Behaviour) -> web.Application:
    """The control endpoint of some behaviour."""

    async def counters(_: web.Request) -> web.Response:
        return web.json_response({service.value: dict(each) for service, each in behaviour.counters.items()})

    async def waits(_: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode(behaviour.waits.all()), content_type="application/json")

    async def post_waits(_: web.Request) -> web.Response:
        behaviour.waits.begin()
        return web.Response(status=204)

    async def put_times(request: web.Request) -> web.Response:
        behaviour.set_times(await read_json(request, dict[Step, ServiceTime]))
        return web.Response(status=204)

    async def post_fault(request: web.Request) -> web.Response:
        behaviour.add_fault(await read_json(request, Fault))
        return web.Response(status=204)

    async def delete_faults(_: web.Request) -> web.Response:
        behaviour.clear_faults()
        return web.Response(status=204)

    app = web.Application()
    app.add_routes(
        [
            web.get("/counters", counters),
            web.get("/waits", waits),
            web.post("/waits", post_waits),
            web.put("/times", put_times),
            web.post("/faults", post_fault),
            web.delete("/faults", delete_faults),
        ]
    )
    return app
