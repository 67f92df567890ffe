"""Buckets in the RateLimits table: one number each, changed by conditional updates alone."""

from typing import Final

from babelcast.adapters.aws_client import CONDITION_FAILED, SINGLE_ATTEMPT, call, dynamodb_client
from babelcast.domain.errors import CursorMovedError, LimitReachedError, RateLimitedError
from babelcast.domain.limits import Limit

_FULL: Final = "attribute_not_exists(aheadUntil) OR aheadUntil < :now OR aheadUntil > :empty"
"""A bucket that has rested, or was never used; it may have been deleted since.

Further ahead than an empty bucket is none but by another clock, which was ahead of this one.
"""

_ERRORS: Final = {
    CONDITION_FAILED: CursorMovedError,
    "ThrottlingException": RateLimitedError,
    "ProvisionedThroughputExceededException": RateLimitedError,
    "RequestLimitExceeded": RateLimitedError,
}
"""Whoever asks faster than their bucket can be written has brought that about, and is not to gain by it."""


class DynamoDbRateLimits:
    """`babelcast.ports.RateLimits`.

    A bucket's number goes back only when it was another clock's. Whoever finds that it does not lie in the past may
    therefore add to it without having read it, on the one condition that it is not too far ahead: two updates at most,
    and nothing between them that another caller could spoil.
    """

    def __init__(self, table_name: str) -> None:
        self._table_name = table_name
        # Whoever waits for a bucket does not wait for the pauses between attempts.
        self._client = dynamodb_client(SINGLE_ATTEMPT)

    async def take(self, key: str, limit: Limit, *, now_ms: int) -> None:
        """See the port."""
        await self._advance(key, limit, round(limit.cost_ms()), now_ms)

    async def require_room(self, key: str, limit: Limit, *, now_ms: int) -> None:
        """See the port. A read would be sooner there than the updates of those who take at the same time."""
        await self._advance(key, limit, 0, now_ms)

    async def _advance(self, key: str, limit: Limit, cost_ms: int, now_ms: int) -> None:
        """Add to a bucket in which there is a unit.

        Raises:
            LimitReachedError: There is none.
        """
        unit_ms, tolerance_ms = round(limit.cost_ms()), round(limit.tolerance_ms)
        # When a bucket is full again, it is as good as none; what its key stands for is not to be kept.
        values = {":expires": (now_ms + tolerance_ms) // 1000 + 1}
        full = {":after": now_ms + cost_ms, ":now": now_ms, ":empty": now_ms + tolerance_ms}
        try:
            await self._set(key, limit, ":after", _FULL, {**full, **values})
        except CursorMovedError:
            values |= {":cost": cost_ms, ":latest": now_ms + tolerance_ms - unit_ms}
            try:
                await self._set(key, limit, "aheadUntil + :cost", "aheadUntil <= :latest", values)
            except CursorMovedError:
                raise LimitReachedError(f"too fast: {limit.name}") from None

    async def _set(self, key: str, limit: Limit, value: str, condition: str, values: dict[str, int]) -> None:
        await call(
            self._client.update_item,
            errors=_ERRORS,
            TableName=self._table_name,
            Key=_key(key, limit),
            UpdateExpression=f"SET aheadUntil = {value}, expiresAt = :expires",
            ConditionExpression=condition,
            ExpressionAttributeValues=values,
        )


def _key(key: str, limit: Limit) -> dict[str, str]:
    return {"limitKey": f"{limit.name}#{key}"}
