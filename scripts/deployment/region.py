"""Whether the region has the services that hear, translate and speak."""

import re
import socket
from collections.abc import Iterator
from typing import Any, Final

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from scripts.deployment.errors import DeploymentError, error_code
from scripts.deployment.finding import Finding, Verdict

_SERVICES: Final = {"transcribestreaming": "Transcribe Streaming", "translate": "Translate"}
"""By the first part of their endpoints' names."""


def require_region(region: str) -> None:
    """Refuse what has not even the form of a region's name; whether there is one of that name, only AWS can tell.

    Raises:
        DeploymentError: It has not.
    """
    if _partition(region) is None:
        raise DeploymentError(f"{region} is no region of AWS: set AWS_REGION, such as eu-west-1")


def region_findings(region: str, polly: Any) -> Iterator[Finding]:
    """Ask for each service; none can be in another region than the rest of a stage.

    Args:
        region: Of the deployment; `require_region` has let it pass.
        polly: A client in it.
    """
    partition = _partition(region)
    endpoints = {service: partition["services"].get(service, {}).get("endpoints", {}) for service in _SERVICES}
    both = [each for each in partition["regions"] if all(each in known for known in endpoints.values())]
    advice = f"set AWS_REGION to one that has both: {', '.join(both)}" if both else "take a region of another partition"
    for service, name in _SERVICES.items():
        host = f"{service}.{region}.{partition['dnsSuffix']}"
        # The table is as old as botocore; a service that has come since then has a name that resolves.
        if region in endpoints[service] or _resolves(host):
            yield Finding(verdict=Verdict.OK, what=name, seen=f"offered in {region}")
        else:
            seen = f"not offered in {region} ({host} does not exist)"
            yield Finding(verdict=Verdict.FAILED, what=name, seen=seen, advice=advice)
    yield _neural_voices(region, polly)


def _partition(region: str) -> Any:
    """The part of botocore's table of endpoints that the region is in; None if it is in none."""
    partitions = botocore.session.get_session().get_data("endpoints")["partitions"]
    return next((each for each in partitions if re.fullmatch(each["regionRegex"], region)), None)


def _resolves(host: str) -> bool:
    try:
        socket.getaddrinfo(host, 443)
    except OSError:
        return False
    return True


def _neural_voices(region: str, polly: Any) -> Finding:
    what, advice = "Polly", "set AWS_REGION to one that has neural voices"
    try:
        voices = polly.describe_voices(Engine="neural")["Voices"]
    except EndpointConnectionError:
        return Finding(verdict=Verdict.FAILED, what=what, seen=f"not offered in {region}", advice=advice)
    except (BotoCoreError, ClientError) as error:
        return Finding(
            verdict=Verdict.WARNING,
            what=what,
            seen=f"its voices cannot be read ({error_code(error)})",
            advice="allow polly:DescribeVoices, or see that the region has neural voices",
        )
    if not voices:
        seen = f"no neural voices in {region}, and the clips are made by them"
        return Finding(verdict=Verdict.FAILED, what=what, seen=seen, advice=advice)
    return Finding(verdict=Verdict.OK, what=what, seen=f"{len(voices)} neural voices in {region}")
