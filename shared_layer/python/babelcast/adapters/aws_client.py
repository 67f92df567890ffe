"""boto3 clients for a live path: bounded in time, few retries, called from threads of one pool."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any, Final, TypeVar, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from babelcast.domain.errors import BabelcastError, StorageUnavailableError

CONCURRENT_CALLS: Final = 32

CONDITION_FAILED: Final = "ConditionalCheckFailedException"
"""DynamoDB's code for a write whose condition did not hold."""

CLIENT_CONFIG: Final = Config(
    connect_timeout=1,
    read_timeout=5,
    retries={"total_max_attempts": 3, "mode": "standard"},
    max_pool_connections=CONCURRENT_CALLS,
)
"""Three attempts with backoff and jitter; after that the caller decides.

A throttled call waits up to 1 s and 2 s between them. A client has about a hundred such further attempts, which calls
that succeed give back; without any left, a call fails with its first. Source: botocore/retries/standard.py, 1.44.
"""

SINGLE_ATTEMPT: Final = CLIENT_CONFIG.merge(Config(retries={"total_max_attempts": 1, "mode": "standard"}))
"""For what is of use only at once."""

_CONFLICT_PAUSES_S: Final = (0.05, 0.1, 0.2, 0.4)
"""At most so long before each further try, by chance; together less than a second. A transaction takes some 20 ms."""

_JITTER: Final = random.SystemRandom()

_CONFLICT: Final = "TransactionConflictException"
"""DynamoDB's code for a single write that meets a transaction on its item."""

_PASSING_REASONS: Final = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
"""DynamoDB's reasons to cancel a transaction that would have been carried out a moment later."""

_T = TypeVar("_T")


@cache
def _threads(service: str) -> ThreadPoolExecutor:
    """A service that hangs keeps its own threads alone."""
    return ThreadPoolExecutor(CONCURRENT_CALLS, thread_name_prefix=service)


async def in_thread(function: Callable[[], _T], *, service: str) -> _T:
    """Call a blocking function that waits for a service, without blocking the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_threads(service), function)


def error_code(error: Exception) -> str:
    """The service's code of an error, or the exception's name when there was no answer.

    A transaction that was cancelled by a condition has the condition's code.
    """
    if not isinstance(error, ClientError):
        return type(error).__name__
    reasons = {each.get("Code") for each in error.response.get("CancellationReasons", ())}
    if "ConditionalCheckFailed" in reasons:
        return CONDITION_FAILED
    return str(error.response.get("Error", {}).get("Code", ""))


async def call(
    function: Callable[..., Any],
    *,
    errors: Mapping[str, Callable[[str], BabelcastError]] | None = None,
    otherwise: Callable[[str], BabelcastError] = StorageUnavailableError,
    **arguments: Any,
) -> Any:
    """Call an AWS operation.

    Args:
        function: A bound method of a boto3 client.
        errors: Our error for each of the service's codes that means something to the caller.
        otherwise: Our error for all others.
        arguments: The operation's parameters.

    Raises:
        BabelcastError: As the table says; the message holds the operation and the code only.
    """
    service: str = cast("Any", function).__self__.meta.service_model.service_name
    try:
        return await _past_conflicts(lambda: in_thread(partial(function, **arguments), service=service))
    except (ClientError, BotoCoreError) as error:
        code = error_code(error)
        make = (errors or {}).get(code, otherwise)
        raise make(f"{function.__name__}: {code}") from error


async def _past_conflicts(attempt: Callable[[], Awaitable[Any]]) -> Any:
    """The answer of the first attempt that meets no other transaction, which botocore does not wait for."""
    for longest_pause_s in _CONFLICT_PAUSES_S:
        try:
            return await attempt()
        except ClientError as error:
            if not _is_conflict(error):
                raise
        await asyncio.sleep(_JITTER.uniform(0, longest_pause_s))
    return await attempt()


def _is_conflict(error: ClientError) -> bool:
    reasons = {each.get("Code") for each in error.response.get("CancellationReasons", ())} - {"None"}
    return error_code(error) == _CONFLICT or (bool(reasons) and reasons <= _PASSING_REASONS)


@cache
def client(service: str, endpoint_url: str | None = None) -> Any:
    """The one client of a service in this environment."""
    return boto3.client(service, config=CLIENT_CONFIG, endpoint_url=endpoint_url)  # type: ignore[call-overload]


@cache
def dynamodb_client(config: Config = CLIENT_CONFIG) -> Any:
    """A DynamoDB client that takes and gives plain Python values."""
    return boto3.resource("dynamodb", config=config).meta.client
