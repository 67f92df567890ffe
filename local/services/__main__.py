"""The local Transcribe, Translate and Polly in one process: ``python -m local.services --help``."""

import argparse
import asyncio
import ssl
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import msgspec
import trustme
from aiohttp import web

from local.engines.speech import MissingProgramsError
from local.process import announce_ready, end_with_parent, until_terminated
from local.services.behaviour import Behaviour, ServiceTime, ServiceTimes, Step
from local.services.control import control_app
from local.services.engine_choice import speech_engines, tone_engines
from local.services.polly import polly_app
from local.services.profiles import Profile
from local.services.transcribe import serve_transcribe
from local.services.transcription import TranscribeLimits
from local.services.translate import translate_app

_LOOPBACK: Final = "127.0.0.1"


def main(arguments: list[str] | None = None) -> int:
    """Serve until terminated; returns the exit status."""
    options = _parser().parse_args(arguments)
    end_with_parent()
    try:
        asyncio.run(_serve(options))
    except MissingProgramsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.services", description=__doc__)
    parser.add_argument("--engine", choices=("speech", "tones"), default="speech", help="what stands behind them")
    for name in ("transcribe", "translate", "polly", "control"):
        parser.add_argument(f"--{name}-port", type=int, default=0, metavar="PORT", help="0 takes a free one")
    parser.add_argument(
        "--ca-file", type=Path, required=True, help="receives the certificate authority that Transcribe's clients trust"
    )
    parser.add_argument(
        "--service-times",
        type=_service_times,
        default={},
        metavar="PROFILE|JSON",
        help=f"{' or '.join(Profile)}, or by step, such as "
        '{"transcribe_final": {"median_ms": 640, "sigma": 0.3}, "polly": {"median_ms": 350}}; steps: ' + " ".join(Step),
    )
    parser.add_argument("--seed", type=int, default=1, help="of the service times")
    parser.add_argument("--idle-seconds", type=float, default=15.0, help="Transcribe's idle limit")
    parser.add_argument("--max-streams", type=int, default=25, help="Transcribe's quota of concurrent streams")
    return parser


def _service_times(text: str) -> ServiceTimes:
    if text in set(Profile):
        return Profile(text).times
    try:
        return msgspec.json.decode(text, type=dict[Step, ServiceTime])
    except msgspec.MsgspecError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


async def _serve(options: argparse.Namespace) -> None:
    behaviour = Behaviour(options.service_times, seed=options.seed)
    async with AsyncExitStack() as stack:
        engines = tone_engines() if options.engine == "tones" else await speech_engines()
        stack.push_async_callback(engines.close)
        transcribe = await serve_transcribe(
            port=options.transcribe_port,
            tls=_tls(options.ca_file),
            recogniser=engines.recogniser,
            behaviour=behaviour,
            limits=TranscribeLimits(idle_seconds=options.idle_seconds, concurrent_streams=options.max_streams),
        )
        stack.callback(transcribe.close)
        announce_ready(
            {
                "transcribe": f"https://localhost:{transcribe.sockets[0].getsockname()[1]}",
                "translate": await _serve_app(
                    stack, translate_app(engines.translator, behaviour), options.translate_port
                ),
                "polly": await _serve_app(stack, polly_app(engines.speaker, behaviour), options.polly_port),
                "control": await _serve_app(stack, control_app(behaviour), options.control_port),
                "caFile": str(options.ca_file),
            }
        )
        await until_terminated()


async def _serve_app(stack: AsyncExitStack, app: web.Application, port: int) -> str:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, _LOOPBACK, port)
    await site.start()
    address: Any = runner.addresses[0]
    return f"http://{_LOOPBACK}:{address[1]}"


def _tls(ca_file: Path) -> ssl.SSLContext:
    """A certificate for localhost by an authority of this process alone."""
    authority = trustme.CA()
    ca_file.parent.mkdir(parents=True, exist_ok=True)
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    context.set_alpn_protocols(["h2"])
    return context


if __name__ == "__main__":
    sys.exit(main())
