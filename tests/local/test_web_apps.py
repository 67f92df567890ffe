"""The apps' web servers: what pages may do, and what they are told."""

from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from local.endpoints import Endpoints
from local.stack import PortBusyError
from local.web_apps import AppNotBuiltError, WebApp, content_security_policy
from tests.endpoints import LOCAL_ENDPOINTS

ENDPOINTS = replace(LOCAL_ENDPOINTS, speaker_email="speaker@example.com", speaker_password="secret")


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>app</title>")
    (tmp_path / "assets" / "index-1a2b.js").write_text("export {};")
    return tmp_path


async def test_a_page_reaches_the_stage_and_nothing_else(dist: Path) -> None:
    async with WebApp(dist) as app, aiohttp.ClientSession(app.origin) as browser:
        await app.serve(ENDPOINTS, listener_url="http://localhost:4000")
        async with browser.get("/?session=joyful-hope-911") as page:
            assert page.content_type == "text/html"
            assert page.headers["Cache-Control"] == "no-cache"
            policy = page.headers["Content-Security-Policy"]
        rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
        assert rules["default-src"] == "'none'"
        assert rules["script-src"] == "'self'"
        reached = "http://127.0.0.1:1000 ws://127.0.0.1:2000 http://127.0.0.1:3000"
        assert rules["connect-src"] == f"'self' {reached}"
        async with browser.get("/assets/index-1a2b.js") as script:
            assert "immutable" in script.headers["Cache-Control"]
        async with browser.get("/config.json") as answer:
            config = await answer.json()
        assert config["webSocketUrl"] == ENDPOINTS.websocket_url
        assert config["listenerUrl"] == "http://localhost:4000"
        assert "secret" not in str(config)


def test_a_deployed_stage_gives_clips_from_its_storage() -> None:
    deployed = Endpoints(
        stage="prod",
        region="eu-central-1",
        http_api_url="https://api.example.com",
        websocket_url="wss://live.example.com/prod",
        user_pool_id="pool",
        user_pool_client_id="client",
    )
    rules = dict(rule.split(" ", 1) for rule in content_security_policy(deployed).split("; "))
    accounts, clips = "https://cognito-idp.eu-central-1.amazonaws.com", "https://*.s3.eu-central-1.amazonaws.com"
    assert rules["connect-src"] == f"'self' https://api.example.com wss://live.example.com {accounts} {clips}"
    assert rules["media-src"] == f"'self' blob: {clips}"


async def test_only_an_app_that_uses_the_microphone_may_ask_for_it(dist: Path) -> None:
    for uses_microphone, allowed in ((True, "microphone=(self)"), (False, "microphone=()")):
        async with (
            WebApp(dist, uses_microphone=uses_microphone) as app,
            aiohttp.ClientSession(app.origin) as browser,
        ):
            await app.serve(ENDPOINTS, listener_url="http://localhost:4000")
            async with browser.get("/") as page:
                assert allowed in page.headers["Permissions-Policy"]


async def test_an_app_that_is_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(AppNotBuiltError, match="make frontend"):
        WebApp(tmp_path)


async def test_a_taken_port_is_named(dist: Path) -> None:
    async with WebApp(dist) as first:
        port = int(first.origin.rpartition(":")[2])
        with pytest.raises(PortBusyError, match=str(port)):
            await WebApp(dist, port=port).__aenter__()
