"""The HTTP API as a client calls it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import quote

import aiohttp

from local.client.errors import ConnectionNotAllowedError, HttpApiError, UnreachableError

_TIMEOUT: Final = aiohttp.ClientTimeout(total=30, sock_connect=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedSession:
    """A new session."""

    session_id: str
    websocket_url: str
    listener_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedLanguage:
    """A language of the stage; ``spoken`` says whether listeners hear it or only read it."""

    code: str
    name: str
    spoken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Languages:
    """What can be spoken into a session and what can be listened to."""

    sources: tuple[OfferedLanguage, ...]
    targets: tuple[OfferedLanguage, ...]

    def missing_targets(self, codes: Iterable[str]) -> list[str]:
        """Those of the codes that are not offered to listeners."""
        offered = {language.code for language in self.targets}
        return [code for code in codes if code not in offered]

    def has_source(self, code: str) -> bool:
        """Whether this language can be spoken here."""
        return any(language.code == code for language in self.sources)


class HttpApi:
    """Calls the HTTP API of a stage; ``async with`` opens and closes its connections."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(timeout=_TIMEOUT)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._http is not None:
            await self._http.close()

    async def create_session(
        self,
        token: str,
        *,
        source_language: str,
        target_languages: Sequence[str] | None = None,
        join_key: str | None = None,
        expressive: bool = True,
    ) -> CreatedSession:
        """Create a session of the token's owner; voices are expressive unless refused.

        Raises:
            HttpApiError: Refused; ``AT_CAPACITY`` and ``RATE_LIMITED`` may pass.
            UnreachableError: The API does not answer.
        """
        body: dict[str, object] = {"sourceLanguage": source_language}
        if target_languages is not None:
            body["targetLanguages"] = list(target_languages)
        if join_key is not None:
            body["joinKey"] = join_key
        if not expressive:
            body["expressive"] = False
        answer = await self._call("POST", "/sessions", token=token, body=body)
        return CreatedSession(
            session_id=str(answer["sessionId"]),
            websocket_url=str(answer["webSocketUrl"]),
            listener_url=str(answer["listenerUrl"]),
        )

    async def show_session(self, session_id: str, *, join_key: str | None = None) -> dict[str, Any]:
        """The public facts of a session, as the API gives them; a join key is checked on the way.

        Raises:
            HttpApiError: ``SESSION_NOT_FOUND`` and ``NOT_ALLOWED`` among others.
            UnreachableError: The API does not answer.
        """
        headers = {} if join_key is None else {"Join-Key": quote(join_key)}
        return await self._call("GET", f"/sessions/{session_id}", headers=headers)

    async def end_session(self, token: str, session_id: str) -> None:
        """End a session of the token's owner.

        Raises:
            HttpApiError: Not found, or not the owner's.
            UnreachableError: The API does not answer.
        """
        await self._call("DELETE", f"/sessions/{session_id}", token=token)

    async def languages(self) -> Languages:
        """The languages of the stage.

        Raises:
            HttpApiError: Refused.
            UnreachableError: The API does not answer.
        """
        answer = await self._call("GET", "/languages")
        return Languages(
            sources=tuple(_language(each) for each in answer["sourceLanguages"]),
            targets=tuple(_language(each) for each in answer["targetLanguages"]),
        )

    async def explain_refusal(
        self, session_id: str, refusal: ConnectionNotAllowedError, *, language: str, join_key: str | None
    ) -> str:
        """Why the WebSocket API refuses a listener: it does not say, but the HTTP API does.

        Raises:
            UnreachableError: The API does not answer.
        """
        try:
            facts = await self.show_session(session_id, join_key=join_key)
        except HttpApiError as error:
            return str(error)
        if facts.get("state") == "ended":
            return f"session {session_id} has ended"
        targets = facts.get("targetLanguages")
        if isinstance(targets, list) and language not in targets:
            return f"session {session_id} is not translated into {language!r}; it offers {', '.join(map(str, targets))}"
        if facts.get("joinKeyRequired") and join_key is None:
            return f"session {session_id} needs a join key"
        return str(refusal)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> dict[str, Any]:
        if self._http is None:
            raise RuntimeError("HttpApi is used with `async with`")
        authorization = {"Authorization": f"Bearer {token}"} if token is not None else {}
        sent = {**(headers or {}), **authorization}
        try:
            async with self._http.request(method, self._base_url + path, json=body, headers=sent) as response:
                text = await response.text()
                status = response.status
        except (aiohttp.ClientError, TimeoutError):
            raise UnreachableError(f"the HTTP API at {self._base_url} does not answer") from None
        answer = _json_object(text)
        if status >= 400:
            code = str(answer.get("code", "UNKNOWN"))
            message = str(answer.get("message", f"status {status}"))
            raise HttpApiError(f"{message} ({code})", status=status, code=code)
        return answer


def _json_object(text: str) -> dict[str, Any]:
    try:
        answer = json.loads(text) if text else {}
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _language(entry: Mapping[str, Any]) -> OfferedLanguage:
    return OfferedLanguage(
        code=str(entry["code"]),
        name=str(entry.get("name") or entry.get("englishName") or entry["code"]),
        spoken=bool(entry.get("spoken", True)),
    )
