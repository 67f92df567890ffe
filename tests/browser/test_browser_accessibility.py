"""Every state of both apps can be used by everybody, in light and in dark."""

import pytest

from tests.browser.accessibility import find_barriers
from tests.browser.conftest import Venue
from tests.browser.pages import AppPage, assert_no_problems
from tests.browser.speech import RATE_HZ, Speech
from tests.browser.tour import tour

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


async def test_no_state_has_a_barrier(venue: Venue) -> None:
    recording = venue.recording("tour", Speech(12, seed=5).pcm, RATE_HZ)
    barriers: set[str] = set()

    async def look(name: str, app: AppPage) -> None:
        for scheme in ("light", "dark"):
            await app.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            barriers.update(f"{name}, {scheme}: {barrier}" for barrier in await find_barriers(app.page))

    async with venue.speaker(recording) as speaker, venue.listener(has_own_network=True) as listener:
        await tour(venue, speaker, listener, look)
        assert sorted(barriers) == []
        assert_no_problems([speaker, listener])
