"""The HTTP API: requests (strict) and JSON answers, in API Gateway's payload format 2.0."""

from base64 import b64decode
from collections.abc import Iterable
from typing import Annotated, Any, Final
from urllib.parse import unquote

import msgspec

from babelcast.domain.errors import BabelcastError, InvalidMessageError, NotAuthenticatedError
from babelcast.domain.languages import Language, language
from babelcast.domain.session import Session, UserId
from babelcast.domain.source_address import AddressKey, address_key

_STATUS_BY_CODE = {
    "INVALID_MESSAGE": 400,
    "UNSUPPORTED_LANGUAGE": 400,
    "NOT_AUTHENTICATED": 401,
    "NOT_ALLOWED": 403,
    "SESSION_NOT_FOUND": 404,
    "SESSION_ENDED": 409,
    "PAYLOAD_TOO_LARGE": 413,
    "RATE_LIMITED": 429,
    "AT_CAPACITY": 503,
    "STORAGE_UNAVAILABLE": 503,
}

JoinKey = Annotated[str, msgspec.Meta(min_length=4, max_length=64)]

LANGUAGES_MAX_AGE_S: Final = 300
"""How long a browser may keep what a stage offers; a deployment that changes it is seen by everybody after so long."""

LanguageTag = Annotated[str, msgspec.Meta(max_length=35)]
"""A refusal names it, so it has an end. Source: RFC 5646, section 4.4.1."""


class CreateSessionRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``POST /sessions``. Without target languages, all that the stage enables."""

    source_language: LanguageTag
    target_languages: Annotated[tuple[LanguageTag, ...], msgspec.Meta(min_length=1, max_length=100)] | None = None
    join_key: JoinKey | None = None
    expressive: bool = True


_CREATE_SESSION = msgspec.json.Decoder(CreateSessionRequest)


def read_create_session(event: dict[str, Any]) -> CreateSessionRequest:
    """The body of ``POST /sessions``.

    Raises:
        InvalidMessageError: Not JSON, or not of this form.
    """
    body = event.get("body") or ""
    try:
        return _CREATE_SESSION.decode(b64decode(body) if event.get("isBase64Encoded") else body.encode())
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise InvalidMessageError(str(error)) from None


def read_user(event: dict[str, Any]) -> UserId:
    """The user whose access token API Gateway has verified.

    Raises:
        NotAuthenticatedError: The route has no authorizer, or the token no subject, or it is no access token.
    """
    claims = event["requestContext"].get("authorizer", {}).get("jwt", {}).get("claims", {})
    # API Gateway lets the pool's identity tokens pass as well.
    if "sub" not in claims or claims.get("token_use", "access") != "access":
        raise NotAuthenticatedError("sign in first")
    return UserId(claims["sub"])


def read_address(event: dict[str, Any]) -> AddressKey:
    """Where a request comes from."""
    return address_key(event["requestContext"]["http"]["sourceIp"])


def read_join_key(event: dict[str, Any]) -> str | None:
    """The join key that a request wants to have checked, if any.

    Raises:
        InvalidMessageError: It is not percent-encoded; other letters have no agreed form in a header.
    """
    key: str | None = event["headers"].get("join-key")
    if key is None:
        return None
    if not key.isascii():
        raise InvalidMessageError("the join key is not percent-encoded")
    return unquote(key)


def answer(status: int, body: object | None = None, *, max_age_s: int = 0) -> dict[str, Any]:
    """An answer in payload format 2.0, which browsers may keep for ``max_age_s``."""
    # The two apps are one site, which has one cache, and two origins.
    caching = (
        {"cache-control": f"max-age={max_age_s}", "vary": "origin"} if max_age_s else {"cache-control": "no-store"}
    )
    response: dict[str, Any] = {"statusCode": status, "headers": caching}
    if body is not None:
        response["headers"]["content-type"] = "application/json"
        response["body"] = msgspec.json.encode(body).decode()
    return response


def error_answer(error: BabelcastError) -> dict[str, Any]:
    """An error as the HTTP API tells it."""
    return answer(
        _STATUS_BY_CODE.get(error.code, 500),
        {"code": error.code, "message": error.message, "retryable": error.retryable},
    )


def created_session(session: Session, *, websocket_url: str, listener_url: str) -> dict[str, object]:
    """What the speaker gets to know about the new session."""
    return {
        **public_session(session),
        "webSocketUrl": websocket_url,
        "listenerUrl": f"{listener_url}?session={session.session_id}",
        "expiresAt": session.expires_at_s * 1000,
        "expressive": session.expressive,
    }


def public_session(session: Session) -> dict[str, object]:
    """What anyone may know about a session; with it, a page needs to ask for nothing more."""
    return {
        "sessionId": session.session_id,
        "state": session.state.value,
        "sourceLanguage": session.source_language,
        "targetLanguages": sorted(session.target_languages),
        "languages": [
            _language(language(code)) for code in sorted({session.source_language, *session.target_languages})
        ],
        "joinKeyRequired": session.join_key_hash is not None,
    }


def language_list(sources: Iterable[str], targets: Iterable[str]) -> dict[str, object]:
    """The languages on offer."""
    return {
        "sourceLanguages": [_language(language(code)) for code in sorted(sources)],
        "targetLanguages": [_language(language(code)) for code in sorted(targets)],
    }


def _language(row: Language) -> dict[str, object]:
    return {
        "code": row.code,
        "name": row.english_name,
        "nativeName": row.native_name,
        "spoken": row.is_spoken,
        "voices": [row.voice.voice_id] if row.voice else [],
        "rightToLeft": row.right_to_left,
    }
