"""A stage as clients see it: login, HTTP API and WebSocket API, in which every second of speech is a segment."""

import base64
import io
import json
import time

import numpy as np
import soundfile
from aiohttp import web

from local.endpoints import Endpoints
from tests.local.small_gateway import Client, SmallGateway

SESSION_ID = "joyful-hope-911"
LANGUAGES = [{"code": code, "name": code.upper(), "spoken": True} for code in ("en", "es", "fr")]


def make_clip(seconds: float = 1.0) -> bytes:
    """A tone as MP3."""
    buffer = io.BytesIO()
    tone = 0.3 * np.sin(2 * np.pi * 500 * np.arange(round(24_000 * seconds)) / 24_000)
    soundfile.write(buffer, tone, 24_000, format="MP3")
    return buffer.getvalue()


class SmallStage(SmallGateway):
    """The gateway with everything around it.

    Attributes:
        withheld: Segments that never reach listeners of a language, as (number, language).
        session: Public facts of the one session.
        token: The access token that Cognito gives and the HTTP API wants.
    """

    def __init__(self) -> None:
        super().__init__()
        self.withheld: set[tuple[int, str]] = set()
        self.session: dict[str, object] = {}
        claims = {"sub": "speaker", "exp": int(time.time()) + 3600}
        parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, claims)]
        self.token = ".".join([*parts, "signature"])
        self.clip_answers["clip.mp3"].append((200, make_clip()))

    @property
    def endpoints(self) -> Endpoints:
        """What clients are told."""
        url = str(self._server.make_url("/")).rstrip("/")
        return Endpoints(
            stage="dev",
            region="eu-west-1",
            http_api_url=url,
            websocket_url=self.websocket_url,
            user_pool_id="eu-west-1_pool",
            user_pool_client_id="client",
            aws_endpoint_url=url,
            speaker_email="speaker@example.org",
            speaker_password="Passw0rd!",
        )

    def add_routes(self, app: web.Application) -> None:
        super().add_routes(app)
        app.router.add_post("/", self._log_in)
        app.router.add_get("/languages", self._languages)
        app.router.add_post("/sessions", self._create)
        app.router.add_get("/sessions/{id}", self._show)

    async def take_chunk(self, client: Client, message: dict[str, object]) -> None:
        """Commit a segment with every fourth chunk: a second of speech."""
        await super().take_chunk(client, message)
        number, rest = divmod(len(self.chunks), 4)
        if rest == 0 and number - 1 not in self.segments:
            await self.publish(number - 1, url=self.clip_url("clip.mp3"))
            await self.tell_all(
                type="transcription", sessionId=SESSION_ID, text=f"text {number - 1}", isFinal=True, language="en",
                timestamp=1, resultId=f"segment-{number - 1}", sequenceNumber=number - 1,
            )  # fmt: skip

    async def tell_segment(self, client: Client, number: int, *, replayed: bool) -> None:
        if (number, client.query["targetLanguage"]) not in self.withheld:
            await super().tell_segment(client, number, replayed=replayed)

    async def _log_in(self, _request: web.Request) -> web.Response:
        return web.json_response({"AuthenticationResult": {"AccessToken": self.token}})

    async def _languages(self, _request: web.Request) -> web.Response:
        return web.json_response({"sourceLanguages": LANGUAGES[:1], "targetLanguages": LANGUAGES[1:]})

    async def _create(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.json_response({"message": "Unauthorized"}, status=401)
        body = await request.json()
        self.session = {
            "sessionId": SESSION_ID,
            "state": "live",
            "sourceLanguage": body["sourceLanguage"],
            "targetLanguages": body.get("targetLanguages", ["es", "fr"]),
            "languages": LANGUAGES,
            "joinKeyRequired": "joinKey" in body,
            "expressive": body.get("expressive", True),
        }
        urls = {"webSocketUrl": self.websocket_url, "listenerUrl": f"http://localhost/?session={SESSION_ID}"}
        return web.json_response({**self.session, **urls}, status=201)

    async def _show(self, request: web.Request) -> web.Response:
        if request.match_info["id"] != self.session.get("sessionId"):
            refusal = {"code": "SESSION_NOT_FOUND", "message": "no such session", "retryable": False}
            return web.json_response(refusal, status=404)
        return web.json_response(self.session)
