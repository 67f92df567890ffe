"""What has to be right before anything is built or deployed: one line each, and what to do when it is not."""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from scripts.deployment.commands import Commands
from scripts.deployment.errors import DeploymentError, error_code
from scripts.deployment.finding import Finding, Verdict
from scripts.deployment.quotas import quota_findings
from scripts.deployment.region import region_findings, require_region
from scripts.deployment.stage import Stage

BOOTSTRAP_PARAMETER: Final = "/cdk-bootstrap/hnb659fds/version"
"""Where ``cdk bootstrap`` leaves its version; the middle is the CDK's default qualifier."""

MIN_BOOTSTRAP_VERSION: Final = 6
"""What the stacks' synthesizer asks for (``requiresBootstrapStackVersion`` in the assembly's manifest)."""

LAMBDA_PYTHON: Final = (3, 13)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose AWS it is, and where.

    Attributes:
        identity: The caller's ARN.
    """

    session: Any
    region: str
    account_id: str
    identity: str

    @property
    def environment(self) -> dict[str, str]:
        """For programs that shall use the same region; boto3 and the CDK read different variables."""
        return {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region}

    def client(self, service: str) -> Any:
        """A client in this region."""
        return self.session.client(service, region_name=self.region)


def open_account() -> Account:
    """The account that the environment's credentials belong to.

    Raises:
        DeploymentError: No region, AWS cannot be reached there, or no credentials that work.
    """
    named = {name: os.environ.get(name) for name in ("AWS_REGION", "AWS_DEFAULT_REGION")}
    chosen = {value for value in named.values() if value}
    if len(chosen) > 1:
        raise DeploymentError(
            f"AWS_REGION is {named['AWS_REGION']} and AWS_DEFAULT_REGION is {named['AWS_DEFAULT_REGION']}: set one only"
        )
    try:
        session = boto3.Session()
        region = next(iter(chosen), None) or session.region_name
        if not region:
            raise DeploymentError("no AWS region: set AWS_REGION=eu-west-1 (or whichever is near your listeners)")
        require_region(region)
        caller = session.client("sts", region_name=region).get_caller_identity()
    except (NoConnectionError, HTTPClientError) as error:
        raise DeploymentError(
            f"AWS cannot be reached from here, or {region} is no region ({error_code(error)}): look at the network and "
            "at AWS_REGION"
        ) from error
    except (BotoCoreError, ClientError) as error:
        raise DeploymentError(
            f"no AWS credentials that work ({error_code(error)}): sign in (`aws sso login`, or `aws configure`), "
            "and set AWS_PROFILE if they are not the default ones"
        ) from error
    return Account(session=session, region=region, account_id=caller["Account"], identity=caller["Arn"])


def check(stage: Stage, account: Account, commands: Commands) -> Iterator[Finding]:
    """Make every check that needs working credentials; later ones do not depend on earlier ones."""
    yield Finding(verdict=Verdict.OK, what="credentials", seen=f"{account.identity} in account {account.account_id}")
    yield Finding(verdict=Verdict.OK, what="region", seen=account.region)
    yield from region_findings(account.region, account.client("polly"))
    yield _check_bootstrap(account)
    yield _check_cdk(stage, commands)
    yield _check_python()
    if stage.settings.keeps_data:
        yield _check_alarm_email(stage)
    yield from quota_findings(stage, account.client)


def _check_bootstrap(account: Account) -> Finding:
    what = "CDK bootstrap"
    advice = "run `make bootstrap` once for this account and region"
    try:
        answer = account.client("ssm").get_parameter(Name=BOOTSTRAP_PARAMETER)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ParameterNotFound":
            return Finding(verdict=Verdict.FAILED, what=what, seen="missing in this account and region", advice=advice)
        return Finding(
            verdict=Verdict.WARNING,
            what=what,
            seen=f"cannot be read ({error_code(error)})",
            advice=f"allow ssm:GetParameter on {BOOTSTRAP_PARAMETER}; if it was never done, {advice}",
        )
    version = int(answer["Parameter"]["Value"])
    if version < MIN_BOOTSTRAP_VERSION:
        seen = f"version {version}, and {MIN_BOOTSTRAP_VERSION} is needed"
        return Finding(verdict=Verdict.FAILED, what=what, seen=seen, advice=advice)
    return Finding(verdict=Verdict.OK, what=what, seen=f"version {version}")


def _check_cdk(stage: Stage, commands: Commands) -> Finding:
    """The pin is what was tried with the pinned aws-cdk-lib; others may refuse to read what it writes."""
    what, advice = "CDK command line", "run `npm ci` in the project's directory, and use `make`, which puts it first"
    wanted: str = json.loads((stage.root / "package.json").read_text())["devDependencies"]["aws-cdk"]
    try:
        found = commands.read("cdk", "--version").split(" ")[0]
    except DeploymentError as error:
        return Finding(verdict=Verdict.FAILED, what=what, seen=str(error), advice=advice)
    if found != wanted:
        seen = f"version {found}, and package.json asks for {wanted}"
        return Finding(verdict=Verdict.FAILED, what=what, seen=seen, advice=advice)
    return Finding(verdict=Verdict.OK, what=what, seen=f"version {found}")


def _check_alarm_email(stage: Stage) -> Finding:
    what = "alarms"
    if stage.settings.alarm_email:
        return Finding(verdict=Verdict.OK, what=what, seen="by e-mail, once its owner has confirmed SNS's message")
    return Finding(
        verdict=Verdict.WARNING,
        what=what,
        seen=f"nobody is told when {stage.name} fails",
        advice=f"set alarm_email of {stage.name} in infrastructure/settings.py, "
        'or pass CONTEXT="alarmEmail=ops@example.org"',
    )


def _check_python() -> Finding:
    version = ".".join(map(str, sys.version_info[:2]))
    if sys.version_info[:2] == LAMBDA_PYTHON:
        return Finding(verdict=Verdict.OK, what="Python", seen=f"{version}, which compiles the layers for Lambda")
    return Finding(
        verdict=Verdict.WARNING,
        what="Python",
        seen=f"{version} cannot compile the layers for Lambda, so cold starts take several times as long",
        advice="install Python 3.13, remove .venv and run `make setup`",
    )
