"""`python -m local.gateway --config FILE [--websocket-port 0] [--http-port 0] …`: serves until terminated.

The file is a `GatewayConfiguration` as JSON. Ready line: `{"websocketUrl": "ws://…/stage", "httpUrl": "http://…",
"connectionsUrl": "http://…/stage", "control": "http://…"}`, of which the last is `local.gateway.control`.
"""

import argparse
import asyncio
import logging
from pathlib import Path

import aiohttp
import msgspec
from aiohttp import web

from local.gateway.configuration import GatewayConfiguration
from local.gateway.connections_api import connections_application
from local.gateway.control import GatewayFaults, control_application
from local.gateway.functions import FunctionInvoker
from local.gateway.http_api import http_application
from local.gateway.jwt_authorizer import TokenVerifier
from local.gateway.websocket_api import WebSocketGateway
from local.process import announce_ready, end_with_parent, until_terminated


async def serve(
    configuration: GatewayConfiguration,
    *,
    websocket_port: int,
    http_port: int,
    connections_port: int,
    control_port: int,
) -> None:
    """Serve all of them until terminated."""
    # No limit of connections to the functions: API Gateway has none either.
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=_NO_TIMEOUT) as session:
        invoker = FunctionInvoker(session, configuration.lambda_url)
        gateway = WebSocketGateway(configuration, invoker)
        verifier = TokenVerifier(session, configuration.jwks_url)
        faults = GatewayFaults()
        async with gateway.listen(websocket_port) as server:
            http_runner, http_address = await _start(http_application(configuration, invoker, verifier), http_port)
            connections_runner, connections_address = await _start(
                connections_application(configuration, gateway, faults), connections_port
            )
            control_runner, control_address = await _start(control_application(faults), control_port)
            stage = configuration.websocket.stage
            host, port = next(iter(server.sockets)).getsockname()[:2]
            announce_ready(
                {
                    "websocketUrl": f"ws://{host}:{port}/{stage}",
                    "httpUrl": f"http://{http_address}",
                    "connectionsUrl": f"http://{connections_address}/{stage}",
                    "control": f"http://{control_address}",
                }
            )
            await until_terminated()
            for runner in (http_runner, connections_runner, control_runner):
                await runner.cleanup()


async def _start(application: web.Application, port: int) -> tuple[web.AppRunner, str]:
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    host, bound_port = runner.addresses[0][:2]
    return runner, f"{host}:{bound_port}"


_NO_TIMEOUT = aiohttp.ClientTimeout(total=None)


def main() -> None:
    """Read the options and serve."""
    end_with_parent()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("websockets").setLevel(logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, required=True, help="a GatewayConfiguration as JSON")
    for name in ("websocket", "http", "connections", "control"):
        parser.add_argument(f"--{name}-port", type=int, default=0, help="0 takes a free one")
    options = parser.parse_args()
    configuration = msgspec.json.decode(options.config.read_bytes(), type=GatewayConfiguration)
    asyncio.run(
        serve(
            configuration,
            websocket_port=options.websocket_port,
            http_port=options.http_port,
            connections_port=options.connections_port,
            control_port=options.control_port,
        )
    )


if __name__ == "__main__":
    main()
