"""How fast something may be asked for: a bucket that fills at a steady rate and holds a small burst."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenBucket:
    """A bucket at one moment.

    Attributes:
        rate_per_s: Tokens added per second.
        burst: The most it holds.
        tokens: What it held at ``at_s``.
        at_s: Monotonic seconds.
    """

    rate_per_s: float
    burst: float
    tokens: float
    at_s: float

    def __post_init__(self) -> None:
        if self.rate_per_s <= 0 or self.burst < 1:
            raise ValueError("a bucket has a rate above zero and room for at least one token")

    @classmethod
    def full(cls, *, rate_per_s: float, burst: float, now_s: float) -> "TokenBucket":
        """A bucket from which nothing has been taken yet."""
        return cls(rate_per_s=rate_per_s, burst=burst, tokens=burst, at_s=now_s)

    def take(self, now_s: float, tokens: float = 1.0) -> "tuple[TokenBucket, float]":
        """Take tokens, if need be in advance.

        Returns:
            The bucket afterwards, and how many seconds to wait until the tokens are there; 0 when they are.
        """
        left = self.level(now_s) - tokens
        wait_s = 0.0 if left >= 0 else -left / self.rate_per_s
        return replace(self, tokens=left, at_s=max(now_s, self.at_s)), wait_s

    def level(self, now_s: float) -> float:
        """What it holds now."""
        return min(self.burst, self.tokens + max(0.0, now_s - self.at_s) * self.rate_per_s)
