"""An AWS account that is none, as the SDK finds it in the environment."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from babelcast.adapters import aws_client

REGION = "eu-west-1"


@contextmanager
def aws_account(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Iterator[None]:
    """Credentials that are nobody's, whatever account this user has chosen, and clients made with them alone.

    Args:
        monkeypatch: Takes everything back.
        variables: More of the environment.
    """
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        **variables,
    }.items():
        monkeypatch.setenv(name, value)
    aws_client.client.cache_clear()
    try:
        yield
    finally:
        aws_client.client.cache_clear()
