"""Named service times. They make the local services as slow as others; that it is AWS's speed is a guess to be checked.

What a profile cannot show: the rest of AWS (Lambda's own start of an invocation, DynamoDB, Kinesis, API Gateway, a
listener's download) takes here what this machine takes, and the services never slow down together, as they would in
trouble.
"""

import argparse
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import msgspec

from local.services.behaviour import ServiceTime, ServiceTimes, Step

_AWS: Final[ServiceTimes] = MappingProxyType(
    {
        # Assumed: a TLS handshake, a signed request and a place in the service; AWS publishes none.
        Step.TRANSCRIBE: ServiceTime(median_ms=200, sigma=0.3),
        # Assumed: as old as one interval of partial results, which is half a second in AWS's own example.
        # Source of the interval: Transcribe developer guide, streaming and partial results.
        Step.TRANSCRIBE_PARTIAL: ServiceTime(median_ms=500, sigma=0.2),
        # From the end of speech to the final segment: median 1,136 ms, p95 1,527, p99 1,897 (1,000 utterances). Half a
        # second of that is the pause by which the local recogniser ends a result. With this: 1,140, 1,570, 1,820 ms.
        # Source: pipecat-ai/stt-benchmark, README, row AWS.
        Step.TRANSCRIBE_FINAL: ServiceTime(median_ms=640, sigma=0.31),
        # Assumed for a sentence; AWS publishes none.
        Step.TRANSLATE: ServiceTime(median_ms=150, sigma=0.25),
        # First byte of a neural voice, 310 to 370 ms as others have measured; the rest of a clip comes faster than it
        # is spoken, and the local service sends it all at once.
        Step.POLLY: ServiceTime(median_ms=340, sigma=0.15),
        # Assumed for a clip, from inside the region: 30 to 60 ms (p5 to p95). AWS publishes no distribution; its guide
        # promises "consistent small object latencies […] of roughly 100–200 milliseconds", without a percentile and
        # without saying from where, so this may be too fast.
        # Source of the promise: S3 user guide, "Best practices design patterns: optimizing Amazon S3 performance".
        Step.S3_PUT: ServiceTime(median_ms=42, sigma=0.21),
    }
)


class Profile(StrEnum):
    """Service times by name."""

    NONE = "none"
    """Everything as fast as it is here."""
    AWS = "aws"
    """Plausible for AWS, from inside the region."""

    @property
    def times(self) -> ServiceTimes:
        """How long each step takes."""
        return _AWS if self is Profile.AWS else {}


def add_time_options(parser: argparse.ArgumentParser) -> None:
    """Add `--service-times`, a profile's name or times by step, and `--seed`."""
    parser.add_argument(
        "--service-times",
        type=_service_times,
        default={},
        metavar="PROFILE|JSON",
        help=f"{' or '.join(Profile)}, or by step, such as "
        '{"transcribe_final": {"median_ms": 640, "sigma": 0.3}, "polly": {"median_ms": 350}}; steps: '
        f"{' '.join(Step)}; those of other processes are ignored",
    )
    parser.add_argument("--seed", type=int, default=1, help="of the service times")


def _service_times(text: str) -> ServiceTimes:
    if text in set(Profile):
        return Profile(text).times
    try:
        return msgspec.json.decode(text, type=dict[Step, ServiceTime])
    except msgspec.MsgspecError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
