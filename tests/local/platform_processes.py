"""Processes of the local platform for tests, on loopback, and small functions for them to run."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import boto3
from botocore.config import Config

from local.process import READY_PREFIX, SUPERVISOR_PID_VARIABLE
from local.supervision import PROJECT_ROOT

REGION = "us-east-1"
ACCOUNT_ID = "123456789012"
_T = TypeVar("_T")


@contextmanager
def running(module: str, *arguments: str, log: Path) -> Iterator[Mapping[str, Any]]:
    """`python -m module arguments`, ended afterwards; gives the facts of its READY line."""
    with log.open("ab") as log_file:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdout=subprocess.PIPE,
            stderr=log_file,
            cwd=PROJECT_ROOT,
            env={**os.environ, SUPERVISOR_PID_VARIABLE: str(os.getpid())},
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline().decode()
        assert line.startswith(READY_PREFIX), f"{module} did not start: {log.read_text()}"
        yield json.loads(line[len(READY_PREFIX) :])
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stdout.close()


def aws_client(service: str, endpoint_url: str) -> Any:
    """A client of any service at a local address, without retries."""
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=30),
    )


def write_function(directory: Path, package: str, source: str) -> str:
    """Write a function's package into an asset directory; returns its handler string."""
    (directory / package).mkdir(parents=True, exist_ok=True)
    (directory / package / "__init__.py").touch()
    (directory / package / "handler.py").write_text(source)
    return f"{package}.handler.lambda_handler"


def function_arn(name: str) -> str:
    """The ARN of a function in moto's account."""
    return f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{name}"


def eventually(probe: Callable[[], _T], *, within_seconds: float = 20.0) -> _T:
    """Ask again until the answer is true (or anything like it); fails when it never is."""
    deadline = time.monotonic() + within_seconds
    while not (found := probe()):
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended but nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
