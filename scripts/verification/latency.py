"""The hops that a client can time by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scripts.verification.evidence import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class HopLatency:
    """One hop in milliseconds; `count` measurements, of chunks or of segments in all languages."""

    name: str
    count: int
    p50_ms: float
    p95_ms: float


def hop_latencies(evidence: Evidence) -> list[HopLatency]:
    """Every hop that was measured, in the order in which speech takes them; the last is the whole way.

    The commit's time is by the server's clock, corrected by no more than what joining proved about it, so its
    error moves from one of its two neighbours to the other and leaves the whole way untouched.
    """
    broadcast, speaker = evidence.broadcast, evidence.speaker
    segments = [segment for listener in evidence.listeners for segment in listener.record.segments]
    played = [each for each in segments if each.played_at is not None and each.download_ms is not None]

    def committed_ms(epoch_ms: int) -> int:
        return epoch_ms - broadcast.first_sample_epoch_ms

    received_ms = {id(each): broadcast.since_start_ms(each.received_at) for each in segments}
    hops: Mapping[str, Sequence[float]] = {
        "acknowledge  a chunk's last sample → in Kinesis": [
            (at - speaker.captured_at[index]) * 1000 for index, at in speaker.acknowledged_at.items()
        ],
        "commit       end of the clause → committed": [
            committed_ms(each.committed_at_epoch_ms) - each.spoken_end_ms for each in segments
        ],
        "notify       committed → told to the listener": [
            received_ms[id(each)] - committed_ms(each.committed_at_epoch_ms) for each in segments
        ],
        "download     told → clip on hand": [each.download_ms for each in segments if each.download_ms is not None],
        "play         clip on hand → heard": [
            broadcast.since_start_ms(each.played_at or 0.0) - received_ms[id(each)] - (each.download_ms or 0)
            for each in played
        ],
        "end to end   end of the clause → heard": [
            broadcast.since_start_ms(each.played_at or 0.0) - each.spoken_end_ms for each in played
        ],
    }
    return [_latency(name, values) for name, values in hops.items() if values]


def _latency(name: str, values: Sequence[float]) -> HopLatency:
    p50, p95 = np.percentile(values, (50, 95))
    return HopLatency(name=name, count=len(values), p50_ms=float(p50), p95_ms=float(p95))
