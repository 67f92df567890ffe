"""Cognito: speakers' access tokens, RS256 signed by the user pool's keys."""

import time
from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import Final

import jwt
from jwt import PyJWK, PyJWKClient
from jwt.exceptions import PyJWTError

from babelcast.adapters.aws_client import in_thread
from babelcast.domain.errors import NotAuthenticatedError, StorageUnavailableError
from babelcast.domain.session import UserId

_ALGORITHM: Final = "RS256"
"""The only one: a token does not choose how it is verified. Source: Cognito, "Verifying JSON web tokens"."""
_TOKEN_USE: Final = "access"  # noqa: S105  a kind of token
_CLOCK_SKEW_S: Final = 60
"""What clocks may differ by, in either direction."""
_FETCH_TIMEOUT_S: Final = 3
_REFETCH_AFTER_S: Final = 60
"""Between two looks for new keys. A rotated key is found that late at most, and made-up ones cost one look a minute."""
_RETRY_AFTER_S: Final = 2
"""The same while no key is known at all."""
_LIFESPAN_S: Final = 3600
"""After this the keys are fetched again, so that one that was withdrawn is forgotten."""


class CognitoTokenVerifier:
    """`babelcast.ports.TokenVerifier`.

    Args:
        issuer: The only accepted ``iss``.
        client_id: The only accepted ``client_id``.
        jwks_url: Where the pool publishes its keys.
        monotonic_s: Clock by which the keys age.
    """

    def __init__(
        self, *, issuer: str, client_id: str, jwks_url: str, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._keys = _PublishedKeys(jwks_url, monotonic_s)

    async def verify(self, token: str) -> UserId:
        """See the port."""
        return await in_thread(partial(self._verify, token=token), service="cognito-idp")

    def _verify(self, token: str) -> UserId:
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") != _ALGORITHM:
                raise NotAuthenticatedError("signed in another way")
            claims = jwt.decode(
                token,
                self._keys.find(header.get("kid")),
                algorithms=[_ALGORITHM],
                issuer=self._issuer,
                leeway=_CLOCK_SKEW_S,
                options={"require": ["exp", "iat", "iss", "sub", "token_use", "client_id"], "verify_aud": False},
            )
        except PyJWTError as error:
            raise NotAuthenticatedError(type(error).__name__) from None
        if claims["token_use"] != _TOKEN_USE or claims["client_id"] != self._client_id or not claims["sub"]:
            raise NotAuthenticatedError("not an access token of this application")
        return UserId(claims["sub"])


class _PublishedKeys:
    """The pool's public keys as they were last seen."""

    def __init__(self, url: str, monotonic_s: Callable[[], float]) -> None:
        self._client = PyJWKClient(url, cache_keys=False, cache_jwk_set=False, timeout=_FETCH_TIMEOUT_S)
        self._monotonic_s = monotonic_s
        self._lock = Lock()
        self._keys: dict[str | None, PyJWK] = {}
        self._seen_at_s = self._looked_at_s = float("-inf")

    def find(self, key_id: str | None) -> PyJWK:
        """A key by its id.

        Raises:
            NotAuthenticatedError: The pool has no such key.
            StorageUnavailableError: Nobody knows, as the keys cannot be fetched: a fault of ours, not of the speaker.
        """
        with self._lock:
            now_s = self._monotonic_s()
            is_fresh = now_s - self._seen_at_s < _LIFESPAN_S
            if not (is_fresh and key_id in self._keys):
                self._look(now_s)
            if key_id in self._keys:
                return self._keys[key_id]
            if self._seen_at_s < self._looked_at_s:
                raise StorageUnavailableError("the user pool's keys cannot be reached")
            raise NotAuthenticatedError("signed by an unknown key")

    def _look(self, now_s: float) -> None:
        """Fetch the keys, unless that was tried just now; those that are known stay if it fails."""
        if now_s - self._looked_at_s < (_REFETCH_AFTER_S if self._keys else _RETRY_AFTER_S):
            return
        self._looked_at_s = now_s
        try:
            self._keys = {key.key_id: key for key in self._client.get_jwk_set(refresh=True).keys}
        except (PyJWTError, ValueError):
            # Not reached, or what came is no set of keys.
            return
        self._seen_at_s = now_s
