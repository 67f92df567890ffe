"""The account's quotas that a stage runs into first. What cannot be read is a warning, never a reason to stop."""

import math
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from scripts.deployment.errors import error_code
from scripts.deployment.finding import Finding, Verdict
from scripts.deployment.outputs import stack_resources
from scripts.deployment.stage import Stage

MIN_UNRESERVED_CONCURRENCY: Final = 100
"""What Lambda keeps for functions without a reservation. Source: Lambda configuration-concurrency."""

SECONDS_PER_SEGMENT: Final = 2.6
"""How often a session speaks a clause of 3 s at most, in each of its languages.

Source: benchmarks/results/clauses.md, requests a minute.
"""

LANGUAGES_PER_SESSION: Final = 2
"""How many languages are listened to at once in a session; fewer are not worth planning for."""

NewClient = Callable[[str], Any]


def quota_findings(stage: Stage, new_client: NewClient) -> Iterator[Finding]:
    """Compare the account's quotas with what the stage may ask for."""
    cells = stage.settings.cells
    sessions = cells.count * cells.sessions_per_cell
    yield _lambda_concurrency(stage, new_client)
    yield _transcribe_streams(sessions, new_client)
    yield _polly_rate(sessions, new_client)


def _lambda_concurrency(stage: Stage, new_client: NewClient) -> Finding:
    what, cells = "Lambda concurrency", stage.settings.cells
    functions = new_client("lambda")
    try:
        limits = functions.get_account_settings()["AccountLimit"]
    except (BotoCoreError, ClientError) as error:
        seen = f"cannot be read ({error_code(error)})"
        return _warning(what, seen, "allow lambda:GetAccountSettings, or look it up")
    limit, unreserved = int(limits["ConcurrentExecutions"]), int(limits["UnreservedConcurrentExecutions"])
    reserved = cells.count if cells.reserves_concurrency else 0
    raising = _raise("Lambda", "Concurrent executions", "1,000")
    if not reserved:
        if unreserved < MIN_UNRESERVED_CONCURRENCY:
            seen = f"{unreserved} for all functions of the account; a crowd that joins at once is throttled"
            return _warning(what, seen, raising)
        return Finding(verdict=Verdict.OK, what=what, seen=f"{unreserved} of {limit} are free of reservations")
    try:
        # What this stage has reserved before is there for it again.
        own = _reserved_by(stage, new_client("cloudformation"), functions)
    except (BotoCoreError, ClientError) as error:
        seen = f"{unreserved} of {limit} are free of reservations; the stage's own cannot be read ({error_code(error)})"
        return _warning(what, seen, "allow cloudformation:ListStackResources and lambda:GetFunctionConcurrency")
    free, needed = unreserved + own, MIN_UNRESERVED_CONCURRENCY + reserved
    if free < needed:
        others = f", of which other functions have reserved {limit - free}" if limit > free else ""
        return Finding(
            verdict=Verdict.FAILED,
            what=what,
            seen=f"{limit}{others}; {needed} are needed to set {reserved} aside for the cells",
            advice=raising,
        )
    return Finding(verdict=Verdict.OK, what=what, seen=f"{free} of {limit}, and {reserved} are set aside for the cells")


def _reserved_by(stage: Stage, cloudformation: Any, functions: Any) -> int:
    """What the deployed cells have set aside; 0 before the first deployment."""
    return sum(
        functions.get_function_concurrency(FunctionName=each["PhysicalResourceId"]).get(
            "ReservedConcurrentExecutions", 0
        )
        for each in stack_resources(cloudformation, stage.processing_stack)
        if each["ResourceType"] == "AWS::Lambda::Function" and not each["ResourceStatus"].startswith("DELETE")
    )


def _transcribe_streams(sessions: int, new_client: NewClient) -> Finding:
    what, name = "Transcribe streams", "Number of concurrent HTTP/2 streams for streaming transcription"
    raising = _raise("Amazon Transcribe", name, f"{sessions}")
    quota = _quota(new_client, "transcribe", ("concurrent", "http/2 stream"), besides=("medical", "analytics"))
    if isinstance(quota, str):
        return _warning(what, quota, f"see that it is {sessions}: {raising}")
    if quota < sessions:
        return _warning(what, f"{quota:g} at once, and the stage's cells take {sessions} sessions", raising)
    return Finding(verdict=Verdict.OK, what=what, seen=f"{quota:g} at once, enough for {sessions} sessions")


def _polly_rate(sessions: int, new_client: NewClient) -> Finding:
    what = "Polly requests"
    needed = math.ceil(sessions * LANGUAGES_PER_SESSION / SECONDS_PER_SEGMENT)
    raising = _raise("Amazon Polly", "the rate of SynthesizeSpeech with neural voices", f"{needed} a second")
    # AWS publishes the number (8 a second), but not what Service Quotas calls it.
    quota = _quota(new_client, "polly", ("synthesizespeech", "neural"), besides=("concurrent", "task"))
    if isinstance(quota, str):
        return _warning(what, quota, f"8 a second unless it was raised; see that it is {needed}: {raising}")
    voices = quota * SECONDS_PER_SEGMENT
    seen = f"{quota:g} neural clips a second, about {voices:.0f} languages spoken at once over all sessions"
    if quota < needed:
        return _warning(what, f"{seen}; {sessions} full sessions want more", raising)
    return Finding(verdict=Verdict.OK, what=what, seen=seen)


def _quota(new_client: NewClient, service: str, words: tuple[str, ...], *, besides: tuple[str, ...]) -> float | str:
    """The least quota whose name has these words, or why there is none.

    By name, because codes are not published; the applied values come first, then AWS's defaults. How a name is spaced
    and hyphenated does not matter.
    """
    client = new_client("service-quotas")
    refusal, listed = "", 0
    for operation in ("list_service_quotas", "list_aws_default_service_quotas"):
        try:
            pages = client.get_paginator(operation).paginate(ServiceCode=service)
            quotas = [quota for page in pages for quota in page["Quotas"]]
        except (BotoCoreError, ClientError) as error:
            refusal = error_code(error)
            continue
        listed = max(listed, len(quotas))
        values = [
            float(quota["Value"])
            for quota in quotas
            if all(_plain(word) in _plain(quota["QuotaName"]) for word in words)
            and not any(_plain(word) in _plain(quota["QuotaName"]) for word in besides)
        ]
        if values:
            return min(values)
    if not listed and refusal:
        return f"the quota cannot be read ({refusal}); allow servicequotas:ListServiceQuotas"
    return f"none of the {listed} quotas that Service Quotas lists for {service} is named like it"


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9/]", "", name.lower())


def _warning(what: str, seen: str, advice: str) -> Finding:
    return Finding(verdict=Verdict.WARNING, what=what, seen=seen, advice=advice)


def _raise(service: str, quota: str, value: str) -> str:
    return f"ask for {value} in the Service Quotas console: {service}, “{quota}” (docs/operations.md, Quotas)"
