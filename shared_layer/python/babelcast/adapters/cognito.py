"""Cognito: speakers' access tokens, RS256 signed by the user pool's keys."""

from typing import Final

import jwt
from jwt import PyJWKClient
from jwt.exceptions import PyJWKClientConnectionError, PyJWTError

from babelcast.adapters.aws_client import in_thread
from babelcast.domain.errors import NotAuthenticatedError, StorageUnavailableError
from babelcast.domain.session import UserId

_TOKEN_USE: Final = "access"  # noqa: S105  a kind of token
_KEYS_TIMEOUT_S: Final = 3
_KEYS_LIFESPAN_S: Final = 3600


class CognitoTokenVerifier:
    """`babelcast.ports.TokenVerifier`.

    Args:
        issuer: The only accepted ``iss``.
        client_id: The only accepted ``client_id``.
        jwks_url: Where the pool publishes its keys.
    """

    def __init__(self, *, issuer: str, client_id: str, jwks_url: str) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._keys = PyJWKClient(jwks_url, lifespan=_KEYS_LIFESPAN_S, timeout=_KEYS_TIMEOUT_S)

    async def verify(self, token: str) -> UserId:
        """See the port."""
        return await in_thread(self._verify, token=token)

    def _verify(self, token: str) -> UserId:
        try:
            key = self._keys.get_signing_key_from_jwt(token)
            claims = jwt.decode(
                token,
                key.key,
                algorithms=["RS256"],
                issuer=self._issuer,
                options={"require": ["exp", "iss", "sub", "token_use"], "verify_aud": False},
            )
        except PyJWKClientConnectionError as error:
            # The token may well be valid: a fault of ours, not of the speaker.
            raise StorageUnavailableError("the user pool's keys cannot be reached") from error
        except PyJWTError as error:
            raise NotAuthenticatedError(type(error).__name__) from None
        if claims["token_use"] != _TOKEN_USE or claims.get("client_id") != self._client_id:
            raise NotAuthenticatedError("not an access token of this application")
        return UserId(claims["sub"])
