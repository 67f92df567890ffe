"""What AWS asks for what Babelcast uses: every price with its unit, its source, its date and how sure it is.

Prices are in USD, without free tiers, volume discounts and taxes. They are an estimate's input, not an
offer: the bill decides.
"""

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final


class Certainty(StrEnum):
    """How far a price can be trusted."""

    SECOND_HAND = "others who quote AWS"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """One price.

    Attributes:
        usd: For one ``unit``.
        read_on: ISO date at which the source was read or, if it says so, at which it was written.
    """

    usd: float
    unit: str
    source: str
    read_on: str
    certainty: Certainty

    def __post_init__(self) -> None:
        if self.usd <= 0 or not self.unit or not self.source:
            raise ValueError("a price is positive and has a unit and a source")


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscribePrice:
    """One reading of Transcribe Streaming's price, which is disputed.

    Attributes:
        name: For a table's heading.
        second: Of audio.
        minimum_s: Every stream is billed for at least so much; 0 for no minimum.
    """

    name: str
    second: Price
    minimum_s: float

    def stream_usd(self, seconds: float) -> float:
        """One stream that carried so many seconds of audio, silence included."""
        return max(seconds, self.minimum_s) * self.second.usd


def _second_hand(usd: float, unit: str, source: str, read_on: str = "2026-11-20") -> Price:
    return Price(usd=usd, unit=unit, source=source, read_on=read_on, certainty=Certainty.SECOND_HAND)


def _unconfirmed(usd: float, unit: str, page: str) -> Price:
    return Price(usd=usd, unit=unit, source=page, read_on="2026-11-20", certainty=Certainty.UNCONFIRMED)


TRANSCRIBE_WITHOUT_MINIMUM: Final = TranscribePrice(
    name="no minimum",
    second=Price(
        usd=0.0001667,
        unit="second of audio",
        source="AWS Price List, StreamingAudio, and the page's words, quoted in stdapi-ai/stdapi.ai#279 and #280",
        read_on="2026-09-22",
        certainty=Certainty.SECOND_HAND,
    ),
    minimum_s=0.0,
)
"""The newer reading: about $0.010 a minute."""

TRANSCRIBE_WITH_MINIMUM: Final = TranscribePrice(
    name="15 s minimum",
    second=Price(
        usd=0.024 / 60,
        unit="second of audio",
        source="Transcribe developer guide of 2023, and a blog post of April 2026",
        read_on="2026-11-20",
        certainty=Certainty.SECOND_HAND,
    ),
    minimum_s=15.0,
)
"""The older reading: $0.024 a minute, every stream at least 15 seconds. Which holds, only a bill can tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTable:
    """Every price of a region. Gigabytes are 10⁹ bytes, but Lambda's GB-seconds, which are of 1,024 MB.

    Attributes:
        region: The prices' own; a table stands in for other regions only roughly.
        transcribe: Readings of Transcribe's price, one or more; estimates are made for each.
    """

    region: str
    transcribe: tuple[TranscribePrice, ...]
    translate_character: Price
    polly_neural_character: Price
    lambda_request: Price
    lambda_gb_second: Price
    websocket_message: Price
    websocket_connection_minute: Price
    kinesis_shard_hour: Price
    kinesis_put_unit: Price
    kinesis_consumer_hour: Price
    kinesis_consumer_gb: Price
    dynamodb_write_unit: Price
    dynamodb_read_unit: Price
    s3_put: Price
    s3_get: Price
    transfer_gb: Price
    cloudfront_gb: Price
    logs_gb: Price

    def named(self) -> dict[str, Price]:
        """Every single price by what it is for."""
        single = {each.name: getattr(self, each.name) for each in fields(self)}
        return {f"transcribe, {each.name}": each.second for each in self.transcribe} | {
            name.replace("_", " "): price for name, price in single.items() if isinstance(price, Price)
        }


US_EAST_1: Final = PriceTable(
    region="us-east-1",
    transcribe=(TRANSCRIBE_WITHOUT_MINIMUM, TRANSCRIBE_WITH_MINIMUM),
    translate_character=_second_hand(15e-6, "character", "$15 per million, quoted by several"),
    polly_neural_character=_second_hand(16e-6, "character", "$16 per million, quoted by several"),
    lambda_request=_second_hand(0.20e-6, "request", "a pull request that quotes the page", "2026-05-26"),
    lambda_gb_second=_unconfirmed(0.0000133334, "GB-second on arm64", "x86's $0.0000166667 less 20 %"),
    websocket_message=_second_hand(1e-6, "message of up to 32 KB", "amnic.com, awsnegotiations.com"),
    websocket_connection_minute=_second_hand(0.25e-6, "minute", "amnic.com, awsnegotiations.com"),
    kinesis_shard_hour=_second_hand(0.015, "shard and hour", "kindatechnical.com, lesson 29"),
    kinesis_put_unit=_unconfirmed(0.014e-6, "record of up to 25 KB", "aws.amazon.com/kinesis, provisioned mode"),
    kinesis_consumer_hour=_unconfirmed(0.015, "consumer, shard and hour", "aws.amazon.com/kinesis, fan-out"),
    kinesis_consumer_gb=_unconfirmed(0.013, "GB pushed", "aws.amazon.com/kinesis, enhanced fan-out"),
    dynamodb_write_unit=_second_hand(
        0.625e-6, "write of up to 1 KB", "a pull request that quotes the page", "2026-05-26"
    ),
    dynamodb_read_unit=_second_hand(
        0.125e-6, "consistent read of up to 4 KB", "a pull request that quotes the page", "2026-05-26"
    ),
    s3_put=_unconfirmed(0.005e-3, "PUT", "aws.amazon.com/s3/pricing"),
    s3_get=_unconfirmed(0.0004e-3, "GET", "aws.amazon.com/s3/pricing"),
    transfer_gb=_unconfirmed(0.09, "GB to the internet", "aws.amazon.com/ec2/pricing, data transfer"),
    cloudfront_gb=_unconfirmed(0.085, "GB to the internet", "aws.amazon.com/cloudfront/pricing"),
    logs_gb=_second_hand(0.50, "GB taken in", "c3x.dev, hykell.com", "2026-06-01"),
)
"""The table of every stage that has no other."""
