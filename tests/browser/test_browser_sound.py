"""What a speaker's page says of an echo, which only the server can hear."""

import numpy as np
import pytest
from playwright.async_api import expect

from benchmarks.quiet.programmes import to_pcm
from benchmarks.signal.damage import with_echo
from benchmarks.signal.speech import programme
from tests.browser.conftest import Venue
from tests.browser.pages import PATIENCE_MS, assert_no_problems

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

MICROPHONE_HZ = 16_000


async def test_a_speaker_reads_that_there_is_an_echo_until_the_broadcast_pauses(venue: Venue) -> None:
    speech = programme("slt", 12.0)
    recording = venue.recording("echo", to_pcm(with_echo(speech, 0.25, -8.0)), MICROPHONE_HZ)
    async with venue.speaker(recording) as speaker:
        await speaker.sign_in(venue.endpoints)
        await speaker.create_session()
        await speaker.leave_sound_as_it_is()
        await speaker.start_speaking()
        advice = speaker.page.locator("[data-issue=echo]")
        await expect(advice).to_be_visible(timeout=PATIENCE_MS)
        await expect(advice).to_contain_text("echo")
        await speaker.act("pause")
        await expect(advice).to_have_count(0)
        await speaker.act("live")
        await speaker.end()
        assert_no_problems([speaker])


async def test_the_keyboard_stays_in_the_advice_when_there_is_nothing_left_to_dismiss(venue: Venue) -> None:
    speech = programme("slt", 30.0)
    echoing = with_echo(speech, 0.25, -8.0)[: 10 * MICROPHONE_HZ]
    sound = np.concatenate((echoing, speech[10 * MICROPHONE_HZ :]))
    async with venue.speaker(venue.recording("echo-ends", to_pcm(sound), MICROPHONE_HZ)) as speaker:
        await speaker.sign_in(venue.endpoints)
        await speaker.create_session()
        await speaker.leave_sound_as_it_is()
        await speaker.start_speaking()
        advice = speaker.page.locator("[data-issue=echo]")
        await advice.get_by_role("button").focus()
        await expect(advice.and_(speaker.page.locator("[data-better=true]"))).to_be_visible(timeout=PATIENCE_MS)
        await expect(speaker.page.locator(".sound-advice")).to_be_focused()
        await speaker.end()
        assert_no_problems([speaker])
