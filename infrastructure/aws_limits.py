"""What AWS offers and allows, as far as a stage's settings depend on it."""

from typing import Final

AWS_TARGET_LANGUAGES: Final = (
    "ar", "bg", "ca", "cs", "cy", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu", "id",
    "is", "it", "ja", "ko", "lt", "lv", "nl", "no", "pl", "pt", "pt-BR", "ro", "ru", "sk", "sl", "sv", "th", "tr",
    "uk", "vi", "zh", "zh-TW",
)  # fmt: skip
"""What can be heard or read on AWS: every row of `babelcast.domain.languages` but Galician, which Translate lacks."""

AWS_SOURCE_LANGUAGES: Final = tuple(code for code in AWS_TARGET_LANGUAGES if code != "cy")
"""What can be spoken on AWS; Transcribe Streaming has no Welsh.

Some of them stream in most regions only (Cape Town, Tokyo, Malaysia, Thailand and Ningxia have fewer).
Source: https://docs.aws.amazon.com/transcribe/latest/dg/supported-languages.html
"""

MAX_SESSIONS_PER_SHARD: Final = 30
"""A shard takes 1 MB/s; a speaker sends 32 KB/s. Source: Kinesis service-sizes-and-limits."""

MAX_CELLS: Final = 40
"""Functions that write to any cell have all streams' names in their environment, which may hold 4 KB; a name is up to
67 characters. Other limits are further away: a template's megabyte, the size of a role's policies and the 500 resources
of a stack come at 55 to 60 cells. Source: Lambda gettingstarted-limits; CloudFormation and IAM quotas.
"""

MIN_RECORD_AGE_S: Final = 60
"""The least age at which an event source mapping can drop records. Source: Lambda services-kinesis-parameters."""

SMALL_REGION_BURST: Final = 1_250
"""What an account may take at once where it has 2,500 requests a second (Milan, Zurich, Spain, Cape Town, Jakarta …).
Source: API Gateway limits, http-api-throttling.
"""

API_GATEWAY_TIMEOUT_S: Final = 29
"""How long API Gateway waits for a function. Source: apigateway-execution-service-websocket-limits-table."""
