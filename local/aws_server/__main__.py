"""`python -m local.aws_server [--port 0] …`: serves until SIGTERM, SIGINT or its parent's end.

Ready line: `{"url": "http://127.0.0.1:PORT", "control": "http://127.0.0.1:PORT"}`; the second is
`local.aws_server.control`.
"""

import argparse
import asyncio
import logging
import socket
import time
from contextlib import AsyncExitStack
from functools import cache
from typing import Any, Final

from aiohttp import web
from moto.kinesis.models import kinesis_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from local.aws_server.behaviour import ServerBehaviour
from local.aws_server.control import control_app
from local.aws_server.moto_economy import economise
from local.aws_server.wsgi_bridge import WsgiBridge
from local.loopback import serve_on_loopback
from local.process import announce_ready, end_with_parent, until_terminated
from local.services.behaviour import ServiceClock
from local.services.profiles import add_time_options

_MAX_REQUEST_BYTES: Final = 64 * 1024 * 1024
_TRIM_SECONDS: Final = 10.0


class _Dispatcher(DomainDispatcherApplication):
    """Moto's, which would look through its own files for the service of every single request."""

    @staticmethod
    @cache
    def get_backend_for_host(host: str | None) -> Any:
        """The service that a host stands for, as moto names it."""
        return _DISPATCHER.get_backend_for_host(host)


_DISPATCHER: Final = DomainDispatcherApplication(create_backend_app)


def forget_records(older_than_epoch_seconds: float) -> None:
    """Drop old Kinesis records; each shard keeps its last one, from which moto counts on."""
    for regions in kinesis_backends.values():
        for backend in regions.values():
            for stream in backend.streams.values():
                for shard in stream.shards.values():
                    while len(shard.records) > 1:
                        oldest = next(iter(shard.records))
                        if shard.records[oldest].created_at >= older_than_epoch_seconds:
                            break
                        del shard.records[oldest]


async def serve(*, port: int, stream_retention_seconds: float, clock: ServiceClock) -> None:
    """Serve until terminated."""
    economise()
    behaviour = ServerBehaviour(clock)
    listener = socket.create_server(("127.0.0.1", port), backlog=1024)
    bound_port = listener.getsockname()[1]
    application = web.Application(client_max_size=_MAX_REQUEST_BYTES, middlewares=[behaviour.middleware])
    bridge = WsgiBridge(_Dispatcher(create_backend_app), bound_port)
    application.router.add_route("*", "/{path:.*}", bridge.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.SockSite(runner, listener, backlog=1024).start()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(runner.cleanup)
        control_url = await serve_on_loopback(stack, control_app(behaviour))
        announce_ready({"url": f"http://127.0.0.1:{bound_port}", "control": control_url})
        trimming = asyncio.create_task(_trim_forever(stream_retention_seconds))
        await until_terminated()
        trimming.cancel()


async def _trim_forever(retention_seconds: float) -> None:
    while True:
        await asyncio.sleep(min(_TRIM_SECONDS, retention_seconds))
        forget_records(time.time() - retention_seconds)


def main() -> None:
    """Read the options and serve."""
    end_with_parent()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--stream-retention-seconds", type=float, default=900.0)
    add_time_options(parser)
    options = parser.parse_args()
    clock = ServiceClock(options.service_times, seed=options.seed)
    asyncio.run(serve(port=options.port, stream_retention_seconds=options.stream_retention_seconds, clock=clock))


if __name__ == "__main__":
    main()
