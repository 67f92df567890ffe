"""Verify a whole stage by using it: speak a sample, listen in two languages, check every step, time every hop.

Without ``--stage`` the local stack is started and verified. A deployed stage is found through CloudFormation, with the
credentials and the region that deploy it; the speaker's account comes from ``BABELCAST_EMAIL`` and
``BABELCAST_PASSWORD`` or is asked for. Exit status: 0 when every step passed, 1 when one did not, 2 for wrong input.
"""

import argparse
import asyncio
import getpass
import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from local.broadcasting import unless_failing
from local.client.login import SpeakerLogin
from local.demo import is_audible, parse_languages
from local.endpoints import Endpoints
from local.errors import UserError, WrongInputError
from local.stack import Stack, StackOptions
from local.supervision import PROJECT_ROOT, ProcessFailedError
from local.wav import load_recording
from scripts.deployment.errors import DeploymentError, explanation
from scripts.deployment.outputs import deployed_stage
from scripts.deployment.preflight import open_account
from scripts.deployment.stage import stage_named
from scripts.verification.evidence import Finding, Step
from scripts.verification.latency import hop_latencies
from scripts.verification.walk import Verdict, Verification, VerificationPlan

_EMAIL: Final = "BABELCAST_EMAIL"
_PASSWORD: Final = "BABELCAST_PASSWORD"
_NAME_WIDTH: Final = 30


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify and print; returns the exit status."""
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr, format="%(levelname)s %(message)s")
    options = _parser().parse_args(arguments)
    try:
        verdict = asyncio.run(_verify(options))
    except KeyboardInterrupt:
        return 130
    except (UserError, ProcessFailedError) as error:
        print(f"verify: {' '.join(str(error).split())}", file=sys.stderr)
        return error.exit_status if isinstance(error, UserError) else 1
    except (DeploymentError, BotoCoreError, ClientError) as error:
        print(f"verify: {explanation(error)}", file=sys.stderr)
        return 1
    show_verdict(verdict)
    return 0 if verdict.passed else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--stage", help="a deployed stage, such as dev or prod")
    where.add_argument("--stack", type=Path, metavar="FILE", help="addresses of a stack that runs, such as make run's")
    parser.add_argument("--audio", type=Path, default=PROJECT_ROOT / "samples" / "speech-en.wav", metavar="FILE")
    parser.add_argument("--source", default="en", metavar="CODE", help="the language that is spoken")
    parser.add_argument("--languages", default="es,fr", metavar="CODES", help="a listener for each (es,fr)")
    parser.add_argument("--assembly", type=Path, default=PROJECT_ROOT / "build" / "assembly", metavar="DIR")
    return parser


async def _verify(options: argparse.Namespace) -> Verdict:
    recording = load_recording(options.audio)
    if not is_audible(recording):
        raise WrongInputError(f"{options.audio} is silent; speech is needed to verify anything")
    languages = parse_languages(options.languages) if options.languages.strip() else ()
    with tempfile.TemporaryDirectory(prefix="babelcast-verify-") as directory:
        plan = VerificationPlan(
            recording=recording,
            source_language=options.source,
            languages=languages,
            clips=Path(directory) / "clips",
        )
        if options.stage is not None:
            return await _verify_stage(await asyncio.to_thread(deployed_endpoints, options.stage), plan)
        if options.stack is not None:
            return await _verify_stage(_load(options.stack), plan)
        print("starting the local stack", flush=True)
        stack_options = StackOptions(state_dir=Path(directory) / "state", assembly_dir=options.assembly)
        async with Stack(stack_options) as stack:
            return await unless_failing(_verify_stage(stack.endpoints, plan), stack.wait())


def deployed_endpoints(name: str) -> Endpoints:
    """Where a stage in the account of the environment is.

    Raises:
        WrongInputError: There is no such stage.
        DeploymentError: It is not deployed, or no credentials work.
    """
    try:
        stage = stage_named(name)
    except DeploymentError as error:
        raise WrongInputError(str(error)) from None
    account = open_account()
    outputs = deployed_stage(account.client("cloudformation"), stage)
    return Endpoints(
        stage=stage.name,
        region=account.region,
        http_api_url=outputs.http_api_url.rstrip("/"),
        websocket_url=outputs.web_socket_url,
        user_pool_id=outputs.user_pool_id,
        user_pool_client_id=outputs.user_pool_client_id,
    )


def _load(path: Path) -> Endpoints:
    try:
        return Endpoints.load(path)
    except (OSError, ValueError, TypeError):
        raise WrongInputError(f"{path} does not hold the addresses of a running stack") from None


async def _verify_stage(endpoints: Endpoints, plan: VerificationPlan) -> Verdict:
    seconds = plan.recording.duration_ms / 1000
    print(f"verifying stage {endpoints.stage}: {seconds:.0f} s of speech in real time", flush=True)
    verification = Verification(endpoints, await asyncio.to_thread(_login, endpoints), plan, show_finding)
    return await verification.run()


def _login(endpoints: Endpoints) -> SpeakerLogin:
    """The account of the environment, of the local stack, or of whoever sits there."""
    email, password = os.environ.get(_EMAIL), os.environ.get(_PASSWORD)
    if not (email and password) and endpoints.speaker_email is None:
        if not sys.stdin.isatty():
            raise WrongInputError(f"the speaker's account is missing: set {_EMAIL} and {_PASSWORD}")
        email = email or input("speaker's e-mail: ")
        password = password or getpass.getpass("password: ")
    if endpoints.speaker_email is not None:
        email = password = None
    return SpeakerLogin(endpoints, email=email, password=password)


def show_finding(finding: Finding) -> None:
    """One line: whether it passed, which step, and what was seen."""
    print(f"{'ok    ' if finding.passed else 'FAILED'}  {finding.name:{_NAME_WIDTH}}{finding.detail}", flush=True)


def show_verdict(verdict: Verdict) -> None:
    """The steps that were not reached, the latencies and the verdict."""
    taken = {finding.step for finding in verdict.findings}
    for step in Step:
        if step not in taken:
            print(f"–       {step:{_NAME_WIDTH}}not reached")
    hops = hop_latencies(verdict.evidence) if verdict.evidence is not None else []
    if hops:
        print(f"\n{'latency':56}{'p50 ms':>8}{'p95 ms':>8}{'n':>6}")
    for hop in hops:
        print(f"{hop.name:56}{hop.p50_ms:8.0f}{hop.p95_ms:8.0f}{hop.count:6}")
    print(f"\n{'passed' if verdict.passed else 'FAILED: ' + '; '.join(verdict.failed_steps)}")


if __name__ == "__main__":
    sys.exit(main())
