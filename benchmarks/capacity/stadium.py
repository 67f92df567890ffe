"""A hall so large that each listener's connection is too much: what three ways of telling it take, on paper.

The clauses, captions and clips are the model's, of one session; the rest is arithmetic on prices and intervals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.capacity.scenario import Quotas
from benchmarks.capacity.simulation import Outcome
from benchmarks.tables import markdown_table
from infrastructure.costs import Assumptions
from infrastructure.prices import US_EAST_1, Certainty, Price, PriceTable

LISTENERS: Final = 100_000
_HOUR_S: Final = 3_600
_POLL_BYTES: Final = 1_100
"""An answer's head and a compressed list of the last clauses and the caption. An estimate."""
_PART_S: Final = 0.5
_HELD_BACK_PARTS: Final = 3
"""Source: Apple, HLS authoring and RFC 8216bis, PART-HOLD-BACK is at least three times PART-TARGET."""
_POSTS_PER_SENDER_S: Final = 2_000
"""What one invocation of `notification_sender` posts: 0.4 ms of its core each, and its own beginning."""

CLOUDFRONT_REQUEST: Final = Price(
    usd=1.0e-6,
    unit="HTTPS request",
    source="aws.amazon.com/cloudfront/pricing: $0.0100 for 10,000 in North America and Europe",
    read_on="2026-11-21",
    certainty=Certainty.UNCONFIRMED,
)
CLOUDFRONT_REQUESTS_PER_S: Final = 250_000
"""Of one distribution, adjustable. Source: CloudFront developer guide, cloudfront-limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way to tell 100,000 listeners.

    Attributes:
        requests_per_s: Messages or requests for all of them, and what a quota allows of these.
        added_p50_s, added_p95_s: Later than by a message to a connection that is told at once.
        usd_per_hour: For all, without the session's own speech services, which are alike.
    """

    name: str
    requests_per_s: float
    allowed_per_s: float
    added_p50_s: float
    added_p95_s: float
    usd_per_hour: float


def ways(outcome: Outcome, *, languages: int, listeners: int = LISTENERS, prices: PriceTable = US_EAST_1) -> list[Way]:
    """All three, and polling at two paces.

    Args:
        outcome: Of one session, from which captions and clauses per second are taken.
        languages: That have a list each.
        listeners: All together.
        prices: Of the region.
    """
    session_s = outcome.simulated_sessions * outcome.seconds
    partials_per_s, clauses_per_s = outcome.tally.partials / session_s, outcome.tally.clauses / session_s
    clip_bytes_per_s = Assumptions().clip_bytes_per_s * _speech_share(outcome)
    return [
        _connections(partials_per_s, clauses_per_s, clip_bytes_per_s, listeners, prices),
        *(
            _playlist(
                poll_s, partials_per_s, clauses_per_s, clip_bytes_per_s, listeners, languages=languages, prices=prices
            )
            for poll_s in (1.0, 2.0)
        ),
        _low_latency_hls(listeners, prices),
    ]


def _speech_share(outcome: Outcome) -> float:
    clauses = {(each.session, each.clause.number): each.clause for each in outcome.tally.delivered}
    return sum(each.spoken_s for each in clauses.values()) / outcome.simulated_sessions / outcome.seconds


