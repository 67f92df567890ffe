"""Join keys: what listeners of a private session must know."""

import hashlib
import hmac

from babelcast.domain.errors import NotAllowedError
from babelcast.domain.session import Session


def hash_join_key(join_key: str) -> str:
    """What is stored of a join key."""
    return hashlib.sha256(join_key.encode()).hexdigest()


def require_join_key(session: Session, join_key: str) -> None:
    """Let through whoever knows the session's key; one without a key lets everybody through.

    Raises:
        NotAllowedError: The key is wrong.
    """
    if session.join_key_hash is not None and not hmac.compare_digest(session.join_key_hash, hash_join_key(join_key)):
        raise NotAllowedError("the join key is wrong")
