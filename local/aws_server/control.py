"""Control of the AWS server over HTTP, for tests and experiments, on a port of its own.

========  ===========  =======================================================================================
``POST``  ``/faults``  one `OperationFault`: ``{"operation": "DynamoDB", "kind": "throttle", "seconds": 5}``
========  ===========  =======================================================================================

What is not understood is answered with 400 and the reason.
"""

from aiohttp import web

from local.aws_server.behaviour import OperationFault, ServerBehaviour
from local.loopback import read_json


def control_app(behaviour: ServerBehaviour) -> web.Application:
    """The control endpoint of some behaviour."""

    async def post_fault(request: web.Request) -> web.Response:
        behaviour.add_fault(await read_json(request, OperationFault))
        return web.Response(status=204)

    app = web.Application()
    app.add_routes([web.post("/faults", post_fault)])
    return app
