"""The local Transcribe, Translate and Polly in one process: ``python -m local.services --help``."""

import argparse
import asyncio
import ssl
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import trustme

from local.engines.speech import MissingProgramsError
from local.loopback import serve_on_loopback
from local.process import announce_ready, end_with_parent, until_terminated
from local.services.behaviour import Behaviour
from local.services.control import control_app
from local.services.engine_choice import speech_engines, tone_engines
from local.services.polly import polly_app
from local.services.profiles import add_time_options
from local.services.transcribe import serve_transcribe
from local.services.transcription import TranscribeLimits
from local.services.translate import translate_app


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
        "--voice-word-ms", type=int, metavar="MS", help="tones: from one word of a voice to the next (260, at any pace)"
    )
    add_time_options(parser)
    parser.add_argument("--idle-seconds", type=float, default=15.0, help="Transcribe's idle limit")
    parser.add_argument("--max-streams", type=int, default=25, help="Transcribe's quota of concurrent streams")
    return parser


async def _serve(options: argparse.Namespace) -> None:
    behaviour = Behaviour(options.service_times, seed=options.seed)
    async with AsyncExitStack() as stack:
        is_tones = options.engine == "tones"
        engines = tone_engines(voice_word_ms=options.voice_word_ms) if is_tones else await speech_engines()
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
                "translate": await serve_on_loopback(
                    stack, translate_app(engines.translator, behaviour), port=options.translate_port
                ),
                "polly": await serve_on_loopback(stack, polly_app(engines.speaker, behaviour), port=options.polly_port),
                "control": await serve_on_loopback(stack, control_app(behaviour), port=options.control_port),
                "caFile": str(options.ca_file),
            }
        )
        await until_terminated()


def _tls(ca_file: Path) -> ssl.SSLContext:
    """A certificate for localhost. A process that is started again keeps the authority that its clients trust."""
    key_file = ca_file.with_suffix(".key")
    if ca_file.exists() and key_file.exists():
        authority = trustme.CA.from_pem(ca_file.read_bytes(), key_file.read_bytes())
    else:
        authority = trustme.CA()
        ca_file.parent.mkdir(parents=True, exist_ok=True)
        key_file.touch(mode=0o600)
        authority.private_key_pem.write_to_path(str(key_file))
        authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    context.set_alpn_protocols(["h2"])
    return context


if __name__ == "__main__":
    sys.exit(main())
