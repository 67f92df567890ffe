"""A listener's own seat in a session, which they keep while their connections come and go."""

import hashlib
from typing import NewType

SeatKey = NewType("SeatKey", str)
"""Names a seat where it is stored. It is a hash: whoever reads it there cannot claim the seat."""


def seat_key(secret: str) -> SeatKey:
    """The key of a seat, from the secret that its listener has chosen and tells to nobody but the server."""
    return SeatKey(hashlib.sha256(secret.encode()).hexdigest())