def _connections(
    partials_per_s: float, clauses_per_s: float, clip_bytes_per_s: float, listeners: int, prices: PriceTable
) -> Way:
    assumed = Assumptions()
    posted_per_s = partials_per_s + 2 * clauses_per_s
    sent_per_s = (assumed.heartbeats_per_hour + assumed.reports_per_hour) / _HOUR_S
    bytes_per_s = posted_per_s * assumed.caption_bytes + clip_bytes_per_s
    handled_gb_s = assumed.connection_invocation_s  # of a function with a gigabyte
    per_second_usd = (
        (posted_per_s + sent_per_s) * prices.websocket_message.usd
        + prices.websocket_connection_minute.usd / 60
        + posted_per_s / _POSTS_PER_SENDER_S * 1.73 * prices.lambda_gb_second.usd
        + sent_per_s * (prices.lambda_request.usd + handled_gb_s * prices.lambda_gb_second.usd)
        + clauses_per_s * prices.s3_get.usd
        + bytes_per_s / 1e9 * prices.transfer_gb.usd
    )
    return Way(
        name="a message to each connection (API Gateway)",
        requests_per_s=listeners * (posted_per_s + sent_per_s),
        allowed_per_s=Quotas().requests_per_s,
        added_p50_s=0.0,
        added_p95_s=0.0,
        usd_per_hour=listeners * _HOUR_S * per_second_usd,
    )


def _playlist(
    poll_s: float,
    partials_per_s: float,
    clauses_per_s: float,
    clip_bytes_per_s: float,
    listeners: int,
    *,
    languages: int,
    prices: PriceTable,
) -> Way:
    requests_per_s = 1 / poll_s + clauses_per_s
    bytes_per_s = _POLL_BYTES / poll_s + clip_bytes_per_s
    written_per_s = languages * (partials_per_s + clauses_per_s)
    p50_s, p95_s = waiting_s(kept_s=1.0, poll_s=poll_s)
    return Way(
        name=f"a list per language on CloudFront, asked for every {poll_s:g} s",
        requests_per_s=listeners * requests_per_s,
        allowed_per_s=CLOUDFRONT_REQUESTS_PER_S,
        added_p50_s=p50_s,
        added_p95_s=p95_s,
        usd_per_hour=_HOUR_S
        * (
            listeners * (requests_per_s * CLOUDFRONT_REQUEST.usd + bytes_per_s / 1e9 * prices.cloudfront_gb.usd)
            + written_per_s * prices.s3_put.usd
        ),
    )


def _low_latency_hls(listeners: int, prices: PriceTable) -> Way:
    """One request for a part and one for the list, each time; sound all the time, silence as well."""
    requests_per_s = 2 / _PART_S
    bytes_per_s = _POLL_BYTES / _PART_S + Assumptions().clip_bytes_per_s
    return Way(
        name="low-latency HLS on CloudFront, parts of half a second",
        requests_per_s=listeners * requests_per_s,
        allowed_per_s=CLOUDFRONT_REQUESTS_PER_S,
        added_p50_s=_PART_S * (0.5 + _HELD_BACK_PARTS),
        added_p95_s=_PART_S * (0.95 + _HELD_BACK_PARTS),
        usd_per_hour=listeners
        * _HOUR_S
        * (requests_per_s * CLOUDFRONT_REQUEST.usd + bytes_per_s / 1e9 * prices.cloudfront_gb.usd),
    )


def waiting_s(*, kept_s: float, poll_s: float) -> tuple[float, float]:
    """How long a new list is waited for, in the median and the 95th percentile.

    An edge keeps the list for so long, and a listener asks again after so long; when either happens to be due has
    nothing to do with the other.
    """
    moments = (np.arange(1_000) + 0.5) / 1_000
    waits = np.add.outer(moments * kept_s, moments * poll_s).ravel()
    p50, p95 = np.percentile(waits, (50, 95))
    return float(p50), float(p95)


def table(found: Sequence[Way]) -> str:
    """As Markdown."""
    return markdown_table(
        ("way", "requests/s", "of the quota", "later p50", "later p95", "$ an hour", "$ a listener and hour"),
        [
            (
                each.name,
                f"{each.requests_per_s:,.0f}",
                f"{each.requests_per_s / each.allowed_per_s:.1f} ×",
                f"{each.added_p50_s:.1f} s",
                f"{each.added_p95_s:.1f} s",
                f"{each.usd_per_hour:,.0f}",
                f"{each.usd_per_hour / LISTENERS:.4f}",
            )
            for each in found
        ],
    )
