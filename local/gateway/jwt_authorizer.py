"""An HTTP API's JWT authorizer: a token is verified against the issuer's published keys.

Source: API Gateway developer guide, "Control access to HTTP APIs with JWT authorizers": `kid` must name a key, `iss`
be the issuer, `aud` or (without one) `client_id` be in the audience, `exp`, `nbf` and `iat` fit the time, and `scope`
or `scp` contain one of the route's scopes.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import aiohttp
import jwt

from local.gateway.configuration import JwtAuthorizer

_SECONDS_BETWEEN_FETCHES: Final = 5.0


class InvalidTokenError(Exception):
    """There is no token, or it is not good for this API."""


class InsufficientScopeError(Exception):
    """The token is good but does not have any of the scopes that the route asks for."""


class TokenVerifier:
    """Verifies RS256 tokens; fetches the keys again when a token names one that is not known."""

    def __init__(self, session: aiohttp.ClientSession, jwks_url: str) -> None:
        self._session = session
        self._jwks_url = jwks_url
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = -_SECONDS_BETWEEN_FETCHES
        self._fetching = asyncio.Lock()

    async def claims(
        self, authorization: str | None, *, authorizer: JwtAuthorizer, scopes: Sequence[str]
    ) -> Mapping[str, Any]:
        """The claims of the token in an Authorization header, with or without `Bearer`.

        Raises:
            InvalidTokenError: There is none, or it is forged, expired, from elsewhere or for somebody else.
            InsufficientScopeError: It lacks the scopes.
        """
        token = (authorization or "").removeprefix("Bearer ").strip()
        try:
            key = await self._key(str(jwt.get_unverified_header(token).get("kid")))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                issuer=authorizer.issuer,
                options={"require": ["exp", "iss"], "verify_aud": False},
            )
        except jwt.PyJWTError as error:
            raise InvalidTokenError(type(error).__name__) from None
        audience = claims.get("aud", claims.get("client_id"))
        if not set(authorizer.audience) & set(audience if isinstance(audience, list) else [audience]):
            raise InvalidTokenError("wrong audience")
        granted = str(claims.get("scope", claims.get("scp", ""))).split()
        if scopes and not set(scopes) & set(granted):
            raise InsufficientScopeError
        return claims

    async def _key(self, key_id: str) -> jwt.PyJWK:
        async with self._fetching:
            if key_id not in self._keys and time.monotonic() - self._fetched_at > _SECONDS_BETWEEN_FETCHES:
                await self._fetch()
        if key_id not in self._keys:
            raise InvalidTokenError("unknown key")
        return self._keys[key_id]

    async def _fetch(self) -> None:
        async with self._session.get(self._jwks_url) as response:
            response.raise_for_status()
            published = await response.json(content_type=None)
        self._keys = {key["kid"]: jwt.PyJWK.from_dict(key, algorithm="RS256") for key in published["keys"]}
        self._fetched_at = time.monotonic()
