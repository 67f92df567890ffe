import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import botocore.client
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from scripts import deploy
from scripts.deployment.preflight import BOOTSTRAP_PARAMETER
from tests.deployment.programs import CDK_VERSION, Programs

REGION = "eu-west-1"

QUOTA_OPERATIONS = {
    "DescribeVoices",
    "GetAccountSettings",
    "GetFunctionConcurrency",
    "ListServiceQuotas",
    "ListAWSDefaultServiceQuotas",
}


@dataclass(slots=True, kw_only=True)
class Quotas:
    """What the account may do; None cannot be read.

    Attributes:
        reserved: Concurrency that functions have set aside, by their names.
    """

    lambda_concurrency: int | None = 1_000
    reserved: dict[str, int] = field(default_factory=dict)
    neural_voices: int | None = 60
    by_service: dict[str, dict[str, float]] = field(
        default_factory=lambda: {
            "transcribe": {
                "Number of concurrent HTTP/2 streams for streaming transcription": 25,
                "Number of concurrent HTTP/2 streams for medical streaming transcription": 5,
            },
            "polly": {
                "Synthesize speech requests per second (neural voices)": 20,
                "Concurrent SynthesizeSpeech requests with neural voices": 1,
            },
        }
    )

    def answer(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        if operation == "GetAccountSettings":
            if self.lambda_concurrency is None:
                raise _denied(operation)
            unreserved = self.lambda_concurrency - sum(self.reserved.values())
            return {
                "AccountLimit": {
                    "ConcurrentExecutions": self.lambda_concurrency,
                    "UnreservedConcurrentExecutions": unreserved,
                }
            }
        if operation == "GetFunctionConcurrency":
            name = parameters["FunctionName"]
            return {"ReservedConcurrentExecutions": self.reserved[name]} if name in self.reserved else {}
        if operation == "DescribeVoices":
            if self.neural_voices is None:
                raise _denied(operation)
            return {"Voices": [{"Id": str(number)} for number in range(self.neural_voices)]}
        if parameters["ServiceCode"] not in self.by_service:
            raise _denied(operation)
        quotas = self.by_service[parameters["ServiceCode"]].items()
        return {"Quotas": [{"QuotaName": name, "Value": value} for name, value in quotas]}


def _denied(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, operation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project directory with built apps, an account beside it, and what the operator saw."""

    root: Path
    programs: Programs
    capture: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run the command line; its status and everything it has said."""
        status = deploy.main(arguments, root=self.root)
        return status, self.capture.readouterr().out

    def app(self, name: str) -> Path:
        return self.root / "frontend" / "apps" / name / "dist"


@pytest.fixture
def quotas() -> Quotas:
    return Quotas()


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    return Programs(directory=tmp_path / "bin")


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, quotas: Quotas, programs: Programs, tmp_path: Path) -> Iterator[None]:
    """An empty account: moto, and what moto does not have: quotas, and stacks that fail."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "absent"))
    asked = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if operation in QUOTA_OPERATIONS:
            return quotas.answer(operation, parameters)
        recorded = programs.stacks.answer(operation, parameters)
        if recorded is not None:
            return recorded
        return asked(client, operation, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    with mock_aws(config={"core": {"mock_credentials": False}}):
        yield


@pytest.fixture
def credentials(account: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.fixture
def bootstrap(credentials: None) -> None:
    boto3.client("ssm", region_name=REGION).put_parameter(Name=BOOTSTRAP_PARAMETER, Value="28", Type="String")


@pytest.fixture
def project(
    account: None,
    programs: Programs,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Project:
    root = tmp_path / "project"
    for name in ("speaker", "listener"):
        dist = root / "frontend" / "apps" / name / "dist"
        (dist / "assets").mkdir(parents=True)
        (dist / "index.html").write_text(f"<!doctype html><title>{name}</title>")
        (dist / "icon.svg").write_text("<svg/>")
        (dist / "manifest.webmanifest").write_text("{}")
        (dist / "assets" / "index-1a2b.js").write_text("export {};")
    (root / "package.json").write_text(json.dumps({"devDependencies": {"aws-cdk": CDK_VERSION}}))
    programs.install()
    monkeypatch.setenv("PATH", f"{programs.directory}{os.pathsep}{os.environ['PATH']}")
    return Project(root=root, programs=programs, capture=capfd)
