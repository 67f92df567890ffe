"""What the model takes for granted: the processor's time for each unit of work, and how long AWS takes for what is not
a speech service. Each number says where it is from; measured ones can be replaced by a file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec

from benchmarks.span.wifi import PERFECT, VENUE, WifiProfile
from local.errors import UserError
from local.services.behaviour import ServiceTime, ServiceTimes
from local.services.profiles import Profile

_MEASURED: Final = MappingProxyType(
    {
        "chunk_ms": "chunk_s",
        "segment_language_ms": "rendition_s",
        "segment_ms": "commit_s",
        "audience_listener_ms": "audience_connection_s",
        "listener_ms": "post_s",
    }
)
"""Costs by their keys in the file of `benchmarks.unit_costs`, in milliseconds there.

Its ``audio_second_ms`` has the batches in it, by which the model counts apart: those three costs stay the load's.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitCosts:
    """Seconds of one core, which comes with 1,769 MB; a function with less memory takes in proportion longer.

    A core of Lambda is taken to be as fast as one of the machine on which these were measured.

    Attributes:
        chunk_s: `connection_handler`, for an audio message. Source: benchmarks/results/load.json, 0.009 to 0.010 of a
            core for each session's four a second.
        invocation_s: `audio_processor`, for an invocation whatever is in it. Source: load.json, 0.040 of a core for one
            session and 0.56 for 40 in two cells, one invocation a second each.
        session_batch_s: For a session's part of a batch, two reads of DynamoDB. Estimated from what 500 posts by
            boto3's client took, 0.85 ms each (docs/decisions/0013), with reading what is in them.
        audio_s: For a second of a session's audio. Source: load.json, 0.0125 of a core for each session, without what
            the two costs beside this one explain of it.
        rendition_s: For a segment in one language: three calls by boto3's client, and measuring a clip. An estimate.
        commit_s: For a segment: a transaction, a write and a read of DynamoDB. An estimate.
        audience_connection_s: For a connection of the audience, which is read before and after a segment. Source:
            load.json, 0.006 of a core more of `audio_processor` for 500 listeners than for 250.
        post_s: For a message to a connection, signed and sent. Source: load.json, 0.3 of a core of
            `notification_sender` for 24 segments and captions a half minute to 500.
        sender_invocation_s: `notification_sender`, for an invocation. An estimate.
    """

    chunk_s: float = 0.0022
    invocation_s: float = 0.030
    session_batch_s: float = 0.004
    audio_s: float = 0.007
    rendition_s: float = 0.005
    commit_s: float = 0.003
    audience_connection_s: float = 0.000017
    post_s: float = 0.0004
    sender_invocation_s: float = 0.003

    def __post_init__(self) -> None:
        if any(getattr(self, each.name) < 0 for each in fields(self)):
            raise ValueError("no work takes less than no time")


def read_unit_costs(path: Path) -> UnitCosts:
    """The defaults with what `benchmarks.unit_costs` has measured; what else is in its file is left alone.

    Raises:
        UserError: The file is none, or has a cost that is no time.
    """
    try:
        numbers: Mapping[str, Any] = msgspec.json.decode(path.read_bytes())
        measured_ms = {name: numbers[key] for key, name in _MEASURED.items() if key in numbers}
        costs_ms = msgspec.convert(measured_ms, dict[str, float])
        return replace(UnitCosts(), **{name: cost_ms / 1000 for name, cost_ms in costs_ms.items()})
    except (OSError, TypeError, ValueError, msgspec.MsgspecError) as error:
        raise UserError(f"{path}: no unit costs: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformTimes:
    """How long the platform takes where the speech services have no part.

    Attributes:
        gateway: From a client's message at API Gateway until a function has it; and back.
        kinesis_put: A record written.
        push: From a record's arrival to its delivery, with enhanced fan-out.
        poll_s: How often a shard is polled without it.
        pushes_at_intervals: Pushed records come at multiples of the push's median, as the local stack's do.
        invoke: From a batch, or another function's call, until the function has it.
        read, transaction: DynamoDB.
        post: A message to a connection, until it is acknowledged.
        clip_first_byte: Of a clip, from storage, beside the listener's own network.
    """

    gateway: ServiceTime
    kinesis_put: ServiceTime
    push: ServiceTime
    poll_s: float = 1.0
    pushes_at_intervals: bool = False
    invoke: ServiceTime
    read: ServiceTime
    transaction: ServiceTime
    post: ServiceTime
    clip_first_byte: ServiceTime


AWS_TIMES: Final = PlatformTimes(
    gateway=ServiceTime(median_ms=12, sigma=0.4),
    kinesis_put=ServiceTime(median_ms=15, sigma=0.4),
    push=ServiceTime(median_ms=70, sigma=0.25),
    invoke=ServiceTime(median_ms=12, sigma=0.4),
    read=ServiceTime(median_ms=5, sigma=0.4),
    transaction=ServiceTime(median_ms=20, sigma=0.3),
    post=ServiceTime(median_ms=20, sigma=0.4),
    clip_first_byte=ServiceTime(median_ms=35, sigma=0.4),
)
"""Assumed, but for the push (Kinesis developer guide, enhanced-consumers: about 70 ms) and the poll (Lambda developer
guide: "base rate of once per second"). A post's 20 ms are those of docs/decisions/0013; no function starts cold.
"""

LOCAL_TIMES: Final = PlatformTimes(
    gateway=ServiceTime(median_ms=1.5, sigma=0.6),
    kinesis_put=ServiceTime(median_ms=2.5, sigma=0.6),
    push=ServiceTime(median_ms=70),
    pushes_at_intervals=True,
    invoke=ServiceTime(median_ms=4, sigma=0.6),
    read=ServiceTime(median_ms=4, sigma=0.6),
    transaction=ServiceTime(median_ms=9, sigma=0.7),
    post=ServiceTime(median_ms=5, sigma=0.6),
    clip_first_byte=ServiceTime(median_ms=5, sigma=0.8),
)
"""The local stack on two cores with other work beside it. Source: benchmarks/results/load.md, a chunk acknowledged in
5 ms; latency-natural.md, committed in 17 ms with the read behind it, a clip fetched in 5 ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where the stage is.

    Attributes:
        services: The speech services' times and the clips' storage's, by step.
        speaker_network, listener_network: The devices' air.
        voice_expansion: How long a translation takes the voice, over its source. A tenth more is assumed, as in
            benchmarks/span/talk.py.
        longest_pace: How much quicker a voice is made at most to take no longer. Source: `babelcast.domain.dynamics`.
    """

    costs: UnitCosts = UnitCosts()
    platform: PlatformTimes = AWS_TIMES
    services: ServiceTimes
    speaker_network: WifiProfile = VENUE
    listener_network: WifiProfile = VENUE
    voice_expansion: float = 1.1
    longest_pace: float = 1.25


ON_AWS: Final = Surroundings(services=Profile.AWS.times)
"""AWS as it is assumed to be, everybody in a venue's Wi-Fi."""

ON_THIS_MACHINE: Final = Surroundings(
    platform=LOCAL_TIMES,
    services=Profile.AWS.times,
    speaker_network=PERFECT,
    listener_network=PERFECT,
    voice_expansion=1.0,
)
"""The local stack as slow as AWS's speech services, its clients beside it, speaking the tone language."""
