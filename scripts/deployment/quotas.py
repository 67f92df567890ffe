"""The account's quotas that a stage runs into first. What cannot be read is a warning, never a reason to stop."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from infrastructure.settings import StageSettings

MIN_UNRESERVED_CONCURRENCY: Final = 100
"""What Lambda keeps for functions without a reservation. Source: Lambda configuration-concurrency."""

SECONDS_PER_SEGMENT: Final = 4
"""How often a session speaks a clause in each of its languages; 8 segments in the 31 s of samples/speech-en.wav."""

LANGUAGES_PER_SESSION: Final = 2
"""How many languages are listened to at once in a session; fewer are not worth planning for."""

NewClient = Callable[[str], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaFinding:
    """One quota beside what the stage needs.

    Attributes:
        advice: What to do; empty if it is enough.
        prevents: The deployment would certainly fail.
    """

    what: str
    seen: str
    advice: str = ""
    prevents: bool = False


def quota_findings(settings: StageSettings, new_client: NewClient) -> Iterator[QuotaFinding]:
    """Compare the account's quotas with what the stage may ask for."""
    yield _lambda_concurrency(settings, new_client)
    yield _transcribe_streams(settings, new_client)
    yield _polly_rate(settings, new_client)


def _lambda_concurrency(settings: StageSettings, new_client: NewClient) -> QuotaFinding:
    what = "Lambda concurrency"
    try:
        limit = int(new_client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"])
    except (BotoCoreError, ClientError):
        return QuotaFinding(what=what, seen="cannot be read", advice="allow lambda:GetAccountSettings, or look it up")
    reserved = settings.cells.count if settings.cells.reserves_concurrency else 0
    needed = MIN_UNRESERVED_CONCURRENCY + reserved
    if reserved and limit < needed:
        return QuotaFinding(
            what=what,
            seen=f"{limit}, and {needed} are needed to set {reserved} aside for the cells",
            advice=_raise("Lambda", "Concurrent executions", "1,000"),
            prevents=True,
        )
    if limit < needed:
        return QuotaFinding(
            what=what,
            seen=f"{limit} for all functions of the account; a crowd that joins at once is throttled",
            advice=_raise("Lambda", "Concurrent executions", "1,000"),
        )
    return QuotaFinding(what=what, seen=f"{limit}, of which {reserved} are set aside for the cells")


def _transcribe_streams(settings: StageSettings, new_client: NewClient) -> QuotaFinding:
    what = "Transcribe streams"
    quota = _quota(new_client, "transcribe", ("concurrent", "http/2 stream"), besides=("medical", "analytics"))
    needed = settings.cells.count * settings.cells.sessions_per_cell
    raising = _raise(
        "Amazon Transcribe", "Number of concurrent HTTP/2 streams for streaming transcription", f"{needed}"
    )
    if quota is None:
        return QuotaFinding(what=what, seen="the quota cannot be read", advice=f"see that it is {needed}: {raising}")
    if quota < needed:
        return QuotaFinding(
            what=what, seen=f"{quota:g} at once, and the stage's cells take {needed} sessions", advice=raising
        )
    return QuotaFinding(what=what, seen=f"{quota:g} at once, enough for {needed} sessions")


def _polly_rate(settings: StageSettings, new_client: NewClient) -> QuotaFinding:
    what = "Polly requests"
    quota = _quota(new_client, "polly", ("synthesizespeech", "neural"), besides=("concurrent",))
    sessions = settings.cells.count * settings.cells.sessions_per_cell
    needed = math.ceil(sessions * LANGUAGES_PER_SESSION / SECONDS_PER_SEGMENT)
    raising = _raise("Amazon Polly", "SynthesizeSpeech with neural voices, requests per second", f"{needed}")
    if quota is None:
        return QuotaFinding(what=what, seen="the quota cannot be read", advice=f"see that it is {needed}: {raising}")
    voices = quota * SECONDS_PER_SEGMENT
    seen = f"{quota:g} neural clips a second, about {voices:.0f} languages spoken at once over all sessions"
    if quota < needed:
        return QuotaFinding(what=what, seen=f"{seen}; {sessions} full sessions want more", advice=raising)
    return QuotaFinding(what=what, seen=seen)


def _quota(new_client: NewClient, service: str, words: tuple[str, ...], *, besides: tuple[str, ...]) -> float | None:
    """The least quota whose name has these words; None if there is none or it cannot be read.

    By name, because codes are not published; the applied values come first, then AWS's defaults.
    """
    client = new_client("service-quotas")
    for operation in ("list_service_quotas", "list_aws_default_service_quotas"):
        try:
            pages = client.get_paginator(operation).paginate(ServiceCode=service)
            quotas = [quota for page in pages for quota in page["Quotas"]]
        except (BotoCoreError, ClientError):
            continue
        values = [
            float(quota["Value"])
            for quota in quotas
            if all(word in quota["QuotaName"].lower() for word in words)
            and not any(word in quota["QuotaName"].lower() for word in besides)
        ]
        if values:
            return min(values)
    return None


def _raise(service: str, quota: str, value: str) -> str:
    return f"ask for {value} in the Service Quotas console: {service}, “{quota}” (docs/operations.md, Quotas)"
