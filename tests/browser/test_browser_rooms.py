"""What a listener's page says of a room with no place in it, and of what was said while its reader was away."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any, Final

import aiohttp
import pytest
from playwright.async_api import expect
from yarl import URL

from local.client.http_api import HttpApi
from local.client.login import SpeakerLogin
from local.client.speaker import Speaker
from local.engines.tone_alphabet import WORDS, tone_speech
from local.provision import AwsServer
from tests.browser.conftest import SEATS, Venue
from tests.browser.pages import PATIENCE_MS, assert_no_problems

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

HOUR: Final = 1200
"""Segments of three seconds."""
REPLAYED: Final = 200
SHOWN_AT_FIRST: Final = 150
"""Source: frontend/apps/listener/src/parts/caption-stream.tsx."""
SAMPLES_A_SEGMENT: Final = 3 * 16_000


async def create_session(venue: Venue, login: SpeakerLogin) -> str:
    async with HttpApi(venue.endpoints.http_api_url) as api:
        token = await login.access_token()
        created = await api.create_session(token, source_language="en", target_languages=["es"])
        return created.session_id


async def test_a_full_room_says_so_and_opens_when_somebody_leaves(venue: Venue) -> None:
    session_id = await create_session(venue, SpeakerLogin(venue.endpoints))
    address = URL(venue.endpoints.websocket_url).with_query(sessionId=session_id, role="listener", targetLanguage="es")
    async with AsyncExitStack() as room, venue.listener() as listener:
        http = await room.enter_async_context(aiohttp.ClientSession())
        sitting = [await room.enter_async_context(http.ws_connect(address)) for _ in range(SEATS)]
        await listener.enter(session_id, "es")
        await listener.wait_for_state("full")
        await expect(listener.page.get_by_role("status").get_by_text("The room is full.")).to_be_visible()
        await sitting[0].close()
        await listener.wait_for_state("waiting", seconds=60)
        assert_no_problems([listener])


async def test_whoever_was_away_for_an_hour_reads_how_much_was_left_out(venue: Venue) -> None:
    login = SpeakerLogin(venue.endpoints)
    session_id = await create_session(venue, login)
    speaker = Speaker(websocket_url=venue.endpoints.websocket_url, session_id=session_id, token=login.access_token)
    async with speaker, venue.listener(has_own_network=True) as listener:
        await listener.join(session_id, "es")
        await speaker.speak(tone_speech([WORDS[:5]]))
        await expect(listener.page.locator(".caption[data-status=translated]")).to_be_visible(timeout=PATIENCE_MS)
        await listener.lose_network(venue.listener_network)
        await listener.wait_for_state("reconnecting")
        await asyncio.to_thread(let_an_hour_pass, venue, session_id)
        await listener.find_network(venue.listener_network)
        captions = listener.page.locator(".caption[data-status=translated]")
        await expect(captions).to_have_count(SHOWN_AT_FIRST, timeout=PATIENCE_MS)
        await listener.page.get_by_role("button", name="Show earlier").click()
        await expect(captions).to_have_count(1 + REPLAYED)
        await expect(listener.page.locator(".left-out")).to_have_text("While you were away: 50 min left out")
        assert_no_problems([listener])


def let_an_hour_pass(venue: Venue, session_id: str) -> None:
    """An hour of speech, as it is stored: the first segment again and again, the last one just now."""
    server = AwsServer(endpoint_url=venue.endpoints.aws_endpoint_url or "", region=venue.endpoints.region)
    dynamodb: Any = server.client("dynamodb")
    names = dynamodb.list_tables()["TableNames"]
    (segments,) = (name for name in names if "Segments" in name)
    (sessions,) = (name for name in names if "Sessions" in name)
    said = dynamodb.query(
        TableName=segments,
        KeyConditionExpression="sessionId = :session",
        ExpressionAttributeValues={":session": {"S": session_id}},
    )["Items"]
    first = said[0]
    end = int(said[-1]["endSample"]["N"])
    for number in range(len(said), len(said) + HOUR):
        begins = end + (number - len(said)) * SAMPLES_A_SEGMENT
        place = {"segment": number, "startSample": begins, "endSample": begins + SAMPLES_A_SEGMENT}
        dynamodb.put_item(TableName=segments, Item=first | {name: {"N": str(at)} for name, at in place.items()})
    dynamodb.update_item(
        TableName=sessions,
        Key={"sessionId": {"S": session_id}},
        UpdateExpression="SET #cursor.nextSegment = :next",
        ExpressionAttributeNames={"#cursor": "cursor"},
        ExpressionAttributeValues={":next": {"N": str(len(said) + HOUR)}},
    )
