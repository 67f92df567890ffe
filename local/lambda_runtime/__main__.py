"""`python -m local.lambda_runtime --log-directory DIR [--port 0] …`: serves until SIGTERM, SIGINT or its parent's end.

Ready line: `{"url": "http://127.0.0.1:PORT"}`.
"""

import argparse
import asyncio
import contextlib
import logging
import socket
from pathlib import Path

from aiohttp import web

from local.lambda_runtime.configuration import RuntimeSettings
from local.lambda_runtime.function import Functions
from local.lambda_runtime.invoke_api import invoke_application
from local.lambda_runtime.runtime_api import RuntimeApi
from local.lambda_runtime.runtime_directory import make_runtime_directory
from local.process import announce_ready, end_with_parent, until_terminated


async def serve(settings: RuntimeSettings, *, port: int) -> None:
    """Serve until terminated; every environment is ended before this returns."""
    runtime_api = RuntimeApi()
    await runtime_api.start()
    functions = Functions(settings, runtime_api)
    reaping = asyncio.create_task(functions.reap_forever())
    runner = web.AppRunner(invoke_application(functions), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", port), backlog=1024)
    await web.SockSite(runner, listener, backlog=1024).start()
    announce_ready({"url": f"http://127.0.0.1:{listener.getsockname()[1]}"})
    try:
        await until_terminated()
    finally:
        reaping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reaping
        await functions.end()
        await runner.cleanup()
        await runtime_api.stop()


def main() -> None:
    """Read the options and serve."""
    end_with_parent()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    defaults = RuntimeSettings(log_directory="")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--log-directory", required=True, help="gets one log file per function")
    parser.add_argument("--runtime-directory", help="gets the runtime client; functions then have nothing else of ours")
    parser.add_argument("--region", default=defaults.region)
    parser.add_argument("--max-environments", type=int, default=defaults.max_environments, help="per function")
    parser.add_argument("--idle-seconds", type=float, default=defaults.idle_seconds, help="until an unused one ends")
    parser.add_argument("--init-seconds", type=float, default=defaults.init_seconds, help="limit of loading a handler")
    parser.add_argument("--async-retry-seconds", type=float, nargs=2, default=defaults.async_retry_seconds)
    options = parser.parse_args()
    settings = RuntimeSettings(
        log_directory=options.log_directory,
        runtime_directory=options.runtime_directory,
        region=options.region,
        max_environments=options.max_environments,
        idle_seconds=options.idle_seconds,
        init_seconds=options.init_seconds,
        async_retry_seconds=(options.async_retry_seconds[0], options.async_retry_seconds[1]),
    )
    if settings.runtime_directory is not None:
        make_runtime_directory(Path(settings.runtime_directory))
    asyncio.run(serve(settings, port=options.port))


if __name__ == "__main__":
    main()
