"""In place of API Gateway's ``@connections``: takes every post over TLS, as a process of its own.

``python -m benchmarks.unit_costs.connections --ca-file PEM`` says READY with its URL; the file receives what to trust.
"""

import argparse
import asyncio
import ssl
import sys
from pathlib import Path
from typing import Any

import trustme
from aiohttp import web

from local.process import announce_ready, end_with_parent, until_terminated


async def _take(request: web.Request) -> web.Response:
    await request.read()
    return web.Response()


async def _serve(ca_file: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(ca_file))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    app = web.Application()
    app.add_routes([web.post("/{stage}/@connections/{connection_id}", _take)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        address: Any = runner.addresses[0]
        announce_ready({"url": f"https://localhost:{address[1]}/dev"})
        await until_terminated()
    finally:
        await runner.cleanup()


def main() -> int:
    """Serve until terminated; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.unit_costs.connections", description=__doc__)
    parser.add_argument("--ca-file", type=Path, required=True)
    options = parser.parse_args()
    end_with_parent()
    asyncio.run(_serve(options.ca_file))
    return 0


if __name__ == "__main__":
    sys.exit(main())
